"""Where each customer of one part of the log stood at each edge, and what they bought between the edges.

All of it as known now: an order that came in late counts on the day it happened, one that was taken back later counts
nowhere. So reports of past months are restated, as books are, and every period is told by the same knowledge; what a
model may learn from is another matter, and goes through `churn.events.before` of each instant.

    events of whole customers --> one trace --> stage (c, e), orders, order days and money before any instant

A panel is small: a few numbers a customer and edge. Start reading at `panel`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from churn.calendar import NEVER, Int64Array
from churn.conditions import qualifies
from churn.definition import CANCEL, Lifecycle, StageRules, Subscription
from churn.events import BoolArray, Events, FloatArray, before
from churn.lapse import Trace, trace
from churn.stages import PRECEDENCE, Stage
from monitoring.business.edges import Edges

STAGES = tuple(Stage)  # codes of `Panel.stage`
UNSEEN = -1  # nothing is known of the customer yet
ACTIVE = tuple(place for place, one in enumerate(STAGES) if one not in {Stage.PROSPECT, Stage.LAPSED})
PROSPECT, LAPSED = STAGES.index(Stage.PROSPECT), STAGES.index(Stage.LAPSED)
YEAR_DAYS = 365

Int8Array = NDArray[np.int8]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True)
class Panel:
    """Some customers at the edges. c customers, e edges, q qualifying events.

    Args:
        edges: the instants.
        events: all that is known of them now. told: their qualifying events, one customer after the other.
        stage: place in `STAGES`, or `UNSEEN`. Shape (c, e).
        lapse_day: the first local day on which they count as lapsed if nothing more happens after that edge; -1
            without a qualifying event. Shape (c, e).
        qualifying: which of the events qualify. Shape (n,).
        money: of each qualifying event, 0 where it has none. Shape (q,).
    """

    edges: Edges
    events: Events
    told: Trace
    stage: Int8Array
    lapse_day: Int64Array
    qualifying: BoolArray
    money: FloatArray

    def __len__(self) -> int:
        return len(self.events.customers)

    @cached_property
    def offset(self) -> Int64Array:
        """Where each customer's qualifying events begin in `told`. Shape (c,)."""
        return _offsets(self.told, len(self))

    @cached_property
    def upto(self) -> Int64Array:
        """Where their qualifying events before each edge end in `told`. Shape (c, e)."""
        return places_before(self.told, self.offset, self.edges.us)

    @cached_property
    def first_day(self) -> Int64Array:
        """The local day of the first qualifying event; -1 without one. Shape (c,)."""
        has = self.upto[:, -1] > self.offset
        return np.where(has, np.append(self.told.day, -1)[np.where(has, self.offset, -1)], -1)

    @cached_property
    def last_day(self) -> Int64Array:
        """The local day of the last qualifying event before each edge; -1 without one. Shape (c, e)."""
        has = self.upto > self.offset[:, None]
        return np.append(self.told.day, -1)[np.where(has, self.upto - 1, -1)]

    @cached_property
    def order_days(self) -> Int64Array:
        """Distinct local days with a qualifying event, from each customer's first on to each edge. Shape (c, e)."""
        return self._summed(_is_new_day(self.told).astype(np.int64))

    @cached_property
    def money_before(self) -> FloatArray:
        """Money from each customer's first order on to each edge. Shape (c, e)."""
        return self._summed(self.money)

    @cached_property
    def year_ago(self) -> Int64Array:
        """Where the qualifying events of the 365 days before each edge begin in `told`. Shape (c, e)."""
        calendar = self.edges.calendar
        since = np.array([calendar.window_start_us(int(one), YEAR_DAYS) for one in self.edges.us], dtype=np.int64)
        return places_before(self.told, self.offset, since)

    @cached_property
    def money_365d(self) -> FloatArray:
        """Money in the 365 days before each edge. Shape (c, e)."""
        total = _running(self.money)
        return np.where(self.upto > self.year_ago, np.round(total[self.upto] - total[self.year_ago], 6), 0.0)

    @cached_property
    def order_days_365d(self) -> Int64Array:
        """Distinct local days with a qualifying event in the 365 days before each edge. Shape (c, e)."""
        total = _running(_is_new_day(self.told).astype(np.int64))  # a window begins at midnight and parts no day
        return np.asarray(total[self.upto] - total[self.year_ago])

    def between(self, values: NDArray[Number], start: int, end: int) -> NDArray[Number]:
        """What a running count (`order_days`, `money_before`) gained in `[edges[start], edges[end])`. Shape (c,)."""
        return np.asarray(values[:, end] - values[:, start])

    def is_active(self, edge: int) -> BoolArray:
        """Who has bought and is not lapsed at an edge. Shape (c,)."""
        return np.isin(self.stage[:, edge], ACTIVE)

    def _summed(self, values: NDArray[Number]) -> NDArray[Number]:
        total = _running(values)
        return np.asarray(total[self.upto] - total[self.offset][:, None])


