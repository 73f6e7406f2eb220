"""The interval of what a customer will spend: what customers with such an expectation spent, in the past.

Customers of cohorts whose horizon is over stand in groups of equal expectation; the interval is that between which the
wanted share of a group spent, with the finite-sample correction of split conformal prediction. Beyond the group at the
top it grows with the expectation. Nothing is assumed about a distribution, least of all of those who will spend
nothing. Reads arrays. Start reading at `Bands.of`.

Source: Vovk, Gammerman, Shafer (2005), "Algorithmic Learning in a Random World", section 4.5 (Mondrian groups); Lei et
al. (2018), "Distribution-free predictive inference for regression", JASA 113(523).
"""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from churn.events import FloatArray

TAILS: Final = (0.05, 0.025, 0.01, 0.005)  # of each side; the first is what is promised, the others are wider
PROMISED: Final = 0.9
ROWS_A_GROUP, MOST_GROUPS = 200, 20
FEWEST_AT_TOP = 50
FEWEST_ROWS = 200


@dataclass(frozen=True)
class Bands:
    """Intervals by expectation.

    Args:
        knots: the middle expectation of each group, rising. Shape (g,).
        low, high: ends there, one row a tail of TAILS. Shape (len(TAILS), g).
    """

    knots: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, expected: FloatArray, spent: FloatArray) -> Self | None:
        """Learn from what was expected of customers whose own outcome nobody had seen; None below 200 of them.

        Args:
            expected: money expected. Shape (n,).
            spent: money spent. Shape (n,).
        """
        if len(expected) < FEWEST_ROWS:
            return None
        sort = np.argsort(expected, kind="stable")
        groups = np.array_split(sort, max(1, min(MOST_GROUPS, len(sort) // ROWS_A_GROUP)))
        if len(groups[-1]) > 2 * FEWEST_AT_TOP:  # the best customers differ most among themselves
            groups[-1:] = [groups[-1][:-FEWEST_AT_TOP], groups[-1][-FEWEST_AT_TOP:]]
        knots = np.array([np.median(expected[one]) for one in groups])
        ends = np.array([[_ends(spent[one], tail) for one in groups] for tail in TAILS])
        kept = np.append(np.diff(knots) > 0, True)
        low, high = np.maximum.accumulate(ends[..., 0], axis=1), np.maximum.accumulate(ends[..., 1], axis=1)
        return cls(knots[kept], low[:, kept], high[:, kept])

    def interval(self, expected: FloatArray, tail: int = 0) -> tuple[FloatArray, FloatArray]:
        """Low and high end around each expectation, which lies within. Each of shape (n,).

        Args:
            expected: money expected. Shape (n,).
            tail: which of TAILS.
        """
        beyond = np.maximum(expected / max(float(self.knots[-1]), 1e-9), 1.0)
        low = np.interp(expected, self.knots, self.low[tail]) * beyond
        high = np.interp(expected, self.knots, self.high[tail]) * beyond
        return np.minimum(low, expected), np.maximum(high, expected)


def _ends(spent: FloatArray, tail: float) -> tuple[float, float]:
    """Both tails' order statistics; where the lower one is nothing, nobody lies below, and all is spent above."""
    ordered, size = np.sort(spent), len(spent)
    low = math.floor((size + 1) * tail)
    least = float(ordered[low - 1]) if low >= 1 else 0.0
    high = math.ceil((size + 1) * (1 - (tail if least > 0 else 2 * tail)))
    return least, float(ordered[min(high, size) - 1])
