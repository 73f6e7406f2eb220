"""The newest number that each customer of now was given, from answers in any order. Start reading at `Newest`."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from churn.calendar import Int64Array
from churn.events import FloatArray
from monitoring.reading.customers import UInt64Array

NEVER_US = -(2**62)


@dataclass(frozen=True)
class Told:
    """What a model told about customers of now.

    Args:
        customers: their numbers, ascending. Shape (n,).
        probabilities: the newest told of each. Shape (n,).
    """

    customers: UInt64Array
    probabilities: FloatArray

    def __len__(self) -> int:
        return len(self.customers)

    @classmethod
    def nothing(cls) -> Self:
        """Of nobody."""
        return cls(np.empty(0, dtype=np.uint64), np.empty(0))

    def about(self, customers: UInt64Array) -> FloatArray:
        """What was told of these customers; NaN where nothing was. Shape (m,)."""
        if not len(self.customers):
            return np.full(len(customers), np.nan)
        place = np.minimum(np.searchsorted(self.customers, customers), len(self.customers) - 1)
        return np.where(self.customers[place] == customers, self.probabilities[place], np.nan)


class Newest:
    """Keeps the newest number a customer.

    Args:
        customers: whose answers are looked for: their numbers, ascending. Shape (c,).
    """

    def __init__(self, customers: UInt64Array) -> None:
        self._customers = customers
        self._scored_us = np.full(len(customers), NEVER_US, dtype=np.int64)
        self._cutoff_us = np.full(len(customers), NEVER_US, dtype=np.int64)
        self._told = np.full(len(customers), np.nan)
        self._is_closed = np.zeros(len(customers), dtype=np.bool_)

    @property
    def last_cutoff_us(self) -> int:
        """The latest cutoff of what is kept."""
        return int(self._cutoff_us.max(initial=NEVER_US))

    @property
    def open_share(self) -> float:
        """Share of the customers that no batch spoke of yet."""
        return 1 - float(self._is_closed.mean()) if len(self._is_closed) else 0.0

    def add(self, customers: UInt64Array, cutoff_us: Int64Array, scored_us: Int64Array, told: FloatArray) -> None:
        """Answers, NaN for none; of two of one instant the one that was added first counts, in a block the last."""
        place, is_mine = self._places(customers)
        rows = np.flatnonzero(is_mine & ~np.isnan(told))
        rows = rows[np.argsort(scored_us[rows], kind="stable")]  # assigned in order, so that the newest stays
        rows = rows[scored_us[rows] > self._scored_us[place[rows]]]
        where = place[rows]
        self._scored_us[where], self._cutoff_us[where], self._told[where] = scored_us[rows], cutoff_us[rows], told[rows]

    def close(self, customers: UInt64Array) -> None:
        """A batch has spoken of these customers: older batches need not be asked."""
        place, is_mine = self._places(customers)
        self._is_closed[place[is_mine]] = True

    def told(self, *, within_us: int) -> Told:
        """What is kept, of cutoffs that are older than the latest by at most so much."""
        known = ~np.isnan(self._told) & (self._cutoff_us >= self.last_cutoff_us - within_us)
        return Told(self._customers[known], self._told[known])

    def _places(self, customers: UInt64Array) -> tuple[np.ndarray, np.ndarray]:
        if not len(self._customers):
            return np.zeros(len(customers), dtype=np.intp), np.zeros(len(customers), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self._customers, customers), len(self._customers) - 1)
        return place, self._customers[place] == customers
