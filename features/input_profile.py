"""What came in, measured: sources, kinds of event, customers and how many of them come back, as DuckDB counts them.

Reads the tables `judged`, `refused` and `unreadable` of an ingest; gives numbers and names of columns, never a value
of a customer. One source alone is features/input_sources.py, days and hours are features/input_calendar.py.
Start reading at `profile`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from features.input_sources import MEANT, SourceProfile, source_profiles
from features.reading import Rows
from features.sql_text import literal

NOBODY = (
    "null",
    "none",
    "nan",
    "nil",
    "n/a",
    "#n/a",
    "na",
    "undefined",
    "unknown",
    "anonymous",
    "guest",
    "未知",
    "匿名",
    "游客",
    "无",
)


@dataclass(frozen=True)
class KindProfile:
    """One kind of event: how many, of how many customers, with how many amounts, how many of them negative."""

    events: int
    customers: int
    amounts: int
    negative: int


@dataclass(frozen=True)
class Profile:
    """All of what came in.

    Args:
        sources: in the order of the settings.
        kinds: by name.
        customers: with an event. active: with an event that the definition counts; returning: at two times or more.
        busiest: events of the customer with the most. median: of the one in the middle.
        alike: ids that equal another one but for spaces or capitals. nobodies: words for "empty" among the ids, and
            their events.
    """

    sources: tuple[SourceProfile, ...]
    kinds: dict[str, KindProfile]
    customers: int
    active: int
    returning: int
    busiest: int
    median: int
    alike: int
    nobodies: dict[str, int]

    @property
    def rows(self) -> int:
        """Rows that were meant."""
        return sum(one.rows for one in self.sources)

    @property
    def refused(self) -> int:
        """Rows that are no events."""
        return sum(sum(one.refused.values()) for one in self.sources)

    @property
    def events(self) -> int:
        """Events that came in."""
        return sum(one.events for one in self.kinds.values())

    @property
    def span_us(self) -> tuple[int, int] | None:
        """First and last event; None without one."""
        firsts = [one.first_us for one in self.sources if one.first_us is not None]
        lasts = [one.last_us for one in self.sources if one.last_us is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None


def profile(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Rows],
    rows: Sequence[int],
    *,
    qualifying: Sequence[str],
    every_days: int,
) -> Profile:
    """Measure what came in.

    Args:
        connection: DuckDB with `judged`, `refused` and `unreadable`; gets the table `per_customer`.
        sources: what was read.
        rows: how many rows of each were meant, unreadable lines among them.
        qualifying: kinds of event that the definition counts.
        every_days: days between two cutoffs: what is later than that is seen by none of its own time.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE per_customer AS SELECT event_type, customer_id, count(*) AS n, "
        "min(event_timestamp) AS first_us, max(event_timestamp) AS last_us, count(amount) AS amounts, "
        f"count(*) FILTER (amount < 0) AS negative FROM judged WHERE {MEANT} GROUP BY event_type, customer_id"
    )
    kinds = connection.execute(
        "SELECT event_type, sum(n), count(*), sum(amounts), sum(negative) FROM per_customer GROUP BY 1 ORDER BY 1"
    ).fetchall()
    customers, busiest, median = connection.execute(
        "SELECT count(*), coalesce(max(n), 0), coalesce(quantile_disc(n, 0.5), 0) "
        "FROM (SELECT sum(n) AS n FROM per_customer GROUP BY customer_id)"
    ).fetchall()[0]
    counted = ", ".join(map(literal, qualifying))
    active, returning = connection.execute(
        "SELECT count(*), count(*) FILTER (first_us < last_us) FROM (SELECT min(first_us) AS first_us, "
        f"max(last_us) AS last_us FROM per_customer WHERE event_type IN ({counted}) GROUP BY customer_id)"
    ).fetchall()[0]
    alike, nobodies = _doubtful(connection)
    return Profile(
        sources=source_profiles(connection, sources, rows, every_days),
        kinds={kind: KindProfile(*(int(value) for value in values)) for kind, *values in kinds},
        customers=int(customers), active=int(active), returning=int(returning),
        busiest=int(busiest), median=int(median), alike=alike, nobodies=nobodies,
    )  # fmt: skip


def _doubtful(connection: duckdb.DuckDBPyConnection) -> tuple[int, dict[str, int]]:
    """Ids that may be another's once more, and ids that say that there is none."""
    alike = connection.execute(
        "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(DISTINCT customer_id) AS n FROM per_customer "
        "GROUP BY lower(trim(customer_id)))"
    ).fetchall()[0][0]
    nobodies = connection.execute(
        "SELECT lower(trim(customer_id)) AS word, sum(n) FROM per_customer "
        f"WHERE word IN ({', '.join(map(literal, NOBODY))}) GROUP BY word ORDER BY word"
    ).fetchall()
    return int(alike), {word: int(events) for word, events in nobodies}
