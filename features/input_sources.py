"""One source of what came in, measured: rows, completeness of its columns, span, late arrivals, repeated rows.

Reads the tables `judged` and `refused` of an ingest in DuckDB; gives numbers, never a value of a customer. Start
reading at `source_profiles`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from churn.events import NUMBERS
from features.input_personal import source_key
from features.log import SUPERSEDED
from features.mapping import PROFILE, TEXTS
from features.reading import Rows

COLUMNS = ("customer_id", "event_type", "event_timestamp", "ingested_at", *TEXTS, *NUMBERS)
YEAR_1990_US = 631_152_000_000_000
MEANT = f"reason IS NULL AND {SUPERSEDED} IS NULL"  # events as they are known now, older versions left out
QUANTILES = (0.5, 0.9, 0.99, 1.0)
SAME = ("customer_id", "event_type", "event_timestamp", *(name for name in TEXTS if name != "event_id"), *NUMBERS)


@dataclass(frozen=True)
class Filled:
    """A mapped column of a source: rows it could have a value in, rows that have one, rows whose value is wrong."""

    rows: int
    filled: int
    wrong: int

    @property
    def share(self) -> float:
        """How complete it is."""
        return self.filled / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Late:
    """How late events reached us: seconds at each of `QUANTILES`, and how many were later than a cutoff period."""

    seconds: tuple[float, ...]
    too_late: int
    too_early: int


@dataclass(frozen=True)
class SourceProfile:
    """One source.

    Args:
        name: its path or table. key: its short name.
        rows: meant. refused: by reason. events: that came of it; a table of profiles gives one an attribute.
        columns: mapped columns by name.
        first_us: its earliest event, microseconds since 1970 UTC, likewise last_us; None without one.
        has_kinds: it maps `event_type`, so that it is more than a table of profiles.
        kinds: how many kinds of event it holds.
        late: None where it does not say when an event reached us.
        repeated: events that equal another in everything; None where `event_id` tells them apart.
        before_1990: events so old, and the first of them.
    """

    name: str
    key: str
    rows: int
    refused: dict[str, int]
    events: int
    columns: dict[str, Filled]
    first_us: int | None
    last_us: int | None
    has_kinds: bool
    kinds: int
    late: Late | None
    repeated: int | None
    before_1990: int

    @property
    def is_mixed(self) -> bool:
        """Whether it holds several kinds of event, of which each fills columns of its own."""
        return self.kinds > 1


def source_profiles(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Rows], rows: Sequence[int], every_days: int
) -> tuple[SourceProfile, ...]:
    """Measure every source.

    Args:
        connection: DuckDB with `judged` and `refused`.
        sources: what was read.
        rows: how many rows of each were meant, unreadable lines among them.
        every_days: days between two cutoffs.
    """
    counts = ", ".join(f"count({name}) AS {name}" for name in COLUMNS)
    wrong = ", ".join(f"count(*) FILTER (reason = 'bad_{name}') AS wrong_{name}" for name in NUMBERS)
    found = connection.execute(
        f"SELECT source, part, count(*) AS n, {counts}, {wrong}, count(*) FILTER ({MEANT}) AS events, "
        "approx_count_distinct(event_type) AS kinds, "
        f"count(*) FILTER (event_timestamp < {YEAR_1990_US} AND {MEANT}) AS old, "
        f"min(event_timestamp) FILTER ({MEANT}) AS first_us, "
        f"max(event_timestamp) FILTER ({MEANT}) AS last_us "
        "FROM judged GROUP BY source, part ORDER BY source, part"
    )
    names = [str(column[0]) for column in found.description or ()]
    parts: dict[int, list[dict[str, Any]]] = {}
    for row in found.fetchall():
        parts.setdefault(row[0], []).append(dict(zip(names, row, strict=True)))
    refused: dict[int, dict[str, int]] = {}
    for source, reason, count in connection.execute(
        "SELECT source, reason, count(*) FROM refused GROUP BY source, reason ORDER BY source, reason"
    ).fetchall():
        refused.setdefault(source, {})[reason] = int(count)
    late, repeated = _late(connection, sources, every_days), _repeated(connection, sources)
    return tuple(
        _source(one, rows[one.position], parts.get(one.position, []), refused.get(one.position, {}), late, repeated)
        for one in sources
    )


def _source(
    source: Rows,
    rows: int,
    parts: list[dict[str, Any]],
    refused: dict[str, int],
    late: dict[int, Late],
    repeated: dict[int, int],
) -> SourceProfile:
    firsts, lasts = ([part[edge] for part in parts if part[edge] is not None] for edge in ("first_us", "last_us"))
    has_kinds = source.source.event_type is not None
    return SourceProfile(
        name=source.name, key=source_key(source), rows=rows, refused=refused,
        events=sum(part["events"] for part in parts), columns=_columns(source, rows, parts),
        first_us=min(firsts, default=None), last_us=max(lasts, default=None),
        has_kinds=has_kinds, kinds=int(parts[0]["kinds"]) if parts else 0,
        late=late.get(source.position), repeated=repeated.get(source.position),
        before_1990=sum(part["old"] for part in parts),
    )  # fmt: skip


def _columns(source: Rows, rows: int, parts: list[dict[str, Any]]) -> dict[str, Filled]:
    """How filled each mapped column is; an attribute of a profile has a part of its own, of the rows that have it."""
    has_kinds = source.source.event_type is not None
    main: dict[str, Any] = parts[0] if parts else {}
    found = {
        name: Filled(main["n"], main[name] + main.get(f"wrong_{name}", 0), main.get(f"wrong_{name}", 0))
        for name in COLUMNS
        if main and getattr(source.source, name) is not None and (has_kinds or name == "customer_id")
    }
    by_part = {part["part"]: part["n"] for part in parts}
    for part, attribute in enumerate(sorted(source.source.attributes), start=int(has_kinds)):
        found[PROFILE + attribute] = Filled(rows, by_part.get(part, 0), 0)
    return found


def _late(connection: duckdb.DuckDBPyConnection, sources: Sequence[Rows], every_days: int) -> dict[int, Late]:
    told = [str(one.position) for one in sources if one.source.ingested_at is not None]
    if not told:
        return {}
    found = connection.execute(
        "SELECT source, quantile_disc(late, [0.5, 0.9, 0.99, 1.0]), "
        f"count(*) FILTER (late > {every_days} * 86_400_000_000), count(*) FILTER (late < 0) FROM "
        "(SELECT source, ingested_at - event_timestamp AS late FROM judged "
        f"WHERE {MEANT} AND source IN ({', '.join(told)})) GROUP BY source"
    ).fetchall()
    return {source: Late(tuple(us / 1e6 for us in edges), late, early) for source, edges, late, early in found}


def _repeated(connection: duckdb.DuckDBPyConnection, sources: Sequence[Rows]) -> dict[int, int]:
    untold = [one.position for one in sources if one.source.event_id is None and one.source.event_type is not None]
    if not untold:
        return {}
    found = connection.execute(
        f"SELECT source, sum(n - 1) FROM (SELECT source, count(*) AS n FROM judged WHERE {MEANT} AND part = 0 "
        f"AND source IN ({', '.join(map(str, untold))}) GROUP BY source, {', '.join(SAME)} HAVING count(*) > 1) "
        "GROUP BY source"
    ).fetchall()
    return dict.fromkeys(untold, 0) | {source: int(count) for source, count in found}
