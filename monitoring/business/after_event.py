"""What follows a complaint, a ticket, a return, a price change, a contact? Hazard ratios against like customers.

At the start of each month, customers who had such an event in the 30 days before are held against customers of the
same month, stage, days of silence and number of orders who had none. Two things are watched from then on: the lapse,
and the next order. The ratio is Mantel-Haenszel's of the rates a day, over all such classes; its 95 % interval is
Greenland and Robins'. It is an association: whoever complains may have been leaving anyway. Within a segment classes
are of stage, silence and orders alone: months would leave too few.

A fold of the walk through the log (monitoring/business/survey.py). Start reading at `AfterEvents`.

Sources: Anderson, Cain & Gelber (1983), J. Clin. Oncol. 1, 710-719 (landmarks); Greenland & Robins (1985),
Biometrics 41, 55-68.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Int64Array
from churn.definition import Subscription
from churn.events import BoolArray, FloatArray
from monitoring.business.edges import Edges
from monitoring.business.panel import Panel
from monitoring.business.segments import TOTAL, Codes, Dimension, Segmentation
from monitoring.business.spells import last_of_life
from monitoring.business.survival import Z

BEFORE_DAYS = 30  # an event counts as recent for so long
WINDOWS_DAYS = (30, 60, 90)
OUTCOMES = ("lapse", "order")
KINDS: Mapping[str, tuple[str, ...]] = {
    "complaint": ("complaint",),
    "support_ticket": ("support_ticket",),
    "return": ("return", "refund", "cancellation"),
    "price_change": ("price_change", "price_increase"),
    "campaign_contact": ("campaign_contact",),
}
PRICE = "price_change"
RISE = 1.01  # a renewal that costs so many times the one before is a price change
SILENCE_DAYS = (7, 14, 21, 30, 40, 50, 60, 70, 80, 90, 120)  # classes begin there, as they do at these orders
ORDERS = (2, 4)
CLASSES = 7 * (len(SILENCE_DAYS) + 1) * (len(ORDERS) + 1)
LEAST_EXPOSED, LEAST_ENDED = 20, 5


@dataclass(frozen=True)
class Ratio:
    """How many times the rate of like customers without the event.

    Args:
        value: the ratio, with its 95 % interval `low` to `high`.
        exposed: customers and months with the event. ended: of them, those to whom it happened within the window.
    """

    value: float
    low: float
    high: float
    exposed: int
    ended: int


@dataclass
class AfterEvents:
    """Counts of customers after an event and without it.

    Args:
        edges: the last one is now. segmentation: whose levels are told apart.
        counts: by (kind, dimension): events, days under watch and customers; of everybody a row a month, of a
            segment a row a level, and the longest window alone.
            Shape (3, 2 without and with, windows, outcomes, rows, classes).
    """

    edges: Edges
    segmentation: Segmentation
    is_subscription: bool = False
    counts: dict[tuple[str, str], FloatArray] = field(default_factory=dict)

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `Fold.add`."""
        recent = {kind: times for kind in KINDS if len((times := self._when(one, kind))[0])}
        months = [self._month(one, edge, recent, codes) for edge in self._mature()] if recent else []
        if not months:
            return
        until, had, *rows = (np.concatenate(parts) for parts in zip(*months, strict=True))
        for nth, kind in enumerate(recent):
            for dimension, row in zip(self.segmentation.dimensions, rows, strict=True):
                self._count(kind, dimension, had[:, nth], until, row)

    def _mature(self) -> list[int]:
        """The months whose longest window is over."""
        return [at for at, day in enumerate(self.edges.day[:-1]) if day + max(WINDOWS_DAYS) <= self.edges.day[-1]]

    def _month(
        self, one: Panel, edge: int, recent: Mapping[str, tuple[Int64Array, Int64Array]], codes: Mapping[str, Codes]
    ) -> tuple[NDArray[Any], ...]:
        """Of a month's active customers: days to each outcome, which kinds they had, and a slot a dimension."""
        who = np.flatnonzero(one.is_active(edge))
        end_us = int(self.edges.us[edge])
        start_us = self.edges.calendar.window_start_us(end_us, BEFORE_DAYS)
        had = np.zeros((len(one), len(recent)), dtype=np.bool_)
        for nth, (customer, time_us) in enumerate(recent.values()):
            had[customer[(time_us >= start_us) & (time_us < end_us)], nth] = True
        place = _classes(one, who, edge)
        names = [each.name for each in self.segmentation.dimensions]
        levels = [edge if name == TOTAL else codes[name][who, edge] for name in names]
        slots = [level * np.int64(CLASSES) + place for level in levels]
        return _days_until(one, who, edge), had[who], *slots

    def _when(self, one: Panel, kind: str) -> tuple[Int64Array, Int64Array]:
        """Customer and instant of each event of a kind."""
        rows = one.events.is_kind(*KINDS[kind])
        customer, time_us = one.events.customer[rows].astype(np.int64), one.events.time_us[rows]
        if kind != PRICE or not self.is_subscription:
            return customer, time_us
        told, rise = one.told, np.zeros(len(one.told.day), dtype=np.bool_)
        rise[1:] = ~told.starts[1:] & (one.money[:-1] > 0) & (one.money[1:] > RISE * one.money[:-1])
        return np.append(customer, told.customer[rise]), np.append(time_us, told.time_us[rise])

    def _count(self, kind: str, dimension: Dimension, had: BoolArray, until: Int64Array, place: Int64Array) -> None:
        """Add customers and months. until: days to each outcome, shape (m, outcomes)."""
        rows = len(self.edges) if dimension.name == TOTAL else len(dimension.levels)
        windows = WINDOWS_DAYS if dimension.name == TOTAL else WINDOWS_DAYS[-1:]
        shape = (3, 2, len(windows), len(OUTCOMES), rows, CLASSES)
        counts = self.counts.setdefault((kind, dimension.name), np.zeros(shape))
        slot = place * 2 + had
        for nth, window in enumerate(windows):
            for which in range(len(OUTCOMES)):
                days = until[:, which]
                told = (days <= window).astype(np.float64), np.minimum(days, window), np.ones(len(days))
                for what, weights in enumerate(told):
                    summed = np.bincount(slot, weights=weights, minlength=2 * rows * CLASSES)
                    counts[what, :, nth, which] += np.moveaxis(summed.reshape(rows, CLASSES, 2), -1, 0)

    def ratio(
        self, kind: str, outcome: str, *, window_days: int = WINDOWS_DAYS[-1], segment: tuple[str, int] | None = None
    ) -> Ratio | None:
        """The hazard ratio after an event; None with too few to tell.

        Args:
            kind: of `KINDS`.
            outcome: of `OUTCOMES`.
            window_days: of `WINDOWS_DAYS`; of a segment the last alone.
            segment: dimension and code of the level; everybody where None.
        """
        dimension, code = segment or (TOTAL, -1)
        counts = self.counts.get((kind, dimension))
        if counts is None:
            return None
        nth = WINDOWS_DAYS.index(window_days) if segment is None else 0
        told = counts[:, :, nth, OUTCOMES.index(outcome)]
        classes = told.reshape(3, 2, -1) if segment is None else told[:, :, code]
        return mantel_haenszel(*classes)


