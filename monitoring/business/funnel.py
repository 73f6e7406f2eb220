"""From the first contact to the first order: awareness, interest, decision, action, where the log has leads.

Each customer enters at their first event of any step before their first order, or with it. A step counts as reached
with the first event of it or of a later step: whoever ordered had decided. Entries of the last `MATURE_DAYS` are
immature: they still have time, and are counted apart. A log that knows only those who ordered has no leads: where nine
in ten of those who entered ordered, the funnel says so and gives no figure.

A fold of the walk through the log (monitoring/business/survey.py). Start reading at `Funnel`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from churn.calendar import DAY_US, NEVER, Int64Array
from monitoring.business.edges import Edges
from monitoring.business.panel import Panel
from monitoring.business.segments import FIRST_CHANNEL, TOTAL, Codes, Dimension, Segmentation
from monitoring.business.survival import Share, wilson

STEPS: Final = ("awareness", "interest", "decision", "action")
MATURE_DAYS = 90
ENTERED_DAYS = 365  # entries so long before the mature ones are counted
BUYERS_ONLY = 0.9
LONGEST_DAYS = 365


@dataclass
class Funnel:
    """Counts of those who entered.

    Args:
        edges: the last one is now. segmentation: whose levels are told apart.
        leads: kinds of event of each step before the first order.
        reached: by dimension: mature entries that reached each step. Shape (levels, 4).
        between: by dimension: by step, those who have both it and the next, by days between them.
            Shape (levels, 3, LONGEST_DAYS + 1).
        immature: entries that still have time.
        seen: lead kinds of the log.
    """

    edges: Edges
    segmentation: Segmentation
    leads: Sequence[Sequence[str]]
    reached: dict[str, Int64Array] = field(default_factory=dict)
    between: dict[str, Int64Array] = field(default_factory=dict)
    immature: int = 0
    seen: set[str] = field(default_factory=set)

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `Fold.add`."""
        first = np.stack([self._first_us(one, kinds) for kinds in self.leads] + [_first_order_us(one)], axis=1)
        first[:, :-1][first[:, :-1] > first[:, -1:]] = NEVER  # what comes after the first order is no lead
        entry = first.min(axis=1)
        until = self.edges.now_us - MATURE_DAYS * DAY_US
        young = (entry >= until) & (entry < NEVER)
        self.immature += int(young.sum())
        who = np.flatnonzero((entry < until) & (entry >= until - ENTERED_DAYS * DAY_US))
        reached = np.minimum.accumulate(first[who][:, ::-1], axis=1)[:, ::-1] < NEVER
        for dimension in self.segmentation.dimensions:
            if dimension.is_attribute or dimension.name in (TOTAL, FIRST_CHANNEL):
                level, levels = codes[dimension.name][who, -1].astype(np.int64), len(dimension.levels)
                counts = self.reached.setdefault(dimension.name, np.zeros((levels, 4), dtype=np.int64))
                np.add.at(counts, level, reached.astype(np.int64))
                self._between(dimension.name, first[who], level, levels)

    def _between(self, dimension: str, first: Int64Array, level: Int64Array, levels: int) -> None:
        """Days from each step to the next. first: instants of all steps, shape (n, 4)."""
        size = LONGEST_DAYS + 1
        counts = self.between.setdefault(dimension, np.zeros((levels, 3, size), dtype=np.int64))
        for place in range(3):
            here, after = first[:, place], first[:, place + 1]
            both = (here < NEVER) & (after < NEVER) & (after >= here)
            days = np.minimum((after[both] - here[both]) // DAY_US, LONGEST_DAYS)
            counts[:, place] += np.bincount(level[both] * size + days, minlength=levels * size).reshape(levels, size)

    def _first_us(self, one: Panel, kinds: Sequence[str]) -> Int64Array:
        """When each customer's first event of these kinds was; never where there is none. Shape (c,)."""
        rows = one.events.is_kind(*kinds) & ~one.qualifying
        self.seen |= {kind for kind in kinds if one.events.is_kind(kind).any()}
        first = np.full(len(one), NEVER, dtype=np.int64)
        np.minimum.at(first, one.events.customer[rows], one.events.time_us[rows])
        return first

    @property
    def code(self) -> str:
        """`told`; or why there is no funnel: `no_lead_events`, `buyers_only`, `too_few` (nobody entered)."""
        if not self.seen:
            return "no_lead_events"
        entered = self.counts()
        if not entered[0]:
            return "too_few"
        return "buyers_only" if entered[-1] >= BUYERS_ONLY * entered[0] else "told"

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Those by which leads are told apart: what is known of somebody who has not ordered yet."""
        return tuple(one for one in self.segmentation.dimensions if one.name in self.reached and one.name != TOTAL)

    def counts(self, dimension: str = TOTAL, places: Sequence[int] = (0,)) -> list[int]:
        """Mature entries of some levels that reached each step."""
        told = self.reached.get(dimension)
        return [0, 0, 0, 0] if told is None else told[list(places)].sum(axis=0).tolist()

    def conversion(self, step: int, dimension: str = TOTAL, places: Sequence[int] = (0,)) -> Share | None:
        """The share of those who reached a step that reached the next; None where nobody reached it."""
        told = self.counts(dimension, places)
        return wilson(told[step + 1], told[step]) if told[step] else None

    def median_days(
        self, step: int, dimension: str = TOTAL, places: Sequence[int] = (0,), *, least: int = 1
    ) -> float | None:
        """Median days from a step to the next, of those who have both; None where fewer than `least` have."""
        if dimension not in self.between:
            return None
        counts = np.cumsum(self.between[dimension][list(places), step].sum(axis=0))
        return float(np.searchsorted(counts, counts[-1] / 2)) if counts[-1] >= least else None


def _first_order_us(one: Panel) -> Int64Array:
    first = np.full(len(one), NEVER, dtype=np.int64)
    first[one.told.customer[one.told.starts]] = one.told.time_us[one.told.starts]
    return first
