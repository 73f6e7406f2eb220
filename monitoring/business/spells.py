"""The stretches of customers' time that survival is told of, from the qualifying events of one part of the log.

    lives     from the first qualifying event to the lapse: one a customer, later lives after a comeback told apart
    pauses    from one day with a qualifying event to the next: how long silence lasts before somebody returns
    trials    after the nth qualifying event: did the customer lapse before the next? Only those whose lapse day is over

Everything by what is known now. Reads a trace; returns one row a spell. Start reading at `lives`.
"""

from dataclasses import dataclass

import numpy as np

from churn.calendar import Int64Array
from churn.events import BoolArray, Int32Array
from churn.lapse import Trace


@dataclass(frozen=True)
class Stretches:
    """Stretches of customers' time. All arrays have shape (s,).

    Args:
        customer: index of the customer. start_day: the local day on which it began.
        days: how long it lasted, or was watched. ended: whether it is over.
        nth: of a life, 1 for the first; of a pause, qualifying events so far.
        orders: qualifying events in it, or so far.
    """

    customer: Int32Array
    start_day: Int64Array
    days: Int64Array
    ended: BoolArray
    nth: Int64Array
    orders: Int64Array


@dataclass(frozen=True)
class Trials:
    """What followed qualifying events whose lapse day is over. All arrays have shape (s,).

    Args:
        customer: index of the customer. nth: which of the customer's qualifying events, from 1.
        lapsed: whether it was the last one before a lapse.
    """

    customer: Int32Array
    nth: Int64Array
    lapsed: BoolArray


def lives(told: Trace, today: int) -> Stretches:
    """Each life of each customer: from its first qualifying event to its lapse, or to today.

    Args:
        told: the trace of a part of the log.
        today: local day, days since 1970; who lapses later still lives.
    """
    begins = told.starts | told.comeback
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins)) - 1 if len(first) else first
    lapse_day = told.lapse_day[last]
    ended = lapse_day <= today
    nth = np.cumsum(begins)[first]
    opening = np.maximum.accumulate(np.where(told.starts[first], nth, 0))
    start = told.day[first]
    days = np.where(ended, lapse_day, today) - start
    number, orders = np.asarray(nth - opening + 1), np.asarray(last - first + 1)
    return Stretches(told.customer[first], start, np.maximum(days, 0), ended, number, orders)


def pauses(told: Trace, today: int) -> Stretches:
    """Each silence: from a day with a qualifying event to the next such day, or to today."""
    final = np.ones(len(told.day), dtype=np.bool_)
    final[:-1] = (told.customer[1:] != told.customer[:-1]) | (told.day[1:] != told.day[:-1])
    rows = np.flatnonzero(final)  # the last event of each customer's day
    customer, day = told.customer[rows], told.day[rows]
    returned = np.zeros(len(rows), dtype=np.bool_)
    returned[:-1] = customer[1:] == customer[:-1]
    until = np.where(returned, np.append(day[1:], 0), today)
    return Stretches(customer, day, np.maximum(until - day, 0), returned, _nth(told)[rows], _nth(told)[rows])


def trials(told: Trace, today: int) -> Trials:
    """Of each qualifying event whose lapse day is over: was it the last before a lapse?

    Those whose lapse day is yet to come are left out whether or not the customer came again: who came again soon would
    count, who did not would still be waited for.
    """
    decided = told.lapse_day <= today
    stayed = np.zeros(len(told.day), dtype=np.bool_)
    stayed[:-1] = (told.customer[1:] == told.customer[:-1]) & ~told.comeback[1:]
    return Trials(told.customer[decided], _nth(told)[decided], ~stayed[decided])


def last_of_life(told: Trace) -> Int64Array:
    """The last qualifying event of the life that each belongs to, an index into the trace. Shape (q,)."""
    begins = np.append(np.flatnonzero(told.starts | told.comeback), len(told.day))
    return np.repeat(begins[1:] - 1, np.diff(begins)).astype(np.int64)


def _nth(told: Trace) -> Int64Array:
    """The how manieth qualifying event of its customer each is, from 1. Shape (q,)."""
    place = np.arange(len(told.starts))
    return place - np.maximum.accumulate(np.where(told.starts, place, 0)) + 1
