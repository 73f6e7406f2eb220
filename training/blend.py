"""A share of BG/NBD in the log-odds of line and trees, as large as held-out customers want it, in one LightGBM text.

    held-out log-odds of the learner and of BG/NBD --two weights that are not negative, a level a cutoff--> share
    (1 - share) x learner + share x BG/NBD, as trees --the same held-out customers--> calibrator

On a log of a few months a steady rhythm says more of the next month than so few outcomes can teach; where outcomes are
many, or behaviour says more than dates, the share comes out as next to nothing and the learner stays as it is, to the
bit. The ladder (training/ladder.py) judges the learner alone. Why, and what it gains: docs/adr/0023.
Start reading at `blended`.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import optimize

from churn.calibration import fit_platt
from churn.events import FloatArray
from training.btyd.distil import Size, distilled
from training.btyd.rival import Abstains, Btyd, Known, fit_raw
from training.calibrating import calibrate, calibrates
from training.fit import Fitted, merged, raw_scores
from training.recipe import Recipe
from training.rows import IntArray, Rows
from training.step_trees import blocks_of, scaled

PRIOR = 30.0  # times half the squared distance from the learner alone, in nats: a log of a few hundred rows stays there
LEAST = 0.05  # a smaller share is not worth its trees
DIGITS = 6  # of slope and level, in log-odds: what a processor does beyond shows in no bit
SIZE = Size(trees=50, leaves=16, rate=0.3)  # a share of a deviation is small


def blended(fitted: Fitted, model: str, rows: Rows, known: Known, recipe: Recipe, signs: IntArray) -> Fitted:
    """The learner with its share of BG/NBD, or as it is where that is too small or BG/NBD abstains.

    Args:
        fitted: line and trees, with what they said of held-out customers.
        model: churn or reactivation.
        rows: that it was fitted to.
        known: the histories that BG/NBD learns from.
        recipe: which held-out rows calibrate, and so find the share.
        signs: of `training.monotone.signs_of`; BG/NBD keeps no promise of that kind. Shape (f,).
    """
    counting = _counting(fitted, model, rows, known, signs)
    if isinstance(counting, Abstains):
        return _told(fitted, {"bg_nbd_share": 0.0, "bg_nbd_why_not": counting.why})
    held, whole_from_us = fitted.held, known.whole_from_us
    mine = calibrates(held, recipe, whole_from_us=whole_from_us)
    trees = distilled(counting, rows, seed=known.seed, size=SIZE)
    raw = raw_scores(trees.booster, rows.X[fitted.held_rows])
    platt = fit_platt(raw[mine], held.outcome[mine]).params
    slope, level = round(platt["a"], DIGITS), round(platt["b"], DIGITS)
    raw = slope * raw + level
    share = share_of(held.raw[mine], raw[mine], held.outcome[mine], held.cutoff_us[mine])
    if share < LEAST:
        return _told(fitted, {"bg_nbd_share": 0.0, "bg_nbd_why_not": f"held-out customers want a share of {share:.2f}"})
    booster = mixed(fitted.booster, trees.booster, share, slope, level)
    now = (1 - share) * held.raw + share * raw
    calibrator = calibrate(replace(held, raw=now), recipe, whole_from_us=whole_from_us).calibrator
    told = {
        "calibrator": calibrator.kind,
        "bg_nbd_share": share,
        "bg_nbd_parameters": list(counting.parameters),
        "bg_nbd_mean_deviation": trees.mean_deviation,
    }
    found = replace(fitted, booster=booster, calibrator=calibrator, held_out=calibrator.probability(now))
    return _told(replace(found, held=replace(held, raw=now)), told)


def share_of(ours: FloatArray, counting: FloatArray, outcome: FloatArray, cutoff_us: IntArray) -> float:
    """The share that outcomes of held-out customers want, from comparing customers within a cutoff; two digits.

    Args:
        ours: log-odds of the learner. Shape (n,).
        counting: those of BG/NBD. Shape (n,).
        outcome: 1.0 or 0.0. Shape (n,).
        cutoff_us: of each row; each cutoff has a level of its own. Shape (n,).

    Source: Breiman (1996), "Stacked Regressions", Machine Learning 24: weights that are not negative, on held-out rows.
    """
    told, alone = np.column_stack([ours, counting]), np.array([1.0, 0.0])
    cutoffs, where = np.unique(cutoff_us, return_inverse=True)

    def surprise(asked: FloatArray) -> tuple[float, FloatArray]:
        weights, levels = asked[:2], asked[2:]
        raw = told @ weights + levels[where]
        miss = 1 / (1 + np.exp(-raw)) - outcome
        value = float((np.logaddexp(0.0, raw) - outcome * raw).sum()) + PRIOR / 2 * float(
            ((weights - alone) ** 2).sum()
        )
        slope = miss @ told + PRIOR * (weights - alone)
        return value, np.concatenate([slope, np.bincount(where, weights=miss, minlength=len(cutoffs))])

    start = np.concatenate([alone, np.zeros(len(cutoffs))])
    bounds = [(0.0, None)] * 2 + [(None, None)] * len(cutoffs)
    weights = optimize.minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:2]
    return round(float(weights[1] / max(weights.sum(), 1e-9)), 2)


def mixed(ours: str, counting: str, share: float, slope: float, level: float) -> str:
    """One text: BG/NBD's trees, brought to the level of outcomes by slope and level, and ours, each with its share."""
    first, *others = blocks_of(counting)
    theirs = [scaled(first, share * slope, plus=share * level, gain=0.0)]
    theirs += [scaled(block, share * slope, gain=0.0) for block in others]
    return merged(theirs + [scaled(block, 1 - share) for block in blocks_of(ours)], ours)


def _counting(fitted: Fitted, model: str, rows: Rows, known: Known, signs: IntArray) -> Btyd | Abstains:
    """BG/NBD, or why it has no say here."""
    found = fit_raw("bg_nbd", model, rows.columns, known)
    if isinstance(found, Abstains):
        return found
    names = [rows.columns.names[place] for place in found.places]
    if fitted.read and not set(names) <= set(fitted.read):
        return Abstains("a feature that it needs was not selected")
    if signs[list(found.places)].any():
        return Abstains("[training] monotone binds a feature that it reads, and it promises no direction")
    return found


def _told(fitted: Fitted, more: dict[str, Any]) -> Fitted:
    return replace(fitted, params=fitted.params | more)
