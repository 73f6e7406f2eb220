"""The ledger's matured cohorts as pairs of estimate and what came, from their calibration bins.

Ten bins know how many answers were told what, and how many came true. An estimate from the bins' mean scores is held to
the figures of the same bins, so that what the bins do not tell is missing from both. Start reading at `pairs_of`.
"""

import numpy as np

from churn.calendar import Calendar
from churn.estimate import Expected, expected, realised
from churn.estimate_band import Cohort
from churn.outcomes import OneOutcome
from monitoring.ledger.cohort import Became, Ledger

MOST = 20_000  # answers a cohort that are laid out one by one


def pairs_of(ledger: Ledger | None, version: str, calendar: Calendar) -> tuple[Cohort, ...]:
    """What was estimated of one version's matured cohorts, and what came; oldest first.

    Args:
        ledger: of the model; None where nothing was answered.
        version: name/3. Others' cohorts say how far their scores were off.
        calendar: whose days cohorts begin on.
    """
    found = []
    for one in ledger.judged if ledger else ():
        mine = one.by_version.get(version) or (one.became if set(one.versions) == {version} else None)
        pair = _pair(mine) if mine and mine.figures else None
        if pair is not None:
            found.append(Cohort(calendar.midnight(one.first_day), *pair))
    return tuple(found)


def _pair(mine: Became) -> tuple[int, dict[str, Expected], dict[str, float]] | None:
    """Answers, their estimate and what came, as the bins have them; None where all came out alike."""
    part = min(1.0, MOST / max(mine.n, 1))
    sizes = [max(round(one.n * part), 1) for one in mine.bins]
    hits = [round(size * one.base_rate) for size, one in zip(sizes, mine.bins, strict=True)]
    told = np.repeat([one.mean_score for one in mine.bins], sizes)
    came = np.concatenate([np.arange(size) < hit for size, hit in zip(sizes, hits, strict=True)]).astype(np.float64)
    try:
        happened = realised(came, told)
    except OneOutcome:
        return None
    narrower = (len(told) / mine.n) ** 0.5  # chance is that of all of them
    estimated = {name: Expected(one.value, one.deviation * narrower) for name, one in expected(told).items()}
    return mine.n, estimated, happened