def panel(events: Events, lifecycle: Lifecycle, edges: Edges) -> Panel:
    """Follow whole customers through the edges.

    Args:
        events: all events of some customers, as the log has them; what is not known by the last edge is left out here.
        lifecycle: definition, stage rules and calendar.
        edges: at which to look.
    """
    seen = before(events, edges.now_us)
    counts = qualifies(seen, lifecycle.definition, lifecycle.calendar)
    told = trace(seen, counts, lifecycle)
    offset = _offsets(told, len(seen.customers))
    upto = places_before(told, offset, edges.us)
    fading, lapse = _days_named(seen, counts, lifecycle, edges, told, np.where(upto > offset[:, None], upto - 1, -1))
    stage = _stages(told, offset, upto, lifecycle.rules, edges.day)
    for name, on in ((Stage.LAPSING, fading), (Stage.WON_BACK, None), (Stage.LAPSED, lapse)):
        fits = edges.day >= on if on is not None else _is_won_back(told, offset, upto, lifecycle.rules, edges.day)
        stage[fits] = STAGES.index(name)
    stage[upto == offset[:, None]] = PROSPECT
    stage[_first_seen_us(seen)[:, None] >= edges.us] = UNSEEN
    return Panel(edges, seen, told, stage, lapse, counts, np.nan_to_num(seen.amount[counts]))


def places_before(told: Trace, offset: Int64Array, instants_us: Int64Array) -> Int64Array:
    """Where each customer's qualifying events before each instant end in `told`.

    Args:
        told: qualifying events.
        offset: where each customer's begin. Shape (c,).
        instants_us: ascending. Shape (k,).

    Returns:
        Shape (c, k).
    """
    width = len(instants_us) + 1
    slot = np.searchsorted(instants_us, told.time_us, side="right")
    counts = np.bincount(told.customer * np.int64(width) + slot, minlength=len(offset) * width)
    upto: Int64Array = offset[:, None] + counts.reshape(len(offset), width)[:, :-1].cumsum(axis=1)
    return upto


def _offsets(told: Trace, customers: int) -> Int64Array:
    return np.searchsorted(told.customer, np.arange(customers)).astype(np.int64)


def _stages(told: Trace, offset: Int64Array, upto: Int64Array, rules: StageRules, day: Int64Array) -> Int8Array:
    """Active, new and loyal, where nothing stronger fits. Shape (c, e)."""
    assert PRECEDENCE[-2:] == (Stage.LOYAL, Stage.NEW)
    days = np.append(told.day, -1)
    stage = np.full(upto.shape, STAGES.index(Stage.ACTIVE), dtype=np.int8)
    first = days[np.minimum(offset, len(told.day))]
    stage[first[:, None] >= day - rules.new_days] = STAGES.index(Stage.NEW)
    enough = upto - offset[:, None] >= rules.loyal_orders
    nth = days[np.where(enough, upto - rules.loyal_orders, -1)]
    stage[enough & (nth >= day - rules.loyal_days)] = STAGES.index(Stage.LOYAL)
    return stage


def _is_won_back(told: Trace, offset: Int64Array, upto: Int64Array, rules: StageRules, day: Int64Array) -> BoolArray:
    place = np.where(told.comeback, np.arange(len(told.day)), -1)
    last = np.append(np.maximum.accumulate(place), -1)[np.where(upto > offset[:, None], upto - 1, -1)]
    returned = last >= offset[:, None]
    return np.asarray(returned & (np.append(told.day, -1)[last] >= day - rules.won_back_days))


def _days_named(
    seen: Events, counts: BoolArray, lifecycle: Lifecycle, edges: Edges, told: Trace, last: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """The fading day and the lapse day that each customer's last order before each edge names; -1 and never without.

    Where a subscription can be cancelled, the cancellations after an edge must not be seen at it.
    """
    fading, lapse = np.append(told.fading_day, NEVER)[last], np.append(told.lapse_day, NEVER)[last]
    if not isinstance(lifecycle.definition.lapse, Subscription):
        return fading, np.where(last >= 0, lapse, -1)
    relevant = counts | seen.is_kind(CANCEL)
    few, qualifying = seen.take(relevant), counts[relevant]
    for place, edge_us in enumerate(edges.us):
        so_far = few.time_us < edge_us
        then = trace(few.take(so_far), qualifying[so_far], lifecycle)
        at = np.full(len(seen.customers), -1, dtype=np.int64)
        at[then.customer] = np.arange(len(then.customer))
        fading[:, place] = np.append(then.fading_day, NEVER)[at]
        lapse[:, place] = np.append(then.lapse_day, NEVER)[at]
    return fading, np.where(last >= 0, lapse, -1)


def _first_seen_us(seen: Events) -> Int64Array:
    """When each customer was first heard of. Shape (c,)."""
    first = np.full(len(seen.customers), NEVER, dtype=np.int64)
    starts = np.ones(len(seen), dtype=np.bool_)
    starts[1:] = seen.customer[1:] != seen.customer[:-1]
    first[seen.customer[starts]] = seen.time_us[starts]
    return first


def _is_new_day(told: Trace) -> BoolArray:
    new = told.starts.copy()
    new[1:] |= told.day[1:] != told.day[:-1]
    return new


def _running(values: NDArray[Number]) -> NDArray[Number]:
    return np.concatenate([np.zeros(1, dtype=values.dtype), np.cumsum(values)])
