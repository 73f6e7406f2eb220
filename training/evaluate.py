"""How good were probabilities, cutoff by cutoff and pooled, beside those of the rivals?

Reads test rows and each learner's probabilities; returns rows as `churn backtest` prints them. Knows no learner.
Start reading at `result_rows`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from churn.calendar import Calendar, from_us
from churn.definition import Lifecycle
from churn.events import FloatArray
from churn.metrics import base_rate, brier, ece, lift, log_loss, pr_auc, roc_auc
from training.rows import Rows

METRICS = ("roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift_10")
POOLED = "all"  # the row over all test cutoffs
Result = dict[str, Any]


def judged(outcome: FloatArray, probability: FloatArray) -> dict[str, float]:
    """All metrics of one learner on one set of rows: n, base_rate and `METRICS`.

    Raises:
        OneOutcome: everybody has the same outcome.
    """
    return {
        "n": len(outcome),
        "base_rate": base_rate(outcome),
        "roc_auc": roc_auc(outcome, probability),
        "pr_auc": pr_auc(outcome, probability),
        "log_loss": log_loss(outcome, probability),
        "brier": brier(outcome, probability),
        "ece": ece(outcome, probability).ece,
        "lift_10": lift(outcome, probability),
    }


def cohort_name(model: str, lifecycle: Lifecycle) -> str:
    """Whom a model is asked about, in words."""
    if model == "churn":
        return "not lapsed"
    within = lifecycle.definition.win_back_within_days
    return "every lapsed customer" if within is None else f"lapsed at most {within} days ago"


def result_rows(
    key: Mapping[str, str],
    rows: Rows,
    probabilities: Mapping[str, FloatArray],
    calendar: Calendar,
    *,
    min_rows: int,
    min_positives: int,
) -> list[Result]:
    """One result a learner and test cutoff and, with several cutoffs, one over all of them.

    Args:
        key: what every result carries: model and cohort.
        rows: test rows with known outcomes.
        probabilities: of each learner, in the order of the rows.
        calendar: cutoffs are told as its local days.
        min_rows: fewer rows at a cutoff: it abstains, with its reason.
        min_positives: fewer rows of the rarer outcome: likewise.
    """
    cutoffs = np.unique(rows.cutoff_us)
    parts = [(day_name(int(one), calendar), rows.cutoff_us == one) for one in cutoffs]
    if len(cutoffs) != 1:
        parts.append((POOLED, np.ones(len(rows), dtype=bool)))
    results: list[Result] = []
    for cutoff, mine in parts:
        why = rows.take(mine).why_too_few(min_rows=min_rows, min_positives=min_positives)
        for learner, probability in probabilities.items():
            mine_key = {"model": key["model"], "learner": learner, "cutoff": cutoff, "cohort": key["cohort"]}
            if why:
                results.append(abstention(mine_key, int(mine.sum()), why))
            else:
                results.append(mine_key | judged(rows.outcome[mine], probability[mine]) | {"abstained": None})
    return results


def day_name(cutoff_us: int, calendar: Calendar) -> str:
    """A cutoff as people write it: the local day that it begins."""
    return calendar.day_of(from_us(cutoff_us)).isoformat()


def abstention(key: Mapping[str, Any], n: int, why: str) -> Result:
    """A result without numbers, and why."""
    return {**key, "n": n, "base_rate": None} | dict.fromkeys(METRICS) | {"abstained": why}


def pooled(results: list[Result], learner: str) -> Result:
    """A learner's result over all test cutoffs."""
    mine = [one for one in results if one["learner"] == learner]
    return next((one for one in mine if one["cutoff"] == POOLED), mine[-1])
