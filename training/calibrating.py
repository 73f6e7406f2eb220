"""Which held-out rows calibrate a model?

In the first year of a log (while its lookback reaches before its beginning) features are cut short and outcomes drift
with the log's age, so those cutoffs say little of tomorrow's level. Cutoffs with a whole lookback calibrate; a log too
young to have a few of them, since one month is no level, is calibrated by its newest. A log old enough is calibrated by
all its cutoffs, over all seasons.
Reads held-out scores only; knows no learner. Start reading at `calibrate`.
"""

from dataclasses import dataclass

import numpy as np

from churn.calibration import Choice, choose
from churn.events import BoolArray, FloatArray
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


def calibrate(held_out: HeldOut, recipe: Recipe, *, whole_from_us: int) -> Choice:
    """Choose and fit a calibrator.

    Args:
        held_out: scores to learn from.
        recipe: how many cutoffs are the newest, and how many rows are enough.
        whole_from_us: from when on a lookback lies within the log, microseconds since 1970 UTC.

    Raises:
        OneOutcome: a fold lacks one of the outcomes.
    """
    rows = calibrates(held_out, recipe, whole_from_us=whole_from_us)
    return choose(held_out.raw[rows], held_out.outcome[rows], held_out.fold[rows])


def calibrates(held_out: HeldOut, recipe: Recipe, *, whole_from_us: int) -> BoolArray:
    """Cutoffs with a whole lookback, or the newest where those are fewer; all, where they are too few. Shape (m,)."""
    newest = np.unique(held_out.cutoff_us)[-recipe.calibration_cutoffs :][0]
    rows = held_out.cutoff_us >= min(whole_from_us, int(newest))
    rarer = min(held_out.outcome[rows].sum(), (1 - held_out.outcome[rows]).sum())
    if rows.sum() >= recipe.calibration_rows and rarer >= recipe.calibration_rows / 10:
        return np.asarray(rows)
    return np.ones(len(held_out.raw), dtype=np.bool_)
