"""Reading the event log back: the files of `log/` as the arrays that every kernel works on.

A bucket's file holds its customers sorted as `churn.events.Events` is, so that laying all of them out is one stable
sort by customer. Start reading at `read_events`; what the files hold is said in features/log.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.events import NUMBERS, TEXTS, BoolArray, Events, FloatArray, Int32Array, Texts
from churn.orders import TakingBack, void_since_us
from churn.versions import Spans, spans
from features.log import LOG_SCHEMA, SUPERSEDED, BrokenLog, bucket_name, bucket_of, log_folder, read_log_manifest

CODED = ("customer_id", "event_type", *TEXTS, "order_id")
READ = (*CODED, "event_timestamp", "ingested_at", *NUMBERS, SUPERSEDED)


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
    rows = pa.concat_tables([rows_of(log / name, wanted) for name in names] or [LOG_SCHEMA.empty_table()])
    return events_of(rows, manifest.taking_back if taking_back is None else taking_back)


def read_bucket(folder: Path, name: str, *, taking_back: TakingBack | None = None) -> Events:
    """One file of the log as arrays: `read_events` of its customers.

    Args:
        folder: the artifacts folder of a business.
        name: of the file, as the manifest lists it.
        taking_back: as in `read_events`.

    Raises:
        NoLog: there is none. BrokenLog: the file cannot be read.
    """
    promised = read_log_manifest(folder).taking_back
    return events_of(rows_of(log_folder(folder) / name), promised if taking_back is None else taking_back)


def rows_of(path: Path, customers: list[str] | None = None) -> pa.Table:
    """The rows of one file of the log, with the columns that `events_of` asks for; of all its customers where None.

    Raises:
        BrokenLog: it cannot be read.
    """
    only = None if customers is None else [("customer_id", "in", customers)]
    try:
        columns = [name for name in READ if name in pq.read_schema(path).names]  # logs of old know no corrections
        if only is None:
            rows = pq.ParquetFile(path).read(columns, use_threads=False)
        else:
            rows = pq.read_table(path, columns=columns, filters=only, use_threads=False, partitioning=None)
        return rows if SUPERSEDED in columns else rows.append_column(SUPERSEDED, pa.nulls(len(rows), pa.int64()))
    except (OSError, pa.ArrowInvalid) as error:
        raise BrokenLog(path, str(error)) from error


def events_of(rows: pa.Table, taking_back: TakingBack = TakingBack()) -> Events:
    """Rows of the log as arrays; within a customer they keep their order."""
    coded = {name: _coded(rows[name]) for name in CODED}
    customer = coded["customer_id"]
    # Files hold the order of `Events` within a customer, so that a stable sort by customer lays them all out.
    order = np.argsort(customer.codes, kind="stable")
    texts = {name: Texts(column.codes[order], column.levels) for name, column in coded.items()}
    numbers = {name: _floats(rows[name])[order] for name in NUMBERS}
    columns: dict[str, Any] = {**numbers, **{name: texts[name] for name in TEXTS}}
    time_us: Int64Array = rows["event_timestamp"].to_numpy()[order]
    known_us: Int64Array = rows["ingested_at"].to_numpy()[order]
    superseded_us: Int64Array = rows[SUPERSEDED].fill_null(NEVER).to_numpy()[order]
    events = Events(
        customers=np.array(customer.levels, dtype=object),
        customer=texts["customer_id"].codes,
        kind=texts["event_type"],
        time_us=time_us,
        known_us=known_us,
        void_us=superseded_us,
        **columns,
    )
    return _spanned(events, _spans(events, texts["order_id"], taking_back))


def _spanned(events: Events, found: Spans) -> Events:
    """Each row with its span; sorted anew only where a row has another number of them than one."""
    if np.array_equal(found.row, np.arange(len(events))) and np.array_equal(found.known_us, events.known_us):
        return _ties_by_void(replace(events, void_us=found.void_us))
    return events.spanned(found)


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


def _spans(events: Events, orders: Texts, taking_back: TakingBack) -> Spans:
    """When each row counts; of what can be taken back, only orders that something takes back are looked at."""
    kind, named = events.kind, orders.codes >= 0
    takes = named & kind.is_any(taking_back.by) if named.any() else named
    order = events.customer * np.int64(len(orders.levels) + 1) + orders.codes
    touched = named & np.isin(order, order[takes]) if takes.any() else takes
    if not (events.void_us[touched] != NEVER).any():  # nothing was corrected: no frame needed
        if taking_back.of is not None:
            touched = touched & (takes | kind.is_any(taking_back.of))
        return Spans(np.arange(len(events)), events.known_us, _taken_us(events, order, takes, touched))
    rows, others = np.flatnonzero(touched), np.flatnonzero(~touched)
    frame = pd.DataFrame(
        {
            "customer_id": events.customer[rows],
            "event_type": pd.Categorical.from_codes(kind.codes[rows], pd.Index(kind.levels)),
            "order_id": orders.codes[rows],
        }
        | {name: getattr(events, name)[rows] for name in ("amount", "quantity")}
    )
    times = {"time_us": events.time_us[rows], "known_us": events.known_us[rows], "superseded_us": events.void_us[rows]}
    found = spans(frame, **times, taking_back=taking_back)
    row = np.concatenate([others, rows[found.row]])
    known_us = np.concatenate([events.known_us[others], found.known_us])
    void_us = np.concatenate([events.void_us[others], found.void_us])
    sort = np.argsort(row, kind="stable")
    return Spans(row[sort], known_us[sort], void_us[sort])


def _taken_us(events: Events, order: Int64Array, takes: BoolArray, touched: BoolArray) -> Int64Array:
    """From when on each row counts no more, because its order was taken back or a newer version was known."""
    void_us = events.void_us.copy()
    if touched.any():
        seen_us = np.maximum(events.time_us, events.known_us)[touched]
        numbers = {name: getattr(events, name)[touched] for name in ("amount", "quantity")}
        void_us[touched] = void_since_us(order[touched], takes[touched], seen_us, **numbers)
    return void_us
