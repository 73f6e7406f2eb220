"""The task as DuckDB SQL, in the best design we know: one narrow aggregate a kind, joined at the end.

What makes it good: an event meets only the cutoffs whose lookback holds it (a range of numbers, no join on times); no
row carries the aggregates of another kind; days are counted by a flag on the day's first event and channels by a bit
mask, never by COUNT(DISTINCT); the last event of each kind lives on from cutoff to cutoff instead of being looked for.
It may do so because no event of this log reaches us late. Start reading at `statement`.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.race.log import TEXTS
from benchmarks.race.task import ALL_KINDS, FEATURES, HORIZON_DAYS, offset_us
from churn.calendar import DAY_US, to_us
from features.formula import Aggregate, Formula, Ratio

LOOKBACK_DAYS = 365
BACK = 1000  # steps between cutoffs, more than a log reaches back
CHANNEL_BIT = "CASE channel " + " ".join(f"WHEN '{name}' THEN {1 << n}" for n, name in enumerate(TEXTS["channel"]))
IN = "day >= today - {days}"
SQL = {
    "count": f"count(*) FILTER ({IN})",
    "total": f"coalesce(sum({{column}}) FILTER ({IN}), 0)",
    "mean": f"avg({{column}}) FILTER ({IN})",
    "peak": f"max({{column}}) FILTER ({IN})",
    "active_days": f"count(*) FILTER (opens AND {IN})",
    "distinct": f"coalesce(bit_count(bit_or(channel_bit) FILTER ({IN})), 0)",
    "gap_mean": f"(max(day) - min(day)) / nullif(count(*) FILTER (opens AND {IN}) - 1, 0)",
    "gap_std": f"stddev_samp(day - day_before) FILTER (opens AND day_before >= today - {{days}} AND {IN})",
}
ZERO = {"count", "total", "active_days", "distinct"}


def sources(folder: Path) -> str:
    """The files of the log, as DuckDB reads them."""
    return f"read_parquet('{folder}/log/bucket=*.parquet', hive_partitioning = false)"


def floor(folder: Path, _at: list[datetime]) -> Iterator[pa.Table]:
    """Scan, decode and hash the task's columns once: what no engine can do without."""
    with duckdb.connect() as connection:
        yield connection.sql(
            "SELECT customer_id, event_type, count(*), min(event_timestamp), max(event_timestamp), max(ingested_at), "
            f"sum(amount), sum(score), max(channel) FROM {sources(folder)} GROUP BY ALL"
        ).to_arrow_table()


def best_sql(folder: Path, at: list[datetime]) -> Iterator[pa.RecordBatch]:
    """Rows customer_id, k, the features and the label, in batches."""
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{folder}/spill'")
        yield from connection.sql(statement(folder, at)).to_arrow_reader(65_536)


def aggregates(formula: Formula) -> list[Aggregate]:
    """The aggregates of a formula."""
    match formula:
        case Ratio(one, other, _):
            return [*aggregates(one), *aggregates(other)]
        case Aggregate():
            return [formula]
    raise TypeError(formula)


def parts() -> dict[Aggregate, str]:
    """Every windowed aggregate of the task, with the name of its column."""
    found = dict.fromkeys(part for feature in FEATURES for part in aggregates(feature.formula) if part.days)
    return {part: f"a{number}" for number, part in enumerate(found)}


def kind_of(part: Aggregate) -> str:
    """The kind that an aggregate of the task looks at."""
    return part.selection.kinds[0]


