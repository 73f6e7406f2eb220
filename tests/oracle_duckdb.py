"""The catalogue as SQL: what DuckDB makes of the same formulas, sharing no code with the kernel but the log's rows.

One narrow aggregate a selection of events, joined at the end. Local days come from a fixed offset, so the zone must
have no clock changes in the log. Start reading at `oracle`.
"""

import math
import zlib
from collections.abc import Sequence
from datetime import datetime

import duckdb
import numpy as np
import pandas as pd

from churn.calendar import to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import NUMBERS, TEXTS, Events
from features.compute import Cube
from features.feature import Feature
from features.formula import QUALIFYING, Aggregate, Difference, Formula, Ratio, Selection, parts

DAY_US = 86_400_000_000
GAPS = "list_transform(range(1, len({days})), lambda i: {days}[i + 1] - {days}[i])"
SQL = {
    "count": "count(*) filter ({where})",
    "total": "coalesce(sum({column}) filter ({where}), 0)",
    "mean": "avg({column}) filter ({where})",
    "peak": "max({column}) filter ({where})",
    "active_days": "count(distinct day) filter ({where})",
    "distinct": "count(distinct {column}) filter ({where})",
    "gap_mean": "(max(day) filter ({where}) - min(day) filter ({where})) "
    "/ nullif(count(distinct day) filter ({where}) - 1, 0)::double",
    "gap_std": f"list_stddev_samp({GAPS})",
    "gap_longest": f"list_max({GAPS})",
    "gap_last": f"list_extract({GAPS}, -1)",
    "days_since": f"(max(cutoff_us) - max(time_us)) / {DAY_US}.0",
    "days_since_first": f"(max(cutoff_us) - min(time_us)) / {DAY_US}.0",
    "main_share": "list_max(map_values(histogram({column}) filter ({where})))"
    " / count({column}) filter ({where})::double",
    "last": "arg_max({column}, row) filter ({column} is not null)",
    "latest": "arg_max({column}, row) filter ({column} is not null)",
}
ZERO = {"count", "total", "active_days", "distinct"}


def in_sql(formula: Formula) -> bool:
    """Whether this page says a formula in SQL; the rest is held to tests/reference.py alone."""
    if isinstance(formula, Aggregate):
        return formula.operation in SQL and not formula.selection.where
    return isinstance(formula, Ratio | Difference) and all(in_sql(part) for part in parts(formula))


def oracle(
    events: Events, cutoffs: Sequence[datetime], features: Sequence[Feature], lifecycle: Lifecycle, *, threads: int = 1
) -> Cube:
    """Features of every customer at every cutoff, in the order of `events.customers`. Shape (c, k, f)."""
    table, offset_us = table_of(events, lifecycle), _offset_us(lifecycle, cutoffs[0])
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.register("events", table)
        connection.register("cutoffs", pd.DataFrame({"k": range(len(cutoffs)), "cutoff_us": map(to_us, cutoffs)}))
        found = connection.execute(statement(features, offset_us)).df()
    cube = np.full((len(events.customers), len(cutoffs), len(features)), np.nan)
    for number, feature in enumerate(features):
        values = found[f"f{number}"]
        if feature.is_category:
            values = values.map(lambda text: zlib.crc32(text.encode()) & 0x7FFFFFFF, na_action="ignore")
        cube[found["customer"], found["k"], number] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return cube


def table_of(events: Events, lifecycle: Lifecycle) -> pd.DataFrame:
    """The log as a table: one row an event, with whether it qualifies."""
    levels = np.array([*events.kind.levels, None], dtype=object)
    table = pd.DataFrame({"row": range(len(events)), "customer": events.customer, "kind": levels[events.kind.codes]})
    for name in ("time_us", "known_us", "void_us"):
        table[name] = getattr(events, name)
    for name in NUMBERS:  # held to a ten-thousandth, as the kernel promises
        table[name] = np.round(getattr(events, name), 4)
    for name in TEXTS:
        texts = getattr(events, name)
        table[name] = pd.Series(np.array([*texts.levels, None], dtype=object)[texts.codes], dtype="str")
    return table.assign(counts=qualifies(events, lifecycle.definition, lifecycle.calendar))


def statement(features: Sequence[Feature], offset_us: int) -> str:
    """The one query: everybody's cells, each selection's aggregates, and the formulas over them."""
    parts = {part: f"a{n}" for n, part in enumerate(dict.fromkeys(p for f in features for p in _parts(f.formula)))}
    selections = list(dict.fromkeys(part.selection for part in parts))
    ctes = [
        f"s{n} as (select customer, k, {', '.join(f'{_sql(p)} as {a}' for p, a in parts.items() if p.selection == one)}"
        f" from seen where {_where(one)} group by all)"
        for n, one in enumerate(selections)
    ]
    joins = " ".join(f"left join s{n} using (customer, k)" for n in range(len(selections)))
    columns = ", ".join(f"{_formula(f.formula, parts)} as f{n}" for n, f in enumerate(features))
    return f"""
        with seen as (
            select *, (time_us + {offset_us}) // {DAY_US} as day, (cutoff_us + {offset_us}) // {DAY_US} as today
            from events join cutoffs on time_us < cutoff_us and known_us < cutoff_us and void_us >= cutoff_us
        ), cells as (select customer, k from (select distinct customer from events), (select k from cutoffs)),
        {", ".join(ctes)} select customer, k, {columns} from cells {joins}"""


def _parts(formula: Formula) -> list[Aggregate]:
    match formula:
        case Ratio(one, other, _) | Difference(one, other, _):
            return [*_parts(one), *_parts(other)]
        case Aggregate():
            return [formula]
        case _:
            return []


def _formula(formula: Formula, parts: dict[Aggregate, str]) -> str:
    match formula:
        case Ratio(one, other, scale):
            return f"({scale} * {_formula(one, parts)} / nullif({_formula(other, parts)}, 0)::double)"
        case Difference(one, other, least):
            rest = f"({_formula(one, parts)} - {_formula(other, parts)})"
            return f"if({rest} < {least}, {least}, {rest})" if math.isfinite(least) else rest
        case Aggregate():
            return f"coalesce({parts[formula]}, 0)" if formula.operation in ZERO else parts[formula]
        case _:
            return "null"


def _sql(part: Aggregate) -> str:
    where = "true" if part.days is None else f"day >= today - {part.days}"
    days = f"list_sort(list(distinct day) filter ({where}))"
    return SQL[part.operation].format(column=part.column, where=where, days=days)


def _where(selection: Selection) -> str:
    mine = "counts" if selection.kinds == (QUALIFYING,) else f"kind in ({_quoted(selection.kinds)})"
    return f"{mine} and reason_code in ({_quoted(selection.reason_codes)})" if selection.reason_codes else mine


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _offset_us(lifecycle: Lifecycle, at: datetime) -> int:
    offset = at.astimezone(lifecycle.calendar.zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * 1_000_000
