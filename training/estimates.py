"""Pairs of what scores let expect and what came, cohort by cohort: from them monitoring learns how wide a band must be.

    held-out scores of a cutoff, calibrated by cutoffs that had matured before it   --> estimate | what came
    test rows, scored as they would have been served                                --> estimate | what came

No score is of a customer the trees had seen at that cutoff, no calibrator knew the outcome, so a pair says how far
estimates lie from what comes later. Kept in the bundle's metrics, which do not change a model's identity.
Start reading at `pairs`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from churn.calendar import DAY_US, from_us
from churn.calibration import fit_platt
from churn.estimate import expected, realised
from churn.estimate_band import KEY, Cohort
from churn.events import FloatArray
from churn.metrics_profit import Stakes
from churn.settings import Settings
from training.calibrating import HeldOut
from training.rows import Rows

FEWEST_OF_EITHER = 30  # of each outcome in a cohort, and in the past that calibrates it


def pairs(model: str, held: HeldOut, test: Rows, told: FloatArray, settings: Settings) -> dict[str, Any]:
    """`estimated_cohorts` as a bundle's metrics keep them."""
    return {KEY: [one.as_json() for one in estimated_cohorts(model, held, test, told, settings)]}


def estimated_cohorts(model: str, held: HeldOut, test: Rows, told: FloatArray, settings: Settings) -> list[Cohort]:
    """Every past cohort that is large enough, oldest first.

    Args:
        model: churn or reactivation; money is told of churn alone.
        held: scores of training rows by models that had not seen their customers.
        test: rows of later cutoffs.
        told: what the judged model says of them. Shape (n,).
        settings: definition, and [costs].
    """
    stakes = Stakes.of(settings.costs) if model == "churn" else None
    definition = settings.definition
    waits_us = (definition.gap_days + definition.horizon_days) * DAY_US
    found = [*_held_out(held, waits_us, stakes)]
    for cutoff in np.unique(test.cutoff_us):
        here = test.cutoff_us == cutoff
        found += _pair(int(cutoff), test.outcome[here], told[here], stakes)
    return found


def _held_out(held: HeldOut, waits_us: int, stakes: Stakes | None) -> Iterator[Cohort]:
    for cutoff in np.unique(held.cutoff_us):
        before, here = held.cutoff_us + waits_us <= cutoff, held.cutoff_us == cutoff
        if _enough(held.outcome[before]):
            told = fit_platt(held.raw[before], held.outcome[before]).probability(held.raw[here])
            yield from _pair(int(cutoff), held.outcome[here], told, stakes)


def _pair(cutoff_us: int, outcome: FloatArray, told: FloatArray, stakes: Stakes | None) -> Iterator[Cohort]:
    if _enough(outcome):
        come, came = expected(told, stakes=stakes), realised(outcome, told, stakes=stakes)
        yield Cohort(from_us(cutoff_us), len(told), come, came)


def _enough(outcome: FloatArray) -> bool:
    return bool(min(outcome.sum(), len(outcome) - outcome.sum()) >= FEWEST_OF_EITHER)
