"""Live events in an ingest, which makes the log anew from its sources: they are part of it, once.

Of one event that came live and lies in the export of a source of the same name, the live one stays: it was known
first. The row of the export counts as `already_live`, which is no fault. Start reading at `join_live`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.compute as pc

from churn.calendar import from_us
from churn.settings import Settings
from churn.tables import EVENTS
from features.live.kept import keep, kept_events, reach
from features.live.opening import has_inbox, inbox_of
from features.log import NoLog, bucket_sql, read_log_manifest
from features.reading import Rows
from features.sql_text import literal

REASON = "already_live"


class Joined(NamedTuple):
    """Live events in an ingest: how many, up to which one of the inbox, and when the last happened (microseconds)."""

    events: int = 0
    upto: int = 0
    last_us: int = 0

    def as_json(self) -> dict[str, int]:
        """For the manifest of the log."""
        return {"events": self.events, "upto": self.upto} if self.upto else {}

    def until(self, settings: Settings, observed_until: datetime) -> datetime:
        """How far the log reaches with them."""
        return reached(settings, observed_until, self.last_us) if self.events else observed_until


@contextmanager
def gathered(settings: Settings) -> Iterator[None]:
    """Keep what the inbox has before the log is made anew; what the log before had can leave it afterwards.

    Raises:
        InboxUnavailable: it cannot be read. OSError: the disk is full.
    """
    if not has_inbox(settings):
        yield
        return
    try:
        before = int(read_log_manifest(settings.folder).live.get("upto", 0))
    except NoLog:
        before = 0
    with inbox_of(settings) as ledger:
        keep(settings.folder, ledger)
        yield
        ledger.thin(before)


def reached(settings: Settings, observed_until: datetime, last_us: int) -> datetime:
    """How far a log reaches: to the end of the last live event's day; on a wall clock, an end that was set stays.

    Args:
        settings: of the business.
        observed_until: how far it reaches without live events.
        last_us: the last live event.
    """
    if settings.definition.observed_until is not None and settings.business.clock == "wall":
        return observed_until
    calendar = settings.lifecycle.calendar
    return max(observed_until, calendar.midnight(calendar.day_of(from_us(last_us)) + timedelta(days=1)))


def join_live(connection: duckdb.DuckDBPyConnection, sources: list[Rows], folder: Path, buckets: int) -> Joined:
    """Put the live events that are kept into `judged`.

    Args:
        connection: DuckDB with `judged` of features/judging.py.
        sources: what was staged.
        folder: the artifacts of the business.
        buckets: files of the log.
    """
    live = kept_events(folder)
    if not len(live):
        return Joined(upto=reach(folder))
    connection.register("live", live)
    for rows in sources:
        if rows.source.name:
            connection.execute(
                f"UPDATE judged SET reason = '{REASON}' WHERE reason IS NULL AND source = {rows.position} AND event_id "
                f"IN (SELECT event_id FROM live WHERE source = {literal(rows.source.name)})"
            )
    names = ", ".join(name for name in EVENTS.names if name != "customer_id")
    who = "coalesce(source_id, live.customer_id)"  # as it was told: the id map of today says whose it is
    origin = "CASE WHEN source_id IS NOT NULL THEN live.source END"
    connection.execute(
        f"INSERT INTO judged BY NAME SELECT {who} AS customer_id, {names}, {origin} AS origin, -1 AS source, "
        f"0 AS part, 0 AS file, seq AS row_no, {bucket_sql(who, buckets)} AS bucket FROM live"
    )
    connection.unregister("live")
    return Joined(len(live), reach(folder), int(pc.max(live["event_timestamp"]).as_py()))
