"""Value over cost by acquisition channel: what customers won by a channel bring, beside what winning one costs.

    first stretch as long as the horizon, of those for whom it is over --> margin a customer, with its interval
    margin / cost of the channel                                       --> what a unit of money spent on winning brings

Cohorts are years of the first order. Only whoever ordered is known to the log, so what was spent on people who never
did belongs into the cost of those who did. A channel without a cost is named, and its margin told all the same. Reads
arrays. Start reading at `by_channel`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.value_sections import Valuing

FEWEST = 30  # customers behind a mean with an interval
Z = 1.959964  # of a 95% interval
UNKNOWN = "unknown"
ALL = "all"


@dataclass(frozen=True)
class Channel:
    """One channel, or one of its cohorts.

    Args:
        channel: its name; `unknown` where nobody said. cohort: the year of the first order, or `all`.
        customers: won. followed: of them those whose first stretch is over.
        margin_amount, low_amount, high_amount: of the first stretch, a customer; None below 30, or without a margin.
        clv_amount: mean margin expected from now on, of everybody won; None where it is not told.
        cost_amount: of winning one; None where [value.acquisition_costs] names none.
        over_cost: margin over cost; over_cost_low, over_cost_high: its interval.
    """

    channel: str
    cohort: str
    customers: int
    followed: int
    margin_amount: float | None
    low_amount: float | None
    high_amount: float | None
    clv_amount: float | None
    cost_amount: float | None
    over_cost: float | None
    over_cost_low: float | None
    over_cost_high: float | None


def by_channel(
    channel: NDArray[np.object_], year: NDArray[np.int64], early: FloatArray, clv: FloatArray, rules: Valuing
) -> list[Channel]:
    """Every channel, and each of its cohorts.

    Args:
        channel: of each customer; None where nobody said. Shape (n,).
        year: of their first order. Shape (n,).
        early: sales of their first stretch; NaN where it is not over. Shape (n,).
        clv: margin expected from now on; NaN where it is not told. Shape (n,).
        rules: margin and costs.
    """
    named = np.array([UNKNOWN if one is None else str(one) for one in channel], dtype=object)
    found: list[Channel] = []
    for name in sorted(set(named.tolist()) | set(rules.acquisition_costs)):
        mine = named == name
        found.append(_told(name, ALL, early[mine], clv[mine], rules))
        for one in np.unique(year[mine]):
            cohort = mine & (year == one)
            found.append(_told(name, str(one), early[cohort], clv[cohort], rules))
    return found


def without_cost(found: list[Channel]) -> list[str]:
    """Channels that won somebody and have no cost."""
    return [one.channel for one in found if one.cohort == ALL and one.cost_amount is None and one.channel != UNKNOWN]


def _told(name: str, cohort: str, early: FloatArray, clv: FloatArray, rules: Valuing) -> Channel:
    over = early[~np.isnan(early)]
    cost, margin = rules.acquisition_costs.get(name), rules.margin_ratio
    ends: list[float | None] = [None, None, None]
    if len(over) >= FEWEST and margin is not None:
        mean, half = float(over.mean()), Z * float(over.std(ddof=1)) / np.sqrt(len(over))
        ends = [float(margin * one) for one in (mean, max(mean - half, 0.0), mean + half)]
    ratios = [None if one is None or cost is None else one / cost for one in ends]
    told = clv[~np.isnan(clv)]
    expected = float(told.mean()) if len(told) >= FEWEST else None
    return Channel(
        name, cohort, len(early), len(over), ends[0], ends[1], ends[2], expected, cost, ratios[0], ratios[1], ratios[2],
    )  # fmt: skip