def statement(folder: Path, at: list[datetime]) -> str:
    """The one query."""
    known = parts()
    kinds = sorted({kind_of(part) for part in known})
    columns = ", ".join(f"{_value(feature.formula, known)} AS f{n}" for n, feature in enumerate(FEATURES))
    joins = " ".join(f"LEFT JOIN {kind}_cells USING (customer, k)" for kind in kinds)
    days = [(to_us(cutoff) + offset_us()) // DAY_US for cutoff in at]
    step = days[1] - days[0] if len(days) > 1 else 30
    begin = days[0] - BACK * step  # so that no division meets a negative number, which SQL would round up
    return f"""
        WITH people AS MATERIALIZED (
            SELECT row_number() OVER () AS customer, customer_id, first_us
            FROM (SELECT customer_id, min(event_timestamp) AS first_us FROM {sources(folder)} GROUP BY ALL)
        ), cutoffs AS (SELECT unnest({list(range(len(at)))}) AS k, unnest({[*map(to_us, at)]}) AS cutoff_us,
            unnest({days})::INTEGER AS today
        ), e AS MATERIALIZED (
            SELECT customer::INTEGER AS customer, event_type, event_timestamp AS time_us, amount, score,
                ({CHANNEL_BIT} END)::UTINYINT AS channel_bit,
                ((event_timestamp + {offset_us()}) // {DAY_US})::INTEGER AS day,
                greatest((day - {begin}) // {step} - {BACK} + 1, 0)::INTEGER AS first_k,
                least((day + {LOOKBACK_DAYS} - {begin}) // {step} - {BACK}, {len(at) - 1})::INTEGER AS last_k
            FROM {sources(folder)} JOIN people USING (customer_id)
        ), {", ".join(_cells(kind, known) for kind in kinds)},
        {_lasts(len(at))}, {_labels(begin, step, days)}
        SELECT customer_id, k, {columns}, coalesce(came, 0) AS label
        FROM spine JOIN people USING (customer) JOIN cutoffs USING (k) {joins}
        LEFT JOIN lasts USING (customer, k) LEFT JOIN labels USING (customer, k)"""


def _cells(kind: str, known: dict[Aggregate, str]) -> str:
    """The narrow aggregate of one kind; flags only where it counts days."""
    mine = {part: name for part, name in known.items() if kind_of(part) == kind}
    flags = ""
    if any(part.operation in {"active_days", "gap_mean", "gap_std"} for part in mine):
        flags = (
            ", lag(day) OVER (PARTITION BY customer ORDER BY time_us) AS day_before, "
            "day_before IS NULL OR day_before <> day AS opens"
        )
    texts = {part: SQL[part.operation].format(column=part.column, days=part.days) for part in mine}
    values = ", ".join(f"{texts[part]} AS {name}" for part, name in mine.items())
    return f"""{kind}_seen AS (SELECT * {flags} FROM e WHERE event_type = '{kind}'),
        {kind}_cells AS (SELECT customer, k, {values} FROM (
            SELECT *, unnest(range(first_k, last_k + 1))::INTEGER AS k FROM {kind}_seen WHERE first_k <= last_k
        ) JOIN cutoffs USING (k) GROUP BY customer, k)"""


def _lasts(cutoffs: int) -> str:
    """Each kind's last event before each cutoff, and the rows there are: who came within the lookback."""
    columns = ", ".join(f"max(time_us) FILTER (event_type = '{kind}') AS last_{kind}" for kind in ALL_KINDS)
    return f"""newest AS (
            SELECT customer, event_type, first_k, max(time_us) AS time_us FROM e WHERE first_k < {cutoffs} GROUP BY ALL
        ), lives AS (
            SELECT *, lead(first_k, 1, {cutoffs}) OVER (PARTITION BY customer, event_type ORDER BY first_k) AS to_k
            FROM newest
        ), lasts AS MATERIALIZED (
            SELECT customer, k, {columns}
            FROM (SELECT *, unnest(range(first_k, to_k))::INTEGER AS k FROM lives) GROUP BY ALL
        ), spine AS (
            SELECT customer, k FROM lasts JOIN cutoffs USING (k)
            WHERE greatest({", ".join(f"last_{kind}" for kind in ALL_KINDS)}) >= cutoff_us - {LOOKBACK_DAYS * DAY_US}
        )"""


def _labels(begin: int, step: int, days: list[int]) -> str:
    """Whether an order came within the horizon, from the cutoff on."""
    return f"""labels AS (
            SELECT customer, k, 1 AS came FROM (
                SELECT customer, unnest(range(
                    greatest((day - {HORIZON_DAYS - 1} - {begin} + {step - 1}) // {step} - {BACK}, 0),
                    least((day - {days[0]}) // {step}, {len(days) - 1}) + 1))::INTEGER AS k
                FROM e WHERE event_type = 'order' AND day >= {days[0]}
            ) GROUP BY ALL
        )"""


def _value(formula: Formula, known: dict[Aggregate, str]) -> str:
    match formula:
        case Ratio(one, other, scale):
            return f"({scale} * {_value(one, known)} / nullif({_value(other, known)}, 0)::DOUBLE)"
        case Aggregate(operation="days_since"):
            return f"(cutoff_us - last_{kind_of(formula)}) / {DAY_US}.0"
        case Aggregate(operation="days_since_first"):
            return f"(cutoff_us - first_us) / {DAY_US}.0"
        case Aggregate():
            return f"coalesce({known[formula]}, 0)" if formula.operation in ZERO else known[formula]
    raise TypeError(formula)
