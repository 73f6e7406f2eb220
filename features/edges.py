"""The instants at which anything begins or ends to count: cutoffs, and where the windows before them begin.

Windows of neighbouring cutoffs share their edges, and an event lies between two of them: laid out once by edge, events
serve every window as a difference of two rows. Which edges an event lies after is a search among them, or, for a log,
a look into a table by quarter-hour: every edge and every local midnight lies on one in nearly every zone, and where one
does not, the search answers. Reads no event but its time. Start reading at `Edges`.
"""

from collections.abc import Iterable
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Calendar, Int64Array
from churn.events import Int32Array

Positions = NDArray[np.intp]
QUARTER_US = 900_000_000
WORTH_A_TABLE = 4096  # from so many events on
SPAN_DAYS = 512  # local midnights are looked up in spans of so many days
DAY_QUARTERS = 96


class Layout:
    """The edges of some windows.

    Args:
        rows_us: by length of the window in days (0: the cutoffs themselves), its edge for each cutoff.
    """

    def __init__(self, rows_us: dict[int, Int64Array]) -> None:
        self.us: Int64Array = np.unique(np.concatenate(list(rows_us.values())))
        self.rows: dict[int, Positions] = {days: np.searchsorted(self.us, edges) for days, edges in rows_us.items()}
        self._table: tuple[int, Int32Array] | None = None

    def __len__(self) -> int:
        return len(self.us)

    def after(self, time_us: Int64Array, quarters: Int64Array | None) -> Positions:
        """How many edges each instant lies at or after.

        Args:
            time_us: instants. Shape (n,).
            quarters: their quarter-hours since 1970, where there are enough of them for a table. Shape (n,).
        """
        if quarters is None or (self.us % QUARTER_US).any():
            return np.searchsorted(self.us, time_us, side="right")
        first, table = self._by_quarter()
        return np.asarray(table.take(quarters - first, mode="clip"), dtype=np.intp)

    def _by_quarter(self) -> tuple[int, Int32Array]:
        """By quarter-hour from the one before the first edge to the last edge: how many edges lie at or before it."""
        if self._table is None:
            edges = self.us // QUARTER_US
            first = int(edges[0]) - 1
            self._table = first, np.cumsum(np.bincount(edges - first), dtype=np.int32)
        return self._table


class Edges:
    """The edges of cutoffs, by sets of windows; each set is laid once.

    Args:
        cutoffs_us: ascending, distinct. Shape (k,).
        calendar: whose local midnights begin windows.
    """

    def __init__(self, cutoffs_us: Int64Array, calendar: Calendar) -> None:
        self.cutoffs_us, self.calendar = cutoffs_us, calendar
        self._layouts: dict[frozenset[int], Layout] = {}
        self._begins = {0: cutoffs_us}

    def layout(self, windows: Iterable[int]) -> Layout:
        """The edges of windows of these lengths in days, and the cutoffs."""
        wanted = frozenset({0, *windows})
        if wanted not in self._layouts:
            self._layouts[wanted] = Layout({days: self.begins_us(days) for days in sorted(wanted)})
        return self._layouts[wanted]

    @cached_property
    def today(self) -> Int64Array:
        """Local days of the cutoffs. Shape (k,)."""
        return local_days(self.cutoffs_us, self.calendar)

    def begins_us(self, days: int) -> Int64Array:
        """Where windows of so many days begin, one a cutoff; for 0, the cutoffs themselves. Shape (k,)."""
        if days not in self._begins:
            start = self.calendar.window_start_us
            self._begins[days] = np.array([start(int(cutoff), days) for cutoff in self.cutoffs_us], dtype=np.int64)
        return self._begins[days]


@lru_cache(maxsize=8)
def edges_of(cutoffs_us: tuple[int, ...], calendar: Calendar) -> Edges:
    """Edges that one batch after the other shares."""
    return Edges(np.array(cutoffs_us, dtype=np.int64), calendar)


def quarters(time_us: Int64Array) -> Int64Array | None:
    """Quarter-hours since 1970, for as many instants as make a table worth its while."""
    return time_us // QUARTER_US if len(time_us) >= WORTH_A_TABLE else None


def local_days(time_us: Int64Array, calendar: Calendar, in_quarters: Int64Array | None = None) -> Int64Array:
    """`Calendar.days_of` of one instant or more, with midnights remembered between calls.

    Args:
        time_us: instants. Shape (n,).
        calendar: whose days.
        in_quarters: `quarters(time_us)`, where it is at hand.
    """
    day_us = QUARTER_US * DAY_QUARTERS
    first = (int(time_us.min()) // day_us - 2) // SPAN_DAYS
    last = (int(time_us.max()) // day_us + 2) // SPAN_DAYS
    midnights = _midnights(calendar, first, last)
    table = None if in_quarters is None else _days_by_quarter(calendar, first, last)
    if table is not None and in_quarters is not None:
        return np.asarray(table.take(in_quarters - midnights[0] // QUARTER_US), dtype=np.int64)
    return first * SPAN_DAYS - 1 + np.searchsorted(midnights, time_us, side="right").astype(np.int64)


@lru_cache(maxsize=64)
def _midnights(calendar: Calendar, first: int, last: int) -> Int64Array:
    return calendar.midnights_us(first * SPAN_DAYS, (last + 1) * SPAN_DAYS - 1)


@lru_cache(maxsize=8)
def _days_by_quarter(calendar: Calendar, first: int, last: int) -> Int32Array | None:
    """The local day of each quarter-hour from the first midnight on; None where a midnight lies on none."""
    midnights = _midnights(calendar, first, last)
    if (midnights % QUARTER_US).any():
        return None
    place = (midnights - midnights[0]) // QUARTER_US
    size = int(place[-1]) + 2 * DAY_QUARTERS
    return first * SPAN_DAYS - 1 + np.cumsum(np.bincount(place, minlength=size), dtype=np.int32)
