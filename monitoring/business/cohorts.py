"""What became of those who joined in one month, and of those who were active at one cutoff; counts that add up.

    joined    customers by the month of their first order
    active    how many of them are active at the start of each later month
    bought    how many of them buy in each month, the first one included
    again     how many of them came back on another day within 30, 60, 90, 180 days
    since     of those active at each edge, how many are active at each later one

A cell whose time is not over is not known: None, never zero. Those who joined count in the level of the end of their
first month, so dimensions that say how much they bought since (`BY_PURCHASES`) tell nothing here and are left out.
Start reading at `CohortFold`, then `rows_of`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from churn.calendar import Int64Array
from monitoring.business.counts import tally
from monitoring.business.edges import Edges
from monitoring.business.panel import ACTIVE, Panel
from monitoring.business.segments import FREQUENCY, STAGE, VALUE, Codes, Segmentation

WITHIN_DAYS = (30, 60, 90, 180)
BY_PURCHASES = (VALUE, FREQUENCY, STAGE)
LONG = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Joined:
    """Customers by the month in which they joined, and what became of them. m months, l levels.

    Args:
        joined: shape (m, l).
        active: at the end of each month from the first one on. Shape (m, l, m): month joined, level, month.
        bought: in each month. Shape (m, l, m).
        again: within each of `WITHIN_DAYS`. Shape (m, l, 4).
    """

    joined: Int64Array
    active: Int64Array
    bought: Int64Array
    again: Int64Array

    @classmethod
    def none(cls, months: int, levels: int) -> Self:
        """Nobody yet."""
        shapes = ((), (months,), (months,), (len(WITHIN_DAYS),))
        return cls(*(np.zeros((months, levels, *shape), dtype=np.int64) for shape in shapes))


class CohortFold:
    """Follows cohorts through the months."""

    def __init__(self, edges: Edges, segmentation: Segmentation) -> None:
        self.edges = edges
        months = len(edges.months)
        self.joined = {
            one.name: Joined.none(months, len(one.levels))
            for one in segmentation.dimensions
            if one.name not in BY_PURCHASES
        }
        self.since = {
            one.name: np.zeros((len(edges), len(one.levels), len(edges)), dtype=np.int64)
            for one in segmentation.dimensions
        }

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `survey.Fold`."""
        month = np.searchsorted(self.edges.day, one.first_day, side="right") - 1
        month = np.minimum(month, len(self.edges.months) - 1)  # today is in the last month
        active = np.isin(one.stage, ACTIVE)
        came = np.column_stack(
            [active[:, 1:], np.diff(one.order_days, axis=1) > 0, _again(one)[:, None] <= np.array(WITHIN_DAYS)]
        ).astype(np.float64)
        for nth in range(len(self.edges.months)):
            mine = np.flatnonzero((month == nth) & (one.first_day >= 0))
            for name, cohort in self.joined.items():
                _add(cohort, nth, codes[name][mine, nth + 1].astype(np.int64), came[mine])
        for edge in range(len(self.edges)):
            mine = np.flatnonzero(active[:, edge])
            later = active[mine].astype(np.float64)
            for name, since in self.since.items():
                since[edge] += tally(codes[name][mine, edge].astype(np.int64), later, since.shape[1]).astype(np.int64)


def _add(cohort: Joined, nth: int, level: Int64Array, came: np.ndarray) -> None:
    months, levels = cohort.joined.shape
    sums = tally(level, came, levels).astype(np.int64)
    cohort.joined[nth] += np.bincount(level, minlength=levels)
    cohort.active[nth] += sums[:, :months]
    cohort.bought[nth] += sums[:, months : 2 * months]
    cohort.again[nth] += sums[:, 2 * months :]


def _again(one: Panel) -> Int64Array:
    """Days from each customer's first day with an order to the next such day; never where there is none. Shape (c,)."""
    told, days = one.told, np.full(len(one), LONG, dtype=np.int64)
    later = np.flatnonzero(told.day > one.first_day[told.customer])[::-1]
    days[told.customer[later]] = told.day[later] - one.first_day[told.customer[later]]  # the earliest one stays
    return days


@dataclass(frozen=True)
class Row:
    """One cohort.

    Args:
        name: of its month, 2025-03. size: customers.
        counts: of them, at each age; None where its time is not over.
    """

    name: str
    size: int
    counts: tuple[int | None, ...]

    def shares(self) -> tuple[float | None, ...]:
        """Of the cohort; None where it is not known, or nobody is in it."""
        return tuple(None if one is None or not self.size else one / self.size for one in self.counts)


def rows_of(edges: Edges, size: Int64Array, counts: Int64Array) -> list[Row]:
    """A triangle: cohorts by age in whole months.

    Args:
        edges: of the counts.
        size: customers of each month's cohort. Shape (m,).
        counts: of each cohort, in or at the end of each month. Shape (m, m).
    """
    whole = len(edges.months) - (not edges.is_month_over)
    return [
        Row(
            f"{month:%Y-%m}", int(size[nth]),
            tuple(int(counts[nth, nth + age]) if nth + age < whole else None for age in range(len(edges.months) - nth)),
        )
        for nth, month in enumerate(edges.months)
    ]  # fmt: skip


def again_of(edges: Edges, cohort: Joined, level: int | None = None) -> list[Row]:
    """Who came back within `WITHIN_DAYS`, by the month of joining; None until the last of them has had the days."""
    joined, again = cohort.joined, cohort.again
    size, counts = (joined.sum(1), again.sum(1)) if level is None else (joined[:, level], again[:, level])
    last_day = edges.day[1:] - 1  # on which somebody of the month can have joined
    return [
        Row(
            f"{month:%Y-%m}", int(size[nth]),
            tuple(
                int(counts[nth, at]) if last_day[nth] + days < edges.day[-1] else None
                for at, days in enumerate(WITHIN_DAYS)
            ),
        )
        for nth, month in enumerate(edges.months)
    ]  # fmt: skip


def since_of(edges: Edges, counts: Int64Array) -> list[Row]:
    """Of those active at each edge but now, who is active at each later one. Counts of shape (e, e)."""
    names = [f"{month:%Y-%m-%d}" for month in edges.months]
    return [
        Row(name, int(counts[nth, nth]), tuple(int(one) for one in counts[nth, nth + 1 :]))
        for nth, name in enumerate(names)
    ]
