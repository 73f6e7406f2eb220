"""Calibration: how a model's raw log-odds become a probability one may plan with.

Answers: what does this raw score mean (`Calibrator.probability`); which calibrator suits this model (`choose`).

    none       p = sigmoid(raw)
    platt      p = sigmoid(a raw + b)
    beta       p = sigmoid(a ln s - b ln(1 - s) + c), s = sigmoid(raw)
    isotonic   straight lines between knots (raw, p)

Every calibrator is monotone: it never changes who is riskier than whom. Reads arrays. Start reading at `Calibrator`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from churn.metrics import log_loss
from churn.outcomes import both_outcomes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Kind = Literal["none", "platt", "beta", "isotonic"]

SMALLEST = 1e-6  # no calibrator promises more certainty than a million customers could show
PARAMS: dict[str, tuple[str, ...]] = {"none": (), "platt": ("a", "b"), "beta": ("a", "b", "c"), "isotonic": ()}
SLOPES: dict[str, tuple[str, ...]] = {"none": (), "platt": ("a",), "beta": ("a", "b"), "isotonic": ()}


class Calibrator(BaseModel):
    """A monotone map from raw log-odds to a probability in [1e-6, 1 - 1e-6], as numbers that JSON can hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Kind = "none"
    params: dict[str, float] = {}
    knots: tuple[tuple[float, float], ...] = ()
    """Isotonic only: (raw log-odds, probability), both ascending; straight between, flat outside."""

    @model_validator(mode="after")
    def _monotone(self) -> Self:
        if set(self.params) != set(PARAMS[self.kind]):
            raise ValueError(f"a {self.kind} calibrator has params {list(PARAMS[self.kind])}, not {list(self.params)}")
        falling = [name for name in SLOPES[self.kind] if self.params[name] < 0]
        if falling:
            raise ValueError(f"not monotone: {', '.join(falling)} of the {self.kind} calibrator is negative")
        if (self.kind == "isotonic") != bool(self.knots):
            raise ValueError("knots belong to an isotonic calibrator, and it needs at least one")
        raws, probabilities = [knot[0] for knot in self.knots], [knot[1] for knot in self.knots]
        if any(right <= left for left, right in pairwise(raws)):
            raise ValueError("the knots' raw values must rise strictly")
        if any(right < left for left, right in pairwise(probabilities)):
            raise ValueError("not monotone: the knots' probabilities fall somewhere")
        if any(not 0 <= p <= 1 for p in probabilities):
            raise ValueError("the knots' probabilities must lie in [0, 1]")
        return self

    def probability(self, raw: FloatArray) -> FloatArray:
        """Turn raw log-odds into calibrated probabilities.

        Args:
            raw: the model's raw log-odds. Shape (n,).

        Returns:
            Probabilities in [1e-6, 1 - 1e-6], non-decreasing in `raw`; NaN where `raw` is NaN. Shape (n,).
        """
        if self.kind == "isotonic":
            calibrated = np.interp(raw, *self._table)
        else:
            calibrated = _sigmoid(self._log_odds(np.asarray(raw, dtype=np.float64)))
        return np.clip(calibrated, SMALLEST, 1 - SMALLEST)

    @cached_property
    def _table(self) -> FloatArray:
        return np.array(self.knots).T.copy()

    def _log_odds(self, raw: FloatArray) -> FloatArray:
        if self.kind == "platt":
            return self.params["a"] * raw + self.params["b"]
        if self.kind == "beta":
            # not a matrix product: its rounding may depend on how many rows are asked for at once
            return self.params["a"] * -_softplus(-raw) + self.params["b"] * _softplus(raw) + self.params["c"]
        return raw


@dataclass(frozen=True)
class Choice:
    """The calibrator chosen, fitted on every row, and each candidate's held-out log loss (nats a customer)."""

    calibrator: Calibrator
    log_losses: dict[Kind, float]


def fit_platt(raw: FloatArray, outcome: FloatArray) -> Calibrator:
    """Fit a straight line on the log-odds, with Platt's softened targets (finite even when classes separate).

    A model whose scores run against the outcome gets slope 0: its scores say nothing, everybody gets the base rate.

    Args:
        raw: raw log-odds. Shape (n,).
        outcome: 1.0 where the outcome came true, else 0.0. Shape (n,).

    Raises:
        OneOutcome: every row has the same outcome.

    Source: Platt (1999), "Probabilistic Outputs for Support Vector Machines", with its eq. for t+ and t-.
    """
    both_outcomes(outcome)
    slope, level = _logistic(np.asarray(raw, dtype=np.float64)[:, None], _softened(outcome))
    if slope < 0:
        rate = float(_softened(outcome).mean())
        slope, level = 0.0, math.log(rate / (1 - rate))
    return Calibrator(kind="platt", params={"a": float(slope), "b": float(level)})


def fit_beta(raw: FloatArray, outcome: FloatArray) -> Calibrator:
    """Fit a beta calibrator: unlike Platt's it can bend the two tails apart, and leave a good model alone.

    Where a or b would be negative the map would fall somewhere, so a Platt calibrator is returned instead.

    Args:
        raw: raw log-odds. Shape (n,).
        outcome: 1.0 where the outcome came true, else 0.0. Shape (n,).

    Raises:
        OneOutcome: every row has the same outcome.

    Source: Kull, Silva Filho, Flach (2017), "Beta calibration", AISTATS, with Platt's softened targets.
    """
    both_outcomes(outcome)
    a, b, c = (float(weight) for weight in _logistic(_beta_columns(raw), _softened(outcome)))
    if a < 0 or b < 0:
        return fit_platt(raw, outcome)
    return Calibrator(kind="beta", params={"a": a, "b": b, "c": c})


