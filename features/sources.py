"""Event logs in: mapped CSV, Parquet and SQL sources become the event log of a business, or nothing does.

Reads every `[[source]]` as text (features/reading.py), shuts DuckDB off from files, works out the mapping
(features/mapping.py), refuses rows that are no events (features/judging.py), reports on what came in
(features/input_report.py) and writes the log of features/log.py beside the old one, which is replaced only when all is
well. The same input gives the same log, bit by bit.
Start reading at `ingest`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from churn.calendar import from_us, to_us
from churn.clock import Clock, WallClock
from churn.errors import SettingsError
from churn.settings import Settings
from features.contact_path import refuse_contacts
from features.erasure.coming_in import refuse_forgotten
from features.erasure.forgotten import Forgotten
from features.id_map import lay_map, load_map
from features.input_readiness import readiness
from features.input_report import HTML, REPORT, InputReport, look
from features.judging import REASONS, judge
from features.live.joining import gathered, join_live
from features.log import LOG, LOG_BEFORE, REJECTS, LogManifest
from features.mapping import create_staged, lock, stage
from features.pseudonymous_rows import veil
from features.pseudonyms import agree, pseudonyms_of
from features.reading import Progress, Rows, load
from features.refusing import refuse
from features.rekeying import give_over
from features.shelf import replace_folder, workshop
from features.tls import refuse_plain_sources
from features.writing import LogFacts, write_log


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did: the manifest of the log it wrote, where that is, and what it found in what came in."""

    manifest: LogManifest
    path: Path
    found: InputReport

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        findings = [one.as_json() for one in self.found.findings]
        report = str(self.path.parent / REPORT / HTML)
        return self.manifest.as_json() | {"path": str(self.path), "report": report, "findings": findings}

    def as_text(self) -> str:
        """For people: counts, span, kinds, and every reason for which rows were refused."""
        log, refused = self.manifest, sum(self.manifest.rejected.values())
        day = self.found.seen.settings.lifecycle.calendar.day_of
        span = f"{day(log.first_event_at)} to {day(log.last_event_at)}"
        known = (
            "No source says when an event reached us: each counts as known when it happened (bulk import)."
            if log.is_bulk_import
            else "Each event counts as known from its ingested_at."
        )
        lines = [
            f"{log.events:,} events of {log.customers:,} customers, {span}.",
            "Kinds: " + ", ".join(f"{name} {count:,}" for name, count in log.kinds.items()),
            f"{refused:,} of {log.rows:,} rows refused" + (f", see {self.path / REJECTS}:" if refused else "."),
            *(f"  {count:,} x {name}: {REASONS[name]}" for name, count in log.rejected.items()),
            known,
            *log.restated(),
            f"Complete up to {log.observed_until.isoformat()}; now is {log.now.isoformat()} (clock: {log.clock}).",
            f"The log is in {self.path}, hash {log.log_hash[:12]}.",
            *self.found.summary(self.path.parent),
        ]
        return "\n".join(lines)


def ingest(
    settings: Settings, *, environ: Mapping[str, str], progress: Progress = lambda _: None, wall: Clock | None = None
) -> IngestReport:
    """Read the sources of a business into its event log.

    Args:
        settings: sources, their mapping, clock and limits.
        environ: what `${VARIABLES}` in paths and URLs stand for.
        progress: told in words what happens.
        wall: the clock on the wall; the real one where None.

    Raises:
        SettingsError: no source, or one that is not complete. ContactsAsSource: one reads contact details.
        SourceMissing, UnreadableSource, UnknownTable, WrongColumns: a source cannot be read.
        WrongExpression: an expression cannot be worked out. NaiveTime: instants without a zone.
        EmptyLog: no event. TooManyRejects: more rows refused than allowed. DiskFull: no room.
        PersonalData: an attribute of events or profiles holds details of people.
    """
    if not settings.source:
        raise SettingsError(
            "The settings name no [[source]], so there is nothing to read.",
            mend="add one with path, customer_id, event_type and event_timestamp; examples/ has three to start from.",
        )
    refuse_contacts(settings, environ)
    agree(settings)
    now = (WallClock() if wall is None else wall).now()
    with workshop(settings.folder) as work, gathered(settings):
        (work / LOG).mkdir()
        limits: dict[str, Any] = {
            "temp_directory": str(work / "spill"),
            "memory_limit": f"{settings.ingest.memory_gb * 1000:.0f}MB",
        }
        with duckdb.connect(":memory:", config=limits) as connection:
            manifest, found = _ingest(connection, settings, work / LOG, environ=environ, progress=progress, now=now)
        progress("counting what models could learn from")
        found = found.with_readiness(readiness(work, manifest, settings))
        found.write(settings.folder)
        replace_folder(work / LOG, settings.folder / LOG, settings.folder / LOG_BEFORE)
    return IngestReport(manifest, settings.folder / LOG, found)


