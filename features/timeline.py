"""Events laid along time: for each customer and cutoff, where in the sorted log does a window begin and end?

Events are sorted by customer and time, so a window is a stretch of neighbours: two positions. They are counted once
between the edges of all windows (features/edges.py), and added up; an operation over a window then is a difference of
running sums, a fold (features/folds.py), or a look at its ends. Nothing is repeated by cutoff: cost grows with events
+ customers x edges. Numbers are summed as whole ten-thousandths, which makes every sum exact, hence the same for one
customer alone, in a batch, at one cutoff or at many. Reads arrays; knows no feature. Start reading at `Lane`.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Int64Array
from churn.conditions import fulfils, qualifies
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, Texts
from features.active_days import Days
from features.edges import Layout, Positions, edges_of, local_days, quarters
from features.folds import Fold, Sums, Value, fixed, largest, union
from features.formula import QUALIFYING, Selection
from features.views import Views, views


class Timeline:
    """A batch of customers and their cutoffs, with what all lanes share.

    Args:
        events: the customers' log. cutoffs_us: ascending, distinct, shape (k,). lifecycle: what counts, and days.
        windows: by selection, the lengths of the windows that will be asked for, in days; others cost more.
    """

    def __init__(
        self, events: Events, cutoffs_us: Int64Array, lifecycle: Lifecycle, windows: Mapping[Selection, frozenset[int]]
    ) -> None:
        self.laid: Views = views(events, cutoffs_us)
        self.events = self.laid.events
        self.cutoffs_us, self.lifecycle = cutoffs_us, lifecycle
        self.shape, self.stride = self.laid.view.shape, len(cutoffs_us) + 1
        self.edges = edges_of(tuple(cutoffs_us.tolist()), lifecycle.calendar)
        self._windows, self._all = windows, frozenset[int]().union(*windows.values())
        self._quarters = quarters(self.events.time_us)
        self._after, self._slots = dict[Layout, Positions](), dict[int, Positions]()
        self._lanes: dict[Selection, Lane] = {}

    def lane(self, selection: Selection) -> "Lane":
        """The lane of a selection, laid once."""
        if (lane := self._lanes.get(selection)) is None:
            mask = self._mask(selection)
            rows = np.flatnonzero(mask if self.laid.seen is None else mask & self.laid.seen)
            alone = self.laid.count == 1  # laying edges takes longer than having too many of them
            lane = self._lanes[selection] = Lane(self, rows, self._all if alone else self._windows.get(selection, ()))
        return lane

    def forget(self) -> None:
        """Let go of the lanes, which know their timeline and are known to what they made: a batch is free at once."""
        for lane in self._lanes.values():
            lane.made.clear()
        self._lanes.clear()

    @cached_property
    def cells(self) -> Positions:
        """The slot of each customer and cutoff. Shape (c, k)."""
        return np.asarray(self.laid.view * self.stride + np.arange(len(self.cutoffs_us)))

    def slots(self, days: int) -> Positions:
        """For each event, view and cutoff from which on it lies before windows of `days` (0: before the cutoff)."""
        if days not in self._slots:
            after = np.searchsorted(self.edges.begins_us(days), self.events.time_us, side="right")
            self._slots[days] = self.events.customer * self.stride + after
        return self._slots[days]

    def after(self, layout: Layout) -> Positions:
        """How many edges of a layout each event lies at or after. Shape (n,)."""
        if layout not in self._after:
            self._after[layout] = layout.after(self.events.time_us, self._quarters)
        return self._after[layout]

    @cached_property
    def day(self) -> Int64Array:
        """Local days of the events."""
        return local_days(self.events.time_us, self.lifecycle.calendar, self._quarters)

    def viewed(self, table: NDArray[Value]) -> NDArray[Value]:
        """Values by cutoff and view, shape (k, v), as those of customers and cutoffs, shape (c, k)."""
        return table.T if self.laid.count == self.shape[0] else table.ravel()[self._picks].T

    @cached_property
    def _picks(self) -> Positions:
        """Where in a table by cutoff and view each cutoff of a customer lies. Shape (k, c)."""
        return np.asarray(np.arange(self.shape[1])[:, None] * self.laid.count + self.laid.view.T)

    def _mask(self, selection: Selection) -> BoolArray:
        if selection.kinds == (QUALIFYING,):
            mask = qualifies(self.events, self.lifecycle.definition, self.lifecycle.calendar)
        else:
            mask = self.events.kind.is_any(selection.kinds)
        if selection.reason_codes:
            mask = mask & self.events.reason_code.is_any(selection.reason_codes)
        if selection.where:
            mask = mask & fulfils(self.events, selection.where, self.lifecycle.calendar)
        return mask


class Lane:
    """The events of one selection, laid along time. Positions count from 0 to n, the number of its events.

    Args:
        timeline: what lanes share. rows: which of its events, shape (n,). windows: lengths that will be asked for.
    """

    def __init__(self, timeline: Timeline, rows: Positions, windows: Collection[int] = ()) -> None:
        self.timeline, self.rows, self.layout = timeline, rows, timeline.edges.layout(windows)
        self._starts: dict[int | None, Positions] = {}
        self._sums: dict[str, tuple[Sums, Sums | None]] = {}
        self._peaks, self._sets = dict[str, Fold](), dict[str, Fold]()
        self.made: dict[Any, Any] = {}  # by other modules, for several features

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def end(self) -> Positions:
        """Position after the last event before each cutoff. Shape (c, k)."""
        return self.start(0)

    def start(self, days: int | None) -> Positions:
        """Position of the first event of the window of `days`, or of the first event ever. Shape (c, k)."""
        if days not in self._starts:
            self._lay(days)
            self._starts[days] = self._at(self.table, self.first, days)
        return self._starts[days]

    def count(self, days: int | None) -> Positions:
        """Events in the window. Shape (c, k)."""
        return self.end - self.start(days)

    def sums(self, column: str, days: int | None) -> tuple[Int64Array, Int64Array]:
        """Sum of a column in ten-thousandths, and how many events have it, in the window. Shapes (c, k)."""
        return self.total(column, days), self.have(column, days)

    def total(self, column: str, days: int | None) -> Int64Array:
        """Sum of a column in ten-thousandths, in the window. Shape (c, k)."""
        self._lay(days)
        return self._over(self._summed(column)[0], days)

    def have(self, column: str, days: int | None) -> Int64Array:
        """How many events have the column, in the window. Shape (c, k)."""
        self._lay(days)
        there = self._summed(column)[1]
        return self.count(days) if there is None else self._over(there, days)

    def active(self, days: int | None) -> Int64Array:
        """Active days in the window: it begins at a midnight, so no day is cut. Shape (c, k)."""
        self._lay(days)
        return self._over(self._active, days)

    def peak(self, column: str, days: int | None) -> Int64Array:
        """Largest value of a column in ten-thousandths, in the window; NOTHING without any. Shape (c, k)."""
        self._lay(days)
        if column not in self._peaks:
            self._peaks[column] = largest(*self.fixed(column), self.spot, self.layout, self.timeline.laid.count)
        return self.timeline.viewed(self._peaks[column].over(days).astype(np.int64, copy=False))

    def texts(self, column: str, days: int | None) -> NDArray[np.uint8]:
        """How many different texts a column has in the window, of at most 64. Shape (c, k)."""
        self._lay(days)
        if column not in self._sets:
            texts: Texts = getattr(self.timeline.events, column)
            self._sets[column] = union(texts, self.rows, self.spot, self.layout, self.timeline.laid.count)
        return self.timeline.viewed(np.bitwise_count(self._sets[column].over(days)))

    def fixed(self, column: str) -> tuple[Int64Array, BoolArray]:
        """A column in whole ten-thousandths, null as 0, and where it is not null. Shapes (n,)."""
        return fixed(getattr(self.timeline.events, column)[self.rows])

    @cached_property
    def owner(self) -> Positions:
        """The view of each event. Shape (n,)."""
        return self.timeline.events.customer[self.rows].astype(np.intp)

    @cached_property
    def time_us(self) -> Int64Array:
        """When each event happened. Shape (n,)."""
        return self.timeline.events.time_us[self.rows]

    @cached_property
    def days(self) -> Days:
        """The lane's active days."""
        return Days.of(self.timeline.day[self.rows], self.owner)

    @cached_property
    def spot(self) -> Positions:
        """Where each event falls among edges and views: `edges passed x views + view`. Shape (n,)."""
        return np.asarray(self.timeline.after(self.layout)[self.rows] * self.timeline.laid.count + self.owner)

    @cached_property
    def first(self) -> Positions:
        """Position of each view's first event. Shape (v,)."""
        if self.timeline.laid.count == 1:
            return np.zeros(1, dtype=np.intp)
        counts = np.bincount(self.owner, minlength=self.timeline.laid.count)
        return np.asarray(np.cumsum(counts) - counts)

    @cached_property
    def table(self) -> Positions:
        """Position of the first event at or after each edge. Shape (e, v)."""
        views, edges = self.timeline.laid.count, len(self.layout)
        if views == 1:
            return np.searchsorted(self.time_us, self.layout.us)[:, None]
        counts = np.bincount(self.spot, minlength=(edges + 1) * views)[: edges * views].reshape(edges, views)
        counts[0] += self.first
        for edge in range(1, edges):  # faster than cumsum along the long way
            np.add(counts[edge], counts[edge - 1], out=counts[edge])
        return counts

    def _lay(self, days: int | None) -> None:
        """Have edges for a window; one that was not announced lays them anew."""
        if days is not None and days not in self.layout.rows:
            self.layout = self.timeline.edges.layout({*self.layout.rows, days})
            for known in (self._sums, self._peaks, self._sets):
                known.clear()
            for name in ("spot", "table", "_active"):
                self.__dict__.pop(name, None)

    @cached_property
    def _active(self) -> Sums:
        return Sums(self.days.opens, self.table, self.first)

    def _summed(self, column: str) -> tuple[Sums, Sums | None]:
        """Running sums of a column, and of where it is not null, unless that is everywhere."""
        if column not in self._sums:
            numbers, there = self.fixed(column)
            have = None if there.all() else Sums(there, self.table, self.first)
            self._sums[column] = Sums(numbers, self.table, self.first), have
        return self._sums[column]

    def _over(self, sums: Sums, days: int | None) -> Int64Array:
        """What running sums come to in the window. Shape (c, k)."""
        return self._at(sums.at, sums.first, 0) - self._at(sums.at, sums.first, days)

    def _at(self, table: Int64Array, first: Int64Array, days: int | None) -> Int64Array:
        """Values of a table by edge (e, v), or of everybody's first event (v,), where windows begin. Shape (c, k)."""
        cutoffs = len(self.timeline.cutoffs_us)
        if days is not None:
            return self.timeline.viewed(table[self.layout.rows[days]])
        return self.timeline.viewed(first[None] if cutoffs == 1 else np.broadcast_to(first, (cutoffs, len(first))))
