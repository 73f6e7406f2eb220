"""Reading the event log back: the files of `log/` as the arrays that every kernel works on.

A bucket's file holds its customers sorted as `churn.events.Events` is, so that laying all of them out is one stable
sort by customer. Start reading at `read_events`; what the files hold is said in features/log.py.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.events import NUMBERS, TEXTS, Events, FloatArray, Int32Array, Texts
from churn.orders import TakingBack, taken_back_us
from features.log import SCHEMA, BrokenLog, bucket_name, bucket_of, log_folder, read_log_manifest

CODED = ("customer_id", "event_type", *TEXTS, "order_id")


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
    return _events(rows, manifest.taking_back if taking_back is None else taking_back)


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
    return _events(_read(log_folder(folder) / name, None), promised if taking_back is None else taking_back)


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