def _ingest(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    folder: Path,
    *,
    environ: Mapping[str, str],
    progress: Progress,
    now: datetime,
) -> tuple[LogManifest, InputReport]:
    sources, id_map = _load(connection, settings, environ=environ, progress=progress)
    lock(connection)
    create_staged(connection)
    progress("working out the mapping")
    rows = [stage(connection, source) + _unreadable(connection, source) for source in sources]
    end = _end(settings, now)
    known_us = to_us(max(end, now))
    lay_map(connection, id_map, settings, known_us=known_us)
    veil(connection, pseudonyms_of(settings))
    buckets, takes = settings.ingest.buckets, settings.definition.taken_back_by
    withdrawn = judge(connection, sources, now_us=to_us(end), known_us=known_us, buckets=buckets, taking_back=takes)
    live = join_live(connection, sources, settings.folder, buckets)
    observed_until = live.until(settings, _observed_until(connection, settings))  # also if somebody is forgotten
    refuse_forgotten(connection, Forgotten.read(settings.folder))
    _collect_refused(connection)
    told = now if settings.business.clock == "wall" else observed_until  # a log of the past gives the same bytes anew
    progress("looking at what came in")
    found = look(connection, sources, rows, settings, now=told, observed_until=observed_until)
    if found.errors():
        refuse(connection, sources, found, found.write(settings.folder))
    if id_map is not None:  # what came in is looked at as it came; from here on ids are customers
        give_over(connection, folder, buckets=buckets, forgotten=Forgotten.read(settings.folder))
        _collect_refused(connection)
    progress("writing the log")
    facts = LogFacts(rows=sum(rows), now=told, observed_until=observed_until, withdrawn=withdrawn, live=live.as_json())
    return write_log(connection, folder, sources, settings, facts), found


def _load(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *, environ: Mapping[str, str], progress: Progress
) -> tuple[list[Rows], Rows | None]:
    """Every source, and the id map, into a table of its own, lines that are no rows into the table `unreadable`."""
    refuse_plain_sources(settings, environ)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        "CREATE TABLE unreadable (source INTEGER, file INTEGER, row_no BIGINT, why VARCHAR, line VARCHAR)"
    )
    sources = [
        load(connection, source, position, root=settings.root, environ=environ, progress=progress)
        for position, source in enumerate(settings.source)
    ]
    return sources, load_map(connection, settings, environ=environ, progress=progress)


def _end(settings: Settings, now: datetime) -> datetime:
    """What happens at or after this is the future: of a log of the past its set end, else now by the wall."""
    day = settings.definition.observed_until
    return now if settings.business.clock == "wall" or day is None else settings.lifecycle.calendar.midnight(day)


def _observed_until(connection: duckdb.DuckDBPyConnection, settings: Settings) -> datetime:
    """The instant up to which the log is complete: as set, or the end of the last event's local day."""
    calendar, day = settings.lifecycle.calendar, settings.definition.observed_until
    if day is None:
        last_us = _count(connection, "SELECT coalesce(max(event_timestamp), 0) FROM judged WHERE reason IS NULL")
        day = calendar.day_of(from_us(last_us)) + timedelta(days=1)
    return calendar.midnight(day)


def _collect_refused(connection: duckdb.DuckDBPyConnection) -> None:
    """The table `refused`: one row for each row of a source that is no event, with its first reason."""
    connection.execute(
        "CREATE OR REPLACE TABLE refused AS SELECT source, file, row_no, arg_min(reason, part) AS reason, "
        "arg_min(customer_id, part) AS customer_id FROM judged WHERE reason IS NOT NULL GROUP BY source, file, row_no "
        "UNION ALL SELECT source, file, row_no, if(why = '', 'forgotten', 'unreadable_line'), NULL FROM unreadable"
    )


def _unreadable(connection: duckdb.DuckDBPyConnection, rows: Rows) -> int:
    return _count(connection, f"SELECT count(*) FROM unreadable WHERE source = {rows.position}")


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
