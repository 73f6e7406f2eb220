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
import pyarrow.compute as pc
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.events import NUMBERS, TEXTS, BoolArray, Events, FloatArray, Int32Array, Texts
from churn.orders import TakingBack, void_since_us
from churn.stated import SOLVED
from churn.stated_text import KIND
from churn.versions import Spans, spans
from features import parquet
from features.log import LOG_SCHEMA, SUPERSEDED, BrokenLog, bucket_name, bucket_of, log_folder, read_log_manifest

CODED = ("customer_id", "event_type", *TEXTS, "order_id")
FEW = 256  # so many texts are coded sooner by a dict than by Arrow
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
    rows = pa.concat_tables(
        [rows_of(log / name, wanted, coded=wanted is None) for name in names] or [LOG_SCHEMA.empty_table()]
    )
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
    return events_of(rows_of(log_folder(folder) / name, coded=True), promised if taking_back is None else taking_back)


def rows_of(path: Path, customers: list[str] | None = None, *, coded: bool = False) -> pa.Table:
    """The rows of one file of the log, with the columns that `events_of` asks for.

    Args:
        path: the file.
        customers: the rows of these; of all its customers where None.
        coded: leave the texts of all customers as codes into their levels, as the file has them: faster.

    Raises:
        BrokenLog: it cannot be read.
    """
    only = None if customers is None else [("customer_id", "in", customers)]
    try:
        with parquet.opened(path, read_dictionary=CODED if coded else None) as file:
            columns = [name for name in READ if name in file.schema_arrow.names]  # logs of old know no corrections
            if only is None:
                rows = file.read(columns, use_threads=False)
        if only is not None:
            rows = parquet.read_table(path, columns=columns, filters=only, use_threads=False)
        return rows if SUPERSEDED in columns else rows.append_column(SUPERSEDED, pa.nulls(len(rows), pa.int64()))
    except (OSError, pa.ArrowInvalid) as error:
        raise BrokenLog(path, str(error)) from error


def solutions_in(rows: pa.Table) -> int:
    """How many rows of the log say that a complaint was solved: `churn.stated.solves`, of rows as they lie."""
    kind, said = rows["event_type"], rows["reason_code"]
    by_word = pc.and_(pc.equal(kind, KIND), pc.is_in(said, value_set=pa.array(SOLVED, said.type)))
    return int(pc.sum(pc.or_(pc.equal(kind, f"{KIND}_solved"), by_word)).as_py() or 0)


def events_of(rows: pa.Table, taking_back: TakingBack = TakingBack()) -> Events:
    """Rows of the log as arrays; within a customer they keep their order."""
    customer = _coded(rows["customer_id"])
    order = _in_order(customer.codes)
    coded = {name: _coded(rows[name]) for name in ("event_type", *TEXTS)}
    texts = {name: Texts(column.codes[order], column.levels) for name, column in coded.items()}
    columns: dict[str, Any] = {name: texts[name] for name in TEXTS}
    columns |= {name: _floats(rows[name])[order] for name in NUMBERS}
    time_us: Int64Array = rows["event_timestamp"].to_numpy()[order]
    known_us: Int64Array = rows["ingested_at"].to_numpy()[order]
    events = Events(
        customers=np.array(customer.levels, dtype=object),
        customer=customer.codes[order],
        kind=texts["event_type"],
        time_us=time_us,
        known_us=time_us if np.array_equal(known_us, time_us) else known_us,
        void_us=_superseded_us(rows[SUPERSEDED])[order],
        **columns,
    )
    takes = events.kind.is_any(taking_back.by)
    if not takes.any() and not (events.void_us != NEVER).any():
        return events
    return _spanned(events, _spans(events, _codes(rows["order_id"])[0][order], takes, taking_back))


def _in_order(codes: Int32Array) -> slice | NDArray[np.intp]:
    """What lays rows out by customer: files hold the order of `Events` within one, so that a stable sort does."""
    return slice(None) if bool((codes[1:] >= codes[:-1]).all()) else np.argsort(codes, kind="stable")


def _superseded_us(column: pa.ChunkedArray) -> Int64Array:
    if column.null_count == len(column):
        return np.full(len(column), NEVER, dtype=np.int64)
    return np.asarray(column.fill_null(NEVER).to_numpy())


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
    codes, levels = _codes(column)
    ranked = sorted(levels)
    if ranked == levels:
        return Texts(codes, tuple(levels))
    rank = np.full(len(levels) + 1, -1, dtype=np.int32)  # the last one is that of null
    rank[np.argsort(np.array(levels, dtype=object), kind="stable")] = np.arange(len(levels), dtype=np.int32)
    return Texts(rank[codes], tuple(ranked))


def _codes(column: pa.ChunkedArray) -> tuple[Int32Array, list[str]]:
    """A text column as codes into its levels as they come; -1 is null."""
    if column.null_count == len(column):
        return np.full(len(column), -1, dtype=np.int32), []
    is_coded = pa.types.is_dictionary(column.type)
    if not is_coded and len(column) <= FEW:
        places: dict[str, int] = {}
        found = [-1 if text is None else places.setdefault(text, len(places)) for text in column.to_pylist()]
        return np.array(found, dtype=np.int32), list(places)
    encoded = column if is_coded else column.dictionary_encode()
    encoded = encoded.unify_dictionaries()
    codes = pa.chunked_array([chunk.indices for chunk in encoded.chunks])
    codes = codes.fill_null(-1) if codes.null_count else codes
    return np.asarray(codes.to_numpy(), dtype=np.int32), encoded.chunk(0).dictionary.to_pylist()


def _floats(column: pa.ChunkedArray) -> FloatArray:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _spans(events: Events, orders: Int32Array, takes: BoolArray, taking_back: TakingBack) -> Spans:
    """When each row counts; of what can be taken back, only orders that something takes back are looked at."""
    kind, named = events.kind, orders >= 0
    takes = takes & named
    order = events.customer * (np.int64(orders.max(initial=-1)) + 2) + orders
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
            "order_id": orders[rows],
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
