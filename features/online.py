"""One customer's row in the on-line store: what it says, which of two rows is newer, and a store in memory.

`OnlineRow` is what serving reads. `newer` is the rule every writer obeys: an older row never overwrites a newer one
(two of the three real stores would let it). `MemoryOnlineStore` passes the same contract tests as the real stores in
features/store.py and needs no Feast. Reads no file. Start reading at `OnlineRow`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, repeat
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.calendar import from_us, to_us
from churn.events import FloatArray, micros
from features.snapshot_file import NIGHTLY, STATED, checked, matrix

One = TypeVar("One")
Age = tuple[datetime, datetime]
Fields = Mapping[
    str, Any
]  # what a store keeps under a name of FIELDS: a list of numbers, a number, a text, bytes or None
FIELDS = ("vector", "stage", "model", "as_of_us", "known_at_us", "feature_set_hash", STATED, NIGHTLY)
AT_ONCE = 8192
AGE_FIELDS = ("as_of_us", "known_at_us")


@dataclass(frozen=True)
class OnlineRow:
    """What the on-line store holds for one customer.

    Args:
        customer_id: whose row it is.
        vector: the features in the order of their set, float64, NaN where not known. Shape (f,).
        stage: lifecycle stage at the cutoff.
        model: which model is asked about them, churn or reactivation; None where none is.
        as_of: the cutoff.
        known_at: the row knows what had reached us before this instant.
        feature_set_hash: which features, in which order.
        stated: what the customer stated and which cases are open, as `churn.stated` writes it; None where the row was
            written without asking. No part of what makes two rows the same.
        nightly: the answer that a batch made from exactly this row, in the words of serving; None where none did, and
            again as soon as the row is written anew.
    """

    customer_id: str
    vector: FloatArray
    stage: str
    model: str | None
    as_of: datetime
    known_at: datetime
    feature_set_hash: str
    stated: str | None = None
    nightly: str | None = None

    @property
    def age(self) -> Age:
        """What tells an older row from a newer one: the cutoff and, for one cutoff, what was known."""
        return self.as_of, self.known_at

    def is_same(self, other: "OnlineRow") -> bool:
        """Whether two rows say the same, bit by bit; NaN equals NaN."""
        return (
            self.vector.shape == other.vector.shape
            and bool(np.array_equal(canonical(self.vector), canonical(other.vector)))
            and (self.customer_id, self.stage, self.model, self.as_of, self.known_at, self.feature_set_hash)
            == (other.customer_id, other.stage, other.model, other.as_of, other.known_at, other.feature_set_hash)
        )


class RowStore(Protocol):
    """Something that keeps one row a customer."""

    def rows(self, customer_ids: Sequence[str]) -> list[OnlineRow | None]:
        """The rows of these customers in their order; None for who is unknown."""
        ...

    def write(self, rows: Iterable[OnlineRow]) -> int:
        """Keep these rows, without what is `nightly`, unless a newer one is there; how many were kept."""
        ...

    def attach(self, rows: Iterable[OnlineRow]) -> int:
        """Keep what is `nightly` of these rows wherever the row that is there is as old as they; how many these are."""
        ...

    def remove(self, customer_ids: Iterable[str]) -> int:
        """Forget these customers; how many of them had a row. Who writes them again makes them known again."""
        ...


class MemoryOnlineStore:
    """An on-line store in the memory of one process: for tests, notebooks and a service without a server."""

    def __init__(self) -> None:
        self._rows: dict[str, OnlineRow] = {}

    def rows(self, customer_ids: Sequence[str]) -> list[OnlineRow | None]:
        """The rows of these customers in their order; None for who is unknown."""
        return [self._rows.get(customer_id) for customer_id in customer_ids]

    def write(self, rows: Iterable[OnlineRow]) -> int:
        """Keep these rows unless a newer one is there; how many were kept."""
        coming = list(rows)
        held = self.rows([row.customer_id for row in coming])
        kept = newer(coming, [row.age if row else None for row in held])
        self._rows.update({row.customer_id: replace(row, nightly=None) for row in kept})
        return len(kept)

    def attach(self, rows: Iterable[OnlineRow]) -> int:
        """Keep what is `nightly` of these rows wherever the row that is there is as old as they; how many these are."""
        coming = list(rows)
        held = self.rows([row.customer_id for row in coming])
        mine = unchanged(coming, [row.age if row else None for row in held])
        for row in mine:
            self._rows[row.customer_id] = replace(self._rows[row.customer_id], nightly=row.nightly)
        return len(mine)

    def remove(self, customer_ids: Iterable[str]) -> int:
        """Forget these customers; how many of them had a row."""
        return sum(self._rows.pop(customer_id, None) is not None for customer_id in set(customer_ids))


def newer(coming: Sequence[OnlineRow], stored: Sequence[Age | None]) -> list[OnlineRow]:
    """Which rows may be written: at most one a customer, and none that is older than the stored one.

    Of equally old ones the later in line is written, so that the same row again, or a restated one, takes effect.

    Args:
        coming: rows to write.
        stored: how old the rows are that the store holds for the same customers, in the same order.
    """
    newest: dict[str, OnlineRow] = {}
    for row, held in zip(coming, stored, strict=True):
        rival = newest[row.customer_id].age if row.customer_id in newest else held
        if rival is None or row.age >= rival:
            newest[row.customer_id] = row
    return list(newest.values())


def unchanged(coming: Sequence[OnlineRow], stored: Sequence[Age | None]) -> list[OnlineRow]:
    """The rows that are as old as those which the store holds for the same customers, given in the same order."""
    return [row for row, held in zip(coming, stored, strict=True) if held == row.age]


def packed(row: OnlineRow) -> dict[str, Any]:
    """A row as the fields that a store keeps, new and therefore without an answer made from it.

    NaN stays NaN inside the list: a null there comes back as 0.
    """
    return {
        "vector": row.vector,
        "stage": row.stage,
        "model": row.model,
        "as_of_us": to_us(row.as_of),
        "known_at_us": to_us(row.known_at),
        "feature_set_hash": row.feature_set_hash,
        STATED: row.stated,
        NIGHTLY: None,
    }


def answer_of(row: OnlineRow) -> dict[str, Any]:
    """The answer that a batch made of a row, as the field that a store keeps: bytes, of which it keeps one copy."""
    return {NIGHTLY: row.nightly.encode() if row.nightly else None}


def age_of(fields: Fields | None) -> Age | None:
    """How old a stored row is; None where there is none. Redis answers for the unknown too, with empty fields."""
    if fields is None or fields["as_of_us"] is None:
        return None
    return from_us(fields["as_of_us"]), from_us(fields["known_at_us"])


def unpacked(customer_id: str, fields: Fields | None) -> OnlineRow | None:
    """A row from the fields that a store keeps; None for who is unknown."""
    age = age_of(fields)
    if fields is None or age is None:
        return None
    return OnlineRow(
        customer_id=customer_id,
        vector=fields["vector"],
        stage=fields["stage"],
        model=fields["model"] or None,
        as_of=age[0],
        known_at=age[1],
        feature_set_hash=fields["feature_set_hash"],
        stated=fields.get(STATED) or None,  # rows of the first form have neither
        nightly=nightly.decode() if (nightly := fields.get(NIGHTLY)) else None,
    )


def batches(rows: Iterable[One], size: int) -> Iterator[list[One]]:
    """Rows, or whatever, in lists of at most `size`."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def rows_of(frame: pd.DataFrame, names: Sequence[str], feature_set_hash: str) -> Iterator[OnlineRow]:
    """The rows of a frame of now (features.snapshots.current), one a customer.

    Raises:
        WrongColumns: the frame is not such a table.
    """
    checked(frame, names)
    for first in range(0, len(frame), AT_ONCE):  # laid out at once, all would take their memory once more
        yield from _rows_of(frame.iloc[first : first + AT_ONCE], names, feature_set_hash)


def _rows_of(frame: pd.DataFrame, names: Sequence[str], feature_set_hash: str) -> Iterator[OnlineRow]:
    vectors = matrix(frame, names)
    instants = zip(micros(frame["event_timestamp"]), micros(frame["created_timestamp"]), strict=True)
    said = frame[STATED] if STATED in frame else repeat(None, len(frame))
    texts = zip(frame["customer_id"], frame["stage"], frame["model"], said, strict=True)
    for vector, (customer_id, stage, model, stated), (as_of_us, known_us) in zip(vectors, texts, instants, strict=True):
        asked, ages = None if pd.isna(model) else str(model), (from_us(as_of_us), from_us(known_us))
        yield OnlineRow(str(customer_id), vector, str(stage), asked, *ages, feature_set_hash, stated)


def canonical(vector: FloatArray) -> NDArray[np.uint64]:
    """A vector as its bits, shape (f,), uint64: NaN in one spelling, everything else as it is."""
    return np.where(np.isnan(vector), np.nan, vector).view(np.uint64)
