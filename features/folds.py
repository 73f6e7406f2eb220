"""Sums and foldings of a lane's events, read off at the edges of its windows.

A sum over a window is a difference of two running sums. What cannot be taken back, a maximum or a union, is folded
between neighbouring edges first and then over ever longer runs of these stretches: any window is the union of two runs
whose length is a power of two. Both are exact. Start reading at `Sums` and `Fold`.
"""

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Int64Array
from churn.events import BoolArray, FloatArray, Texts
from churn.orders import FIXED, LARGEST
from features.edges import Layout, Positions

NOTHING: Final = np.iinfo(np.int64).min
WIDTHS: Final = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}  # of a set of texts, in bits
Value = TypeVar("Value", bound=np.generic)
Folded = NDArray[np.integer[Any]]


class Sums:
    """Running sums of numbers at edges.

    Args:
        numbers: one an event. Shape (n,).
        table: position of the first event at or after each edge, by view. Shape (e, v).
        first: position of each view's first event. Shape (v,).
    """

    def __init__(self, numbers: Int64Array | BoolArray, table: Positions, first: Positions) -> None:
        sums = prefix(numbers)
        self.at: Int64Array = sums[table]
        self.first: Int64Array = sums[first]


class Fold:
    """What lies between neighbouring edges, folded over windows; the function must not mind what it sees twice.

    Args:
        fold: np.maximum, or np.bitwise_or.
        stretches: by view: what lies before the first edge, then between it and the second ... Shape (e, v).
        layout: the edges.
    """

    def __init__(self, fold: np.ufunc, stretches: Folded, layout: Layout) -> None:
        self._fold, self._layout = fold, layout
        self._runs = [stretches]  # of 1, 2, 4 ... stretches, by where they begin

    def over(self, days: int | None) -> Folded:
        """The fold over each window, or over everything before each cutoff. Shape (k, v)."""
        ends = self._layout.rows[0]
        if days is None:
            return np.asarray(self._fold.accumulate(self._runs[0], axis=0)[ends])
        found = np.empty((len(ends), self._runs[0].shape[1]), dtype=self._runs[0].dtype)
        for row, (begin, end) in enumerate(zip(self._layout.rows[days].tolist(), ends.tolist(), strict=True)):
            power = (end - begin).bit_length() - 1  # a window is never empty: it begins at least a day before its end
            run = self._run(power)
            self._fold(run[begin + 1], run[end + 1 - (1 << power)], out=found[row])
        return found

    def _run(self, power: int) -> Folded:
        while len(self._runs) <= power:
            last, reach = self._runs[-1], 1 << (len(self._runs) - 1)
            self._runs.append(self._fold(last[:-reach], last[reach:]))
        return self._runs[power]


def largest(values: Int64Array, there: BoolArray, spot: Positions, layout: Layout, views: int) -> Fold:
    """The largest value, `NOTHING` without any.

    Args:
        values: one an event. Shape (n,).
        there: which of them are values. Shape (n,).
        spot: of each event, `edges passed x views + view`. Shape (n,).
        layout: the edges.
        views: how many.
    """
    found = np.full((len(layout) + 1) * views, NOTHING)
    np.maximum.at(found, spot, np.where(there, values, NOTHING))
    return Fold(np.maximum, found.reshape(-1, views)[:-1], layout)


def union(texts: Texts, rows: Positions, spot: Positions, layout: Layout, views: int) -> Fold:
    """The set of texts, a bit each; for at most 64 of them.

    Args:
        texts: a column of the log.
        rows: which events. Shape (n,).
        spot: as in `largest`. Shape (n,).
        layout: the edges.
        views: how many.
    """
    codes = texts.codes[rows]
    width = next(bits for bits in WIDTHS if len(texts.levels) <= bits)
    flags = np.zeros((len(layout) + 1) * views * width, dtype=bool)
    there = codes >= 0
    flags[spot[there] * width + codes[there]] = True
    sets = np.packbits(flags).view(WIDTHS[width])
    return Fold(np.bitwise_or, sets.reshape(-1, views)[:-1], layout)


def fixed(numbers: FloatArray) -> tuple[Int64Array, BoolArray]:
    """Numbers in whole ten-thousandths, null as 0, and where they are not null. Shapes (n,)."""
    there = ~np.isnan(numbers)
    if not there.all():
        numbers = np.where(there, numbers, 0.0)
    return np.rint(np.clip(numbers, -LARGEST, LARGEST) * FIXED).astype(np.int64), there


def prefix(values: Int64Array | BoolArray) -> Int64Array:
    """Sums of everything before each position. Shape (n + 1,)."""
    sums = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=sums[1:])
    return sums
