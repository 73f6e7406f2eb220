"""The event log on disk: what is in the folder `log/` of a business, and reading it back.

    log/bucket=003.parquet    EVENTS of the customers whose hash falls there, sorted by customer, time and the rest
    log/rejects.parquet       rows that are no events: source, file, row, reason, customer_id, the row itself as JSON
    log/manifest.json         `LogManifest`: hash, counts, first and last event, how far it reaches, where it is from

Columns are those of `churn.tables.EVENTS` in order; `event_timestamp` and `ingested_at` are int64 microseconds since
1970 UTC. A customer lives in bucket `md5(customer_id)[:8] % buckets`, whatever library reads it. The folder is only
ever replaced as a whole (features/shelf.py). Start reading at `read_events`.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.errors import DataError
from churn.events import NUMBERS, TEXTS, Events, FloatArray, Int32Array, Texts
from churn.orders import TakingBack, taken_back_us
from churn.tables import EVENTS

FORMAT_VERSION = 1
MANIFEST, REJECTS = "manifest.json", "rejects.parquet"
LOG, LOG_BEFORE = "log", "log.before"  # the folder, and where the old one stands for a moment while it is replaced
CODED = ("customer_id", "event_type", *TEXTS, "order_id")
ARROW_TYPES = {"str": pa.string(), "float64": pa.float64()}
SCHEMA = pa.schema([(column.name, ARROW_TYPES.get(column.dtype, pa.int64())) for column in EVENTS])


class NoLog(DataError):
    """A business has no event log yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"There is no event log in {folder}.", mend="run `churn ingest` with the settings of this business first."
        )


class BrokenLog(DataError):
    """A file of the event log is missing, or not as its manifest says."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The event log is broken at {path}: {why}", mend="run `churn ingest` again; it replaces it.")


@dataclass(frozen=True)
class LogManifest:
    """What an event log says of itself.

    Args:
        log_hash: sha256 of all its files; equal hashes, equal logs.
        events: how many. customers: how many, likewise.
        kinds: events by kind. columns: by kind, the columns of EVENTS that are not empty.
        first_event_at: the earliest event. last_event_at: the latest.
        observed_until: the log is complete up to here.
        clock: wall or log. now: what time it was by that clock; what lay later was refused.
        timezone: where the business has its days.
        is_bulk_import: no source said when an event reached us, so every `ingested_at` is the event's own time.
        rows: rows read. rejected: rows refused, by reason.
        buckets: files by hash of the customer. files: their names, rows, sha256. sources: what was read, and mapping.
        taken_back_by: kinds of event that take back the order which they name. orders: kinds that are orders.
    """

    log_hash: str
    events: int
    customers: int
    kinds: dict[str, int]
    columns: dict[str, list[str]]
    first_event_at: datetime
    last_event_at: datetime
    observed_until: datetime
    clock: str
    now: datetime
    timezone: str
    is_bulk_import: bool
    rows: int
    rejected: dict[str, int]
    buckets: int
    files: dict[str, dict[str, Any]]
    sources: list[dict[str, Any]]
    taken_back_by: list[str]
    orders: list[str]
    format_version: int = FORMAT_VERSION

    def as_json(self) -> dict[str, Any]:
        """The manifest as it is written; instants in ISO form."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of `as_json`."""
        instants = {field.name for field in fields(cls) if field.type is datetime}
        typed: dict[str, Any] = {
            name: datetime.fromisoformat(value) if name in instants else value for name, value in values.items()
        }
        return cls(**typed)


def bucket_of(customer_id: str, buckets: int) -> int:
    """The bucket in which a customer lives."""
    return int(hashlib.md5(customer_id.encode(), usedforsecurity=False).hexdigest()[:8], 16) % buckets


def bucket_name(bucket: int) -> str:
    """The file of a bucket."""
    return f"bucket={bucket:03d}.parquet"


def log_folder(folder: Path) -> Path:
    """Where the log of a business stands: also when a machine went down in the moment of replacing it.

    Raises:
        NoLog: there is none.
    """
    for name in (LOG, LOG_BEFORE):
        if (folder / name / MANIFEST).is_file():
            return folder / name
    raise NoLog(folder)


def read_log_manifest(folder: Path) -> LogManifest:
    """The manifest of the log in the artifacts folder of a business.

    Raises:
        NoLog: there is none. BrokenLog: it is no manifest, or of another format.
    """
    path = log_folder(folder) / MANIFEST
    try:
        return LogManifest.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise BrokenLog(path, str(error)) from error


