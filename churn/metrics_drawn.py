"""Metrics over many draws of the same customers at once: what intervals are made of.

A draw gives every customer a weight (how often the bootstrap drew them). Rows are laid together by level of score
(`Levels`) or by bin of probability (`Bins`); each metric then costs one pass over levels x draws instead of one over
rows for each draw. With all weights 1 a metric here equals its namesake in churn/metrics.py (tests/law).

Reads arrays and returns one number a draw; knows nothing of how weights are drawn. Start reading at `Levels`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from churn.metrics_profit import Stakes

FloatArray = NDArray[np.float64]
NOTHING = 1e-12  # a weight that no draw can have, so that a level without rows divides by something


@dataclass(frozen=True)
class Levels:
    """Weights of rows by level of score, lowest scores first.

    Args:
        happened: weight of the rows for whom the outcome came true. Shape (levels, draws).
        others: weight of the others. Shape (levels, draws).
    """

    happened: FloatArray
    others: FloatArray

    @cached_property
    def _found(self) -> tuple[FloatArray, FloatArray]:
        """Of those at or above each level, highest first: with the outcome, and all. Shape (levels, draws) each."""
        found = np.cumsum(self.happened[::-1], axis=0)
        return found, found + np.cumsum(self.others[::-1], axis=0)

    def roc_auc(self) -> FloatArray:
        """As `churn.metrics.roc_auc`; NaN in a draw with one outcome only. Shape (draws,)."""
        below = np.cumsum(self.others, axis=0) - self.others / 2
        pairs = self.happened.sum(axis=0) * self.others.sum(axis=0)
        return _ratio((self.happened * below).sum(axis=0), pairs)

    def pr_auc(self) -> FloatArray:
        """As `churn.metrics.pr_auc`; NaN in a draw without the outcome. Shape (draws,)."""
        found, reached = self._found
        precision = found / np.maximum(reached, NOTHING)
        return _ratio((self.happened[::-1] * precision).sum(axis=0), found[-1])

    def found(self, share: float) -> FloatArray:
        """Share of those with the outcome among the highest-scored `share`, tied ones in part. Shape (draws,)."""
        found, reached = self._found
        wanted = np.maximum(np.ceil(share * reached[-1] - NOTHING), NOTHING)
        at = (reached >= wanted).argmax(axis=0)[None]
        above, above_found = (np.take_along_axis(_before(one), at, axis=0)[0] for one in (reached, found))
        inside, inside_found = (np.take_along_axis(one, at, axis=0)[0] for one in (reached, found))
        part = (wanted - above) / np.maximum(inside - above, NOTHING)
        return _ratio(above_found + part * (inside_found - above_found), found[-1])

    def lift(self, share: float = 0.1) -> FloatArray:
        """As `churn.metrics.lift`. Shape (draws,)."""
        total = self.happened.sum(axis=0) + self.others.sum(axis=0)
        reached = np.ceil(share * total - NOTHING)
        return _ratio(self.found(share) * total, reached)

    def max_profit(self, stakes: Stakes) -> FloatArray:
        """As `churn.metrics.max_profit`, money per customer: the best cut-off of each draw. Shape (draws,)."""
        return self.expected_max_profit(stakes, (stakes.accept_ratio,))

    def expected_max_profit(self, stakes: Stakes, accept_ratios: Sequence[float]) -> FloatArray:
        """Mean of the best cut-off's profit over equally likely shares who accept; money per customer.

        Args:
            stakes: what a contact is worth; its own accept_ratio is not used.
            accept_ratios: shares of those about to leave who accept, each as likely as the next.

        Source: Verbraken, Verbeke, Baesens (2013), IEEE TKDE 25(5), eq. 7; the integral as a mean over quantiles.
        """
        found, reached = self._found
        wasted = (reached - found) * stakes.wasted_amount
        best = [np.maximum((found * stakes.saved(ratio) - wasted).max(axis=0), 0.0) for ratio in accept_ratios]
        return _ratio(np.mean(best, axis=0), reached[-1])


@dataclass(frozen=True)
class Bins:
    """Weights by bin of probability, lowest first: all rows, what they were told and what happened, summed.

    Args:
        n: weight of the rows. Shape (bins, draws), as are the others.
        told: sum of their probabilities.
        happened: weight of those for whom the outcome came true.
    """

    n: FloatArray
    told: FloatArray
    happened: FloatArray

    def rate(self) -> FloatArray:
        """Share for whom it came true, by bin; NaN where a draw left a bin empty. Shape (bins, draws)."""
        return _ratio(self.happened, self.n)

    def ece(self) -> FloatArray:
        """As `churn.metrics.ece`, in these bins. Shape (draws,)."""
        return _ratio(np.abs(self.told - self.happened).sum(axis=0), self.n.sum(axis=0))

    def ece_by_chance(self, exact: "Bins") -> FloatArray:
        """What a perfectly calibrated model would show: the distances between each draw and the rows as they are.

        Args:
            exact: the same bins with all weights 1, one draw.

        Source: Bröcker, Smith (2007), Weather and Forecasting 22(3), consistency bars, by the draws at hand.
        """
        drawn, there = ((one.told - one.happened) / one.n.sum(axis=0) for one in (self, exact))
        chance: FloatArray = np.abs(drawn - there).sum(axis=0)
        return chance

    def reliability(self) -> FloatArray:
        """Mean squared distance between told and happened, bin by bin. Shape (draws,)."""
        return _ratio(((self.told - self.happened) ** 2 / np.maximum(self.n, NOTHING)).sum(axis=0), self.n.sum(axis=0))

    def resolution(self) -> FloatArray:
        """Mean squared distance between a bin's rate and the base rate. Shape (draws,)."""
        total = self.n.sum(axis=0)
        base = _ratio(self.happened.sum(axis=0), total)
        return _ratio(((self.happened - self.n * base) ** 2 / np.maximum(self.n, NOTHING)).sum(axis=0), total)

    def uncertainty(self) -> FloatArray:
        """Base rate x (1 - base rate): the Brier score of knowing the base rate alone. Shape (draws,)."""
        base = _ratio(self.happened.sum(axis=0), self.n.sum(axis=0))
        uncertainty: FloatArray = base * (1 - base)
        return uncertainty


