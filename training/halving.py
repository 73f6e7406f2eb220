"""The halving rule: whoever has been silent for so many days is gone, with the best of a few such numbers of days.

The yardstick that a marketer knows from Microsoft Dynamics 365 Customer Insights: the horizon, halved again and again
down to a month, each tried as "no purchase for that long", the best kept. Lapsed customers have been silent longer
than any of these, so for reactivation the horizon is doubled instead. Start reading at `HalvingRule.fit`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from churn.events import FloatArray
from churn.metrics import log_loss

MONTH_DAYS = 30
DOUBLINGS = 5
SHRINK_ROWS = 2.0  # rows of the base rate that each side is lent, so that an empty side has a rate


@dataclass(frozen=True)
class HalvingRule:
    """Two rates: of those silent for at least so many days, and of the others.

    Args:
        days: of silence.
        below: share of those silent for less for whom the outcome came true.
        above: share of the others.
    """

    days: float
    below: float
    above: float

    @classmethod
    def fit(cls, silence_days: FloatArray, outcome: FloatArray, *, horizon_days: int, model: str) -> Self:
        """Keep the rule with the least log loss on the training rows.

        Args:
            silence_days: since the last qualifying event. Shape (n,).
            outcome: 1.0 or 0.0. Shape (n,).
            horizon_days: what is halved.
            model: churn or reactivation.
        """
        tried = [cls._of(days, silence_days, outcome) for days in windows(horizon_days, model)]
        return min(tried, key=lambda rule: log_loss(outcome, rule.at(silence_days)))

    @classmethod
    def _of(cls, days: float, silence_days: FloatArray, outcome: FloatArray) -> Self:
        base, long = float(outcome.mean()), silence_days >= days
        below, above = (
            float((outcome[side].sum() + SHRINK_ROWS * base) / (side.sum() + SHRINK_ROWS)) for side in (~long, long)
        )
        return cls(days, below, above)

    def at(self, silence_days: FloatArray) -> FloatArray:
        """The rate of each customer's side. Shape (n,)."""
        return np.where(silence_days >= self.days, self.above, self.below)


def windows(horizon_days: int, model: str) -> list[float]:
    """The numbers of days that are tried, longest silence of a customer of this model in mind.

    Source: https://learn.microsoft.com/dynamics365/customer-insights/data/predict-transactional-churn ("the window is
    halved repeatedly, down to a month").
    """
    if model == "reactivation":
        return [float(horizon_days * 2**power) for power in range(DOUBLINGS)]
    tried, days = [float(horizon_days)], horizon_days / 2
    while days >= MONTH_DAYS:
        tried.append(days)
        days /= 2
    return tried
