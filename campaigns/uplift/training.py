"""From a trial to a model of uplift, judged on customers that it had not seen.

    customers in folds --each judged by models of the others--> Judged: is there an order, and is it told truly?
    all rows --learner that ranks best inside--> Tau, shrunk to what held-out customers showed

The learner is chosen, and its effects shrunk, inside the training rows alone, anew for each fold, so that the judged
figures have seen neither. Shrinking is a line from what was told to what was found, that never spreads effects further
than they were learned; a flat one says that everybody changes alike. Start reading at `trained`.

Sources: Chernozhukov, Demirer, Duflo, Fernández-Val (2018), "Generic machine learning inference on heterogeneous
treatment effects", NBER 24678 (the line through effects, and effects by group).
"""

from dataclasses import dataclass

import numpy as np

from campaigns.uplift.gathering import Rows, lot_of
from campaigns.uplift.learners import LEARNERS, Tau, expected_sides, learn
from churn.metrics_uplift import NOTHING, FloatArray, IntArray, Trial, qini, rank_within

INNER_FOLDS = 2  # to choose a learner by: more would cost more than they tell


@dataclass(frozen=True)
class Shrunk:
    """Effects, shrunk: level + slope x (told - centre).

    Args:
        tau: what was learned. learner: by whom.
        level: what the action changes on average. slope: in [0, 1]. centre: mean of what was told.
    """

    tau: Tau
    learner: str
    level: float
    slope: float
    centre: float

    def of(self, X: FloatArray) -> FloatArray:
        """What the action changes for each row. Shape (n,)."""
        if not self.slope:
            return np.full(len(X), self.level)
        return self.level + self.slope * (self.tau.of(X) - self.centre)


@dataclass(frozen=True)
class Trained:
    """A model and what it is judged by.

    Args:
        model: of all rows.
        told: what each row was told by models that had not seen the customer. Shape (n,).
        fold: of each row. Shape (n,).
        less: the trial with what was to be expected anyway taken off.
        learners: that were chosen, fold by fold.
    """

    model: Shrunk
    told: FloatArray
    fold: IntArray
    less: Trial
    learners: tuple[str, ...]

    @property
    def rank(self) -> FloatArray:
        """Where each row stands among those told by the same model. Shape (n,)."""
        return rank_within(self.told, self.fold)


def trained(rows: Rows, *, folds: int, seed: int, threads: int) -> Trained:
    """Train a model and let others judge it.

    Args:
        rows: of one action.
        folds: parts of the customers.
        seed: of folds and of LightGBM.
        threads: of LightGBM; results do not depend on them.
    """
    fold = folds_of(rows.customer, folds, seed)
    told, learners = np.empty(len(rows)), []
    for one in range(folds):
        mine = fold == one
        model = fitted(rows.take(~mine), seed=seed, threads=threads)
        told[mine] = model.of(rows.X[mine])
        learners.append(model.learner)
    sides = expected_sides(rows.X, rows.trial, fold, seed=seed, threads=threads)
    less = rows.trial.less(sides.treated, sides.held_out)
    return Trained(fitted(rows, seed=seed, threads=threads), told, fold, less, tuple(learners))


def fitted(rows: Rows, *, seed: int, threads: int) -> Shrunk:
    """The learner that ranks held-out customers of these rows best, fitted to all of them and shrunk."""
    fold = folds_of(rows.customer, INNER_FOLDS, seed + 1)
    sides = expected_sides(rows.X, rows.trial, fold, seed=seed, threads=threads)
    less = rows.trial.less(sides.treated, sides.held_out)
    told = {name: _held_out(name, rows, fold, seed=seed, threads=threads) for name in LEARNERS}
    best = max(LEARNERS, key=lambda name: qini(less, rank_within(told[name], fold)))
    tau = learn(best, rows.X, rows.trial, fold, seed=seed, threads=threads, sides=sides)
    level, slope = line_of(less, told[best])
    return Shrunk(tau, best, level, slope, float(tau.of(rows.X).mean()))


def _held_out(name: str, rows: Rows, fold: IntArray, *, seed: int, threads: int) -> FloatArray:
    """What a learner tells of customers whom it had not seen. Shape (n,)."""
    told = np.empty(len(rows))
    for one in range(INNER_FOLDS):
        mine = fold == one
        others = rows.take(~mine)
        within = folds_of(others.customer, INNER_FOLDS, seed + 2)
        told[mine] = learn(name, others.X, others.trial, within, seed=seed, threads=threads).of(rows.X[mine])
    return told


def line_of(less: Trial, told: FloatArray) -> tuple[float, float]:
    """Level and slope of the line from what was told to what was found; the slope is kept in [0, 1].

    Args:
        less: the trial, with what was to be expected taken off.
        told: effects, of customers not seen. Shape (n,).
    """
    found = np.where(less.treated, 1.0, -1.0) * less.weight * less.outcome
    off = told - told.mean()
    spread = float((off**2).sum())
    slope = float((off * found).sum() / spread) if spread > NOTHING * len(off) else 0.0
    return float(found.mean()), min(max(slope, 0.0), 1.0)


def folds_of(customer: np.ndarray, folds: int, seed: int) -> IntArray:
    """The fold of each row: whole customers, by a hash of the id. Shape (n,)."""
    return np.asarray(np.floor(lot_of(customer, seed) * folds), dtype=np.int64)
