"""Did chance decide? Whether the two sides of a campaign were alike before it, and as many as they should be.

    alike         all that was known before, together: how far apart the sides are, against how far chance parts them
    sample ratio  as many treated as their chances sum up to

A broken draw, a list that lost customers on one side alone, a file that was sorted: each leaves traces here before it
leaves any in the effect. Both are asked on every run, so each rings by chance once in a hundred runs (`ALPHA`), no
oftener. Reads arrays. Start reading at `balance`.

Sources: Hansen and Bowers (2008), "Covariate Balance in Simple, Stratified and Clustered Comparative Studies",
Statistical Science 23(2), 219-236 (the combined chi-square); Fabijan et al. (2019), "Diagnosing Sample Ratio Mismatch
in Online Controlled Experiments", KDD.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
ALPHA = 0.01


@dataclass(frozen=True)
class Balance:
    """What the two sides looked like before.

    Args:
        columns: what was compared, with the standardised difference of the sides (treated less held out).
        p_alike: chance that sides as different as these, or more, come about by chance; None where nothing varies.
        p_ratio: the same of their numbers. expected_treated: by the chances. n_treated, n_held_out: as they are.
    """

    columns: dict[str, float]
    p_alike: float | None
    p_ratio: float
    expected_treated: float
    n_treated: int
    n_held_out: int

    @property
    def is_alike(self) -> bool:
        """Whether what was known before gives no reason to doubt the draw."""
        return self.p_alike is None or self.p_alike >= ALPHA

    @property
    def is_as_many(self) -> bool:
        """Whether their numbers give none."""
        return self.p_ratio >= ALPHA

    @property
    def holds(self) -> bool:
        """Whether the sides may be compared."""
        return self.is_alike and self.is_as_many


def balance(known: dict[str, FloatArray], is_treated: BoolArray, propensity: FloatArray) -> Balance:
    """Compare two sides on what was known before chance decided.

    Args:
        known: by name, a number a customer; null counts as a value of its own. Each of shape (n,).
        is_treated: the side that chance chose. Shape (n,).
        propensity: the chance of being treated, in (0, 1]. Shape (n,).
    """
    names, x = _columns(known, len(is_treated))
    could = propensity < 1  # who was treated for certain says nothing of chance
    d, covariance = _gaps(x[could], is_treated[could], propensity[could])
    rank = int(np.linalg.matrix_rank(covariance)) if covariance.size else 0
    p_alike = None
    if rank:
        p_alike = float(stats.chi2.sf(d @ np.linalg.pinv(covariance, hermitian=True) @ d, rank))
    spread = float(np.sqrt((propensity * (1 - propensity)).sum()))
    expected, treated = float(propensity.sum()), int(is_treated.sum())
    p_ratio = float(2 * stats.norm.sf(max(abs(treated - expected) - 0.5, 0.0) / spread)) if spread else 1.0
    return Balance(_told(names, x, is_treated), p_alike, min(p_ratio, 1.0), expected, treated, len(x) - treated)


def _columns(known: dict[str, FloatArray], rows: int) -> tuple[list[str], FloatArray]:
    """What varies, ranked so that no single customer outweighs the rest; and whether it is null, where some are."""
    names, columns = [], []
    for name, values in known.items():
        null = ~np.isfinite(values)
        if null.any() and not null.all():
            names.append(f"{name} unknown")
            columns.append(null.astype(np.float64))
        if (~null).any():
            filled = np.where(null, np.median(values[~null]), values)
            names.append(name)
            columns.append(stats.rankdata(filled) / rows)
    x = np.column_stack(columns) if columns else np.zeros((rows, 0))
    varies = np.ptp(x, axis=0) > 0 if len(x) else np.zeros(x.shape[1], dtype=np.bool_)
    return [name for name, one in zip(names, varies, strict=True) if one], x[:, varies]


def _gaps(x: FloatArray, is_treated: BoolArray, propensity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far the sides are apart in each column, summed over chances that are alike; and how chance spreads that.

    Within rows of one chance, every choice of as many treated was as likely: a sampling without replacement.
    """
    total, covariance = np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
    for chance in np.unique(propensity):
        rows = propensity == chance
        n, n1 = int(rows.sum()), int(is_treated[rows].sum())
        if n < 2 or n1 in (0, n):
            continue
        centred = x[rows] - x[rows].mean(axis=0)
        total += centred[is_treated[rows]].sum(axis=0)
        covariance += (centred.T @ centred) / (n - 1) * n1 * (n - n1) / n
    return total, covariance


def _told(names: list[str], x: FloatArray, is_treated: BoolArray) -> dict[str, float]:
    if is_treated.all() or not is_treated.any():
        return {}
    one, other = x[is_treated], x[~is_treated]
    spread = np.sqrt((one.var(axis=0) + other.var(axis=0)) / 2)
    gaps = np.where(spread > 0, (one.mean(axis=0) - other.mean(axis=0)) / np.where(spread > 0, spread, 1), 0.0)
    return {name: round(float(gap), 4) for name, gap in zip(names, gaps, strict=True)}
