"""The event log without some customers: their buckets and their rejects written anew, every other file as it was.

What is left is, byte by byte, what an ingest writes that refuses them. Where others' events name them as related,
the name goes and the event stays. Start reading at `erase_from_log`.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from churn.calendar import from_us, to_us
from features import parquet
from features.erasure.rejects import reasons_of, rejects_without
from features.erasure.rewriting import KEY, RELATED, customers_of, rows_of, unrelated
from features.erasure.store import NOTHING, Erased, Whom
from features.log import (
    CUSTOMER_NOW,
    ID_MAP_FILE,
    LOG,
    LOG_BEFORE,
    MANIFEST,
    REJECTS,
    SUPERSEDED,
    LogManifest,
    NoLog,
    log_folder,
    read_log_manifest,
)
from features.shelf import replace_folder, workshop
from features.writing import ROWS_A_GROUP


@dataclass(frozen=True)
class Gone:
    """What left the log: events by kind, and whose they were."""

    kinds: Counter[str] = field(default_factory=Counter)
    customers: frozenset[str] = frozenset()

    def __add__(self, other: "Gone") -> "Gone":
        return Gone(self.kinds + other.kinds, self.customers | other.customers)


def erase_from_log(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the log of a business.

    Args:
        folder: the artifacts of the business.
        whom: who goes.

    Raises:
        Busy: an ingest is under way. BrokenLog: the manifest cannot be read. DiskFull: the log stays as it was.
    """
    try:
        log_folder(folder)
    except NoLog:
        return NOTHING
    with workshop(folder) as work:
        log, manifest = log_folder(folder), read_log_manifest(folder)
        new = work / LOG
        new.mkdir()
        erased, gone = NOTHING, Gone()
        for name in sorted(manifest.files):
            part, left = _bucket_without(log / name, new / name, whom)
            erased, gone = erased + part, gone + left
        refused = rejects_without(log / REJECTS, new / REJECTS, whom)
        refused = refused + _map_without(log / ID_MAP_FILE, new / ID_MAP_FILE, whom)
        if not (erased.files or refused.rows):
            shutil.rmtree(folder / LOG_BEFORE, ignore_errors=True) if log.name == LOG else None
            return NOTHING
        for other in log.iterdir():
            if (
                other.name not in (MANIFEST, ID_MAP_FILE)
                and not (new / other.name).exists()
                and other.name not in manifest.files
            ):
                os.link(other, new / other.name)
        _put(folder, new, _shrunk(manifest, new, gone))
        return erased + refused


def _put(folder: Path, new: Path, manifest: LogManifest) -> None:
    if not manifest.events:  # of a log without an event nobody could say how far it reaches
        shutil.rmtree(folder / LOG)
        shutil.rmtree(folder / LOG_BEFORE, ignore_errors=True)
        return
    text = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1, sort_keys=True)
    (new / MANIFEST).write_text(text + "\n", encoding="utf-8")
    replace_folder(new, folder / LOG, folder / LOG_BEFORE)


def _bucket_without(old: Path, new: Path, whom: Whom) -> tuple[Erased, Gone]:
    """Write a bucket anew, or link it where it names none of them."""
    found, related = whom.among(_held_by(old)), whom.among(customers_of(old, RELATED))
    if not found and not related:
        os.link(old, new)
        return NOTHING, Gone()
    with parquet.opened(old) as file:
        table = file.read()
    theirs = rows_of(table, found)
    if CUSTOMER_NOW in table.column_names:  # what stood under another id before a merge or split
        theirs = pc.or_(theirs, rows_of(table, found, CUSTOMER_NOW))
    kinds = Counter[str](table.filter(theirs)["event_type"].to_pylist())
    kept = unrelated(table.filter(pc.invert(theirs)), related)
    if kept.num_rows:
        parquet.write_table(kept.combine_chunks(), new, row_group_size=ROWS_A_GROUP)
    size = new.stat().st_size if kept.num_rows else 0
    return Erased(kinds.total(), 1, size, frozenset(found | related)), Gone(
        kinds, frozenset(customers_of(old) - set(pc.unique(kept[KEY]).to_pylist()))
    )


