"""Which held-out rows calibrate a model: all of them, or the newest cutoffs alone?

The level of an outcome drifts. Where it has a trend, the newest cutoffs are nearest to tomorrow's; where it has a
season, a whole year is. Nobody has to guess: each of the newest cutoffs is calibrated as it would have been then, by
cutoffs whose outcome had matured, once by all of them and once by their newest, and the way that would have done better
is taken. Reads held-out scores only; knows no learner. Start reading at `calibrate`.
"""

from dataclasses import dataclass

import numpy as np

from churn.calibration import Choice, choose
from churn.events import BoolArray, FloatArray
from churn.metrics import log_loss
from training.recipe import Recipe
from training.rows import IntArray


@dataclass(frozen=True)
class HeldOut:
    """Scores of customers by models that had not seen them. All of shape (m,).

    Args:
        raw: raw log-odds.
        outcome: 1.0 where the outcome came true, else 0.0.
        fold: customer fold.
        cutoff_us: microseconds since 1970 UTC.
    """

    raw: FloatArray
    outcome: FloatArray
    fold: IntArray
    cutoff_us: IntArray

    def of(self, rows: BoolArray) -> "HeldOut":
        """These rows alone."""
        return HeldOut(self.raw[rows], self.outcome[rows], self.fold[rows], self.cutoff_us[rows])


def calibrate(held_out: HeldOut, recipe: Recipe, *, wait_us: int) -> Choice:
    """Choose and fit a calibrator.

    Args:
        held_out: scores to learn from.
        recipe: how many cutoffs are the newest, and how many rows are enough.
        wait_us: gap + horizon: how long a cutoff's outcome takes, microseconds.

    Raises:
        OneOutcome: a fold lacks one of the outcomes.
    """
    newest = _newest(held_out, recipe)
    chosen = held_out if newest is None or not _newest_do_better(held_out, recipe, wait_us) else newest
    return choose(chosen.raw, chosen.outcome, chosen.fold)


def _newest(held_out: HeldOut, recipe: Recipe) -> HeldOut | None:
    """The rows of the newest cutoffs; None where that is all of them, or too few."""
    cutoffs = np.unique(held_out.cutoff_us)
    if len(cutoffs) <= recipe.calibration_cutoffs:
        return None
    rows = held_out.of(held_out.cutoff_us >= cutoffs[-recipe.calibration_cutoffs])
    return rows if _are_enough(rows, recipe) else None


def _are_enough(rows: HeldOut, recipe: Recipe) -> bool:
    rarer = min(rows.outcome.sum(), (1 - rows.outcome).sum())
    return len(rows.raw) >= recipe.calibration_rows and rarer >= recipe.calibration_rows / 10


def _newest_do_better(held_out: HeldOut, recipe: Recipe, wait_us: int) -> bool:
    """Whether, at the newest cutoffs, the newest before them would have calibrated better than all before them."""
    gained = 0.0
    for cutoff in np.unique(held_out.cutoff_us)[-recipe.calibration_cutoffs :]:
        known = held_out.of(held_out.cutoff_us + wait_us <= cutoff)
        judged, newest = held_out.of(held_out.cutoff_us == cutoff), _newest(known, recipe)
        if newest is not None:
            gained += _loss(known, judged) - _loss(newest, judged)
    return gained > 0


def _loss(learned: HeldOut, judged: HeldOut) -> float:
    """Summed log loss of rows under a calibrator that others chose."""
    calibrator = choose(learned.raw, learned.outcome, learned.fold).calibrator
    return log_loss(judged.outcome, calibrator.probability(judged.raw)) * len(judged.raw)
