"""The learner: a shrunk line, boosted trees on top of it, and a calibrator, as one LightGBM text. The only LightGBM.

    customers in K folds --each held out once--> number of trees, held-out raw scores --> calibrator
    all rows --line + that many trees--> booster text

Nothing here knows a test row: everything it reads had matured by the test cutoff. A customer is never in the rows
that fit a model and in those that stop or calibrate it (docs/adr/0003). Same rows, recipe and seed: same text.
Start reading at `fit`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import lightgbm
import numpy as np

from churn.calibration import Calibrator
from churn.events import FloatArray
from training.calibrating import HeldOut, calibrate
from training.logistic import Levelled, fit_levelled
from training.plan import Boost, Plan, known_codes, numbered, start_levels
from training.recipe import Recipe
from training.rows import IntArray, Rows, fold_of
from training.step_trees import trees_of

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Args:
        booster: LightGBM's text.
        calibrator: raw log-odds to probability.
        categories: category feature to its known codes, in the order the trees number them.
        trees: boosted trees, those of the line left out.
        held_out: calibrated probabilities of rows the models behind them had not seen. Shape (m,).
        held: raw scores of the same rows; held_rows: where these lie in the training rows. Shape (m,).
        params: what was used and found, for the manifest.
    """

    booster: str
    calibrator: Calibrator
    categories: dict[str, tuple[int, ...]]
    trees: int
    held_out: FloatArray
    held: HeldOut
    held_rows: IntArray
    params: dict[str, Any]

    def raw(self, X: FloatArray) -> FloatArray:
        """Raw log-odds of prepared rows. Shape (n,)."""
        return raw_scores(self.booster, X)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Exact contributions of each feature to the raw log-odds, then the base value. Shape (n, f + 1)."""
        found = lightgbm.Booster(model_str=self.booster).predict(X, pred_contrib=True, num_threads=1)
        return np.asarray(found, dtype=np.float64)


def raw_scores(booster: str, X: FloatArray) -> FloatArray:
    """Raw log-odds that a booster's text gives prepared rows. Shape (n,)."""
    return np.asarray(lightgbm.Booster(model_str=booster).predict(X, raw_score=True, num_threads=1), dtype=np.float64)


def fit(
    rows: Rows,
    *,
    whole_from_us: int,
    seed: int,
    threads: int,
    recipe: Recipe | None = None,
    trees: int | None = None,
    boost: Boost | None = None,
    progress: Progress = lambda _text: None,
) -> Fitted:
    """Fit the learner to rows whose outcome is known.

    Args:
        rows: training rows; category features as the catalogue's hash codes.
        whole_from_us: from when on a lookback lies within the log, microseconds since 1970 UTC.
        seed: of folds, bagging and feature sampling.
        threads: of LightGBM; results do not depend on it.
        recipe: the fixed parameters.
        trees: so many; as many as suit held-out customers best where None.
        boost: grows the trees from more rows than these; from these where None.
        progress: told what is going on.

    Raises:
        OneOutcome: a fold lacks one of the outcomes.
    """
    recipe = recipe or Recipe()
    categories, usable = known_codes(rows), _usable(rows, recipe)
    X = np.where(usable, numbered(rows, categories), np.nan)
    task = _Task(replace(rows, X=X), recipe, recipe.lightgbm(seed=seed, threads=threads))
    sample, fold = _held_out_sample(rows, recipe, seed)
    progress(f"{len(rows)} rows, {len(sample)} of them held out by turns")
    trees, raw = _cross_fit(task, sample, fold, trees)
    held_out = HeldOut(raw, rows.outcome[sample], fold, rows.cutoff_us[sample])
    chosen = calibrate(held_out, recipe, whole_from_us=whole_from_us)
    progress(f"{trees} trees on top of the line; calibrator: {chosen.calibrator.kind}")
    everything = np.arange(len(rows))
    line = task.line(everything)
    plan = Plan(rows.columns, categories, usable, line, np.unique(rows.cutoff_us), trees, task.params)
    boosted = boost(plan) if boost else _boost(task, everything, line, trees)
    return Fitted(
        booster=_merged(trees_of(line.line, task.numeric(slice(None))), boosted),
        calibrator=chosen.calibrator,
        categories=categories,
        trees=trees,
        held_out=chosen.calibrator.probability(raw),
        held=held_out,
        held_rows=sample,
        params={**asdict(recipe), "seed": seed, "trees": trees, "calibrator": chosen.calibrator.kind},
    )