@dataclass(frozen=True)
class BrierParts:
    """The Brier score in parts: `brier = reliability - resolution + uncertainty + within`.

    Args:
        reliability: what wrong probabilities cost; 0 is perfect calibration.
        resolution: what telling customers apart earns; more is better.
        uncertainty: what the base rate alone would cost.
        within: what is left inside the bins; 0 where a bin holds one probability only.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float


def brier_parts(happened: FloatArray, probabilities: FloatArray, bin_of: NDArray[np.int64]) -> BrierParts:
    """Murphy's decomposition of the Brier score in given bins.

    Args:
        happened: 1.0 where the outcome came true, else 0.0. Shape (n,).
        probabilities: in [0, 1]. Shape (n,).
        bin_of: the bin of each row, 0 .. bins - 1. Shape (n,).

    Source: Murphy (1973), J. Applied Meteorology 12(4); Stephenson, Coelho, Jolliffe (2008), Weather and Forecasting
    23(4), for what is left within bins.
    """
    bins = exact_bins(happened, probabilities, bin_of)
    reliable, resolved, unsure = (float(one[0]) for one in (bins.reliability(), bins.resolution(), bins.uncertainty()))
    score = float(np.mean((probabilities - happened) ** 2))
    return BrierParts(reliable, resolved, unsure, within=score - reliable + resolved - unsure)


def exact_bins(happened: FloatArray, probabilities: FloatArray, bin_of: NDArray[np.int64]) -> Bins:
    """Rows by bin, all weights 1: one draw, the rows as they are."""
    of_all = (np.ones(len(happened)), probabilities, happened)
    return Bins(*(np.bincount(bin_of, weights=one).astype(np.float64)[:, None] for one in of_all))


def equal_mass(probabilities: FloatArray, bins: int = 10) -> NDArray[np.int64]:
    """The bin of each row, as `churn.metrics.ece` cuts them: equally many rows a bin, ties by position. Shape (n,)."""
    bin_of = np.empty(len(probabilities), dtype=np.int64)
    order = np.argsort(probabilities, kind="stable")
    for place, rows in enumerate(np.array_split(order, min(bins, len(order)))):
        bin_of[rows] = place
    return bin_of


def _before(cumulated: FloatArray) -> FloatArray:
    """Cumulated sums shifted by one level: what lies above each level, itself left out."""
    return np.concatenate([np.zeros_like(cumulated[:1]), cumulated[:-1]])


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Part by whole; NaN where there is no whole."""
    shares: FloatArray = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return shares
