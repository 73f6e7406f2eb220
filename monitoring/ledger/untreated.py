"""What became of answers had no campaign contacted anybody: beside what became of all of them.

A campaign that works makes a good model look as if it told too much. Answers whose customers a campaign was to contact
before the outcome was decided are left out; who was held out by chance stands for those who were contacted beside them,
a whole number of times. Without treatments in its time a cohort has no such figures. Start at `judge_untreated`.

Source: see features/touched.py.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from churn.calendar import from_us, to_us
from churn.events import BoolArray, FloatArray, micros
from features.touched import Touched, touched
from monitoring.ledger.answers import Answers
from monitoring.ledger.cohort import Untreated
from monitoring.ledger.judging import Rules, judge_rows
from monitoring.ledger.outcomes import Known

HEAVIEST = 20  # for so many answers one stands at most


def judge_untreated(
    answers: Answers, outcome: FloatArray, known: Known, rules: Rules, *, model: str
) -> Untreated | None:
    """What became of the answers that no campaign touched; None where campaigns treated nobody.

    Args:
        answers: of one model, mature.
        outcome: of each; NaN where nobody knows. Shape (n,).
        known: the log, and the treatments of all campaigns.
        rules: how answers are judged.
        model: churn or reactivation.
    """
    marks = _touched(answers, known)
    if marks is None or not marks.is_treated.any():
        return None
    stay = np.flatnonzero(~marks.is_treated)
    times = np.rint(np.minimum(marks.weight[stay], HEAVIEST)).astype(np.int64)
    rows = np.repeat(stay, times)
    judged = judge_rows(answers.take(rows), outcome[rows], rules, model=model)
    held_out, alone = int(marks.is_held_out.sum()), int(marks.stands_for_nobody.sum())
    return Untreated(int(marks.is_treated.sum()), held_out, alone, judged.became)


def treatments_digest(known: Known, first_us: int, last_us: int) -> str | None:
    """A digest of the treatments that may touch answers with these cutoffs; None where there are none.

    Args:
        known: the log, and the treatments of all campaigns.
        first_us: first cutoff, microseconds since 1970 UTC.
        last_us: last cutoff.
    """
    rows = known.treatments
    if not len(rows):
        return None
    decided = to_us(known.lifecycle.outcome_window(from_us(last_us)).end)
    mine = rows[_within(rows, first_us, decided)]
    if not len(mine):
        return None
    names = ["campaign", "customer_id", "planned_at", "window_end", "propensity", "is_treated"]
    hashed = pd.util.hash_pandas_object(mine[names].astype(str), index=False).to_numpy()
    return hashlib.sha256(np.sort(hashed).tobytes()).hexdigest()[:16]


def _within(rows: pd.DataFrame, first_us: int, decided_us: int) -> BoolArray:
    found: BoolArray = (micros(rows["planned_at"]) < decided_us) & (micros(rows["window_end"]) > first_us)
    return found


def _touched(answers: Answers, known: Known) -> Touched | None:
    if not len(known.treatments) or not len(answers):
        return None
    ids: np.ndarray[Any, Any] = np.array(answers.customers.to_pylist(), dtype=object)[answers.customer]
    return touched(ids, answers.cutoff_us, known.treatments, known.lifecycle, known.holders)
