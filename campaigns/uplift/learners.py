"""Learners of uplift: what an action changes for each customer, from a trial. A few lines each, on LightGBM.

    t     two models, of the treated and of those held out; their difference
    x     each side's own changes, by the other side's model; both averaged by the chance of being treated
    dr    one model of pseudo-outcomes, whose noise models of both sides take off; those have not seen the customer

Parameters are fixed beforehand, small and shrunk: what an action changes is far smaller than what customers do anyway.
A model is a weighted sum of boosters. Same rows and seed: same texts. Speaks LightGBM. Start reading at `learn`.

Sources: Künzel, Sekhon, Bickel, Yu (2019), "Metalearners for estimating heterogeneous treatment effects", PNAS 116(10)
(T and X); Kennedy (2023), "Towards optimal doubly robust estimation of heterogeneous causal effects", EJS 17(2) (DR).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import lightgbm
import numpy as np

from churn.metrics_uplift import FloatArray, IntArray, Trial

LEARNERS: Final = ("t", "x", "dr")
LEAVES, RATE, TREES, LAMBDA = 6, 0.05, 60, 20.0
LEAST_SHARE, LEAST_ROWS = 0.01, 25  # of a leaf: a hundredth of the rows, and never fewer than so many
THREADS: Final = re.compile(r"^\[num_threads: .*\]\n", re.MULTILINE)  # of the machine, not of the model


@dataclass(frozen=True)
class Tau:
    """What an action changes by features: a weighted sum of boosters.

    Args:
        boosters: LightGBM's texts.
        factors: what each counts.
    """

    boosters: tuple[str, ...]
    factors: tuple[float, ...]

    @cached_property
    def _loaded(self) -> list[Any]:  # lightgbm has no types
        return [lightgbm.Booster(model_str=text) for text in self.boosters]

    def of(self, X: FloatArray) -> FloatArray:
        """The change for each row, in the outcome's unit. Shape (n,)."""
        told = (factor * one.predict(X, num_threads=1) for one, factor in zip(self._loaded, self.factors, strict=True))
        return np.asarray(sum(told), dtype=np.float64)


@dataclass(frozen=True)
class Sides:
    """What is expected of each row if treated, and if held out, by models that had not seen the customer: (n,)."""

    treated: FloatArray
    held_out: FloatArray


def learn(
    name: str, X: FloatArray, trial: Trial, fold: IntArray, *, seed: int, threads: int, sides: Sides | None = None
) -> Tau:
    """Fit a learner.

    Args:
        name: one of LEARNERS.
        X: features, NaN where null. Shape (n, f).
        trial: what happened.
        fold: of each row's customer; the nuisance models of `dr` are fitted without it. Shape (n,).
        seed: of LightGBM's sampling.
        threads: of LightGBM; results do not depend on them.
        sides: what models fitted without each fold expect, where somebody has them already.
    """
    side, weight = trial.treated, trial.weight
    if name == "dr":
        sides = sides or expected_sides(X, trial, fold, seed=seed, threads=threads)
        gap = sides.treated - sides.held_out
        off = trial.outcome - np.where(side, sides.treated, sides.held_out)
        pseudo = gap + np.where(side, 1.0, -1.0) * weight * off
        return Tau((_fit(X, pseudo, seed=seed, threads=threads),), (1.0,))
    of_treated, of_held = (_fit(X[mine], trial.outcome[mine], seed=seed, threads=threads) for mine in (side, ~side))
    if name == "t":
        return Tau((of_treated, of_held), (1.0, -1.0))
    gained = trial.outcome[side] - _told(of_held, X[side])
    missed = _told(of_treated, X[~side]) - trial.outcome[~side]
    chance = float(trial.propensity.mean())
    texts = (_fit(X[~side], missed, seed=seed, threads=threads), _fit(X[side], gained, seed=seed, threads=threads))
    return Tau(texts, (chance, 1 - chance))


def expected_sides(X: FloatArray, trial: Trial, fold: IntArray, *, seed: int, threads: int) -> Sides:
    """What was to be expected of each row on either side, each fold by models fitted without it."""
    found = Sides(np.empty(len(trial)), np.empty(len(trial)))
    for one in np.unique(fold):
        mine = fold == one
        for side, told in ((trial.treated, found.treated), (~trial.treated, found.held_out)):
            learned = side & ~mine
            told[mine] = _told(_fit(X[learned], trial.outcome[learned], seed=seed, threads=threads), X[mine])
    return found


def params_of(rows: int, *, seed: int, threads: int) -> Mapping[str, Any]:
    """LightGBM's parameters for so many rows."""
    return {
        "objective": "regression", "num_leaves": LEAVES, "learning_rate": RATE, "lambda_l2": LAMBDA,
        "min_data_in_leaf": max(LEAST_ROWS, int(rows * LEAST_SHARE)), "feature_fraction": 0.5, "bagging_fraction": 0.7,
        "bagging_freq": 1, "deterministic": True, "force_row_wise": True, "seed": seed, "num_threads": threads,
        "verbosity": -1, "feature_pre_filter": False,
    }  # fmt: skip


def _fit(X: FloatArray, y: FloatArray, *, seed: int, threads: int) -> str:
    params = dict(params_of(len(y), seed=seed, threads=threads))
    names = [f"f{place}" for place in range(X.shape[1])]
    data = lightgbm.Dataset(X, y, feature_name=names, params=params)
    grown = lightgbm.train(params, data, num_boost_round=TREES, keep_training_booster=True)  # else written out twice
    return THREADS.sub("", str(grown.model_to_string()))


def _told(booster: str, X: FloatArray) -> FloatArray:
    return np.asarray(lightgbm.Booster(model_str=booster).predict(X, num_threads=1), dtype=np.float64)
