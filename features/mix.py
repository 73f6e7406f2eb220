"""The mix of a text column: which share its commonest text has, and how far the mix has moved.

Events are counted by customer and text, and then over each customer's texts: the cost grows with the texts that each
customer has, not with all there are. Counts are whole numbers, so the shares are the same alone and in a batch. Reads
the lanes of features/timeline.py. Start reading at `main_share`.
"""

from dataclasses import dataclass, field

import numpy as np

from churn.calendar import Int64Array
from churn.events import FloatArray, Texts
from features.edges import Positions
from features.formula import Shift
from features.timeline import Lane, Timeline


def main_share(lane: Lane, column: str, days: int | None) -> FloatArray:
    """The commonest text's share of the events of the window that have one."""
    pairs = Pairs.of(lane, column)
    if not len(pairs.owner):
        return np.full(lane.timeline.shape, np.nan)
    inside = pairs.inside(days)
    return _per(pairs.of_view(np.maximum, inside), pairs.of_view(np.add, inside))


def shift(timeline: Timeline, formula: Shift) -> FloatArray:
    """The value of a formula. Shape (c, k)."""
    pairs = Pairs.of(timeline.lane(formula.selection), formula.column)
    if not len(pairs.owner):
        return np.full(timeline.shape, np.nan)
    one, other = pairs.inside(formula.days), pairs.inside(formula.beside_days)
    ones, others = pairs.sums(one), pairs.sums(other)
    apart = np.abs(one * others[pairs.place] - other * ones[pairs.place])
    return _per(pairs.of_view(np.add, apart), 2 * pairs.of_view(np.add, one) * pairs.of_view(np.add, other))


@dataclass(frozen=True)
class Pairs:
    """The texts that each view has, a pair each, in the order of the views.

    Args:
        lane: whose events.
        rows: its events that have a text, as rows of the log. Shape (m,).
        pair: the pair of each. Shape (m,).
        owner: the view of each pair. Shape (p,).
        first: the first pair of each view that has one. Shape (v,).
        place: which of those views each pair belongs to. Shape (p,).
        known: by days, what `_before` found.
    """

    lane: Lane
    rows: Positions
    pair: Positions
    owner: Int64Array
    first: Positions
    place: Positions
    known: dict[int, Int64Array] = field(default_factory=dict)

    @classmethod
    def of(cls, lane: Lane, column: str) -> "Pairs":
        """The pairs of a lane, counted once."""
        if (cls, column) not in lane.made:
            lane.made[cls, column] = cls._of(lane, column)
        pairs: Pairs = lane.made[cls, column]
        return pairs

    @classmethod
    def _of(cls, lane: Lane, column: str) -> "Pairs":
        texts: Texts = getattr(lane.timeline.events, column)
        rows = lane.rows[texts.codes[lane.rows] >= 0]
        many = max(len(texts.levels), 1)
        named, pair = np.unique(
            lane.timeline.events.customer[rows] * np.int64(many) + texts.codes[rows], return_inverse=True
        )
        owner = named // many
        opens = np.ones(len(owner), dtype=bool)
        opens[1:] = owner[1:] != owner[:-1]
        return cls(lane, rows, pair, owner, np.flatnonzero(opens), np.cumsum(opens) - 1)

    def inside(self, days: int | None) -> Int64Array:
        """Events of each pair in the window of each cutoff. Shape (p, k)."""
        seen = self._before(0)
        return seen if days is None else seen - self._before(days)

    def sums(self, counts: Int64Array) -> Int64Array:
        """Sums over the pairs of each view that has one. Shape (v, k)."""
        return np.asarray(np.add.reduceat(counts, self.first, axis=0))

    def of_view(self, fold: np.ufunc, counts: Int64Array) -> Int64Array:
        """Counts folded over the pairs of each cell's view; 0 without any. Shape (c, k)."""
        line = self.lane.timeline
        folded = np.zeros((line.laid.count, len(line.cutoffs_us)), dtype=np.int64)
        folded[self.owner[self.first]] = fold.reduceat(counts, self.first, axis=0)
        return np.asarray(folded[line.laid.view, np.arange(len(line.cutoffs_us))])

    def _before(self, days: int) -> Int64Array:
        """Events of each pair before the window of `days` begins, or before the cutoff for 0. Shape (p, k)."""
        if days not in self.known:
            self.known[days] = self._counted(days)
        return self.known[days]

    def _counted(self, days: int) -> Int64Array:
        line = self.lane.timeline
        after = line.slots(days)[self.rows] - line.events.customer[self.rows].astype(np.int64) * line.stride
        cells = np.bincount(self.pair * line.stride + after, minlength=len(self.owner) * line.stride)
        return np.asarray(np.cumsum(cells.reshape(-1, line.stride), axis=1)[:, :-1])


def _per(part: Int64Array, whole: Int64Array) -> FloatArray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