@dataclass(frozen=True)
class _Task:
    """What every fit of a run shares."""

    rows: Rows
    recipe: Recipe
    params: dict[str, Any]

    def numeric(self, where: IntArray | slice) -> FloatArray:
        """Features that a line can read: the codes of texts blanked out."""
        return np.where(self.rows.columns.is_category, np.nan, self.rows.X[where])

    def line(self, where: IntArray) -> Levelled:
        """The line of these rows; each cutoff has a level of its own."""
        group = np.unique(self.rows.cutoff_us[where], return_inverse=True)[1]
        X = self.numeric(where)
        return fit_levelled(X, self.rows.outcome[where], group, penalty=self.recipe.penalty)

    def start(self, where: IntArray, fitted: Levelled) -> FloatArray:
        """Where boosting starts: the line and the cutoff's own level, so that trees learn no season either."""
        levels = start_levels(np.unique(self.rows.cutoff_us), fitted.levels, self.rows.cutoff_us[where])
        start: FloatArray = fitted.line.raw(self.numeric(where)) + levels
        return start

    def dataset(self, where: IntArray, fitted: Levelled, reference: Any = None) -> Any:  # lightgbm has no types
        codes = [int(place) for place in np.flatnonzero(self.rows.columns.is_category)]
        return lightgbm.Dataset(
            self.rows.X[where],
            self.rows.outcome[where],
            init_score=self.start(where, fitted),
            reference=reference,
            feature_name=list(self.rows.columns.names),
            categorical_feature=codes,
            params=self.params,
        )


@dataclass(frozen=True)
class _Boosted:
    fitted: Levelled
    trees: Any


def _usable(rows: Rows, recipe: Recipe) -> np.ndarray:
    """Which features may be used. Shape (f,).

    One that all customers of a cutoff share says which cutoff it is; only years of cutoffs tell a season from a month.
    """
    span_days = (rows.cutoff_us.max() - rows.cutoff_us.min()) / 86_400_000_000
    if span_days >= recipe.season_days:
        return np.ones(rows.X.shape[1], dtype=bool)
    shared = np.ones(rows.X.shape[1], dtype=bool)
    for cutoff in np.unique(rows.cutoff_us):
        mine = rows.X[rows.cutoff_us == cutoff]
        shared &= ((mine == mine[0]) | np.isnan(mine)).all(axis=0)
    return ~shared


def _held_out_sample(rows: Rows, recipe: Recipe, seed: int) -> tuple[IntArray, IntArray]:
    """Positions of the rows that stop and calibrate, and the fold of each; whole customers."""
    share = min(1.0, recipe.held_out_rows / len(rows))
    lot = fold_of(rows.customer, 10_000, seed=seed + 1)
    sample = np.flatnonzero(lot < np.ceil(share * 10_000))
    return sample, fold_of(rows.customer[sample], recipe.folds, seed=seed)


def _cross_fit(task: _Task, sample: IntArray, fold: IntArray, trees: int | None) -> tuple[int, FloatArray]:
    """The number of trees that suits held-out customers best, or that is given; and held-out raw scores, with it."""
    curves, boosted = [], []
    for number in range(task.recipe.folds):
        inside, outside = sample[fold == number], sample[fold != number]
        fitted = task.line(outside)
        learn = task.dataset(outside, fitted)
        told: dict[str, Any] = {}
        watching: dict[str, Any] = {}
        if trees is None:
            stop = lightgbm.early_stopping(task.recipe.patience, verbose=False, min_delta=1e-6)
            watching = {
                "valid_sets": [task.dataset(inside, fitted, reference=learn)],
                "valid_names": ["held_out"],
                "callbacks": [stop, lightgbm.record_evaluation(told)],
            }
        grown = lightgbm.train(task.params, learn, trees or task.recipe.max_trees, **watching)
        curves.append(told.get("held_out", {}).get("binary_logloss", []))
        boosted.append(_Boosted(fitted, grown))
    shortest = min(len(curve) for curve in curves)
    best = trees or int(np.mean([curve[:shortest] for curve in curves], axis=0).argmin()) + 1
    raw = np.empty(len(sample))
    for number, one in enumerate(boosted):
        inside = fold == number
        X = task.rows.X[sample[inside]]
        raw[inside] = one.fitted.line.raw(task.numeric(sample[inside])) + one.trees.predict(
            X, raw_score=True, num_iteration=best
        )
    return best, raw


def _boost(task: _Task, where: IntArray, fitted: Levelled, trees: int) -> str:
    return str(lightgbm.train(task.params, task.dataset(where, fitted), trees).model_to_string())


def _merged(start: list[str], boosted: str) -> str:
    """One model text: the line's trees, then the boosted ones, numbered through."""
    head, _, rest = boosted.partition("\nTree=")
    body, _, tail = rest.partition("\nend of trees")
    blocks = start + [block.partition("\n")[2] for block in body.split("\nTree=")]
    numbered = [f"Tree={number}\n{block.rstrip()}\n\n\n" for number, block in enumerate(blocks)]
    sizes = " ".join(str(len(block.encode())) for block in numbered)
    kept = [line for line in head.split("\n") if not line.startswith("tree_sizes=")]
    text = "\n".join(kept).rstrip() + f"\ntree_sizes={sizes}\n\n" + "".join(numbered) + "end of trees" + tail
    return str(lightgbm.Booster(model_str=text).model_to_string())
