"""How good are the answers whose outcomes nobody knows yet? An estimate with its band, or why there is none.

    scores of now, and of each recent week --churn/estimate.py--> expected ROC AUC, log loss, Brier score, rate, profit
    pairs that training kept, and the ledger's --churn/estimate_band.py--> how wide the band

It takes the scores at their word, so it says nothing where their word is no longer good: calibration gone, scores like
none the champion learned from, broken data. Where the world has changed behind unchanged scores it cannot know; it is
shown and never a reason. Start reading at `estimated`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import numpy as np

from churn.estimate_band import KEY, Cohort, estimates
from churn.events import FloatArray
from churn.metrics_profit import Stakes
from monitoring.before.abstaining import why_not
from monitoring.before.found import Estimated, EstimatedWeek
from monitoring.champion import Champion
from monitoring.findings import Findings

Weeks = Sequence[tuple[datetime, FloatArray]]  # first day and scores


def estimated(
    found: Findings, scores: FloatArray, stakes: Stakes | None, weeks: Weeks = (), came: Sequence[Cohort] = ()
) -> Estimated:
    """Estimate, or abstain.

    Args:
        found: what else is known of the champion: faults, drift of scores, what became of its answers.
        scores: its newest of each customer of now; NaN for nobody. Shape (n,).
        stakes: of [costs]; money is told of churn alone.
        weeks: its scores of recent weeks, oldest first.
        came: cohorts of its own answers that have matured.

    Raises:
        WrongCohort: the bundle's pairs cannot be read.
    """
    champion, scores = found.champion, scores[np.isfinite(scores)]
    past = (*kept_pairs(champion), *came)
    abstains = why_not(found, scores, past)
    if abstains is not None:
        return Estimated(len(scores), {}, abstains, past=past)
    waits_days = float(champion.bundle.gap_days + champion.bundle.horizon_days)
    money = stakes if champion.model == "churn" else None
    of = partial(estimates, past=past, waits_days=waits_days, stakes=money)
    told = tuple(EstimatedWeek(day, len(one), of(one)) for day, one in weeks if len(one) >= found.min_rows)
    return Estimated(len(scores), of(scores), None, told, past)


def kept_pairs(champion: Champion) -> tuple[Cohort, ...]:
    """What training kept in the bundle; empty where an older version wrote it.

    Raises:
        WrongCohort: they cannot be read.
    """
    told = champion.bundle.metrics.get(KEY)
    return tuple(Cohort.from_json(one) for one in told) if isinstance(told, list) else ()
