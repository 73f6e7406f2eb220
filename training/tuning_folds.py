"""On what recipes are compared: cutoffs within the training snapshot, each judged by what had matured before it.

    learn  |--|--|        gap + horizon        | judge      searched on: older cutoffs, two thirds of the customers
    learn     |--|--|        gap + horizon        | judge   won on: the newest cutoff, the third nobody searched on

A recipe is judged by log loss after the level of the judged cutoff is put right: the level of a season that nobody has
seen is no recipe's merit. Knows no sampler of recipes. Start reading at `tuning_folds`.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from churn.calendar import from_us
from churn.definition import Lifecycle
from churn.errors import ImmatureError
from churn.events import FloatArray
from training.fit import fit
from training.plan import numbered
from training.recipe import Recipe
from training.rows import IntArray, Rows, fold_of

SEARCHED = 3  # folds that a recipe is searched on, at most
PARTS = 3  # of the customers, one part is kept for the fold that a recipe must win on
ROWS = 30_000  # rows to learn from in a fold, at most, about; whole customers
HELD_OUT_ROWS = 10_000  # of those, rows that choose the number of trees
ENOUGH = 20  # rows of the rarer outcome


class NothingToTuneOn(ImmatureError):
    """The training snapshot has no two cutoffs that could judge a recipe."""

    def __init__(self, model: str, folds: int) -> None:
        super().__init__(
            f"The {model} model cannot be tuned: {folds} of its training cutoffs can judge a recipe by what had "
            f"matured before them, and it takes 2, each with {ENOUGH} rows of either outcome.",
            mend="train with the fixed recipe (without --tune), or give a longer log, a smaller [training] every_days "
            "or more max_cutoffs.",
        )


@dataclass(frozen=True)
class TuningFold:
    """Rows to learn from, and later rows to judge on."""

    learn: Rows
    judge: Rows


@dataclass(frozen=True)
class TuningFolds:
    """Folds to search on, oldest first, and the one to win on."""

    searched: tuple[TuningFold, ...]
    kept_apart: TuningFold


@dataclass(frozen=True)
class Judge:
    """How recipes are fitted and judged.

    Args:
        whole_from_us: from when on a lookback lies within the log, microseconds since 1970 UTC.
        seed: of folds and fits.
        threads: of LightGBM.
        signs: which way scores must go. Shape (f,).
    """

    whole_from_us: int
    seed: int
    threads: int
    signs: IntArray

    def losses(self, recipe: Recipe, fold: TuningFold) -> FloatArray:
        """The log loss of each judged row, its cutoff's level put right. Shape (m,)."""
        quick = replace(recipe, folds=2, held_out_rows=min(recipe.held_out_rows, HELD_OUT_ROWS))
        fitted = fit(
            fold.learn,
            whole_from_us=self.whole_from_us,
            seed=self.seed,
            threads=self.threads,
            recipe=quick,
            signs=self.signs,
        )
        raw = fitted.raw(numbered(fold.judge, fitted.categories))
        return _surprise(raw + _level(raw, fold.judge.outcome), fold.judge.outcome)


def tuning_folds(rows: Rows, model: str, lifecycle: Lifecycle, *, seed: int) -> TuningFolds:
    """The folds within training rows.

    Args:
        rows: training rows of a model, their labels as known by the first test cutoff.
        model: churn or reactivation.
        lifecycle: gap and horizon.
        seed: of the parting of customers.

    Raises:
        NothingToTuneOn: fewer than two cutoffs can judge.
    """
    apart = fold_of(rows.customer, PARTS, seed=seed + 2) == 0
    cutoffs = np.unique(rows.cutoff_us)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for cutoff in cutoffs:
        before = [one for one in cutoffs if lifecycle.is_mature(from_us(int(one)), from_us(int(cutoff)))]
        learn, judge = np.isin(rows.cutoff_us, before) & ~apart, rows.cutoff_us == cutoff
        if all(_enough(rows.outcome[one]) for one in (learn, judge & ~apart, judge & apart)):
            found.append((learn, judge))
    if len(found) < 2:
        raise NothingToTuneOn(model, len(found))
    folds = [
        TuningFold(_thinned(rows.take(learn), seed), rows.take(judge & ~apart))
        for learn, judge in found[-1 - SEARCHED : -1]
    ]
    learn, judge = found[-1]
    return TuningFolds(tuple(folds), TuningFold(_thinned(rows.take(learn), seed), rows.take(judge & apart)))


def gain(before: FloatArray, after: FloatArray, customers: np.ndarray) -> tuple[float, float]:
    """How much less the second loses on the same rows, on average, and the standard error of that; by customer."""
    codes = pd.factorize(customers)[0]
    won = np.bincount(codes, weights=before - after)
    mean = float(won.sum() / len(before))
    spread = float(np.sqrt(((won - mean * np.bincount(codes)) ** 2).sum()) / len(before))
    return mean, spread


def _enough(outcome: FloatArray) -> bool:
    return bool(min(outcome.sum(), len(outcome) - outcome.sum()) >= ENOUGH)


def _thinned(rows: Rows, seed: int) -> Rows:
    """Rows of as many customers as make `ROWS` of them, about."""
    share = min(1.0, ROWS / len(rows))
    return rows if share == 1.0 else rows.take(fold_of(rows.customer, 10_000, seed=seed + 3) < share * 10_000)


def _level(raw: FloatArray, outcome: FloatArray) -> float:
    """What to add to raw log-odds so that they are right on average."""
    level = 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(raw + level, -30, 30)))
        step = float((p - outcome).sum() / max((p * (1 - p)).sum(), 1e-9))
        level -= float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            break
    return level


def _surprise(raw: FloatArray, outcome: FloatArray) -> FloatArray:
    found: FloatArray = np.maximum(raw, 0.0) + np.log1p(np.exp(-np.abs(raw))) - outcome * raw
    return found
