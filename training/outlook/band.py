"""How far the true rate may lie from a probability: estimation, and months that differ from months before them.

    held-out scores of months that had matured --> a calibrator --> chances a month later --> by fifths of them, how
    far the rate that came lay away, in log-odds

The scores are those that calibrate what is served, of customers the trees had not seen. How far months lay away from
what was told, beyond chance and beyond the calibrator's error at the time, says how far the next may lie (spread.py);
a bias counts as well. Neighbouring cutoffs overlap: together they count as so many horizons that do not. Who learned
from few months misses the level by more than who has many: early deviations are scaled down to what the whole past
would have left. Further horizons take the same months, each with its own level and outcome.
Start reading at `fit_band`; how well it holds, and what was tried before: docs/outlook.md, docs/adr/0018.

Source: Liang, Zeger (1986), Biometrika 73(1), for errors of rows that share customers.
"""

from typing import NamedTuple, Self

import numpy as np

from churn.calendar import DAY_US
from churn.calibration import fit_platt
from churn.events import BoolArray, FloatArray
from churn.outlook import SMALLEST, Band, Curve
from training.outlook.scored import Scored
from training.outlook.spread import half_widths
from training.outlook.why_not import CannotTell
from training.rows import IntArray, Rows

BINS = 5
FEWEST_COHORTS, FEWEST_INDEPENDENT = 3, 2.0
FEWEST_OF_EITHER = 30


class Deviations(NamedTuple):
    """How far true rates lay from chances told beforehand. Each of shape (cohorts, bins), in log-odds.

    Args:
        at: log-odds of the mean told. off: of the true rate, above that. noise: variance of `off` by chance and by the
            error of the calibrator that told.
    """

    at: FloatArray
    off: FloatArray
    noise: FloatArray


class Held(NamedTuple):
    """Customers the trees had not seen. All of shape (n,).

    Args:
        raw: log-odds. outcome: NaN where unknown. at_us: cutoffs. owner: numbers of customers.
    """

    raw: FloatArray
    outcome: FloatArray
    at_us: IntArray
    owner: IntArray

    @classmethod
    def of(cls, scored: Scored, rows: Rows, outcome: FloatArray) -> Self:
        """Scored rows with an outcome."""
        return cls(scored.raw, outcome, rows.cutoff_us, np.unique(rows.customer.astype(str), return_inverse=True)[1])


def fit_band(scored: Scored, rows: Rows, waits_us: int) -> Band:
    """Learn the interval of the definition's own horizon.

    Args:
        scored: held-out raw scores.
        rows: they are of.
        waits_us: from a cutoff to the end of the definition's horizon.

    Raises:
        CannotTell: short_past.
    """
    told = scored.calibrator.probability(scored.raw)
    return _band(Held.of(scored, rows, rows.outcome), told, waits_us, waits_us, fewest=FEWEST_INDEPENDENT)


def fit_horizon(scored: Scored, rows: Rows, waits_us: int, curve: Curve, days: int) -> Band:
    """Learn the interval of another horizon: the same scores and months, its own level and its own outcome.

    Args:
        scored: held-out raw scores.
        rows: they are of.
        waits_us: from a cutoff to the end of the definition's horizon.
        curve: what is told of this horizon.
        days: of it.

    Raises:
        CannotTell: short_past.
    """
    own, churns = scored.calibrator.probability(scored.raw), scored.model == "churn"
    silent = curve.silent(scored.raw, own if churns else 1 - own)[:, curve.days.index(float(days))]
    told = np.clip(silent if churns else 1 - silent, SMALLEST, 1 - SMALLEST)
    over_us = waits_us + int((days - curve.own_days) * DAY_US)
    return _band(Held.of(scored, rows, _by(rows, scored.model, days)), told, max(waits_us, over_us), over_us)


def _by(rows: Rows, model: str, days: float) -> FloatArray:
    """The outcome within another horizon; NaN where nobody watched so long."""
    silent = np.nan_to_num(rows.after["next_event_days"], nan=np.inf) >= days
    outcome = silent if model == "churn" else ~silent
    return np.where(rows.after["followed_days"] >= days, outcome, np.nan)


