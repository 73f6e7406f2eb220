"""Events laid along time: for each customer and cutoff, where in the sorted log does a window begin and end?

Events are sorted by customer and time, so a window is a stretch of neighbours: two positions. Positions come from
counting events into (view x cutoff) cells and adding up; an operation over a window then is a difference of prefix
sums, or a look at its ends. Nothing is repeated by cutoff: cost grows with events + customers x cutoffs. Numbers are
summed as whole ten-thousandths, which makes every sum exact, hence the same for one customer alone, in a batch, at
one cutoff or at many. Reads arrays; knows no feature. Start reading at `Lane`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Calendar, Int64Array
from churn.conditions import fulfils, qualifies
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, FloatArray, Texts
from features.formula import QUALIFYING, Selection
from features.views import Positions, Views, views

FIXED = 10_000  # numbers are held to a ten-thousandth
LARGEST = 9e14  # beyond it a number does not fit into 64 bits of ten-thousandths
SPAN_DAYS = 512  # local midnights are looked up in spans of so many days


class Timeline:
    """A batch of customers and their cutoffs, with what all lanes share.

    Args:
        events: the customers' log.
        cutoffs_us: ascending, distinct. Shape (k,).
        lifecycle: for windows, days and qualifying events.
    """

    def __init__(self, events: Events, cutoffs_us: Int64Array, lifecycle: Lifecycle) -> None:
        self.laid: Views = views(events, cutoffs_us)
        self.events = self.laid.events
        self.cutoffs_us, self.lifecycle = cutoffs_us, lifecycle
        self.shape = self.laid.view.shape
        self.stride = len(cutoffs_us) + 1
        self.cells: Positions = self.laid.view * self.stride + np.arange(len(cutoffs_us))
        self._lanes: dict[Selection, Lane] = {}
        self._slots: dict[int, Positions] = {}

    def lane(self, selection: Selection) -> "Lane":
        """The lane of a selection, laid once."""
        if selection not in self._lanes:
            self._lanes[selection] = Lane(self, np.flatnonzero(self._mask(selection)))
        return self._lanes[selection]

    def slots(self, days: int) -> Positions:
        """For each event, view and cutoff from which on it lies before windows of `days` (0: before the cutoff)."""
        if days not in self._slots:
            after = np.searchsorted(self._edges_us(days), self.events.time_us, side="right")
            self._slots[days] = self.events.customer * self.stride + after
        return self._slots[days]

    def _edges_us(self, days: int) -> Int64Array:
        """Where windows of `days` begin, one a cutoff; for 0, the cutoffs themselves."""
        if not days:
            return self.cutoffs_us
        start = self.lifecycle.calendar.window_start_us
        return np.array([start(int(cutoff), days) for cutoff in self.cutoffs_us], dtype=np.int64)

    @cached_property
    def day(self) -> Int64Array:
        """Local days of the events."""
        return local_days(self.events.time_us, self.lifecycle.calendar)

    def _mask(self, selection: Selection) -> BoolArray:
        if selection.kinds == (QUALIFYING,):
            mask = qualifies(self.events, self.lifecycle.definition, self.lifecycle.calendar)
        else:
            mask = _holds(self.events.kind, selection.kinds)
        if selection.reason_codes:
            mask = mask & _holds(self.events.reason_code, selection.reason_codes)
        if selection.where:
            mask = mask & fulfils(self.events, selection.where, self.lifecycle.calendar)
        return mask


class Lane:
    """The events of one selection, laid along time. Positions count from 0 to n, the number of its events.

    Args:
        timeline: what lanes share.
        rows: which of the timeline's events. Shape (n,).
    """

    def __init__(self, timeline: Timeline, rows: Positions) -> None:
        self.timeline, self.rows = timeline, rows
        self._positions: dict[int, Positions] = {}
        self._sums: dict[str, tuple[Int64Array, Int64Array]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def end(self) -> Positions:
        """Position after the last event before each cutoff. Shape (c, k)."""
        return self.start(0)

    def start(self, days: int | None) -> Positions:
        """Position of the first event of the window of `days`, or of the first event ever. Shape (c, k)."""
        key = -1 if days is None else days
        if key not in self._positions:
            self._positions[key] = self._firsts if days is None else self._before(days)
        return self._positions[key]

    def count(self, days: int | None) -> Positions:
        """Events in the window. Shape (c, k)."""
        return self.end - self.start(days)

    def sums(self, column: str, days: int | None) -> tuple[Int64Array, Int64Array]:
        """Sum of a column in ten-thousandths, and how many events have it, in the window. Shapes (c, k)."""
        if column not in self._sums:
            numbers, there = self.fixed(column)
            self._sums[column] = prefix(numbers), prefix(there)
        total, have = self._sums[column]
        end, start = self.end, self.start(days)
        return total[end] - total[start], have[end] - have[start]

    def fixed(self, column: str) -> tuple[Int64Array, BoolArray]:
        """A column in whole ten-thousandths, null as 0, and where it is not null. Shapes (n,)."""
        numbers: FloatArray = getattr(self.timeline.events, column)[self.rows]
        there = ~np.isnan(numbers)
        return np.rint(np.clip(np.where(there, numbers, 0.0), -LARGEST, LARGEST) * FIXED).astype(np.int64), there

    @cached_property
    def owner(self) -> Positions:
        """The view of each event. Shape (n,)."""
        return self.timeline.events.customer[self.rows].astype(np.intp)

    @cached_property
    def time_us(self) -> Int64Array:
        """When each event happened. Shape (n,)."""
        return self.timeline.events.time_us[self.rows]

    @cached_property
    def days(self) -> "Days":
        """The lane's active days."""
        return Days.of(self)

    @cached_property
    def _firsts(self) -> Positions:
        counts = np.bincount(self.owner, minlength=self.timeline.laid.count)
        return np.asarray((np.cumsum(counts) - counts)[self.timeline.laid.view])

    def _before(self, days: int) -> Positions:
        """How many of the lane's events come before each cell's edge: a running count over views and cutoffs."""
        counts = np.bincount(
            self.timeline.slots(days)[self.rows], minlength=self.timeline.laid.count * self.timeline.stride
        )
        return np.asarray(np.cumsum(counts)[self.timeline.cells])


