"""Visits x money of a visit: BG/NBD and gamma-gamma as an estimator, the rival and the fallback.

It learns from when everybody came and what they spent up to an instant, so that it can speak where no horizon is over
yet to learn from. How often they come is asked of whoever fits the visits (`FitVisits`; cli hands in BG/NBD, which
training speaks), how much a visit brings of campaigns/value/gamma_gamma.py. Start reading at `ProbabilityModel`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from campaigns.value.cohorts import Cohort
from campaigns.value.estimators import PROBABILITY, Silent
from campaigns.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from campaigns.value.pasts import Pasts
from churn.events import FloatArray

FEWEST_SPENDERS = 30

Visits = Callable[[FloatArray, FloatArray, FloatArray, int], FloatArray]
"""Visits expected within so many days, of repeats, days to the last of them, and days known. Shape (n,)."""
FitVisits = Callable[[FloatArray, FloatArray, FloatArray], Visits | None]
"""Fits when customers come, from repeats, days to the last of them, and days known; None: it cannot."""


@dataclass(frozen=True)
class Fitted:
    """Both halves, fitted."""

    visits: Visits
    money: GammaGamma
    horizon_days: int

    def expected(self, pasts: Pasts) -> FloatArray:
        """See `Fitted.expected` of campaigns/value/estimators.py."""
        comes = self.visits(pasts.visits - 1, pasts.last_days, pasts.known_days, self.horizon_days)
        return np.asarray(comes * self.money.expected(pasts.visits, pasts.visit_amount))


@dataclass(frozen=True)
class ProbabilityModel:
    """BG/NBD with gamma-gamma.

    Args:
        fit_visits: fits when customers come.
        horizon_days: how far values look.
    """

    fit_visits: FitVisits
    horizon_days: int
    code: str = PROBABILITY

    def fit(self, at: Pasts, learned: Sequence[Cohort]) -> Fitted | Silent:
        """See `Estimator.fit`; outcomes are not looked at."""
        del learned
        spends = at.spend_amount > 0
        if spends.sum() < FEWEST_SPENDERS:
            return Silent("too_few")
        money = fit_gamma_gamma(at.visits[spends], at.visit_amount[spends])
        visits = self.fit_visits(at.visits - 1, at.last_days, at.known_days)
        return Silent("not_found") if money is None or visits is None else Fitted(visits, money, self.horizon_days)

    def before(self, learned: Sequence[Cohort]) -> tuple[FloatArray, FloatArray] | Silent:
        """See `Estimator.before`: each cohort by what was known at its instant."""
        told: list[FloatArray] = []
        for one in learned:
            fitted = self.fit(one.pasts, ())
            if isinstance(fitted, Silent):
                return fitted
            told.append(fitted.expected(one.pasts))
        if not told:
            return Silent("short_past")
        return np.concatenate(told), np.concatenate([one.spent for one in learned])


def money_leans(pasts: Pasts) -> float:
    """Rank correlation of visits and money a visit among those who came again: gamma-gamma holds it for none."""
    again = (pasts.visits > 1) & (pasts.spend_amount > 0)
    if again.sum() < FEWEST_SPENDERS:
        return float("nan")
    return rank_correlation(pasts.visits[again], pasts.visit_amount[again])


def rank_correlation(left: FloatArray, right: FloatArray) -> float:
    """Spearman's; NaN where one side is all alike."""
    ranks = [rankdata(one) for one in (left, right)]
    spread = [float(one.std()) for one in ranks]
    if not all(spread):
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
