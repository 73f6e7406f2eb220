"""The curve of silence: from the chance at the definition's horizon to that at every other day, never crossing.

    below the own horizon H     P(came by d | came by the next day of the grid), backwards from H
    above it                    P(silent through d | silent through the day before it), forwards from H

Each step has its own calibrator over the held-out raw scores, chosen by held-out log loss; the curve is their product,
so horizons cannot cross and the own one is what is served. A step above H uses the rows that were watched so long.
Start reading at `fit_curve`.

Source: Singer, Willett (1993), "It's about time: using discrete-time survival analysis", J. Educ. Statistics 18(2).
"""

import numpy as np

from churn.calibration import Calibrator, choose
from churn.events import BoolArray, FloatArray
from churn.outlook import Curve
from training.outlook.scored import Scored
from training.outlook.why_not import CannotTell
from training.rows import Rows

GRID_DAYS = (1, 2, 4, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 540, 730)
FEWEST_ROWS, FEWEST_OF_EITHER = 200, 30
KNOT_SHARES = (0.0, 0.005, 0.01, 0.02, *np.linspace(0.04, 0.96, 24), 0.98, 0.99, 0.995, 1.0)
DIGITS = 7


def fit_curve(scored: Scored, held: Rows, wanted: list[int], own: int, *, by_rule: bool) -> Curve:
    """Fit the steps of the curve.

    Args:
        scored: held-out raw scores and their folds.
        held: the rows they are of.
        wanted: horizons to be told, days; the own one among them.
        own: the definition's horizon, days.
        by_rule: whether churn is the end of a subscription, of which silence says nothing.

    Raises:
        CannotTell: subscription; or nothing but the own horizon could be learned.
    """
    if by_rule:
        raise CannotTell("subscription")
    silent_days = np.nan_to_num(held.after["next_event_days"], nan=np.inf)
    followed = held.after["followed_days"]
    rising = scored.raw if scored.model == "churn" else -scored.raw  # with the chance of silence
    knots = np.unique(np.quantile(scored.raw, KNOT_SHARES).round(DIGITS))
    at = knots if scored.model == "churn" else -knots
    steps: dict[float, tuple[FloatArray, str]] = {float(own): (np.ones(len(knots)), scored.calibrator.kind)}
    days = sorted({*GRID_DAYS, *wanted})
    share, last = np.ones(len(knots)), float(own)
    for day in (float(one) for one in reversed(days) if one < own):
        found = _step(-rising, silent_days < last, silent_days < day, scored.fold, -at)
        if found:
            share, last = share * found[0], day
            steps[day] = (share, found[1])
    share, last = np.ones(len(knots)), float(own)
    for day in (float(one) for one in days if one > own):
        asked = (silent_days >= last) & (followed >= day)
        found = _step(rising, asked, silent_days >= day, scored.fold, at)
        if found:
            share, last = share * found[0], day
            steps[day] = (share, found[1])
    if len(steps) == 1:
        raise CannotTell("too_few")
    ends = sorted(steps)
    table = np.column_stack([steps[end][0] for end in ends]).round(DIGITS)
    return Curve(
        days=tuple(ends),
        own_days=float(own),
        knots=tuple(knots.tolist()),
        shares=tuple(tuple(row) for row in table.tolist()),
        kinds=tuple(steps[end][1] for end in ends),
    )


def _step(
    rising: FloatArray, asked: BoolArray, happened: BoolArray, fold: np.ndarray, at: FloatArray
) -> tuple[FloatArray, str] | None:
    """The chance of a step at the knots and the calibrator that gives it; None where too few were asked.

    Where hardly anybody differs from the others the step is their share, whatever the score.
    """
    outcome, rows = happened[asked].astype(np.float64), int(asked.sum())
    if rows < FEWEST_ROWS:
        return None
    rarer = min(outcome.sum(), rows - outcome.sum())
    if rarer < FEWEST_OF_EITHER:
        return np.full(len(at), (outcome.sum() + 0.5) / (rows + 1)), "share"
    found = choose(rising[asked], outcome, fold[asked]).calibrator
    return _shares(found, at), found.kind


def _shares(calibrator: Calibrator, at: FloatArray) -> FloatArray:
    return calibrator.probability(at)
