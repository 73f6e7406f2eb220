"""What every figure of the business is computed from: counts and sums by period and level, which add up over buckets.

    flow       who was where at the start of a period, and where at its end; each customer once
    bought     buyers, those who bought on more than one day, order days, money; apart for those new in the period
    lost       what they who lapsed in it had spent in the year before it
    back       what they who returned in it have spent since, for a year at most
    referred   referrals made, customers of the start who made any, new customers who had been referred

A customer counts in the level of the edge at which the period begins; one who was not known then, in that of its end.
The sum over the levels of any dimension is the total. Keeps counts alone. Start reading at `StockFold`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from churn.calendar import Int64Array
from churn.events import BoolArray, FloatArray
from monitoring.business.edges import Edges, Period
from monitoring.business.panel import LAPSED, PROSPECT, STAGES, UNSEEN, Panel
from monitoring.business.segments import Codes, Segmentation

STATES = len(STAGES) + 1  # the stages, and before them: nothing is known yet
NEW, KNOWN = 0, 1  # bought for the first time in the period, or before it
BUYERS, REPEATERS, ORDER_DAYS, MONEY = range(4)
REFERRALS, REFERRERS, REFERRED = range(3)
YEAR_MONTHS = 12
REFERRAL, WAS_REFERRED = "referral", "referred"


@dataclass(frozen=True)
class Counts:
    """Counts by period and level of one dimension. p periods, l levels.

    Args:
        flow: customers by state at the start and at the end; state 0 is unseen, 1 + s the stage `STAGES[s]`.
            Shape (p, l, STATES, STATES).
        bought: by NEW or KNOWN, and BUYERS, REPEATERS, ORDER_DAYS, MONEY. Shape (p, l, 2, 4).
        lost, back: money. Shape (p, l).
        referred: REFERRALS, REFERRERS, REFERRED. Shape (p, l, 3).
    """

    flow: Int64Array
    bought: FloatArray
    lost: FloatArray
    back: FloatArray
    referred: FloatArray

    @classmethod
    def none(cls, periods: int, levels: int) -> Self:
        """Nobody yet."""
        shapes = ((2, 4), (), (), (3,))
        sums = (np.zeros((periods, levels, *shape)) for shape in shapes)
        return cls(np.zeros((periods, levels, STATES, STATES), dtype=np.int64), *sums)


class StockFold:
    """Counts the customers of every part, by every dimension."""

    def __init__(self, edges: Edges, segmentation: Segmentation) -> None:
        self.periods = edges.periods()
        self.counts = {one.name: Counts.none(len(self.periods), len(one.levels)) for one in segmentation.dimensions}
        self.kinds: set[str] = set()

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `survey.Fold`."""
        self.kinds |= set(one.events.kinds)
        referrals = {kind: _before_edges(one, kind) for kind in (REFERRAL, WAS_REFERRED)}
        for nth, period in enumerate(self.periods):
            self._add(nth, period, one, codes, referrals)

    def _add(
        self, nth: int, period: Period, one: Panel, codes: Mapping[str, Codes], referrals: Mapping[str, Int64Array]
    ) -> None:
        then, now = one.stage[:, period.start], one.stage[:, period.end]
        seen = now != UNSEEN
        move = ((then + 1) * STATES + now + 1)[seen].astype(np.int64)
        values = _values(period, one, referrals)
        anything = values.any(axis=1)
        for name, counts in self.counts.items():
            level = level_in(codes[name], then, period)
            levels = counts.flow.shape[1]
            moves = np.bincount(level[seen] * STATES**2 + move, minlength=levels * STATES**2)
            counts.flow[nth] += moves.reshape(levels, STATES, STATES)
            sums = tally(level[anything], values[anything], levels)
            counts.bought[nth] += sums[:, :8].reshape(levels, 2, 4)
            counts.lost[nth] += sums[:, 8]
            counts.back[nth] += sums[:, 9]
            counts.referred[nth] += sums[:, 10:]


def level_in(codes: Codes, then: np.ndarray, period: Period) -> Int64Array:
    """The level in which each customer counts in a period. Shape (c,)."""
    return np.where(then == UNSEEN, codes[:, period.end], codes[:, period.start]).astype(np.int64)


def tally(level: Int64Array, values: FloatArray, levels: int) -> FloatArray:
    """Sums by level.

    Args:
        level: of each customer. Shape (c,).
        values: to be summed. Shape (c, k).
        levels: how many there are.

    Returns:
        Shape (levels, k).
    """
    columns = [np.bincount(level, weights=values[:, at], minlength=levels) for at in range(values.shape[1])]
    return np.stack(columns, axis=1)


def _values(period: Period, one: Panel, referrals: Mapping[str, Int64Array]) -> FloatArray:
    """What each customer adds to the sums of a period. Shape (c, 13): bought, lost, back, referred."""
    start, end = period.start, period.end
    then, now = one.stage[:, start], one.stage[:, end]
    had_bought = then > PROSPECT
    bought = _bought(one, start, end)
    lost = one.is_active(start) & (now == LAPSED)
    back = (then == LAPSED) & one.is_active(end)
    until = min(start + YEAR_MONTHS, len(one.edges) - 1)
    made = referrals[REFERRAL][:, end] - referrals[REFERRAL][:, start]
    is_new = ~had_bought & (now > PROSPECT)
    return np.column_stack(
        [
            bought * ~had_bought[:, None],
            bought * had_bought[:, None],
            one.money_365d[:, start] * lost,
            one.between(one.money_before, start, until) * back,
            made,
            (made > 0) & one.is_active(start),
            is_new & (referrals[WAS_REFERRED][:, end] > 0),
        ]
    )


def _bought(one: Panel, start: int, end: int) -> FloatArray:
    """BUYERS, REPEATERS, ORDER_DAYS, MONEY of each customer. Shape (c, 4)."""
    days = one.between(one.order_days, start, end)
    money = np.where(days > 0, one.between(one.money_before, start, end), 0.0)
    return np.column_stack([days > 0, days > 1, days, money])


def _before_edges(one: Panel, kind: str) -> Int64Array:
    """Events of a kind before each edge, by customer. Shape (c, e)."""
    mine: BoolArray = one.events.is_kind(kind)
    width = len(one.edges) + 1
    slot = np.searchsorted(one.edges.us, one.events.time_us[mine], side="right")
    counts = np.bincount(one.events.customer[mine] * np.int64(width) + slot, minlength=len(one) * width)
    return np.asarray(counts.reshape(len(one), width)[:, :-1].cumsum(axis=1))