def fit_isotonic(raw: FloatArray, outcome: FloatArray) -> Calibrator:
    """Fit the best non-decreasing map (pool adjacent violators). Needs thousands of rows; makes ties.

    Args:
        raw: raw log-odds. Shape (n,).
        outcome: 1.0 where the outcome came true, else 0.0. Shape (n,).

    Raises:
        OneOutcome: every row has the same outcome.

    Source: Zadrozny, Elkan (2002), "Transforming classifier scores into accurate multiclass probability estimates".
    """
    both_outcomes(outcome)
    values, where, sizes = np.unique(raw, return_inverse=True, return_counts=True)
    means = np.bincount(where, weights=outcome) / sizes
    pooled: list[tuple[float, float, int]] = []  # mean, rows, distinct raw values
    for mean, rows in zip(means, sizes, strict=True):
        block = (float(mean), float(rows), 1)
        while pooled and pooled[-1][0] >= block[0]:
            left = pooled.pop()
            total = left[1] + block[1]
            block = ((left[0] * left[1] + block[0] * block[1]) / total, total, left[2] + block[2])
        pooled.append(block)
    fitted = np.repeat([block[0] for block in pooled], [block[2] for block in pooled])
    knots = tuple((float(values[i]), float(fitted[i])) for i in _corners(fitted))
    return Calibrator(kind="isotonic", knots=knots)


FITS: dict[Kind, Callable[[FloatArray, FloatArray], Calibrator]] = {
    "none": lambda _raw, _outcome: Calibrator(),
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}


def choose(
    raw: FloatArray, outcome: FloatArray, fold: IntArray, *, kinds: Sequence[Kind] = ("none", "platt", "beta")
) -> Choice:
    """Choose a calibrator by log loss on rows it was not fitted on, then fit that kind on every row.

    Args:
        raw: raw log-odds of rows the model was *not* fitted on. Shape (n,).
        outcome: 1.0 where the outcome came true, else 0.0. Shape (n,).
        fold: fold number of each row, from a fixed hash of the customer, so that no customer is in two. Shape (n,).
        kinds: the candidates, simplest first; a later one must be strictly better. Isotonic only on request: it
            ties customers and needs many rows.

    Raises:
        OneOutcome: all rows, or all rows outside one fold, have the same outcome.
    """
    losses: dict[Kind, float] = {}
    for kind in kinds:
        held_out = np.empty(len(raw))
        for number in np.unique(fold):
            inside = fold == number
            held_out[inside] = FITS[kind](raw[~inside], outcome[~inside]).probability(raw[inside])
        losses[kind] = log_loss(outcome, held_out)
    best = min(kinds, key=lambda kind: losses[kind])  # min keeps the first of equals
    return Choice(calibrator=FITS[best](raw, outcome), log_losses=losses)


def _sigmoid(log_odds: FloatArray) -> FloatArray:
    positive = np.exp(-np.abs(log_odds))  # never overflows
    return np.where(log_odds >= 0, 1.0, positive) / (1.0 + positive)


def _beta_columns(raw: FloatArray) -> FloatArray:
    """Return ln s and -ln(1 - s) of s = sigmoid(raw), without computing s. Shape (n, 2)."""
    return np.column_stack([-_softplus(-raw), _softplus(raw)])


def _softplus(log_odds: FloatArray) -> FloatArray:
    return np.maximum(log_odds, 0.0) + np.log1p(np.exp(-np.abs(log_odds)))


def _softened(outcome: FloatArray) -> FloatArray:
    happened = float(np.sum(outcome))
    return np.where(outcome > 0, (happened + 1) / (happened + 2), 1 / (len(outcome) - happened + 2))


def _corners(fitted: FloatArray) -> IntArray:
    """Return where each flat step begins and ends; the points between add nothing to the line."""
    step = np.flatnonzero(np.diff(fitted))
    return np.unique(np.concatenate([[0], step, step + 1, [len(fitted) - 1]]))


def _logistic(columns: FloatArray, target: FloatArray, *, steps: int = 100) -> FloatArray:
    """Fit a logistic regression with intercept by damped Newton steps. Returns slopes, then the intercept."""
    design = np.column_stack([columns, np.ones(len(columns))])
    weights = np.zeros(design.shape[1])
    loss = _cross_entropy(design @ weights, target)
    for _ in range(steps):
        fitted = _sigmoid(design @ weights)
        gradient = design.T @ (fitted - target)
        hessian = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]  # lstsq: the two beta columns may be collinear
        size = 1.0
        while (trial := _cross_entropy(design @ (weights - size * step), target)) > loss and size > 1e-8:
            size /= 2
        gained, weights, loss = loss - trial, weights - size * step, trial
        if gained <= 1e-14 * len(target) or not np.isfinite(loss):
            break
    return weights


def _cross_entropy(log_odds: FloatArray, target: FloatArray) -> float:
    return float(np.sum(_softplus(log_odds) - target * log_odds))
