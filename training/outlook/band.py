"""How far the true rate may lie from a probability: estimation, and months that differ from months before them.

    for every cutoff with matured ones before it: a line learned from those --> its chances here --> by fifths of
    them, how far the true rate lay away, in log-odds, less what chance alone does

The spread of these deviations about nought (a bias counts as spread) and the error of the calibrator add up; Student's
t with as many degrees of freedom as there are such cutoffs makes 9 in 10 of it, so that a short past gives a wide
interval. Neighbouring cutoffs overlap, yet each has five fifths to tell of: counting only horizons that do not overlap
gave intervals that held too often (docs/adr/0018). Who learned from few months misses the level by more than who has
many: early deviations are scaled down to what the whole past would have left. The line stands in for the whole
model, since what moves from month to month moves both.
Further horizons use the same lines, each with its own level. Start reading at `fit_band`; how well it holds:
docs/outlook.md.

Source: DerSimonian, Laird (1986), Controlled Clinical Trials 7(3), for spread less sampling variance; Liang, Zeger
(1986), Biometrika 73(1), for errors of rows that share customers.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from churn.calendar import DAY_US
from churn.calibration import fit_platt
from churn.definition import Lifecycle
from churn.events import FloatArray
from churn.outlook import SMALLEST, Band, Curve
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


class Past(NamedTuple):
    """Training rows, and at every cutoff with enough matured ones before it a line that learned from those.

    Args:
        rows: at most MOST_ROWS of them.
        waits_us: from a cutoff to the end of the definition's horizon.
        lines: cutoff and log-odds of its line for all rows. Each of shape (n,).
    """

    rows: Rows
    waits_us: int
    lines: list[tuple[int, FloatArray]]

    @classmethod
    def of(cls, rows: Rows, lifecycle: Lifecycle) -> Self:
        """Fit the lines."""
        if len(rows) > MOST_ROWS:
            rows = rows.take(fold_of(rows.customer, 10_000, seed=0) < 10_000 * MOST_ROWS / len(rows))
        waits_us = (lifecycle.definition.gap_days + lifecycle.definition.horizon_days) * DAY_US
        numeric, lines = np.where(rows.columns.is_category, np.nan, rows.X), []
        for cutoff in np.unique(rows.cutoff_us):
            past = rows.cutoff_us + waits_us <= cutoff
            if _enough(rows.outcome[past]):
                line = fit_line(numeric[past], rows.outcome[past], penalty=PENALTY)
                lines.append((int(cutoff), line.raw(numeric)))
        return cls(rows, waits_us, lines)


def fit_band(scored: Scored, past: Past) -> Band:
    """Learn the interval of the definition's own horizon.

    Args:
        scored: held-out raw scores; all training rows.
        past: of those rows.

    Raises:
        CannotTell: short_past.
    """
    found, cutoffs = deviations(past, past.rows.outcome)
    worth = independent(cutoffs, past.waits_us)
    if len(cutoffs) < FEWEST_COHORTS or worth < FEWEST_INDEPENDENT:
        raise CannotTell("short_past")
    held = scored.rows.take(scored.held)
    error = partial(_error, scored.calibrator.probability(scored.raw), held.outcome, held.customer)
    return _band(found, worth, error, len(cutoffs))


def fit_horizon(scored: Scored, past: Past, curve: Curve, days: int) -> Band:
    """Learn the interval of another horizon: the same lines and months, its own level and its own outcome.

    A longer horizon has seen fewer months, which overlap more: its degrees of freedom are fewer by as much.

    Args:
        scored: held-out raw scores; all training rows.
        past: of those rows.
        curve: what is told of this horizon.
        days: of it.

    Raises:
        CannotTell: short_past.
    """
    longer = max(1.0, days / curve.own_days)
    outcome = _by(past.rows, scored.model, days)
    found, cutoffs = deviations(past, outcome, more_us=int(max(0.0, days - curve.own_days) * DAY_US))
    if len(cutoffs) < FEWEST_COHORTS:
        raise CannotTell("short_past")
    held, own = scored.rows.take(scored.held), scored.calibrator.probability(scored.raw)
    churns = scored.model == "churn"
    silent = curve.silent(scored.raw, own if churns else 1 - own)[:, curve.days.index(float(days))]
    told, came = np.clip(silent if churns else 1 - silent, SMALLEST, 1 - SMALLEST), _by(held, scored.model, days)
    known = ~np.isnan(came)
    error = partial(_error, told[known], came[known], held.customer[known])
    return _band(found, independent(cutoffs, int(past.waits_us * longer)), error, len(cutoffs) / longer)


def _by(rows: Rows, model: str, days: float) -> FloatArray:
    """The outcome within another horizon; NaN where nobody watched so long."""
    silent = np.nan_to_num(rows.after["next_event_days"], nan=np.inf) >= days
    outcome = silent if model == "churn" else ~silent
    return np.where(rows.after["followed_days"] >= days, outcome, np.nan)


def _band(found: Deviations, worth: float, error: Callable[[FloatArray], FloatArray], freedom: float) -> Band:
    knots = found.at.mean(axis=0)
    keep = np.append(True, np.diff(np.maximum.accumulate(knots)) > 1e-6)
    half = student.ppf(0.5 + COVERS / 2, df=freedom) * np.sqrt(_spread(found, worth) + error(knots))
    return Band(
        knots=tuple(knots[keep].round(6).tolist()),
        halves=tuple(half[keep].round(6).tolist()),
        cohorts=len(found.at),
        independent=round(worth, 2),
    )


def deviations(past: Past, outcome: FloatArray, *, more_us: int = 0) -> tuple[Deviations, IntArray]:
    """Every cutoff judged by the line from before it, its level from outcomes known then; and which cutoffs these are.

    Args:
        past: rows and lines.
        outcome: of the rows, NaN where unknown. Shape (n,).
        more_us: how much longer than the own horizon's this outcome is waited for.
    """
    at_us, waits_us = past.rows.cutoff_us, past.waits_us + more_us
    found, judged, known = [], [], ~np.isnan(outcome)
    for cutoff, raw in past.lines:
        before, here = known & (at_us + waits_us <= cutoff), known & (at_us == cutoff)
        if not (_enough(outcome[before]) and _enough(outcome[here])):
            continue
        told = fit_platt(raw[before], outcome[before]).probability(raw[here])
        less = _missed(at_us, waits_us) / _missed(at_us[before], waits_us)
        found.append(_by_fifths(told, outcome[here]) * np.array([[1.0], [np.sqrt(less)], [less]]))
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


def _error(told: FloatArray, outcome: FloatArray, customer: NDArray[np.object_], at: FloatArray) -> FloatArray:
    """Variance of the calibrator's log-odds, rows of one customer taken together. Shape (bins,)."""
    design = np.column_stack([np.ones(len(told)), np.log(told / (1 - told))])
    information = (design * (told * (1 - told))[:, None]).T @ design
    owner = np.unique(customer.astype(str), return_inverse=True)[1]
    pull = design * (outcome - told)[:, None]
    each = np.column_stack([np.bincount(owner, weights=column) for column in pull.T])
    inverse = np.linalg.pinv(information)
    covariance = inverse @ (each.T @ each) @ inverse
    asked = np.column_stack([np.ones(len(at)), at])
    return np.asarray(((asked @ covariance) * asked).sum(axis=1))
