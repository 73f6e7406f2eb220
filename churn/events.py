"""The event log in memory, and the one door through which time passes.

`Events` holds a log as arrays sorted by customer and time: what the kernels work on. `before(events, cutoff)` keeps
what had *happened*, had *reached us* and had not been *taken back* before a cutoff; nothing else on the feature side
compares an event with a cutoff. `between` is its mirror on the label side. Reads no file and no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.orders import TakingBack
from churn.versions import Spans, spans

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Int32Array = NDArray[np.int32]

NUMBERS = ("amount", "quantity", "discount_amount", "score")
TEXTS = ("channel", "category", "reason_code")


@dataclass(frozen=True)
class Texts:
    """A text column as codes into sorted levels; -1 is null.

    Args:
        codes: one a row. Shape (n,).
        levels: the distinct texts, sorted.
    """

    codes: Int32Array
    levels: tuple[str, ...]

    @classmethod
    def of(cls, values: pd.Series) -> Self:
        """Codes of a series of texts."""
        codes, levels = pd.factorize(values, sort=True)
        return cls(codes.astype(np.int32), tuple(str(level) for level in levels))

    def is_any(self, texts: Iterable[str]) -> BoolArray:
        """Which rows hold one of these texts. Null is none of them."""
        mask = np.zeros(len(self.codes), dtype=np.bool_)  # `np.isin` takes longer to set up than one customer's row
        for code in (self.levels.index(text) for text in set(texts) if text in self.levels):
            mask |= self.codes == code
        return mask


@dataclass(frozen=True)
class Events:
    """An event log as arrays, sorted by customer, time, kind and the rest, so that row order is irrelevant.

    Args:
        customers: distinct customer ids, sorted. Shape (c,), dtype object.
        customer: index into `customers`. Shape (n,), ascending.
        kind: the kind of event.
        time_us: when it happened, microseconds since 1970 UTC. Shape (n,).
        known_us: when it reached us. Shape (n,).
        void_us: from when on it counts no more, because it was corrected or taken back; else `NEVER`. Shape (n,).
        amount: money or points; NaN where there is none. Shape (n,), as are quantity, discount_amount and score.
        channel: where it happened, as are category (what it is about) and reason_code.
    """

    customers: NDArray[np.object_]
    customer: Int32Array
    kind: Texts
    time_us: Int64Array
    known_us: Int64Array
    void_us: Int64Array
    amount: FloatArray
    quantity: FloatArray
    discount_amount: FloatArray
    score: FloatArray
    channel: Texts
    category: Texts
    reason_code: Texts

    def __len__(self) -> int:
        return len(self.time_us)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, taking_back: TakingBack = TakingBack()) -> Self:
        """Lay a frame of EVENTS into arrays.

        Args:
            frame: EVENTS, or any part of its columns that has customer_id, event_type and event_timestamp; and, where
                rows are versions of events, superseded_at: when a newer one reached us, null where none did.
            taking_back: kinds that are orders, and kinds that take back the order which they name.
        """
        frame = frame.reset_index(drop=True)
        time_us = micros(frame["event_timestamp"])
        known_us = micros(frame["ingested_at"]) if "ingested_at" in frame else time_us
        superseded_us = _superseded_us(frame)
        found = spans(frame, time_us=time_us, known_us=known_us, superseded_us=superseded_us, taking_back=taking_back)
        codes, customers = pd.factorize(frame["customer_id"].astype(object), sort=True)
        columns: dict[str, Any] = {name: _numbers(frame, name) for name in NUMBERS}
        columns |= {name: Texts.of(frame[name]) if name in frame else _no_texts(len(frame)) for name in TEXTS}
        rows = cls(
            customers=np.asarray(customers, dtype=object),
            customer=codes.astype(np.int32),
            kind=Texts.of(frame["event_type"]),
            time_us=time_us,
            known_us=known_us,
            void_us=superseded_us,
            **columns,
        )
        return rows.spanned(found)

    def spanned(self, found: Spans) -> Self:
        """The log with a row for every span in which one of these rows counts, in the order of `Events`."""
        laid = replace(self.take(found.row), known_us=found.known_us, void_us=found.void_us)
        ties = [getattr(laid, name).codes for name in TEXTS] + [getattr(laid, name) for name in NUMBERS]
        keys = (laid.void_us, *ties, laid.known_us, laid.kind.codes, laid.time_us, laid.customer)
        return laid.take(np.lexsort(keys))

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """These rows, a mask, positions or a slice. Every customer keeps their index, also one with no event left."""
        changed: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Texts):
                changed[field.name] = Texts(value.codes[rows], value.levels)
            elif field.name != "customers":
                changed[field.name] = value[rows]
        return replace(self, **changed)

    def of(self, customer_ids: Iterable[str]) -> Self:
        """The events of these customers alone, re-indexed; ids that are not in the log are left out."""
        wanted = pd.Index(self.customers).isin(set(customer_ids))  # np.isin compares texts one by one
        index = np.cumsum(wanted, dtype=np.int32) - 1
        mine = self.take(wanted[self.customer])
        return replace(mine, customers=self.customers[wanted], customer=index[mine.customer].astype(np.int32))

    def is_kind(self, *kinds: str) -> BoolArray:
        """Which events are of one of these kinds. Shape (n,)."""
        return self.kind.is_any(kinds)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of event that the log has, sorted."""
        return self.kind.levels


def before(events: Events, cutoff_us: int) -> Events:
    """What had happened, had reached us and was not taken back before a cutoff. The one door.

    Args:
        events: a log.
        cutoff_us: the first instant of the future, microseconds since 1970 UTC.
    """
    return events.take((events.time_us < cutoff_us) & (events.known_us < cutoff_us) & (events.void_us >= cutoff_us))


def between(events: Events, start_us: int, end_us: int, *, known_before_us: int = NEVER) -> Events:
    """What happened in `[start, end)`, as far as it had reached us, and stood, before an instant of knowledge."""
    return events.take(
        (events.time_us >= start_us)
        & (events.time_us < end_us)
        & (events.known_us < known_before_us)
        & (events.void_us >= known_before_us)
    )


def micros(instants: pd.Series) -> Int64Array:
    """Microseconds since 1970 UTC of a series of aware instants, or of int64 microseconds as they are."""
    if pd.api.types.is_integer_dtype(instants.dtype):
        return np.asarray(instants.to_numpy(dtype=np.int64))
    return np.asarray(
        instants.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]").astype(np.int64)
    )


def _numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _superseded_us(frame: pd.DataFrame) -> Int64Array:
    if "superseded_at" not in frame:
        return np.full(len(frame), NEVER, dtype=np.int64)
    instants = frame["superseded_at"]
    there = instants.notna().to_numpy()
    superseded_us = np.full(len(frame), NEVER, dtype=np.int64)
    given = instants[there]
    superseded_us[there] = micros(given if isinstance(given.dtype, pd.DatetimeTZDtype) else given.astype("int64"))
    return superseded_us


def _no_texts(rows: int) -> Texts:
    return Texts(np.full(rows, -1, dtype=np.int32), ())
