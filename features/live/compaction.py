"""Compaction: live events into the event log, the same log as if they had come by file with the same times.

    inbox --keep--> live/events --compact--> log/ (touched buckets anew, everything else as it was)

Each step may be cut off anywhere and repeated: the log's manifest says up to which live event it reaches (`live`), and
is replaced together with its files. The inbox keeps an event until the compaction after next to it, so that a service
that still works on the log before loses sight of none. Start reading at `compact`.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from churn.calendar import from_us
from churn.clock import Clock, WallClock
from churn.settings import Settings
from churn.tables import EVENTS
from features import parquet
from features.file_lock import Busy
from features.live.joining import reached
from features.live.kept import keep, kept_events
from features.live.opening import has_inbox, inbox_of
from features.log import (
    LOG,
    LOG_BEFORE,
    LOG_SCHEMA,
    MANIFEST,
    LogManifest,
    NoLog,
    bucket_name,
    bucket_of,
    log_folder,
    read_log_manifest,
)  # fmt: skip
from features.log_reading import solutions_in
from features.shelf import replace_folder, workshop
from features.versioning import LOG_ORDER
from features.writing import hash_of, write_file

PATIENCE_S = 60.0  # how long to wait for another process that writes


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: live events that the log has got, and all that it has now."""

    events: int
    live: int
    upto: int


def compact(settings: Settings, *, wall: Clock | None = None) -> Compacted:
    """Bring the live events that were accepted until now into the log.

    Args:
        settings: of the business.
        wall: the clock on the wall; the real one where None.

    Raises:
        InboxUnavailable: the inbox cannot be read. Busy: another process writes. DiskFull: the log stays as it was.
    """
    folder, nothing = settings.folder, Compacted(0, 0, 0)
    if not has_inbox(settings):
        return nothing
    with inbox_of(settings) as ledger, _patient(folder) as work:
        upto = keep(folder, ledger)
        try:
            manifest = read_log_manifest(folder)
        except NoLog:
            return nothing
        before = int(manifest.live.get("upto", 0))
        new = kept_events(folder, before)
        if not len(new):
            return Compacted(0, int(manifest.live.get("events", 0)), before)
        changed = _rewritten(log_folder(folder), work / LOG, manifest, new)
        now = (wall or WallClock()).now()
        changed = _told(changed, settings, new, now=now, upto=upto)
        text = json.dumps(changed.as_json(), ensure_ascii=False, indent=1, sort_keys=True)
        (work / LOG / MANIFEST).write_text(text + "\n", encoding="utf-8")
        replace_folder(work / LOG, folder / LOG, folder / LOG_BEFORE)
        ledger.thin(before)
        return Compacted(len(new), changed.live["events"], upto)


@contextmanager
def _patient(folder: Path) -> Iterator[Path]:
    """The workshop of a business, once whoever works there is done."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with workshop(folder) as work:
                yield work
                return
        except Busy:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _rewritten(old: Path, new: Path, manifest: LogManifest, live: pa.Table) -> LogManifest:
    """The log with these live events in a new folder; files that have none are the same files."""
    new.mkdir()
    names = [bucket_name(bucket_of(customer, manifest.buckets)) for customer in live["customer_id"].to_pylist()]
    live = live.append_column("bucket", pa.array(names, type=pa.string()))
    files, newcomers = dict(manifest.files), 0
    with duckdb.connect(":memory:") as connection:
        for name in sorted(set(names)):
            coming = live.filter(pc.field("bucket") == name)
            files[name], more = _bucket(connection, old / name, new / name, coming)
            newcomers += more
    for path in old.iterdir():
        if path.name != MANIFEST and not (new / path.name).exists():
            os.link(path, new / path.name)
    files = dict(sorted(files.items()))
    customers = manifest.customers + newcomers
    return replace(manifest, files=files, log_hash=hash_of(files), customers=customers)


def _bucket(
    connection: duckdb.DuckDBPyConnection, old: Path, new: Path, live: pa.Table
) -> tuple[dict[str, object], int]:
    """One file of the log with live events among its rows, in its order; and how many customers are new in it."""
    names = ", ".join(LOG_SCHEMA.names)
    for name in LOG_SCHEMA.names[len(EVENTS.names) :]:
        live = live.append_column(LOG_SCHEMA.field(name), pa.nulls(len(live), LOG_SCHEMA.field(name).type))
    connection.register("live", live.select(LOG_SCHEMA.names))
    there = "SELECT NULL AS customer_id WHERE false"
    if old.exists():
        connection.register("before", parquet.read_table(old))
        there = "SELECT * FROM before"
    new_ones = f"SELECT count(DISTINCT customer_id) FROM live ANTI JOIN ({there}) AS there USING (customer_id)"
    ((newcomers,),) = connection.execute(new_ones).fetchall()
    both = f"SELECT {names} FROM (({there}) UNION ALL BY NAME (FROM live))"
    relation: Any = connection.sql(f"{both} ORDER BY {LOG_ORDER}")
    rows = relation.to_arrow_table()
    connection.unregister("live")
    if old.exists():
        connection.unregister("before")
    return write_file(new, rows.cast(LOG_SCHEMA)), int(newcomers)


def _told(manifest: LogManifest, settings: Settings, live: pa.Table, *, now: datetime, upto: int) -> LogManifest:
    """What the log says of itself once it has these live events."""
    kinds = Counter(manifest.kinds)
    kinds.update(live["event_type"].to_pylist())
    times = live["event_timestamp"]
    first, last = from_us(pc.min(times).as_py()), from_us(pc.max(times).as_py())
    until = reached(settings, manifest.observed_until, pc.max(times).as_py())
    return replace(
        manifest,
        events=manifest.events + len(live),
        kinds=dict(sorted(kinds.items())),
        columns=_alive(manifest.columns, live),
        solutions=manifest.solutions + solutions_in(live),
        first_event_at=min(manifest.first_event_at, first),
        last_event_at=max(manifest.last_event_at, last),
        observed_until=until,
        now=now if settings.business.clock == "wall" else until,
        is_bulk_import=False,
        live={"events": int(manifest.live.get("events", 0)) + len(live), "upto": upto},
    )


def _alive(columns: dict[str, list[str]], live: pa.Table) -> dict[str, list[str]]:
    """By kind, the columns of EVENTS that are not empty, in their order."""
    optional = [column.name for column in EVENTS if column.nullable]
    found: dict[str, Iterable[str]] = dict(columns)
    for kind in set(live["event_type"].to_pylist()):
        mine = live.filter(pc.field("event_type") == kind)
        filled = {name for name in optional if mine[name].null_count < len(mine)} | set(columns.get(kind, ()))
        found[kind] = filled
    return {kind: [name for name in optional if name in set(found[kind])] for kind in sorted(found)}