def mantel_haenszel(ended: FloatArray, days: FloatArray, customers: FloatArray) -> Ratio | None:
    """The ratio of two rates over classes.

    Args:
        ended: to how many it happened. Shape (2, classes): without the event, with it; as are the others.
        days: days under watch.
        customers: how many were watched.
    """
    every = days.sum(axis=0)
    both = (days > 0).all(axis=0)  # a class without its counterpart tells nothing
    safe = np.where(both, every, 1.0)
    exposed, happened = int(customers[1][both].sum()), int(ended[1][both].sum())
    if exposed < LEAST_EXPOSED or happened < LEAST_ENDED:
        return None
    above = float((ended[1] * days[0] / safe)[both].sum())
    below = float((ended[0] * days[1] / safe)[both].sum())
    if not above or not below:
        return None
    spread = float((ended.sum(axis=0) * days[0] * days[1] / safe**2)[both].sum()) / (above * below)
    value, half = above / below, exp(Z * sqrt(spread))
    return Ratio(value, value / half, value * half, exposed, happened)


def after_events(edges: Edges, segmentation: Segmentation, lapse: object) -> AfterEvents:
    """An empty fold. Args: lapse: the rule of the definition; renewals have prices that change."""
    return AfterEvents(edges, segmentation, isinstance(lapse, Subscription))


def _days_until(one: Panel, who: Int64Array, edge: int) -> Int64Array:
    """Days from an edge to the lapse, and to the next order, of active customers; far away where neither came."""
    today, far = one.edges.day[edge], np.int64(1 << 30)
    last = one.upto[who, edge] - 1
    over = one.told.lapse_day[last_of_life(one.told)[last]]
    lapse = np.where(over <= one.edges.day[-1], over - today, far)
    following = np.minimum(last + 1, len(one.told.day) - 1)
    came = (following > last) & (one.told.customer[following] == who)
    order = np.where(came, one.told.day[following] - today + 1, far)  # on the first day: one day under watch
    return np.stack([lapse, order], axis=1)


def _classes(one: Panel, who: Int64Array, edge: int) -> Int64Array:
    """Like customers: stage, days of silence, number of orders."""
    silent = np.searchsorted(SILENCE_DAYS, one.edges.day[edge] - one.last_day[who, edge], side="right")
    orders = np.searchsorted(ORDERS, one.upto[who, edge] - one.offset[who], side="right")
    stage = one.stage[who, edge].astype(np.int64)
    return np.asarray((stage * (len(SILENCE_DAYS) + 1) + silent) * (len(ORDERS) + 1) + orders)
