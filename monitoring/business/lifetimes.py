"""How long customers stay, after which order they leave, and how long silence lasts before somebody returns.

A fold of the walk through the log (monitoring/business/survey.py): it keeps counts of lengths, by level of every
segment, by quarter of the first order, by how many orders came before. Start reading at `Lifetimes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from math import sqrt
from operator import add
from statistics import fmean
from typing import TypeVar

import numpy as np
import pandas as pd

from churn.calendar import Int64Array
from churn.events import BoolArray
from monitoring.business.edges import Edges
from monitoring.business.panel import Panel
from monitoring.business.segments import TOTAL, Codes, Segmentation
from monitoring.business.spells import Stretches, lives, pauses, trials
from monitoring.business.survival import Share, Spells, curve, wilson, within

MOST_ORDERS = 10  # trials after this order and all later ones are one
ORDERS = ((1, "1"), (2, "2-3"), (4, "4+"))  # qualifying events so far, from so many on
GROUPS = 20  # random groups of customers, whose pauses are left out in turn
T_OF_GROUPS = 2.093  # Student's t of 19 degrees of freedom, .975
EPOCH_DAY = np.datetime64(0, "D")
Key = tuple[str, str]  # dimension and level
K = TypeVar("K")


@dataclass
class Lifetimes:
    """Counts of spells.

    Args:
        edges: the last one is now. segmentation: whose levels are told apart.
        longest: days of the longest spell that the log can have.
        lives: first lives, by (dimension, level). silent: pauses, likewise.
        later: lives after a comeback. quarters: first lives, by quarter of the first order (2025-Q1).
        pauses: silences, by orders so far and random group of customers.
        decided, lapsed: qualifying events whose lapse day is over, and those that were the last before a lapse, by
            their number. Shape (MOST_ORDERS,).
        alone: first lives that ended after a single qualifying event, by length. Shape (longest + 1,).
    """

    edges: Edges
    segmentation: Segmentation
    longest: int
    lives: dict[Key, Spells] = field(default_factory=dict)
    silent: dict[Key, Spells] = field(default_factory=dict)
    quarters: dict[str, Spells] = field(default_factory=dict)
    pauses: dict[tuple[str, int], Spells] = field(default_factory=dict)
    later: Spells = field(init=False)
    alone: Int64Array = field(init=False)
    decided: Int64Array = field(default_factory=lambda: np.zeros(MOST_ORDERS, dtype=np.int64))
    lapsed: Int64Array = field(default_factory=lambda: np.zeros(MOST_ORDERS, dtype=np.int64))

    def __post_init__(self) -> None:
        self.later = Spells.none(longest=self.longest)
        self.alone = np.zeros(self.longest + 1, dtype=np.int64)

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `Fold.add`."""
        today = int(self.edges.day[-1])
        every = lives(one.told, today)
        first = _taken(every, every.nth == 1)
        self.later += self._spells(_taken(every, every.nth > 1))
        single = first.ended & (first.orders == 1)
        self.alone += np.bincount(np.minimum(first.days[single], self.longest), minlength=self.longest + 1)
        for quarter in np.unique(quarters_of(first.start_day)):
            self._count(
                self.quarters, quarter_name(int(quarter)), _taken(first, quarters_of(first.start_day) == quarter)
            )
        self._by_segment(self.lives, first, codes)
        silent = pauses(one.told, today)
        self._by_segment(self.silent, silent, codes)
        self._pauses(silent, one)
        done = trials(one.told, today)
        nth = np.minimum(done.nth, MOST_ORDERS) - 1
        self.decided += np.bincount(nth, minlength=MOST_ORDERS)
        self.lapsed += np.bincount(nth[done.lapsed], minlength=MOST_ORDERS)

    def _by_segment(self, into: dict[Key, Spells], some: Stretches, codes: Mapping[str, Codes]) -> None:
        """Each spell at the level of the first edge that it reached, and watched from that edge on."""
        edge = np.searchsorted(self.edges.day, some.start_day)
        for dimension in self.segmentation.dimensions:
            fixed = dimension.is_attribute or dimension.name == TOTAL
            place = np.minimum(edge, len(self.edges) - 1)
            level = codes[dimension.name][some.customer, place]
            since = np.zeros(len(edge), dtype=np.int64) if fixed else self.edges.day[place] - some.start_day
            for code, name in enumerate(dimension.levels):
                mine = level == code
                if mine.any():
                    self._count(into, (dimension.name, name), _taken(some, mine), since[mine])

    def _pauses(self, every: Stretches, one: Panel) -> None:
        group = groups_of(one)[every.customer]
        so_far = np.searchsorted([least for least, _ in ORDERS], every.nth, side="right") - 1
        for place, (_, name) in enumerate(ORDERS):
            for number in range(GROUPS):
                mine = (so_far == place) & (group == number)
                if mine.any():
                    self._count(self.pauses, (name, number), _taken(every, mine))

    def _spells(self, some: Stretches, since: Int64Array | None = None) -> Spells:
        return Spells.of(some.days, some.ended, longest=self.longest, since=since)

    def _count(self, into: dict[K, Spells], key: K, some: Stretches, since: Int64Array | None = None) -> None:
        counted = self._spells(some, since)
        into[key] = into[key] + counted if key in into else counted

    def after_order(self) -> list[Share | None]:
        """The share that lapses after the nth order, the last one standing for all later ones; None without any."""
        pairs = zip(self.lapsed.tolist(), self.decided.tolist(), strict=True)
        return [wilson(lapsed, decided) if decided else None for lapsed, decided in pairs]

    def silence(self, orders: str | None = None) -> list[Spells]:
        """Pauses of each group of customers: those after so many orders, or all. Length GROUPS."""
        found = [Spells.none(longest=self.longest) for _ in range(GROUPS)]
        for (name, number), spells in self.pauses.items():
            if orders in (None, name):
                found[number] += spells
        return found


