"""The columns that a line reads, made once for all its fits, and the line itself: ridge logistic regression by Newton.

    features --signed log, standardised, clipped, null as the mean and told--> float32 columns --solve--> weights

Made for a million rows: columns that say nothing are not made, centres and spreads come from `SCALE_ROWS` of the rows
at most, curvature from `CURVATURE_ROWS`, only the gradient from all, block by block: it alone decides where weights
come to rest. A line starts from one fitted to much the same rows, if there is one. Weights are rounded far below
anything that matters, so that how many threads multiplied matrices shows in no bit of a model.
Start reading at `Design.fit`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from churn.events import BoolArray, FloatArray
from training.logistic import CLIP, MAX_STEPS, SMALLEST_STEP, TOLERANCE, Levelled, Line, Scaling, signed_log
from training.rows import IntArray

BLOCK = 2_048  # rows at a time: what is made of them on the way stays in the processor's cache
SCALE_ROWS = 200_000
CURVATURE_ROWS = 60_000
NEAR = 1e-4  # a step that promises less log loss a row hardly bends the curvature
DIGITS = 7  # of weights and levels, after the point, in log-odds
START_DIGITS = 5  # of the raw log-odds where boosting starts
LEVEL_PENALTY = 1e-3  # a group with one outcome only has a finite level


@dataclass(frozen=True)
class Design:
    """Rows as a line sees them.

    Args:
        scaling: where the columns' centres and spreads lie.
        values: places of the features with a column of values. Shape (v,).
        nulls: places of the features with an indicator of null. Shape (i,).
        columns: the values, then the indicators. Shape (n, v + i).
    """

    scaling: Scaling
    values: IntArray
    nulls: IntArray
    columns: NDArray[np.float32]

    @classmethod
    def of(cls, X: FloatArray, readable: BoolArray) -> Self:
        """The design of rows.

        Args:
            X: features, NaN where null. Shape (n, f).
            readable: features that a line can read; the codes of texts are none. Shape (f,).
        """
        scaling = _scaling(X, readable)
        values, nulls = np.flatnonzero(scaling.varies), np.flatnonzero(scaling.indicates)
        columns = np.empty((len(X), len(values) + len(nulls)), dtype=np.float32)
        mean, spread = scaling.mean[values], scaling.spread[values]
        for rows in _blocks(len(X)):
            z = signed_log(X[rows].take(values, axis=1))
            z -= mean
            z /= spread
            np.clip(z, -CLIP, CLIP, out=z)
            z[np.isnan(z)] = 0.0
            columns[rows, : len(values)] = z
            columns[rows, len(values) :] = np.isnan(X[rows].take(nulls, axis=1))
        return cls(scaling, values, nulls, columns)

    def raw(self, line: Line, rows: IntArray) -> FloatArray:
        """Log-odds of some rows, rounded. Shape (m,)."""
        weights = self._own(line)
        found = np.empty(len(rows))
        for part in _blocks(len(rows)):
            found[part] = _taken(self.columns, rows, part) @ weights
        rounded: FloatArray = np.round(found + line.weights[-1], START_DIGITS)
        return rounded

    def fit(
        self,
        rows: IntArray,
        outcome: FloatArray,
        group: IntArray,
        *,
        penalty: float,
        weight: FloatArray,
        signs: IntArray | None = None,
        near: Levelled | None = None,
    ) -> Levelled:
        """Fit a line that gives each group (each cutoff) a level of its own, as `training.logistic.fit_levelled` does.

        Args:
            rows: positions of the rows to fit to. Shape (m,).
            outcome: 1.0 or 0.0, both present. Shape (m,).
            group: number of each row's group, from 0, none empty. Shape (m,).
            penalty: of the squared slopes; levels are free.
            weight: what each row counts. Shape (m,).
            signs: 1 where a feature's slope may not fall, -1 where it may not rise, 0 where it is free. Shape (f,).
            near: a line of much the same rows, to start from.
        """
        task = _Task(self.columns, rows, outcome, group, weight, penalty)
        may = np.zeros(self.columns.shape[1], dtype=np.int64) if signs is None else self._signs(signs)
        kept = np.ones(self.columns.shape[1], dtype=bool)
        weights = task.nothing() if near is None else self._near(near, groups=int(group.max()) + 1)
        while True:
            weights = task.solve(kept, weights)
            wrong = kept & (weights[: len(kept)] * may < 0)
            if not wrong.any():
                return self._line(weights, np.bincount(group, weights=weight).astype(np.float64))
            kept &= ~wrong  # a slope of the wrong sign is none at all
            weights[: len(kept)] *= kept

    def _signs(self, signs: IntArray) -> IntArray:
        return np.concatenate([signs[self.values], np.zeros(len(self.nulls), dtype=np.int64)])

    def _own(self, line: Line) -> FloatArray:
        """The weights of a line on these columns alone."""
        count = len(line.scaling.mean)
        return np.concatenate([line.weights[:count][self.values], line.weights[count : 2 * count][self.nulls]])

    def _near(self, near: Levelled, *, groups: int) -> FloatArray:
        """A fitted line as weights of these columns and of groups; a start need not be right."""
        levels = near.levels if len(near.levels) == groups else np.zeros(groups)
        return np.concatenate([self._own(near.line), levels + near.line.weights[-1]])

    def _line(self, weights: FloatArray, size: FloatArray) -> Levelled:
        """Weights of columns and levels as a line over all features."""
        count, width = len(self.scaling.mean), len(self.values)
        found = np.zeros(2 * count + 1)
        found[self.values] = weights[:width]
        found[count + self.nulls] = weights[width : self.columns.shape[1]]
        levels = weights[self.columns.shape[1] :]
        found[-1] = float((levels * size).sum() / size.sum())
        found = np.round(found, DIGITS)
        return Levelled(Line(self.scaling, found), np.round(levels - found[-1], DIGITS))


@dataclass(frozen=True)
class _Task:
    """What a fit is asked: weights of columns and a level a group that make the outcomes likeliest, shrunk."""

    columns: NDArray[np.float32]
    rows: IntArray
    outcome: FloatArray
    group: IntArray
    weight: FloatArray
    penalty: float

    def nothing(self) -> FloatArray:
        """Weights that know the rate alone. Shape (k + g,)."""
        rate = float((self.outcome * self.weight).sum() / self.weight.sum())
        groups = int(self.group.max()) + 1
        return np.concatenate([np.zeros(self.columns.shape[1]), np.full(groups, np.log(rate / (1 - rate)))])

    def solve(self, kept: BoolArray, weights: FloatArray) -> FloatArray:
        """Weights of the columns, 0 where not kept, then levels; from some where those are 0 too. Shape (k + g,)."""
        width, total = len(kept), float(self.weight.sum())
        shrink = np.where(np.arange(len(weights)) < width, self.penalty, LEVEL_PENALTY)
        free = np.flatnonzero(np.concatenate([kept, np.ones(len(weights) - width, dtype=bool)]))
        (loss, gradient, p), promised = self._look(weights, shrink), np.inf
        for _ in range(MAX_STEPS):
            if promised > NEAR * total:
                curvature = self._curvature(p, shrink)[np.ix_(free, free)]
            step, size = np.zeros(len(weights)), 1.0
            step[free] = np.linalg.solve(curvature, gradient[free])
            promised = float(step @ gradient) / 2
            if promised <= TOLERANCE * total:
                return weights - step
            trial, slope, q = self._look(weights - size * step, shrink)
            while trial > loss and size > SMALLEST_STEP:
                size /= 2  # Newton's full step overshoots where the outcome is rare
                trial, slope, q = self._look(weights - size * step, shrink)
            weights, loss, gradient, p = weights - size * step, trial, slope, q
        return weights

    def _look(self, weights: FloatArray, shrink: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Loss, its gradient, and the probability of each row, at these weights."""
        width = self.columns.shape[1]
        slopes, levels = weights[:width], weights[width:]
        p, gradient, loss = np.empty(len(self.rows)), shrink * weights, 0.5 * float((shrink * weights**2).sum())
        for part in _blocks(len(self.rows)):
            columns = _taken(self.columns, self.rows, part)
            raw = columns @ slopes + levels[self.group[part]]
            fading = np.exp(-np.abs(raw))
            p[part] = np.where(raw >= 0, 1.0, fading) / (1 + fading)
            surprise = np.maximum(raw, 0.0) + np.log1p(fading) - self.outcome[part] * raw
            loss += float((self.weight[part] * surprise).sum())
            miss = self.weight[part] * (p[part] - self.outcome[part])
            gradient[:width] += miss @ columns
            gradient[width:] += np.bincount(self.group[part], weights=miss, minlength=len(levels))
        return loss, gradient, p

    def _curvature(self, p: FloatArray, shrink: FloatArray) -> FloatArray:
        """Second derivatives: those of levels from all rows, the others from some. Shape (k + g, k + g)."""
        width, bend = self.columns.shape[1], self.weight * p * (1 - p)
        some = slice(None, None, -(-len(self.rows) // CURVATURE_ROWS))
        share = float(bend[some].sum() / bend.sum())
        own = np.arange(len(shrink) - width)
        found = np.zeros((len(shrink), len(shrink)))
        rows, group, bend_of = self.rows[some], self.group[some], bend[some] / share
        for part in _blocks(len(rows)):
            columns = np.hstack([_taken(self.columns, rows, part), group[part][:, None] == own])
            found += (columns * bend_of[part][:, None]).T @ columns
        levels = np.arange(width, len(shrink))
        found[levels, levels] = np.bincount(self.group, weights=bend, minlength=len(own))
        found[np.diag_indices(len(shrink))] += shrink
        return found


def _scaling(X: FloatArray, readable: BoolArray) -> Scaling:
    """The scaling of training rows, from some of them, spread evenly."""
    count, some = X.shape[1], np.ascontiguousarray(X[:: -(-len(X) // SCALE_ROWS)].T)
    mean, spread = np.zeros(count), np.ones(count)
    varies, indicates = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for place in np.flatnonzero(readable):
        z = signed_log(some[place])
        null = np.isnan(z)
        known = z[~null] if null.any() else z
        if not len(known):
            continue
        mean[place], wide = known.mean(), float(known.std())
        varies[place], indicates[place] = wide > 1e-9, bool(null.any())
        spread[place] = wide if varies[place] else 1.0
    return Scaling(mean, spread, varies, indicates)


def _taken(columns: NDArray[np.float32], rows: IntArray, part: slice) -> FloatArray:
    """The columns of some rows, at full precision; rows that follow one another are not gathered one by one."""
    mine = rows[part]
    follow = int(mine[-1]) - int(mine[0]) + 1 == len(mine) and bool((np.diff(mine) == 1).all())
    found: FloatArray = (columns[mine[0] : mine[-1] + 1] if follow else columns[mine]).astype(np.float64)
    return found


def _blocks(count: int) -> list[slice]:
    return [slice(first, min(first + BLOCK, count)) for first in range(0, count, BLOCK)]