def _band(held: Held, told: FloatArray, waits_us: int, over_us: int, *, fewest: float = 0.0) -> Band:
    found, cutoffs = deviations(held, waits_us, over_us)
    worth = independent(cutoffs, over_us)
    if len(cutoffs) < FEWEST_COHORTS or worth < fewest:
        raise CannotTell("short_past")
    known, knots = ~np.isnan(held.outcome), found.at.mean(axis=0)
    half = half_widths(found.off, found.noise, _error(told, held, known, knots), worth)
    keep = np.append(True, np.diff(np.maximum.accumulate(knots)) > 1e-6)
    return Band(
        knots=tuple(knots[keep].round(6).tolist()),
        halves=tuple(half[keep].round(6).tolist()),
        cohorts=len(cutoffs),
        independent=round(worth, 2),
    )


def deviations(held: Held, waits_us: int, over_us: int) -> tuple[Deviations, IntArray]:
    """Every cutoff judged by a calibrator of what had matured before it; and which cutoffs these are.

    Args:
        held: scores and outcomes.
        waits_us: from a cutoff until its rows are learned from.
        over_us: from a cutoff to the end of the horizon: cutoffs nearer than that overlap.
    """
    at_us, outcome, known, found, judged = held.at_us, held.outcome, ~np.isnan(held.outcome), [], []
    for cutoff in np.unique(at_us):
        before, here = known & (at_us + waits_us <= cutoff), known & (at_us == cutoff)
        if not (_enough(outcome[before]) and _enough(outcome[here])):
            continue
        told = fit_platt(held.raw[before], outcome[before]).probability(held.raw)
        at, off, noise = _by_fifths(told[here], outcome[here])
        less = _missed(at_us, over_us) / _missed(at_us[before], over_us)
        found.append((at, off * np.sqrt(less), (noise + _error(told, held, before, at)) * less))
        judged.append(cutoff)
    laid = np.array(found).reshape(-1, 3, BINS)
    return Deviations(laid[:, 0], laid[:, 1], laid[:, 2]), np.array(judged, dtype=np.int64)


def independent(cutoff_us: IntArray, over_us: int) -> float:
    """How many horizons that do not overlap cutoffs are worth."""
    if not len(cutoff_us):
        return 0.0
    return min(float((cutoff_us.max() - cutoff_us.min()) / over_us + 1), float(len(np.unique(cutoff_us))))


def _missed(cutoff_us: IntArray, over_us: int) -> float:
    """Variance of a new month's level about the mean of these, in units of that between months."""
    return 1 + 1 / independent(cutoff_us, over_us)


def _enough(outcome: FloatArray) -> bool:
    return bool(min(outcome.sum(), len(outcome) - outcome.sum()) >= FEWEST_OF_EITHER)


def _by_fifths(told: FloatArray, outcome: FloatArray) -> FloatArray:
    """Log-odds of the mean told, how far the true rate lay above it, and the variance of that by chance.

    The distance is a step of Newton's method, whose variance is just that of chance: log-odds of the rate itself leap
    where few come. A fifth of whom less than one is expected says no more than if it were one.

    Returns:
        Shape (3, bins).
    """
    parts = np.array_split(np.argsort(told, kind="stable"), BINS)
    mean, rate = (np.array([one[part].mean() for part in parts]) for one in (told, outcome))
    size = np.array([len(part) for part in parts])
    weight = np.maximum(mean * (1 - mean), 1 / size)
    return np.array([np.log(mean / (1 - mean)), (rate - mean) / weight, 1 / (weight * size)])


def _error(told: FloatArray, held: Held, learned: BoolArray, at: FloatArray) -> FloatArray:
    """Variance, at some log-odds, of a calibrator that learned from these rows, a customer's taken together.

    Shape (bins,).
    """
    told, outcome, owner = told[learned], held.outcome[learned], held.owner[learned]
    design = np.column_stack([np.ones(len(told)), np.log(told / (1 - told))])
    information = (design * (told * (1 - told))[:, None]).T @ design
    pull = design * (outcome - told)[:, None]
    each = np.column_stack([np.bincount(owner, weights=column) for column in pull.T])
    inverse = np.linalg.pinv(information, rcond=1e-9, hermitian=True)  # all may be told the same, up to rounding
    covariance = inverse @ (each.T @ each) @ inverse
    asked = np.column_stack([np.ones(len(at)), at])
    return np.asarray(((asked @ covariance) * asked).sum(axis=1))
