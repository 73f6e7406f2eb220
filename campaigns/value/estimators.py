"""What an estimator of value is: fitted on cohorts whose horizon is over, it expects money of everybody at an instant.

    survival x expected money    `two_part`    campaigns/value/two_part.py: learned from what became of earlier cohorts
    visits x money of a visit    `bg_nbd_gg`   campaigns/value/probability_model.py: needs no horizon that is over
    money of the last stretch    `last_year`   the naive rule, which none may be worse than

Every one multiplies a chance, or a number of visits, with money *given* that they come, so that nothing is discounted
by survival twice. Start reading at `Estimator`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from campaigns.value.cohorts import Cohort
from campaigns.value.pasts import Pasts
from churn.events import FloatArray

LEARNED, PROBABILITY, NAIVE = "two_part", "bg_nbd_gg", "last_year"
NAMES: Final = {  # estimator: English, Chinese
    LEARNED: ("learned: chance to buy x money if they do", "学习模型：购买概率 × 购买金额"),
    PROBABILITY: ("BG/NBD with gamma-gamma", "BG/NBD 与 gamma-gamma 模型"),
    NAIVE: ("as much as before", "与上一期相同"),
}


class Fitted(Protocol):
    """An estimator that may be asked."""

    def expected(self, pasts: Pasts) -> FloatArray:
        """Money within the horizon. Shape (n,)."""
        ...


@dataclass(frozen=True)
class Silent:
    """An estimator without numbers, and why: a code."""

    why: str


class Estimator(Protocol):
    """A way to expect money."""

    @property
    def code(self) -> str:
        """Its name in tables and reports."""
        ...

    def fit(self, at: Pasts, learned: Sequence[Cohort]) -> Fitted | Silent:
        """Learn.

        Args:
            at: everybody at the instant after which nothing is known.
            learned: cohorts whose horizon was over by then.
        """
        ...

    def before(self, learned: Sequence[Cohort]) -> tuple[FloatArray, FloatArray] | Silent:
        """What it would have expected of those cohorts, none of whose own outcomes it saw, and what they spent."""
        ...


@dataclass(frozen=True)
class AsBefore:
    """The naive rule: everybody spends what they spent in the last stretch as long as the horizon."""

    code: str = NAIVE

    def fit(self, at: Pasts, learned: Sequence[Cohort]) -> Fitted | Silent:
        """See `Estimator.fit`."""
        del at, learned
        return self

    def expected(self, pasts: Pasts) -> FloatArray:
        """See `Fitted.expected`."""
        return pasts.spend_lately_amount

    def before(self, learned: Sequence[Cohort]) -> tuple[FloatArray, FloatArray] | Silent:
        """See `Estimator.before`."""
        del learned
        return Silent("not_asked")