@dataclass(frozen=True)
class Days:
    """Active days of a lane, and the pauses between them.

    Args:
        day: local day of each event. Shape (n,).
        before: active days before each position, over all views. Shape (n + 1,).
        first: positions of the events that open an active day. Shape (d,).
        gap: days since the view's active day before, at those positions; 0 elsewhere. Shape (n,).
    """

    day: Int64Array
    before: Int64Array
    first: Positions
    gap: Int64Array

    @classmethod
    def of(cls, lane: Lane) -> "Days":
        """The active days of a lane."""
        day, owner = lane.timeline.day[lane.rows], lane.owner
        opens = np.ones(len(lane), dtype=bool)
        opens[1:] = (day[1:] != day[:-1]) | (owner[1:] != owner[:-1])
        first = np.flatnonzero(opens)
        gap = np.zeros(len(lane), dtype=np.int64)
        same = owner[first[1:]] == owner[first[:-1]]
        gap[first[1:]] = np.where(same, day[first[1:]] - day[first[:-1]], 0)
        return cls(day, prefix(opens), first, gap)

    @cached_property
    def squares(self) -> Int64Array:
        """Prefix sums of the squared gaps. Shape (n + 1,)."""
        return prefix(self.gap * self.gap)


def prefix(values: NDArray[np.int64] | BoolArray) -> Int64Array:
    """Sums of everything before each position. Shape (n + 1,)."""
    sums = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def local_days(time_us: Int64Array, calendar: Calendar) -> Int64Array:
    """`Calendar.days_of` of one instant or more, with midnights remembered between calls."""
    day_us = 86_400_000_000
    first = (int(time_us.min()) // day_us - 2) // SPAN_DAYS
    last = (int(time_us.max()) // day_us + 2) // SPAN_DAYS
    edges = _midnights(calendar, first, last)
    return first * SPAN_DAYS - 1 + np.searchsorted(edges, time_us, side="right").astype(np.int64)


@lru_cache(maxsize=64)
def _midnights(calendar: Calendar, first: int, last: int) -> Int64Array:
    return calendar.midnights_us(first * SPAN_DAYS, (last + 1) * SPAN_DAYS - 1)


def _holds(texts: Texts, wanted: Sequence[str]) -> BoolArray:
    """`Texts.is_any` without its set-up, which one customer's row would feel."""
    codes = [texts.levels.index(text) for text in wanted if text in texts.levels]
    mask = np.zeros(len(texts.codes), dtype=bool)
    for code in codes:
        mask |= texts.codes == code
    return mask
