"""How far two sides that chance parted differ, and between which bounds: shares, money, and money a saved customer.

    share_difference    by assignment; Newcombe's interval, or weighted by propensity where that differs
    mean_difference     likewise for money; Welch's interval
    adjusted            the same difference with the chance unevenness of what was known before taken out
    per_saved           cost a customer who stayed because of it; without an upper bound where nobody may have

Each row has the chance with which it was to be treated. Where all have the same, plain means are compared; where they
differ, rows are weighted by one over the chance of the side they fell on (Hájek). Reads arrays. Start at `Difference`.

Sources: Newcombe (1998), "Interval estimation for the difference between independent proportions", Statistics in
Medicine 17, 873-890, method 10; Welch (1947), Biometrika 34, 28-35; Hernán and Robins (2020), "Causal Inference: What
If", 12.2-12.3 (inverse probability weighting); Lin (2013), Annals of Applied Statistics 7(1), 295-318 (regression
adjustment with interactions).
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """Treated less held out.

    Args:
        treated, held_out: the mean of each side. value: their difference. low, high: its 95 % interval.
        n_treated, n_held_out: rows of each side.
    """

    treated: float
    held_out: float
    value: float
    low: float
    high: float
    n_treated: int
    n_held_out: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that there is none."""
        return self.low > 0 or self.high < 0

    def times(self, factor: float) -> Self:
        """The same in another unit, as of all treated together; `factor` is 0 or more."""
        names = ("treated", "held_out", "value", "low", "high")
        return replace(self, **{name: factor * getattr(self, name) for name in names})


def share_difference(came: BoolArray, is_treated: BoolArray, propensity: FloatArray) -> Difference:
    """How much more often it happened to the treated.

    Args:
        came: whether it happened. Shape (n,).
        is_treated: the side that chance chose. Shape (n,); some on each side.
        propensity: the chance of being treated, in (0, 1). Shape (n,).
    """
    if np.ptp(propensity) > 0:
        return mean_difference(came.astype(np.float64), is_treated, propensity)
    n1, n0 = int(is_treated.sum()), int((~is_treated).sum())
    p1, p0 = float(came[is_treated].mean()), float(came[~is_treated].mean())
    (low1, high1), (low0, high0) = (
        _wilson(int(came[side].sum()), int(side.sum())) for side in (is_treated, ~is_treated)
    )
    low = (p1 - p0) - np.hypot(p1 - low1, high0 - p0)
    high = (p1 - p0) + np.hypot(high1 - p1, p0 - low0)
    return Difference(p1, p0, p1 - p0, float(low), float(high), n1, n0)


def mean_difference(values: FloatArray, is_treated: BoolArray, propensity: FloatArray) -> Difference:
    """How much more the treated have, on average.

    Args:
        values: of each. Shape (n,).
        is_treated: the side that chance chose. Shape (n,); some on each side.
        propensity: the chance of being treated, in (0, 1). Shape (n,).
    """
    sides = [_side(values[rows], weights) for rows, weights in _weighted(is_treated, propensity)]
    (m1, v1, n1), (m0, v0, n0) = sides
    spread = np.sqrt(v1 + v0)
    freedom = (v1 + v0) ** 2 / (v1**2 / max(n1 - 1, 1) + v0**2 / max(n0 - 1, 1)) if spread > 0 else 1.0
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * spread if spread > 0 else 0.0
    return Difference(m1, m0, m1 - m0, m1 - m0 - half, m1 - m0 + half, n1, n0)


def adjusted(values: FloatArray, is_treated: BoolArray, propensity: FloatArray, known: FloatArray) -> Difference:
    """`mean_difference` with what chance left uneven in `known` taken out, by a line for each side.

    Args:
        values: of each. Shape (n,).
        is_treated: the side that chance chose. Shape (n,); some on each side.
        propensity: the chance of being treated, in (0, 1). Shape (n,).
        known: of each, before chance decided; standardised here. Shape (n, k).
    """
    x = _standard(known, propensity)
    rest, predicted = np.empty(len(values)), [np.empty(len(values)), np.empty(len(values))]
    for side, (rows, weights) in enumerate(_weighted(is_treated, propensity)):
        root = np.sqrt(weights)[:, None]
        design = np.column_stack([np.ones(len(values)), x])
        found, *_ = np.linalg.lstsq(design[rows] * root, values[rows] * root[:, 0], rcond=None)
        predicted[side] = design @ found
        rest[rows] = values[rows] - predicted[side][rows]
    gap = float((predicted[0] - predicted[1]).mean())
    raw = mean_difference(rest, is_treated, propensity)
    spread = float(np.hypot(raw.high - raw.value, 1.96 * (predicted[0] - predicted[1]).std() / np.sqrt(len(values))))
    means = float(predicted[0].mean()), float(predicted[1].mean())
    return Difference(*means, gap, gap - spread, gap + spread, raw.n_treated, raw.n_held_out)


@dataclass(frozen=True)
class PerSaved:
    """What one customer cost who stayed, or came back, because of it.

    Args:
        value: None where the difference is none, or the wrong way. low: at best. high: at worst; None: no bound, as it
            may be that nobody was saved.
    """

    value: float | None
    low: float | None
    high: float | None


def per_saved(cost_amount: float, saved: Difference) -> PerSaved:
    """Cost over customers saved.

    Args:
        cost_amount: of all treated together.
        saved: customers saved, of all treated together.
    """
    if saved.high <= 0:
        return PerSaved(None, None, None)
    high = cost_amount / saved.low if saved.low > 0 else None
    return PerSaved(cost_amount / saved.value if saved.value > 0 else None, cost_amount / saved.high, high)


def _weighted(is_treated: BoolArray, propensity: FloatArray) -> list[tuple[BoolArray, FloatArray]]:
    """The rows of each side, treated first, and one over the chance of having fallen there."""
    return [(is_treated, 1 / propensity[is_treated]), (~is_treated, 1 / (1 - propensity[~is_treated]))]


def _side(values: FloatArray, weights: FloatArray) -> tuple[float, float, int]:
    """Weighted mean of a side, the variance of that mean, and its rows."""
    share = weights / weights.sum()
    mean = float(share @ values)
    n = len(values)
    variance = float((share**2) @ (values - mean) ** 2) * (n / (n - 1) if n > 1 else 1.0)
    return mean, variance, n


def _standard(known: FloatArray, propensity: FloatArray) -> FloatArray:
    """Columns around 0 with a spread of 1; null is the mean, and what does not vary, or is not finite, is left out."""
    x = np.where(np.isfinite(known), known, np.nan)
    told = np.isfinite(x).any(axis=0)
    x = x[:, told]
    x = np.where(np.isnan(x), np.nanmean(x, axis=0), x) if x.size else x.reshape(len(propensity), 0)
    x = x[:, np.ptp(x, axis=0) > 0] if x.size else x
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0))


def _wilson(came: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(came, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)
