"""The kernel: events and cutoffs in, one row of features per customer and cutoff out.

    compute(events, cutoffs, features, lifecycle)[customer, cutoff, feature]

A cell knows what `churn.events.before(events, cutoff)` lets through and nothing else, be it computed alone, in a
batch, for one cutoff or for many, bit by bit (tests/law/test_features.py). Memory is bounded by working through
so many customers at a time. Reads arrays; knows no file and no store. Start reading at `compute`.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from churn.calendar import to_us
from churn.definition import Lifecycle
from churn.events import Events, FloatArray
from features.edges import edges_of
from features.feature import Feature
from features.feature_set import FeatureSet, windows_of
from features.followed import followed
from features.formula import (
    Aggregate,
    AtMost,
    Difference,
    Followed,
    Formula,
    Holiday,
    HolidayBefore,
    Ratio,
    Season,
    Shift,
)
from features.mix import shift
from features.operations import operate
from features.public_holidays import before, holiday
from features.timeline import Timeline

BATCH_CELLS = 163_840  # customers x edges at a time: what fits into a processor's nearer memory
YEAR_DAYS = 365.25

Cube = NDArray[np.float64]


def compute(events: Events, cutoffs: Sequence[datetime], features: Iterable[Feature], lifecycle: Lifecycle) -> Cube:
    """Features of every customer at every cutoff.

    Args:
        events: a log, or the part of it that holds some customers.
        cutoffs: instants, in any order; each is the first instant of its future.
        features: a `FeatureSet`, or features in order.
        lifecycle: definition, for qualifying events, and calendar, for days.

    Returns:
        float64, NaN for null; customers in the order of `events.customers`. Shape (c, k, f); each feature's cells
        lie together in memory.

    Raises:
        NaiveTime: a cutoff without a time zone.
    """
    wanted = tuple(features)
    windows = features.windows if isinstance(features, FeatureSet) else windows_of(wanted)
    cutoffs_us = np.array([to_us(cutoff) for cutoff in cutoffs], dtype=np.int64)
    distinct_us, place = np.unique(cutoffs_us, return_inverse=True)
    in_order = bool(np.array_equal(place, np.arange(len(distinct_us))))
    by_feature = np.empty((len(wanted), len(cutoffs), len(events.customers)))  # a column at a time is written
    if not by_feature.size:
        return by_feature.transpose(2, 1, 0)
    edges = edges_of(tuple(distinct_us.tolist()), lifecycle.calendar)
    size = max(BATCH_CELLS // len(edges.layout(set().union(*windows.values()))), 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is null
        for first, batch in _batches(events, size):
            timeline = Timeline(batch, distinct_us, lifecycle, windows)
            evaluation = Evaluation(timeline)
            block = by_feature[:, :, first : first + len(batch.customers)]
            for column, feature in zip(block, wanted, strict=True):
                values = evaluation.of(feature.formula)
                column[:] = (values if in_order else values[:, place]).T
            timeline.forget()
    return by_feature.transpose(2, 1, 0)


class Evaluation:
    """Formulas over one timeline, each part evaluated once."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._known: dict[Formula, FloatArray] = {}

    def of(self, formula: Formula) -> FloatArray:
        """The value of a formula. Shape (c, k)."""
        value = self._known.get(formula)  # a formula is hashed as seldom as can be: one customer's row waits for it
        if value is None:
            value = self._known[formula] = self._evaluate(formula)
        return value

    def _evaluate(self, formula: Formula) -> FloatArray:
        match formula:
            case Aggregate():
                selection, operation, column, days = formula  # several times faster than by pattern
                return operate(self._timeline.lane(selection), operation, column, days)
            case Ratio(numerator, denominator, scale):
                by = self.of(denominator)
                return np.asarray(scale * (self.of(numerator) / np.where(by != 0, by, np.nan)))
            case Difference(left, right, least):
                return np.maximum(self.of(left) - self.of(right), least)
            case Season(part):
                return np.broadcast_to(self._season(part), self._timeline.shape)
            case AtMost(inner, bound):
                value = self.of(inner)
                return np.where(np.isnan(value), np.nan, value <= bound)
            case Followed() | Shift() | Holiday() | HolidayBefore():
                return self._of_two(formula)

    def _of_two(self, formula: Followed | Shift | Holiday | HolidayBefore) -> FloatArray:
        """Formulas over two selections, two windows, or the calendar."""
        match formula:
            case Followed():
                return followed(self._timeline, formula)
            case Shift():
                return shift(self._timeline, formula)
            case Holiday():
                return holiday(self._timeline, formula)
            case HolidayBefore():
                return before(self._timeline, formula)

    def _season(self, part: str) -> FloatArray:
        turn = math.sin if part == "sine" else math.cos
        calendar = self._timeline.lifecycle.calendar
        zone, instants = calendar.zone, self._timeline.cutoffs_us / 1e6
        days = [datetime.fromtimestamp(instant, zone).timetuple().tm_yday for instant in instants]
        return np.array([turn(2 * math.pi * (day - 1) / YEAR_DAYS) for day in days])


def _batches(events: Events, size: int) -> Iterator[tuple[int, Events]]:
    """The log in batches of so many whole customers, with the index of each batch's first."""
    count = len(events.customers)
    if count <= size:
        yield 0, events
        return
    for first in range(0, count, size):
        customers = events.customers[first : first + size]
        low, high = np.searchsorted(events.customer, [first, first + len(customers)])
        part = events.take(slice(low, high))
        yield first, replace(part, customers=customers, customer=part.customer - np.int32(first))
