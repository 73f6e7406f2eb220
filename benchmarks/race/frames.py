"""The task in data frames: Polars, one narrow group-by a kind as in SQL; pandas, one pass a cutoff.

As good programmers of each would write it, with the same tricks as benchmarks/race/sql.py: numbers for customers, days
counted by a flag, channels by bits or codes. Start reading at `polars_frames` and `pandas_loop`.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

from benchmarks.race.log import TEXTS
from benchmarks.race.sql import LOOKBACK_DAYS, ZERO, kind_of, parts
from benchmarks.race.task import ALL_KINDS, FEATURES, HORIZON_DAYS, offset_us
from churn.calendar import DAY_US, to_us
from features.formula import Aggregate, Formula, Ratio

COLUMNS = ["customer_id", "event_type", "event_timestamp", "amount", "score", "channel"]
FLAGGED = ("order", "visit")  # kinds whose days are counted
LASTS = [f"last_{kind}" for kind in ALL_KINDS]


def local_days(at: list[datetime]) -> list[int]:
    """The local days of cutoffs."""
    return [(to_us(cutoff) + offset_us()) // DAY_US for cutoff in at]


def polars_frames(folder: Path, at: list[datetime]) -> Iterator[pl.DataFrame]:
    """Rows customer_id, k, the features and the label."""
    days = local_days(at)
    step = days[1] - days[0] if len(days) > 1 else 30
    day = pl.col("day")
    events = pl.scan_parquet(f"{folder}/log/bucket=*.parquet", hive_partitioning=False).select(COLUMNS)
    ids = events.group_by("customer_id").agg(first_us=pl.col("event_timestamp").min()).with_row_index("customer")
    people = ids.collect()
    log = (
        events.join(people.lazy().select("customer_id", "customer"), on="customer_id")
        .rename({"event_timestamp": "time_us"})
        .with_columns(day=((pl.col("time_us") + offset_us()) // DAY_US).cast(pl.Int32))
        .with_columns(
            first_k=((day - days[0]) // step + 1).clip(0, None),
            last_k=((day + LOOKBACK_DAYS - days[0]) // step).clip(None, len(at) - 1),
        )
        .collect()
    )
    cutoffs = pl.DataFrame({"k": range(len(at)), "cutoff_us": [to_us(one) for one in at], "today": days}).cast(
        {"k": pl.Int32, "today": pl.Int32}
    )
    found = _lasts(log, len(at)).join(cutoffs, on="k")
    found = found.filter(pl.max_horizontal(LASTS) >= pl.col("cutoff_us") - LOOKBACK_DAYS * DAY_US)
    known = parts()
    for kind in sorted({kind_of(part) for part in known}):
        found = found.join(_cells(log, kind, known, cutoffs), on=["customer", "k"], how="left")
    found = found.join(_came(log, days, step), on=["customer", "k"], how="left").join(people, on="customer")
    columns = [_value(feature.formula, known).alias(f"f{n}") for n, feature in enumerate(FEATURES)]
    yield found.select("customer_id", "k", *columns, label=pl.col("came").fill_null(0))


def _exploded(rows: pl.DataFrame, first: pl.Expr, end: pl.Expr) -> pl.DataFrame:
    """Each row once for every cutoff from `first` to before `end`."""
    return (
        rows.filter(first < end)
        .with_columns(k=pl.int_ranges(first, end, dtype=pl.Int32))
        .explode("k", empty_as_null=False, keep_nulls=False)
    )


def _cells(log: pl.DataFrame, kind: str, known: dict[Aggregate, str], cutoffs: pl.DataFrame) -> pl.DataFrame:
    rows = log.filter(pl.col("event_type") == kind)
    if kind in FLAGGED:
        before = pl.col("day").shift(1).over("customer")
        rows = rows.sort("customer", "time_us").with_columns(day_before=before)
        rows = rows.with_columns(opens=before.is_null() | (before != pl.col("day")))
    if kind == "order":
        bits = {name: 1 << n for n, name in enumerate(TEXTS["channel"])}
        rows = rows.with_columns(channel_bit=pl.col("channel").replace_strict(bits, default=0, return_dtype=pl.UInt8))
    mine = [_sql(part).alias(name) for part, name in known.items() if kind_of(part) == kind]
    cells = _exploded(rows, pl.col("first_k"), pl.col("last_k") + 1).join(cutoffs.select("k", "today"), on="k")
    return cells.group_by("customer", "k").agg(*mine)


def _sql(part: Aggregate) -> pl.Expr:
    """An aggregate over the exploded rows of its kind."""
    since = pl.col("today") - (part.days or 0)
    inside = pl.col("day") >= since
    day, column = pl.col("day").filter(inside), pl.col(part.column or "day").filter(inside)
    opened = (pl.col("opens") & inside).sum().cast(pl.Int64)
    gap = (pl.col("day") - pl.col("day_before")).filter(inside & pl.col("opens") & (pl.col("day_before") >= since))
    return {
        "count": lambda: inside.sum().cast(pl.Int64),
        "total": column.sum,
        "mean": column.mean,
        "peak": column.max,
        "active_days": lambda: opened,
        "distinct": lambda: pl.col("channel_bit").filter(inside).bitwise_or().bitwise_count_ones().fill_null(0),
        "gap_mean": lambda: (day.max() - day.min()) / pl.when(opened > 1).then(opened - 1),
        "gap_std": lambda: gap.cast(pl.Float64).std(),
    }[part.operation]()


def _lasts(log: pl.DataFrame, cutoffs: int) -> pl.DataFrame:
    newest = log.filter(pl.col("first_k") < cutoffs).group_by("customer", "event_type", "first_k")
    lives = newest.agg(pl.col("time_us").max()).sort("customer", "event_type", "first_k")
    until = pl.col("first_k").shift(-1).over("customer", "event_type").fill_null(cutoffs)
    cells = _exploded(lives.with_columns(until=until), pl.col("first_k"), pl.col("until"))
    of = [pl.col("time_us").filter(pl.col("event_type") == kind).max().alias(f"last_{kind}") for kind in ALL_KINDS]
    return cells.group_by("customer", "k").agg(*of)


def _came(log: pl.DataFrame, days: list[int], step: int) -> pl.DataFrame:
    orders = log.filter((pl.col("event_type") == "order") & (pl.col("day") >= days[0])).select("customer", "day")
    first = ((pl.col("day") - (HORIZON_DAYS - 1) - days[0] + step - 1) // step).clip(0, None)
    last = ((pl.col("day") - days[0]) // step).clip(None, len(days) - 1)
    cells = _exploded(orders.with_columns(from_k=first, to_k=last + 1), pl.col("from_k"), pl.col("to_k"))
    return cells.group_by("customer", "k").agg(came=pl.lit(1))


def _value(formula: Formula, known: dict[Aggregate, str]) -> pl.Expr:
    match formula:
        case Ratio(one, other, scale):
            by = _value(other, known)
            return scale * _value(one, known) / pl.when(by != 0).then(by)
        case Aggregate(operation="days_since"):
            return (pl.col("cutoff_us") - pl.col(f"last_{kind_of(formula)}")) / DAY_US
        case Aggregate(operation="days_since_first"):
            return (pl.col("cutoff_us") - pl.col("first_us")) / DAY_US
        case Aggregate():
            column = pl.col(known[formula])
            return column.fill_null(0) if formula.operation in ZERO else column
    raise TypeError(formula)


def pandas_loop(folder: Path, at: list[datetime]) -> Iterator[pd.DataFrame]:
    """A frame a cutoff: index customer_id, column k, the features and the label."""
    files = sorted((folder / "log").glob("bucket=*.parquet"))
    table = pq.read_table(files, columns=COLUMNS, partitioning=None)
    log = table.to_pandas(categories=["customer_id", "event_type", "channel"], split_blocks=True, self_destruct=True)
    log["customer"] = log["customer_id"].cat.codes
    log = log.sort_values(["customer", "event_timestamp"], kind="stable", ignore_index=True)
    log["day"] = (log["event_timestamp"] + offset_us()) // DAY_US
    ids, by_kind = log["customer_id"].cat.categories, dict(list(log.groupby("event_type", observed=True)))
    for kind in FLAGGED:
        rows = by_kind[kind]
        before = rows["day"].shift().where(rows["customer"] == rows["customer"].shift())
        by_kind[kind] = rows.assign(day_before=before, opens=before != rows["day"], gap=rows["day"] - before)
    for k, (cutoff, today) in enumerate(zip(at, local_days(at), strict=True)):
        yield _at(k, to_us(cutoff), today, log, by_kind).set_axis(ids, axis=0)


def _at(k: int, at_us: int, today: int, log: pd.DataFrame, by_kind: dict[str, pd.DataFrame]) -> pd.DataFrame:
    everybody = pd.RangeIndex(log["customer"].max() + 1)
    seen = {kind: rows[rows["event_timestamp"] < at_us] for kind, rows in by_kind.items()}
    values: dict[Formula, pd.Series] = {}
    for part in parts():
        rows = seen[kind_of(part)]
        inside = rows[rows["day"] >= today - (part.days or 0)]
        found = _pandas(part, inside, today).reindex(everybody)
        values[part] = found.fillna(0.0) if part.operation in ZERO else found
    for feature in FEATURES:
        match feature.formula:
            case Ratio(one, other, scale):
                values[feature.formula] = scale * values[one] / values[other].where(values[other] != 0)
            case Aggregate(operation="days_since"):
                newest = seen[kind_of(feature.formula)].drop_duplicates("customer", keep="last").set_index("customer")
                values[feature.formula] = ((at_us - newest["event_timestamp"]) / DAY_US).reindex(everybody)
            case Aggregate(operation="days_since_first"):
                first = log.drop_duplicates("customer").set_index("customer")["event_timestamp"]
                values[feature.formula] = ((at_us - first.where(first < at_us)) / DAY_US).reindex(everybody)
    orders = by_kind["order"]
    came = orders.loc[orders["day"].between(today, today + HORIZON_DAYS - 1), "customer"]
    columns = {f"f{n}": values[feature.formula].to_numpy() for n, feature in enumerate(FEATURES)}
    return pd.DataFrame({"k": np.full(len(everybody), k)} | columns | {"label": everybody.isin(came).astype(float)})


def _pandas(part: Aggregate, rows: pd.DataFrame, today: int) -> pd.Series:
    if part.operation == "count":
        return pd.Series(np.bincount(rows["customer"]))
    if part.operation == "distinct":
        return rows[["customer", "channel"]].drop_duplicates()["customer"].value_counts()
    if part.operation in {"total", "mean", "peak"}:
        method = {"total": "sum", "mean": "mean", "peak": "max"}[part.operation]
        return getattr(rows.groupby("customer", sort=False)[part.column], method)()
    opens = rows[rows["opens"]]
    if part.operation == "active_days":
        return pd.Series(np.bincount(opens["customer"]))
    gaps = opens[opens["day_before"] >= today - (part.days or 0)].groupby("customer")["gap"]
    return gaps.mean() if part.operation == "gap_mean" else gaps.std()
