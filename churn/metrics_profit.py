"""Profit: what contacting the customers whom a model names would have earned, with the business's own costs.

Answers: from which probability on does a contact pay (`Stakes.break_even`), what did each customer contacted by that
rule earn or cost (`contact_profits`; a mean of it is a profit per customer, differences of it compare two models), and
what could the best cut-off have earned where nobody knows how many accept (`expected_max_profit`).

A churner who is contacted accepts with `accept_ratio` and brings value less offer; a stayer always takes the offer;
every contact costs. That is the arithmetic of losing customers. It says nothing of winning them back: who returns
unasked earns nothing by being asked, and who would return only if asked is not in any label.

Reads arrays; knows no model and no settings file. Start reading at `Stakes`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from churn.model_sections import Costs
from churn.outcomes import checked

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Stakes:
    """What a contact is worth, in the currency of the settings.

    Args:
        value_amount: what a customer who is kept is worth.
        offer_amount: what the offer costs when it is taken.
        contact_amount: what a contact costs.
        accept_ratio: share of those about to leave who take the offer and stay, in [0, 1].
    """

    value_amount: float
    offer_amount: float
    contact_amount: float
    accept_ratio: float

    @classmethod
    def of(cls, costs: Costs) -> Self | None:
        """The stakes of `[costs]`; None where they are not set."""
        told = (costs.value_amount, costs.offer_amount, costs.contact_amount, costs.accept_ratio)
        value, offer, contact, accept = told
        if value is None or offer is None or contact is None or accept is None:
            return None
        return cls(value, offer, contact, accept)

    @property
    def saved_amount(self) -> float:
        """What contacting somebody who was about to leave earns, on average."""
        return self.saved(self.accept_ratio)

    def saved(self, accept_ratio: float) -> float:
        """The same where another share accepts."""
        return accept_ratio * (self.value_amount - self.offer_amount) - self.contact_amount

    @property
    def wasted_amount(self) -> float:
        """What contacting somebody who would have stayed costs."""
        return self.offer_amount + self.contact_amount

    @property
    def break_even(self) -> float:
        """The probability from which on a contact pays; above 1 where none ever does.

        Source: Elkan (2001), "The Foundations of Cost-Sensitive Learning", IJCAI, eq. 2.
        """
        turned = self.saved_amount + self.wasted_amount
        return self.wasted_amount / turned if self.saved_amount > 0 else np.nextafter(1.0, 2.0)


def contact_profits(churned: FloatArray, probabilities: FloatArray, stakes: Stakes) -> FloatArray:
    """What each customer earns or costs when everybody at or above the break-even probability is contacted.

    No hindsight: the rule is fixed before the outcomes are known, so a model whose probabilities are wrong pays for it.

    Args:
        churned: 1.0 for churned, 0.0 for stayed. Shape (n,).
        probabilities: calibrated, in [0, 1]. Shape (n,).
        stakes: what a contact is worth.

    Returns:
        Money a row, 0 where nobody is contacted. Shape (n,).

    Raises:
        WrongScores: see `churn.metrics.log_loss`.
    """
    happened, probabilities = checked(churned, probabilities, probabilities=True)
    contacted = probabilities >= stakes.break_even
    earned = np.where(happened > 0, stakes.saved_amount, -stakes.wasted_amount)
    return np.where(contacted, earned, 0.0)
