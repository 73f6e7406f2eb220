"""The rule and BG/NBD as models that can serve: trees, calibrator and held-out probabilities, as the learner's.

    recency rule   one tree of whole days, exact; no calibrator, since the rule is one
    BG/NBD         trees that follow it closely (training/btyd/distil.py); calibrated on the training rows

Where BG/NBD cannot be written closely enough it may not serve. Start reading at `fit_rule`.
"""

from typing import Any

import numpy as np

from churn.calibration import Calibrator
from churn.events import FloatArray
from training.baseline import RecencyRule
from training.btyd.distil import distilled
from training.btyd.rival import Abstains, Known, calibrator_of, fit_raw
from training.calibrating import HeldOut
from training.fit import Fitted, raw_scores
from training.recipe import Recipe
from training.rows import Rows, fold_of
from training.step_trees import Steps, model_text, tree_of

CLOSE = 0.02  # mean deviation of probabilities up to which trees stand for BG/NBD


def fit_rule(rows: Rows, model: str, *, seed: int) -> Fitted:
    """The recency rule as a model."""
    mine = rows.take(rows.calibrating)  # a rule has no level for the treated: the untreated alone say what it tells
    rule = RecencyRule.fit(mine, model)
    booster = model_text(rows.columns.names, [tree_of(_steps(rule, mine))])
    return _model(booster, Calibrator(), rows, seed, {"learner": "recency_rule"}, trees=1)


def fit_counting(rows: Rows, model: str, known: Known) -> Fitted | Abstains:
    """BG/NBD as a model, or why there is none."""
    fitted = fit_raw("bg_nbd", model, rows.columns, known)
    if isinstance(fitted, Abstains):
        return fitted
    trees = distilled(fitted, rows, seed=known.seed)
    if trees.mean_deviation > CLOSE:
        return Abstains(f"trees stray from it by {trees.mean_deviation:.3f} on the mean")
    mine = rows.take(rows.calibrating)
    calibrator = calibrator_of(raw_scores(trees.booster, mine.X), mine, known)
    params = {
        "learner": "bg_nbd",
        **dict(zip(("r", "alpha_days", "a", "b"), fitted.parameters, strict=True)),
        "mean_deviation": trees.mean_deviation,
        "p99_deviation": trees.most_deviation,
    }
    return _model(trees.booster, calibrator, rows, known.seed, params, trees=trees.booster.count("\nTree="))


def _steps(rule: RecencyRule, rows: Rows) -> Steps:
    """The rule by whole days: a step wherever its probability changes."""
    days = np.floor(np.nan_to_num(rows.column(rule.column)))
    ends = [abs(at) for at, _ in rule.calibrator.knots]
    scale = np.arange(min(ends), max(ends) + 1)
    told = _logit(rule.calibrator.probability(rule.sign * scale))
    last = np.append(np.flatnonzero(np.diff(told) != 0), len(scale) - 1)  # of each flat stretch
    place = np.searchsorted(scale[last[:-1]], days, side="left")
    missing = float(_logit(rule.calibrator.probability(np.zeros(1)))[0])
    return Steps(
        feature=rows.columns.names.index(rule.column),
        edges=np.nextafter(scale[last[:-1]] + 1.0, -np.inf),  # what is below tomorrow is today
        values=told[last],
        counts=[max(int(count), 1) for count in np.bincount(place, minlength=len(last))],
        null_value=missing,
        null_count=1,
    )


def _model(
    booster: str, calibrator: Calibrator, rows: Rows, seed: int, params: dict[str, Any], *, trees: int
) -> Fitted:
    mine = rows.take(rows.calibrating)
    raw = raw_scores(booster, mine.X)
    held = HeldOut(raw, mine.outcome, fold_of(mine.customer, Recipe().folds, seed=seed), mine.cutoff_us)
    return Fitted(
        booster=booster,
        calibrator=calibrator,
        categories={},
        trees=trees,
        held_out=calibrator.probability(raw),
        held=held,
        held_rows=rows.calibrating,
        params={**params, "seed": seed, "trees": trees, "calibrator": calibrator.kind},
    )


def _logit(p: FloatArray) -> FloatArray:
    return np.log(p) - np.log1p(-p)
