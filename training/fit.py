"""The learner: a shrunk line, boosted trees on top of it, and a calibrator, as one LightGBM text.

    customers in K folds --each held out once--> number of trees, held-out raw scores --> calibrator
    all rows --line + that many trees--> booster text

Nothing here knows a test row: everything it reads had matured by the test cutoff. A customer is never in the rows
that fit a model and in those that stop or calibrate it (docs/adr/0003). Same rows, recipe and seed: same text.
Start reading at `fit`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import lightgbm
import numpy as np

from churn.calibration import Calibrator
from churn.events import BoolArray, FloatArray
from training.boosting import Task, cross_fit
from training.boosting import boost as boost_here
from training.calibrating import HeldOut, calibrate
from training.design import Design
from training.plan import Boost, Plan, known_codes, numbered
from training.recipe import Recipe
from training.rows import IntArray, Rows, fold_of, refuse_infinite
from training.selection import survivors
from training.step_trees import blocks_of, trees_of
from training.weights import row_weights

STEP_ROWS = 100_000  # rows say well enough how often each step of the line is met
Progress = Callable[[str], None]
THREADS = re.compile(r"^\[num_threads: .*\]\n", re.MULTILINE)  # of the machine, not of the model


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
        read: the features that the model may read; the others are null to it.
    """

    booster: str
    calibrator: Calibrator
    categories: dict[str, tuple[int, ...]]
    trees: int
    held_out: FloatArray
    held: HeldOut
    held_rows: IntArray
    params: dict[str, Any]
    read: tuple[str, ...] = ()

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
    signs: IntArray | None = None,
    trees: int | None = None,
    select: bool = False,
    only: Sequence[str] | None = None,
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
        signs: 1 where a score may not fall with a feature, -1 where it may not rise, 0 where it is free. Shape (f,).
        trees: so many; as many as suit held-out customers best where None.
        select: leave out features that do not survive the folds.
        only: the features that may be used; None: all, or those that survive.
        boost: grows the trees from more rows than these; from these where None.
        progress: told what is going on.

    Raises:
        OneOutcome: everybody, or everybody in a fold, has the same outcome.
        InfiniteFeatures: a feature is infinite somewhere.
    """
    recipe, categories = recipe or Recipe(), known_codes(rows)
    usable = usable_features(rows, recipe, only)
    sample, fold = held_out_sample(rows, recipe, seed)
    prepare = partial(task_of, rows, recipe, categories, signs=signs, seed=seed, threads=threads)
    if select and only is None:
        usable &= survivors(prepare(usable), sample, fold, seed=seed)
    task = prepare(usable)
    progress(f"{len(rows)} rows, {len(sample)} held out by turns; {usable.sum()} of {len(usable)} features are read")
    trees, raw, near = cross_fit(task, sample, fold, trees)
    sample, held = _held(rows, raw, sample, fold)
    chosen = calibrate(held, recipe, whole_from_us=whole_from_us).calibrator
    progress(f"{trees} trees on top of the line; calibrator: {chosen.kind}")
    line, cutoffs_us = task.line(np.arange(len(rows)), near), np.unique(rows.level_us)
    plan = Plan(rows.columns, categories, usable, line, cutoffs_us, trees, task.params)
    boosted = boost(plan) if boost else boost_here(task, line, trees)
    return Fitted(
        booster=merged(trees_of(line.line, _met(task.rows)) + blocks_of(boosted), boosted),
        calibrator=chosen,
        categories=categories,
        trees=trees,
        held_out=chosen.probability(held.raw),
        held=held,
        held_rows=sample,
        params={**asdict(recipe), "seed": seed, "trees": trees, "calibrator": chosen.kind},
        read=tuple(np.array(rows.columns.names, dtype=object)[usable]),
    )


def _held(rows: Rows, raw: FloatArray, sample: IntArray, fold: IntArray) -> tuple[IntArray, HeldOut]:
    """Held-out rows that calibrate, and where they lie: all, or the untreated, where treatment is modelled."""
    if rows.stands is not None:  # the claim is about the untreated: they alone say how likely, each for whom it stands
        times = rows.stands[sample]
        raw, sample, fold = np.repeat(raw, times), np.repeat(sample, times), np.repeat(fold, times)
    return sample, HeldOut(raw, rows.outcome[sample], fold, rows.cutoff_us[sample])


def task_of(
    rows: Rows,
    recipe: Recipe,
    categories: Mapping[str, tuple[int, ...]],
    usable: BoolArray,
    *,
    signs: IntArray | None,
    seed: int,
    threads: int,
) -> Task:
    """Rows prepared once for all fits of a run.

    Raises:
        InfiniteFeatures: a feature is infinite somewhere.
    """
    refuse_infinite(rows)
    X = rows.X if usable.all() and not categories else numbered(rows, categories)
    if not usable.all():
        X[:, ~usable] = np.nan
    design = Design.of(X, usable & ~rows.columns.is_category)
    asked = np.zeros(X.shape[1], dtype=np.int64) if signs is None else signs
    params = recipe.lightgbm(seed=seed, threads=threads)
    if asked.any():
        params |= {"monotone_constraints": asked.tolist()}
    return Task(replace(rows, X=X), design, row_weights(rows, recipe), asked, recipe, params)


def _met(rows: Rows) -> FloatArray:
    """Some prepared rows as a line sees them, spread evenly: they say how often each of its steps is met."""
    return np.where(rows.columns.is_category, np.nan, rows.X[:: -(-len(rows) // STEP_ROWS)])


def usable_features(rows: Rows, recipe: Recipe, only: Sequence[str] | None = None) -> BoolArray:
    """Which features may be used, of `only` where they are given. Shape (f,).

    One that all customers of a cutoff share says which cutoff it is; only years of cutoffs tell a season from a month.
    """
    usable: BoolArray = np.ones(rows.X.shape[1], dtype=np.bool_)
    if only is not None:
        usable &= np.isin(rows.columns.names, only)
    span_days = (rows.cutoff_us.max() - rows.cutoff_us.min()) / 86_400_000_000
    if span_days >= recipe.season_days:
        return usable
    at = [np.flatnonzero(rows.cutoff_us == cutoff) for cutoff in np.unique(rows.cutoff_us)]
    for place in range(len(usable)):
        column = rows.X[:, place]
        usable[place] &= not (
            all(_shared(column[mine[:1000]]) for mine in at) and all(_shared(column[mine]) for mine in at)
        )
    return usable


def _shared(values: FloatArray) -> bool:
    return bool(((values == values[0]) | np.isnan(values)).all())


def held_out_sample(rows: Rows, recipe: Recipe, seed: int) -> tuple[IntArray, IntArray]:
    """Positions of the rows that stop and calibrate, and the fold of each; whole customers."""
    share = min(1.0, recipe.held_out_rows / len(rows))
    lot = fold_of(rows.customer, 10_000, seed=seed + 1)
    sample = np.flatnonzero(lot < np.ceil(share * 10_000))
    return sample, fold_of(rows.customer[sample], recipe.folds, seed=seed)


def merged(blocks: Sequence[str], boosted: str) -> str:
    """One model text of these trees, numbered through, with all else as another text has it."""
    head, tail = boosted.partition("\nTree=")[0], boosted.partition("\nend of trees")[2]
    numbered = [f"Tree={number}\n{block.rstrip()}\n\n\n" for number, block in enumerate(blocks)]
    sizes = " ".join(str(len(block.encode())) for block in numbered)
    kept = [line for line in head.split("\n") if not line.startswith("tree_sizes=")]
    text = "\n".join(kept).rstrip() + f"\ntree_sizes={sizes}\n\n" + "".join(numbered) + "end of trees" + tail
    return THREADS.sub("", str(lightgbm.Booster(model_str=text).model_to_string()))
