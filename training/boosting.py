"""What every fit of a run shares, and the fits: lines, boosted trees on top of them, and both on held-out customers.

Customers are held out fold by fold: their log loss says how many trees are right, their scores, made by models that
had not seen them, choose the calibrator (docs/adr/0003). Speaks LightGBM. Start reading at `cross_fit`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from churn.events import FloatArray
from churn.outcomes import both_outcomes
from training.design import Design
from training.logistic import Levelled
from training.plan import start_levels
from training.recipe import Recipe
from training.rows import IntArray, Rows

Watch = Callable[[int, int, float], None]  # fold, trees so far, log loss of the held out


@dataclass(frozen=True)
class Task:
    """What every fit of a run shares.

    Args:
        rows: training rows, prepared: categories numbered, what may not be used blank.
        design: the same rows as a line sees them.
        weight: what each row counts. Shape (n,).
        signs: of slopes, by feature; 0 where free. Shape (f,).
        recipe: the fixed parameters.
        params: LightGBM's.
    """

    rows: Rows
    design: Design
    weight: FloatArray
    signs: IntArray
    recipe: Recipe
    params: Mapping[str, Any]

    def line(self, where: IntArray, near: Levelled | None = None) -> Levelled:
        """The line of these rows, sought from near another one; each cutoff has a level of its own.

        Raises:
            OneOutcome: all of them have the same outcome.
        """
        both_outcomes(self.rows.outcome[where])
        group = np.unique(self.rows.level_us[where], return_inverse=True)[1]
        outcome, weight = self.rows.outcome[where], self.weight[where]
        penalty = self.recipe.penalty
        return self.design.fit(where, outcome, group, penalty=penalty, weight=weight, signs=self.signs, near=near)

    def start(self, where: IntArray, fitted: Levelled) -> FloatArray:
        """Where boosting starts: the line and the cutoff's own level, so that trees learn no season either."""
        level_us = self.rows.level_us[where]
        levels = start_levels(np.unique(level_us), fitted.levels, level_us)
        start: FloatArray = self.design.raw(fitted.line, where) + levels
        return start

    def dataset(self, where: IntArray, start: FloatArray, reference: Any = None) -> Any:  # lightgbm has no types
        """LightGBM's form of some rows. Rows that are only watched count alike."""
        codes = [int(place) for place in np.flatnonzero(self.rows.columns.is_category)]
        everything = len(where) == len(self.rows)
        uniform = reference is not None or bool((self.weight == 1.0).all())
        return lightgbm.Dataset(
            self.rows.X if everything else self.rows.X[where],
            self.rows.outcome[where],
            weight=None if uniform else self.weight[where],
            init_score=start,
            reference=reference,
            feature_name=list(self.rows.columns.names),
            categorical_feature=codes,
            params=dict(self.params),
        )


def cross_fit(
    task: Task, sample: IntArray, fold: IntArray, trees: int | None, watch: Watch = lambda *_: None
) -> tuple[int, FloatArray, Levelled]:
    """Hold customers out by turns.

    Args:
        task: whose rows.
        sample: positions of the rows that take part. Shape (m,).
        fold: of each of them. Shape (m,).
        trees: how many; as many as suit the held-out customers best where None.
        watch: called after each tree while their number is sought; what it raises ends the search.

    Returns:
        The number of trees, raw scores by models that had not seen the customer, shape (m,), and the last fold's line.
    """
    grown: list[Grown] = []
    for number in range(task.recipe.folds):
        near = grown[-1].fitted if grown else None
        grown.append(grow(task, sample[fold == number], sample[fold != number], trees, number, watch, near))
    shortest = min(len(one.curve) for one in grown)
    best = trees or int(np.mean([one.curve[:shortest] for one in grown], axis=0).argmin()) + 1
    raw = np.empty(len(sample))
    for number, one in enumerate(grown):
        inside = sample[fold == number]
        told_by_trees = one.booster.predict(task.rows.X[inside], raw_score=True, num_iteration=best)
        raw[fold == number] = task.design.raw(one.fitted.line, inside) + told_by_trees
    return best, raw, grown[-1].fitted


@dataclass(frozen=True)
class Grown:
    """A line and trees on top of it, and the loss of held-out customers tree by tree where they were watched."""

    fitted: Levelled
    booster: Any
    curve: list[float]

    def raw(self, task: Task, X: FloatArray) -> FloatArray:
        """Raw log-odds of prepared rows, at the mean level. Shape (n,)."""
        line = self.fitted.line.raw(np.where(task.rows.columns.is_category, np.nan, X))
        raw: FloatArray = line + self.booster.predict(X, raw_score=True)
        return raw


def grow(
    task: Task,
    inside: IntArray,
    outside: IntArray,
    trees: int | None,
    number: int,
    watch: Watch = lambda *_: None,
    near: Levelled | None = None,
) -> Grown:
    """Fit a line and trees to some rows; others say when to stop, where the number of trees is not given."""
    fitted = task.line(outside, near)
    learn = task.dataset(outside, task.start(outside, fitted))
    told: dict[str, Any] = {}
    watching: dict[str, Any] = {}
    if trees is None:
        start = task.design.raw(fitted.line, inside) + _levels(task, inside, outside, fitted)
        watching = {
            "valid_sets": [task.dataset(inside, start, learn)],
            "valid_names": ["held_out"],
            "callbacks": _callbacks(task.recipe, told, number, watch),
        }
    booster = lightgbm.train(dict(task.params), learn, trees or task.recipe.max_trees, **watching)
    return Grown(fitted, booster, told.get("held_out", {}).get("binary_logloss", []))


def boost(task: Task, fitted: Levelled, trees: int) -> str:
    """LightGBM's text of so many trees on top of a line, grown from all rows."""
    everything = np.arange(len(task.rows))
    learn = task.dataset(everything, task.start(everything, fitted))
    return str(lightgbm.train(dict(task.params), learn, trees).model_to_string())


def _levels(task: Task, inside: IntArray, outside: IntArray, fitted: Levelled) -> FloatArray:
    """The level of the cutoff of each held-out row, known from the customers who fitted the line."""
    known = np.unique(task.rows.level_us[outside])
    return start_levels(known, fitted.levels, task.rows.level_us[inside])


def _callbacks(recipe: Recipe, told: dict[str, Any], fold: int, watch: Watch) -> list[Any]:
    stop = lightgbm.early_stopping(recipe.patience, verbose=False, min_delta=1e-6)

    def tell(now: Any) -> None:
        watch(fold, now.iteration + 1, now.evaluation_result_list[0][2])

    return [stop, lightgbm.record_evaluation(told), tell]