def read_events(
    folder: Path, customers: Iterable[str] | None = None, *, taking_back: TakingBack | None = None
) -> Events:
    """The log as arrays, equal to `Events.from_frame` of its rows.

    Args:
        folder: the artifacts folder of a business.
        customers: read these alone, from their buckets only; all where None.
        taking_back: kinds that are orders, and that take them back; those of the manifest where None.

    Raises:
        NoLog: there is none. BrokenLog: a file of it cannot be read.
    """
    manifest, log = read_log_manifest(folder), log_folder(folder)
    wanted = None if customers is None else sorted(set(customers))
    names = sorted(manifest.files)
    if wanted is not None:
        mine = {bucket_name(bucket_of(customer, manifest.buckets)) for customer in wanted}
        names = [name for name in names if name in mine]
    rows = pa.concat_tables([_read(log / name, wanted) for name in names] or [SCHEMA.empty_table()])
    promised = TakingBack(tuple(manifest.taken_back_by), tuple(manifest.orders))
    return _events(rows, promised if taking_back is None else taking_back)


def _read(path: Path, customers: list[str] | None) -> pa.Table:
    columns = [*CODED, "event_timestamp", "ingested_at", *NUMBERS]
    only = None if customers is None else [("customer_id", "in", customers)]
    try:
        if only is None:
            return pq.ParquetFile(path).read(columns, use_threads=False)
        return pq.read_table(path, columns=columns, filters=only, use_threads=False, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        raise BrokenLog(path, str(error)) from error


def _events(rows: pa.Table, taking_back: TakingBack = TakingBack()) -> Events:
    coded = {name: _coded(rows[name]) for name in CODED}
    customer = coded["customer_id"]
    # Files hold the order of `Events` within a customer, so that a stable sort by customer lays them all out.
    order = np.argsort(customer.codes, kind="stable")
    texts = {name: Texts(column.codes[order], column.levels) for name, column in coded.items()}
    numbers = {name: _floats(rows[name])[order] for name in NUMBERS}
    columns: dict[str, Any] = {**numbers, **{name: texts[name] for name in TEXTS}}
    time_us: Int64Array = rows["event_timestamp"].to_numpy()[order]
    known_us: Int64Array = rows["ingested_at"].to_numpy()[order]
    events = Events(
        customers=np.array(customer.levels, dtype=object),
        customer=texts["customer_id"].codes,
        kind=texts["event_type"],
        time_us=time_us,
        known_us=known_us,
        void_us=_void_us(texts, numbers, np.maximum(time_us, known_us), taking_back),
        **columns,
    )
    return _ties_by_void(events)


def _ties_by_void(events: Events) -> Events:
    """Put events that are alike in everything but when they were taken back in the order of that."""
    if not (events.void_us != NEVER).any():
        return events
    arrays: list[NDArray[Any]] = [events.customer, events.time_us, events.known_us, events.kind.codes]
    arrays += [getattr(events, name).codes for name in TEXTS] + [getattr(events, name) for name in NUMBERS]
    new = np.zeros(len(events), dtype=bool)
    for values in arrays:
        new[1:] |= (values[1:] != values[:-1]) & ((values[1:] == values[1:]) | (values[:-1] == values[:-1]))
    return events.take(np.lexsort((events.void_us, np.cumsum(new))))


def _coded(column: pa.ChunkedArray) -> Texts:
    """A text column as codes into its sorted levels."""
    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    levels = np.array(encoded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(levels, kind="stable")
    rank = np.empty(len(levels) + 1, dtype=np.int32)
    rank[order], rank[-1] = np.arange(len(levels), dtype=np.int32), -1
    codes: Int32Array = rank[encoded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False)]
    return Texts(codes, tuple(levels[order]))


def _floats(column: pa.ChunkedArray) -> FloatArray:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _void_us(
    texts: dict[str, Texts], numbers: dict[str, FloatArray], known_us: Int64Array, taking_back: TakingBack
) -> Int64Array:
    """From when on each event counts no more; only orders that something takes back are looked at."""
    orders = texts["order_id"]
    taking = texts["event_type"].is_any(taking_back.by) & (orders.codes >= 0)
    touched = np.flatnonzero((orders.codes >= 0) & np.isin(orders.codes, np.unique(orders.codes[taking])))
    kind = texts["event_type"]
    frame = pd.DataFrame(
        {
            "customer_id": texts["customer_id"].codes[touched],
            "event_type": pd.Categorical.from_codes(kind.codes[touched], pd.Index(kind.levels)),
            "order_id": orders.codes[touched],
        }
        | {name: numbers[name][touched] for name in ("amount", "quantity")}
    )
    void_us = np.full(len(known_us), NEVER, dtype=np.int64)
    void_us[touched] = taken_back_us(frame, known_us=known_us[touched], taking_back=taking_back)
    return void_us
