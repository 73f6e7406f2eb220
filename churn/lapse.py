"""When does a customer count as lapsed? The three rules, on local days.

After each qualifying event a rule names two days that come if nothing more happens: the *fading day*, from which on
the customer is lapsing, and the *lapse day*, from which on they are lapsed. An event on or after the lapse day that
the event before it had named is a comeback. Everything else about lapsing follows from these two days.

           fading day    lapse day
    o----------~~~~~~~~~~~~~~XXXXXXXXX
    order     lapsing        lapsed

Reads arrays sorted by customer and time; knows nothing of cutoffs and stages. Start reading at `trace`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Calendar, Int64Array
from churn.definition import CANCEL, Lifecycle, OwnCadence, Silence, Subscription
from churn.events import BoolArray, Events, Int32Array

HAIR = 1e-9  # what floating point may add to a whole number of days

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """Qualifying events with the days which each of them names. All arrays have shape (q,).

    Args:
        customer: index of the customer, ascending; within a customer sorted by time.
        time_us: when it happened, microseconds since 1970 UTC.
        day: the local day on which it happened, days since 1970.
        starts: whether it is the customer's first.
        fading_day: the first local day of lapsing after it.
        lapse_day: the first local day of being lapsed after it.
        comeback: whether the customer was lapsed when it happened, by the events before it.
    """

    customer: Int32Array
    time_us: Int64Array
    day: Int64Array
    starts: BoolArray
    fading_day: Int64Array
    lapse_day: Int64Array
    comeback: BoolArray


def trace(visible: Events, qualifying: BoolArray, lifecycle: Lifecycle) -> Trace:
    """Follow every customer from one qualifying event to the next.

    Args:
        visible: what is known of them, as `before` or `between` gave it.
        qualifying: which of these events qualify. Shape (n,).
        lifecycle: the rule, the share of it that makes lapsing, and the calendar.
    """
    customer, time_us = visible.customer[qualifying], visible.time_us[qualifying]
    day = lifecycle.calendar.days_of(time_us)
    starts = np.ones(len(day), dtype=np.bool_)
    starts[1:] = customer[1:] != customer[:-1]
    lapse, share = lifecycle.definition.lapse, lifecycle.rules.lapsing_share
    match lapse:
        case Silence():
            threshold = np.full(len(day), float(lapse.days))
        case OwnCadence():
            threshold = _own_threshold(day, starts, lapse)
        case Subscription():
            fading_day = _paid_until(visible, qualifying, day, lapse, lifecycle.calendar)
            lapse_day = fading_day + lapse.grace_days
    if not isinstance(lapse, Subscription):
        fading_day = day + _whole_days(share * threshold)
        lapse_day = day + _whole_days(threshold) + 1  # the day after the last one that the window still reaches
    comeback = np.zeros(len(day), dtype=np.bool_)
    comeback[1:] = ~starts[1:] & (day[1:] >= lapse_day[:-1])
    return Trace(customer, time_us, day, starts, fading_day, lapse_day, comeback)


def _own_threshold(day: Int64Array, starts: BoolArray, lapse: OwnCadence) -> Float64Array:
    """Days of silence that each customer's own rhythm allows after each of their events."""
    first = np.maximum.accumulate(np.where(starts, np.arange(len(day)), 0))
    new_day = starts.copy()
    new_day[1:] |= day[1:] != day[:-1]
    nth_day = np.cumsum(new_day)
    gaps: Int64Array = nth_day - nth_day[first]  # gaps between distinct days so far
    usual_gap = (day - day[first]) / np.maximum(gaps, 1)
    threshold = np.clip(lapse.times * usual_gap, lapse.min_days, lapse.max_days)
    return np.asarray(np.where(gaps > 0, threshold, float(lapse.max_days)))


def _paid_until(
    visible: Events, qualifying: BoolArray, day: Int64Array, lapse: Subscription, calendar: Calendar
) -> Int64Array:
    """The local day on which what each event paid for is over.

    Only the latest payment counts: two payments in advance do not add up; of several at one instant, the longest. A
    `cancel` after the payment, and before the next one, ends it on its own day.
    """
    moments = _moments(visible)
    quantity = visible.quantity[qualifying]
    term = np.where(quantity > 0, quantity, float(lapse.term_days))  # null and 0 pay for one term
    end = _longest(day + _whole_days(term), moments[qualifying])
    cancels = visible.is_kind(CANCEL) & ~qualifying
    if not cancels.any() or not len(end):
        return end
    paid, canceled = moments[qualifying], moments[cancels]
    payment = np.searchsorted(paid, canceled, side="right") - 1  # the last one at or before each cancellation
    follows = (payment >= 0) & (visible.customer[qualifying][payment] == visible.customer[cancels])
    follows &= paid[payment] < canceled  # at one instant the payment wins, in whichever order the two are written
    np.minimum.at(end, payment[follows], calendar.days_of(visible.time_us[cancels])[follows])
    return -_longest(-end, paid)


def _longest(end: Int64Array, moment: Int64Array) -> Int64Array:
    """The latest end among the payments of each moment."""
    latest = np.full(int(moment[-1]) + 1 if len(moment) else 0, np.iinfo(np.int64).min)
    np.maximum.at(latest, moment, end)
    return latest[moment]


def _moments(visible: Events) -> Int64Array:
    """The rank of each event's (customer, instant); equal where both are. Shape (n,), ascending."""
    changes = np.ones(len(visible), dtype=np.bool_)
    changes[1:] = (np.diff(visible.customer) != 0) | (np.diff(visible.time_us) != 0)
    return np.cumsum(changes)


def _whole_days(days: Float64Array) -> Int64Array:
    """The smallest whole number of days that is not less."""
    return np.asarray(np.ceil(days - HAIR).astype(np.int64))
