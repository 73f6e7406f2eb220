"""How far the true rate may lie from a probability: estimation, and months that differ from months before them.

    for every cutoff with matured ones before it: a line learned from those --> its chances here --> by fifths of
    them, how far the true rate lay away, in log-odds, less what chance alone does

The spread of these deviations about nought (a bias counts as spread) and the error of the calibrator add up; Student's
t with as many degrees of freedom as there are such cutoffs makes 9 in 10 of it, so that a short past gives a wide
interval. Neighbouring cutoffs overlap, yet each has five fifths to tell of: counting only horizons that do not overlap
gave intervals that held too often (docs/adr/0018). Who learned from few months misses the level by more than who has
many: early deviations are scaled down to what the whole past would have left. The line stands in for the whole
model, since what moves from month to month moves both.
Start reading at `fit_band`; how well it holds: docs/outlook.md.

Source: DerSimonian, Laird (1986), Controlled Clinical Trials 7(3), for spread less sampling variance; Liang, Zeger
(1986), Biometrika 73(1), for errors of rows that share customers.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from churn.calendar import DAY_US
from churn.calibration import fit_platt
from churn.definition import Lifecycle
from churn.events import FloatArray
from churn.outlook import Band
from training.logistic import fit_line
from training.outlook.scored import Scored
from training.outlook.why_not import CannotTell
from training.rows import IntArray, Rows, fold_of

COVERS = 0.90
BINS = 5
MOST_ROWS = 40_000
FEWEST_COHORTS, FEWEST_INDEPENDENT = 3, 2.0
FEWEST_OF_EITHER = 30
PENALTY = 1000.0  # of the line, as in training/recipe.py
BORROWED = 3.0  # cohorts that the spread over all fifths is worth to that of one


class Deviations(NamedTuple):
    """How far true rates lay from chances told beforehand. Each of shape (cohorts, bins), in log-odds.

    Args:
        at: mean log-odds told. off: of the true rate, above that. noise: variance of `off` by chance alone.
    """

    at: FloatArray
    off: FloatArray
    noise: FloatArray


def fit_band(scored: Scored, held: Rows, lifecycle: Lifecycle) -> Band:
    """Learn the interval from the past of these rows.

    Args:
        scored: held-out raw scores; all training rows.
        held: the rows they are of.
        lifecycle: gap and horizon.

    Raises:
        CannotTell: short_past.
    """
    waits_us = (lifecycle.definition.gap_days + lifecycle.definition.horizon_days) * DAY_US
    found, cutoffs = forward(scored.rows, waits_us)
    worth = independent(cutoffs, waits_us)
    if len(cutoffs) < FEWEST_COHORTS or worth < FEWEST_INDEPENDENT:
        raise CannotTell("short_past")
    spread = _spread(found, worth)
    knots = found.at.mean(axis=0)
    keep = np.append(True, np.diff(np.maximum.accumulate(knots)) > 1e-6)
    error = _error(scored, held, knots)
    half = student.ppf(0.5 + COVERS / 2, df=len(cutoffs)) * np.sqrt(spread + error)
    return Band(
        knots=tuple(knots[keep].round(6).tolist()),
        halves=tuple(half[keep].round(6).tolist()),
        cohorts=len(cutoffs),
        independent=round(worth, 2),
    )


def forward(rows: Rows, waits_us: int) -> tuple[Deviations, IntArray]:
    """Every cutoff judged by a line that learned from those that had matured before it; and which cutoffs these are."""
    if len(rows) > MOST_ROWS:
        rows = rows.take(fold_of(rows.customer, 10_000, seed=0) < 10_000 * MOST_ROWS / len(rows))
    numeric = np.where(rows.columns.is_category, np.nan, rows.X)
    found, judged = [], []
    for cutoff in np.unique(rows.cutoff_us):
        past, here = rows.cutoff_us + waits_us <= cutoff, rows.cutoff_us == cutoff
        if not (_enough(rows.outcome[past]) and _enough(rows.outcome[here])):
            continue
        line = fit_line(numeric[past], rows.outcome[past], penalty=PENALTY)
        told = fit_platt(line.raw(numeric[past]), rows.outcome[past]).probability(line.raw(numeric[here]))
        less = _missed(rows.cutoff_us, waits_us) / _missed(rows.cutoff_us[past], waits_us)
        found.append(_by_fifths(told, rows.outcome[here]) * np.array([[1.0], [np.sqrt(less)], [less]]))
        judged.append(cutoff)
    laid = np.array(found).reshape(-1, 3, BINS)
    return Deviations(laid[:, 0], laid[:, 1], laid[:, 2]), np.array(judged, dtype=np.int64)


def independent(cutoff_us: IntArray, waits_us: int) -> float:
    """How many horizons that do not overlap cutoffs are worth."""
    return float((cutoff_us.max() - cutoff_us.min()) / waits_us + 1) if len(cutoff_us) else 0.0


def _missed(cutoff_us: IntArray, waits_us: int) -> float:
    """Variance of a new month's level about the mean of these, in units of that between months."""
    return 1 + 1 / independent(cutoff_us, waits_us)


def _enough(outcome: FloatArray) -> bool:
    return bool(min(outcome.sum(), len(outcome) - outcome.sum()) >= FEWEST_OF_EITHER)


def _by_fifths(told: FloatArray, outcome: FloatArray) -> FloatArray:
    """Mean log-odds told, how far the true rate lay above it, and the variance of that by chance. Shape (3, bins)."""
    parts = np.array_split(np.argsort(told, kind="stable"), BINS)
    size = np.array([len(part) for part in parts])
    mean = np.array([told[part].mean() for part in parts])
    rate = np.array([(outcome[part].sum() + mean[place]) / (len(part) + 1) for place, part in enumerate(parts)])
    at = np.log(mean / (1 - mean))
    return np.array([at, np.log(rate / (1 - rate)) - at, 1 / (size * mean * (1 - mean))])


def _spread(found: Deviations, worth: float) -> FloatArray:
    """Variance of deviations between cohorts, about nought, less chance; each fifth borrows from all. Shape (bins,)."""
    own = np.maximum((found.off**2 - found.noise).mean(axis=0), 0.0)
    weight = 1 / (found.noise.mean(axis=0) + own.mean())
    pooled = float((own * weight).sum() / weight.sum())
    return np.asarray((worth * own + BORROWED * pooled) / (worth + BORROWED))


def _error(scored: Scored, held: Rows, at: FloatArray) -> FloatArray:
    """Variance of the calibrator's log-odds, rows of one customer taken together. Shape (bins,)."""
    told = scored.calibrator.probability(scored.raw)
    design = np.column_stack([np.ones(len(told)), np.log(told / (1 - told))])
    information = (design * (told * (1 - told))[:, None]).T @ design
    owner = np.unique(held.customer.astype(str), return_inverse=True)[1]
    pull = design * (held.outcome - told)[:, None]
    each = np.column_stack([np.bincount(owner, weights=column) for column in pull.T])
    inverse = np.linalg.pinv(information)
    covariance = inverse @ (each.T @ each) @ inverse
    asked = np.column_stack([np.ones(len(at)), at])
    return np.asarray(((asked @ covariance) * asked).sum(axis=1))
