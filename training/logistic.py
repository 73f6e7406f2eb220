"""Ridge logistic regression: what a straight line in the log-odds can tell, and no more.

`fit_ridge` is the solver; `Scaling` turns skewed features into comparable columns: signed log1p, standardised on the
training rows, clipped to four standard deviations, null as the mean with an indicator of its own. Two users: the
six-feature baseline and the linear start of the boosted model. Knows no cutoff, no file and no vendor.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from churn.calendar import Int64Array as IntArray
from churn.events import BoolArray, FloatArray

CLIP = 4.0  # standard deviations: beyond, a line says nothing we have seen
MAX_STEPS = 50
TOLERANCE = 1e-10  # gain in log loss a row
SMALLEST_STEP = 1e-6


def signed_log(X: FloatArray) -> FloatArray:
    """Sign times log1p of the size: tames long tails, keeps 0 at 0 and null as null."""
    size = np.abs(X)
    np.log1p(size, out=size)
    return np.copysign(size, X, out=size)


def signed_exp(z: FloatArray) -> FloatArray:
    """The inverse of `signed_log`."""
    return np.sign(z) * np.expm1(np.abs(z))


@dataclass(frozen=True)
class Scaling:
    """Where the columns' centres and spreads lay on the training rows.

    Args:
        mean: of the signed log, null left out. Shape (f,).
        spread: standard deviation, 1 where a column does not vary. Shape (f,).
        varies: columns that hold more than one value. Shape (f,).
        indicates: columns that were null for some rows and not for all. Shape (f,).
    """

    mean: FloatArray
    spread: FloatArray
    varies: BoolArray
    indicates: BoolArray

    @classmethod
    def of(cls, X: FloatArray) -> Self:
        """The scaling of training rows. Shape of X (n, f)."""
        null = np.isnan(X)
        z = np.where(null, 0.0, signed_log(X))
        known = np.maximum((~null).sum(axis=0), 1)
        mean = z.sum(axis=0) / known
        spread = np.sqrt((((z - mean) ** 2) * ~null).sum(axis=0) / known)
        varies = spread > 1e-9
        indicates: BoolArray = np.asarray(null.any(axis=0)) & ~np.asarray(null.all(axis=0))
        return cls(mean, np.where(varies, spread, 1.0), varies, indicates)

    def columns(self, X: FloatArray) -> FloatArray:
        """Scaled values, then indicators of null, then the constant. Shape (n, f + f + 1)."""
        null = np.isnan(X)
        z = np.clip((signed_log(X) - self.mean) / self.spread, -CLIP, CLIP)
        z = np.where(null | ~self.varies, 0.0, z)
        return np.hstack([z, (null & self.indicates).astype(np.float64), np.ones((len(X), 1))])


@dataclass(frozen=True)
class Line:
    """A fitted ridge logistic regression.

    Args:
        scaling: of its columns.
        weights: log-odds per scaled unit, of values, then of indicators, then the constant. Shape (2 f + 1,).
    """

    scaling: Scaling
    weights: FloatArray

    def raw(self, X: FloatArray) -> FloatArray:
        """Log-odds. Shape (n,)."""
        return self.scaling.columns(X) @ self.weights


@dataclass(frozen=True)
class Levelled:
    """A line whose slopes come from comparisons within groups.

    Args:
        line: its constant is the mean level, over rows.
        levels: log-odds of each group above or below the mean. Shape (g,).
    """

    line: Line
    levels: FloatArray


def fit_line(X: FloatArray, outcome: FloatArray, *, penalty: float) -> Line:
    """Fit a line to features.

    Args:
        X: features, NaN where null. Shape (n, f).
        outcome: 1.0 or 0.0. Shape (n,).
        penalty: of the squared weights; the constant is free.
    """
    return fit_levelled(X, outcome, np.zeros(len(X), dtype=np.int64), penalty=penalty).line


def fit_levelled(X: FloatArray, outcome: FloatArray, group: IntArray, *, penalty: float) -> Levelled:
    """Fit a line that gives each group (each cutoff) a level of its own.

    A season lifts and lowers everybody; without levels the slopes would take part of that for a difference between
    customers. A group unseen, such as a new cutoff, gets the mean level.

    Args:
        X: features, NaN where null. Shape (n, f).
        outcome: 1.0 or 0.0. Shape (n,).
        group: number of each row's group, from 0, none empty. Shape (n,).
        penalty: of the squared slopes; levels are free.
    """
    scaling, size = Scaling.of(X), np.bincount(group)
    own = (group[:, None] == np.arange(len(size))).astype(np.float64)
    columns = np.hstack([scaling.columns(X)[:, :-1], own])
    weights = fit_ridge(columns, outcome, penalty=penalty, free=len(size))
    levels = weights[-len(size) :]
    mean = float((levels * size).sum() / size.sum())
    return Levelled(Line(scaling, np.append(weights[: -len(size)], mean)), levels - mean)


def fit_ridge(columns: FloatArray, outcome: FloatArray, *, penalty: float, free: int = 1) -> FloatArray:
    """Weights that minimise log loss (summed) + penalty / 2 x squared weights, by Newton's method.

    Args:
        columns: the last ones are the constant, or the levels of groups. Shape (n, k).
        outcome: 1.0 or 0.0, both present. Shape (n,).
        penalty: more than 0, so that columns that say the same share their weight.
        free: so many of the last columns bear (next to) no penalty.

    Source: le Cessie, van Houwelingen (1992), "Ridge estimators in logistic regression", Applied Statistics 41(1).
    """
    rate = float(outcome.mean())
    weights = np.zeros(columns.shape[1])
    weights[-free:] = np.log(rate / (1 - rate))
    shrink = np.full(len(weights), penalty)
    shrink[-free:] = 1e-3 if free > 1 else 1e-9  # a group with one outcome only has a finite level
    loss = _loss(columns, outcome, weights, shrink)
    for _ in range(MAX_STEPS):
        p = 1 / (1 + np.exp(-(columns @ weights)))
        gradient = columns.T @ (p - outcome) + shrink * weights
        hessian = (columns * (p * (1 - p))[:, None]).T @ columns + np.diag(shrink)
        step, size = np.linalg.solve(hessian, gradient), 1.0
        while (trial := _loss(columns, outcome, weights - size * step, shrink)) > loss and size > SMALLEST_STEP:
            size /= 2  # Newton's full step overshoots where the outcome is rare
        gained, weights, loss = loss - trial, weights - size * step, trial
        if gained <= TOLERANCE * len(outcome):
            break
    return weights


def _loss(columns: FloatArray, outcome: FloatArray, weights: FloatArray, shrink: FloatArray) -> float:
    raw = columns @ weights
    surprise = np.maximum(raw, 0.0) + np.log1p(np.exp(-np.abs(raw))) - outcome * raw
    return float(surprise.sum() + 0.5 * (shrink * weights**2).sum())