def groups_of(one: Panel) -> Int64Array:
    """A random group for each customer, by hash of the id, so that it does not depend on the part. Shape (c,)."""
    if not len(one):
        return np.zeros(0, dtype=np.int64)
    return (pd.util.hash_array(one.events.customers, categorize=False) % GROUPS).astype(np.int64)


def returns(groups: Sequence[Spells], since_days: int, more_days: int) -> Share | None:
    """The chance that whoever has been silent for `since_days` comes back within `more_days`.

    A customer has many pauses, and they resemble one another: the interval is by leaving each random group of
    customers out in turn (delete-a-group jackknife, Kott 2001), not by Greenwood. None where it was not watched.
    """
    every = reduce(add, groups)
    whole = within(curve(every), since_days, more_days)
    left_out = [within(curve(less(every, one)), since_days, more_days) for one in groups]
    values = [one.value for one in left_out if one is not None]
    if whole is None or len(values) < len(groups):
        return None
    spread = sqrt((len(values) - 1) / len(values) * sum((one - fmean(values)) ** 2 for one in values))
    half = T_OF_GROUPS * spread
    return Share(whole.value, max(0.0, whole.value - half), min(1.0, whole.value + half), whole.n)


def less(every: Spells, some: Spells) -> Spells:
    """All spells without some of them."""
    return Spells(every.ended - some.ended, every.running - some.running, every.entered - some.entered)


def _taken(some: Stretches, mask: BoolArray) -> Stretches:
    return Stretches(**{one.name: getattr(some, one.name)[mask] for one in fields(some)})


def quarters_of(day: Int64Array) -> Int64Array:
    """Quarters since 1970 of local days."""
    return (EPOCH_DAY + day).astype("datetime64[M]").astype(np.int64) // 3


def quarter_name(quarter: int) -> str:
    """2025-Q1."""
    return f"{1970 + quarter // 4}-Q{quarter % 4 + 1}"


def lifetimes(edges: Edges, segmentation: Segmentation, first_day: int) -> Lifetimes:
    """An empty fold.

    Args:
        edges: at which the log is looked at.
        segmentation: whose levels are told apart.
        first_day: the local day of the first event, days since 1970.
    """
    return Lifetimes(edges, segmentation, longest=max(int(edges.day[-1]) - first_day + 1, 1))
