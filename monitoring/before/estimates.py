"""How good are the answers whose outcomes nobody knows yet? An estimate with its band, or why there is none.

    scores of now --churn/estimate.py--> expected ROC AUC, log loss, Brier score, rate, profit
    pairs that training kept, and the ledger's --churn/estimate_band.py--> how wide the band

It takes the scores at their word, so it says nothing where their word is no longer good: calibration gone, scores like
none the champion learned from, broken data, a season that no past cohort shows. Where the world has changed behind
unchanged scores it cannot know; it is shown and never a reason. Start reading at `estimated`.
"""

from datetime import datetime

import numpy as np

from churn.estimate_band import KEY, Cohort, estimates, thinned, usual_spreads
from churn.events import FloatArray
from churn.metrics_profit import Stakes
from churn.settings import Settings
from monitoring.before.abstaining import why_not
from monitoring.before.found import Estimated
from monitoring.before.ledgered import pairs_of
from monitoring.champion import Champion
from monitoring.findings import Findings


def estimated(found: Findings, scores: FloatArray, settings: Settings, now: datetime) -> Estimated:
    """Estimate, or abstain.

    Args:
        found: what else is known of the champion: faults, drift of scores, what became of its answers.
        scores: its newest of each customer of now; NaN for nobody. Shape (n,).
        settings: [costs], calendar; money is told of churn alone.
        now: the instant judged.

    Raises:
        WrongCohort: the bundle's pairs cannot be read.
    """
    champion, scores = found.champion, scores[np.isfinite(scores)]
    came = pairs_of(found.ledger, champion.version, settings.lifecycle.calendar)
    kept = kept_pairs(champion)
    past = tuple(sorted((*kept, *came), key=lambda one: one.cutoff))
    abstains = why_not(found, scores, kept, came, now)
    if abstains is not None:
        return Estimated(len(scores), {}, abstains, past, came)
    waits_days = float(champion.bundle.gap_days + champion.bundle.horizon_days)
    money = Stakes.of(settings.costs) if champion.model == "churn" else None
    told = estimates(scores, past, waits_days=waits_days, stakes=money, own=came)
    return Estimated(len(scores), told, None, past, came, usual_spreads(thinned(scores), stakes=money))


def kept_pairs(champion: Champion) -> tuple[Cohort, ...]:
    """What training kept in the bundle; empty where an older version wrote it.

    Raises:
        WrongCohort: they cannot be read.
    """
    told = champion.bundle.metrics.get(KEY)
    return tuple(Cohort.from_json(one) for one in told) if isinstance(told, list) else ()