def _held_by(bucket: Path) -> set[str]:
    """The customers of a bucket, and who holds their ids today."""
    now = customers_of(bucket, CUSTOMER_NOW) if CUSTOMER_NOW in parquet.names_of(bucket) else set()
    return customers_of(bucket) | now


def _map_without(old: Path, new: Path, whom: Whom) -> Erased:
    """The id map without every id that was ever theirs."""
    if not old.exists():
        return NOTHING
    with parquet.opened(old) as file:
        table = file.read()
    rows = table.to_pylist()
    found = whom.among(name for row in rows for name in (row["source_id"], row[KEY]))
    gone = {(row["source"], row["source_id"]) for row in rows if found & {row["source_id"], row[KEY]}}
    left = [row for row in rows if (row["source"], row["source_id"]) not in gone]
    if len(left) == len(rows):
        os.link(old, new)
        return NOTHING
    if left:
        parquet.write_table(pa.Table.from_pylist(left, schema=table.schema), new)
    size = new.stat().st_size if left else 0
    return Erased(len(rows) - len(left), 1, size, frozenset(found))


def _shrunk(manifest: LogManifest, new: Path, gone: Gone) -> LogManifest:
    """The manifest of what is left; how far the log reaches does not change."""
    kinds = {kind: count - gone.kinds[kind] for kind, count in manifest.kinds.items() if count > gone.kinds[kind]}
    files = {name: _described(new / name, facts) for name, facts in manifest.files.items() if (new / name).exists()}
    hashed = json.dumps({name: file["sha256"] for name, file in files.items()}, sort_keys=True)
    spans = [_span(new / name) for name in files] or [(to_us(manifest.first_event_at), to_us(manifest.last_event_at))]
    versions = [_versions(new / name) for name in files]
    return replace(
        manifest,
        superseded=sum(superseded for superseded, _ in versions),
        rekeyed=sum(rekeyed for _, rekeyed in versions),
        log_hash=hashlib.sha256(hashed.encode()).hexdigest(),
        events=sum(kinds.values()),
        customers=manifest.customers - len(gone.customers),
        kinds=kinds,
        columns={kind: columns for kind, columns in manifest.columns.items() if kind in kinds},
        first_event_at=from_us(min(first for first, _ in spans)),
        last_event_at=from_us(max(last for _, last in spans)),
        rejected=reasons_of(new / REJECTS),
        files=files,
    )


def _versions(bucket: Path) -> tuple[int, int]:
    """How many rows a correction has replaced, and how many stand under an id that somebody else holds by now."""
    columns = [name for name in (SUPERSEDED, CUSTOMER_NOW) if name in parquet.names_of(bucket)]
    if len(columns) < 2:
        return 0, 0
    table = parquet.read_table(bucket, columns=columns)
    rekeyed = pc.is_valid(table[CUSTOMER_NOW])
    corrected = pc.and_not(pc.is_valid(table[SUPERSEDED]), rekeyed)
    return pc.sum(corrected).as_py() or 0, pc.sum(rekeyed).as_py() or 0


def _described(path: Path, before: dict[str, Any]) -> dict[str, Any]:
    """A file's facts; those of before where it was only linked."""
    if path.stat().st_nlink > 1:
        return before
    with parquet.opened(path) as file:
        rows = file.metadata.num_rows
    return before | {"rows": rows, "sha256": parquet.digest_of(path, row_group_size=ROWS_A_GROUP)}


def _span(path: Path) -> tuple[int, int]:
    """First and last event of a bucket, from its statistics alone."""
    with parquet.opened(path) as file:
        place = file.schema_arrow.get_field_index("event_timestamp")
        groups = [file.metadata.row_group(group).column(place).statistics for group in range(file.num_row_groups)]
    return min(group.min for group in groups), max(group.max for group in groups)
