"""What one action is expected to earn with one customer, and between which amounts.

    turned    = share that would leave (or stay away) x take-up: whom the action makes stay, or come
    profit    = turned x (value - offer) - share that stays (or comes) anyway x taken anyway x offer - contact

The share that would leave is the churn model's probability; the share that would stay away is one less the reactivation
model's. With `taken anyway` at 1 this is the arithmetic of churn/metrics_profit.py. Where an effect was measured, it
stands in place of share x take-up. Reads arrays; knows no table. Start reading at `Stake.profit`.

Source: Neslin et al. (2006), "Defection Detection", J. Marketing Research 43(2), eq. 1, with the share of stayers who
take the offer as in Verbeke et al. (2012), "New insights into churn prediction", EJOR 218(1), eq. 4.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from churn.action_sections import Action
from churn.cohort import CHURN
from churn.errors import SettingsError

FloatArray = NDArray[np.float64]


class IncompleteAction(SettingsError):
    """An action whose money cannot be told, because a figure of the business is missing."""

    def __init__(self, missing: dict[str, list[str]]) -> None:
        told = "; ".join(f"{code} lacks {', '.join(names)}" for code, names in missing.items())
        super().__init__(
            f"What these actions would earn cannot be told: {told}.",
            mend="give your own figures in their [[action]] of churn.toml (docs/actions.md says where to get them); no "
            "figure of another business stands in for yours.",
        )


@dataclass(frozen=True)
class Stake:
    """The money of one action, all of it known.

    Args:
        contact_amount: what a contact costs.
        offer_amount: what the offer costs when it is taken.
        take_up_ratio: share of those it could turn whom it turns, in [0, 1].
        taken_anyway_ratio: share of the others who take the offer all the same.
    """

    contact_amount: float
    offer_amount: float
    take_up_ratio: float
    taken_anyway_ratio: float

    @classmethod
    def of(cls, action: Action) -> Self:
        """The money of an action.

        Raises:
            IncompleteAction: some of it is not said.
        """
        if missing := missing_of(action):
            raise IncompleteAction({action.code: missing})
        contact, offer, take_up = action.contact_amount, action.given_amount, action.take_up_ratio
        assert contact is not None
        assert offer is not None
        assert take_up is not None
        return cls(contact, offer, take_up, action.taken_anyway_ratio)

    def turned(self, turnable: FloatArray) -> FloatArray:
        """The chance that each customer is turned, by the take-up that the business holds true. Shape (n,)."""
        return turnable * self.take_up_ratio

    def cost(self, turnable: FloatArray, turned: FloatArray) -> FloatArray:
        """What acting on each is expected to cost: the contact, and the offer where it is taken. Shape (n,)."""
        takers = np.maximum(turned, 0) + (1 - turnable) * self.taken_anyway_ratio  # who is driven away takes nothing
        return self.contact_amount + self.offer_amount * takers

    def profit(self, turnable: FloatArray, value: FloatArray, turned: FloatArray | None = None) -> FloatArray:
        """What acting on each customer is expected to earn, everything taken off.

        Args:
            turnable: chance that they leave, or stay away, if nobody acts. Shape (n,).
            value: margin that each brings who is turned. Shape (n,).
            turned: chance that each is turned, where it was measured; share x take-up where None. Shape (n,).

        Returns:
            Money a customer; NaN where a number is missing. Shape (n,).
        """
        gained = self.turned(turnable) if turned is None else turned
        return gained * value - self.cost(turnable, gained)


def turnable_of(model: NDArray[np.object_], probability: FloatArray) -> FloatArray:
    """The chance that each leaves, or stays away, if nobody acts; NaN where no model said anything. Shape (n,)."""
    return np.where(model == CHURN, probability, 1 - probability)


def missing_of(action: Action) -> list[str]:
    """The settings of an action without which its money cannot be told."""
    missing = ["contact_amount"] if action.contact_amount is None else []
    missing += ["offer_amount"] if action.given_amount is None else []
    return missing + (["take_up_ratio"] if action.take_up_ratio is None else [])
