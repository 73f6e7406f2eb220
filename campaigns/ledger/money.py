"""What a campaign cost and what its customers brought, by the business's own figures.

Contacts are counted where the log tells of them, and otherwise everybody who was to be contacted was. An offer is taken
by who responded, where the log tells of responses to this campaign; otherwise by every treated customer who came, which
is the dearest it can have been. Start reading at `money_of`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.action_sections import Action
from churn.settings import Settings

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Money:
    """The money of a campaign.

    Args:
        cost_amount: contacts and offers of all treated.
        profit: of each customer: margin of what they bought less what was spent on them; None without a margin, or a
            cost. Shape (n,).
        contacts_by: `log`, or `plan` where the log tells of no contact.
        offers_by: `responses`, `orders` where the log tells of no response, or `none` where nothing is given.
        missing: figures that are not set, by action; without them there is no profit.
    """

    cost_amount: float
    profit: FloatArray | None
    contacts_by: str
    offers_by: str
    missing: dict[str, tuple[str, ...]]


def money_of(settings: Settings, rows: pd.DataFrame, became: pd.DataFrame) -> Money:
    """Costs and profit of everybody planned for.

    Args:
        settings: whose `[[action]]`s.
        rows: TREATMENTS of one campaign.
        became: columns of `outcomes`, index that of `rows`.
    """
    by_code = {one.code: one for one in settings.action}
    actions = [by_code.get(str(code)) for code in rows["action"]]
    is_treated = rows["is_treated"].to_numpy(dtype=np.bool_)
    told = bool(became["contacted"].any())
    contacted = became["contacted"].to_numpy(dtype=np.bool_) if told else is_treated
    by_response = bool(became["responded"].any())
    took = became["responded" if by_response else "came"].to_numpy(dtype=np.bool_) & is_treated
    contact, offer, margin = (
        np.array(one, dtype=np.float64) for one in zip(*map(_figures(settings), actions), strict=True)
    )
    cost = np.where(contacted, contact, 0.0) + np.where(took, offer, 0.0)
    missing = _missing(actions, rows, settings)
    profit = margin * became["revenue_amount"].to_numpy(dtype=np.float64) - cost
    gives = bool(np.nan_to_num(offer).any())
    return Money(
        cost_amount=float(np.nansum(cost)), profit=None if missing else profit,
        contacts_by="log" if told else "plan",
        offers_by="none" if not gives else "responses" if by_response else "orders", missing=missing,
    )  # fmt: skip


def _figures(settings: Settings) -> Callable[[Action | None], tuple[float, float, float]]:
    """The costs of an action and its margin; NaN where one is not said."""

    def figures(action: Action | None) -> tuple[float, float, float]:
        told = (
            (action.contact_amount, action.given_amount, margin_of(action, settings)) if action else (None, None, None)
        )
        contact, offer, margin = (np.nan if one is None else one for one in told)
        return contact, offer, margin

    return figures


def margin_of(action: Action, settings: Settings) -> float | None:
    """The share of what an action sells that is margin; None where nobody says it."""
    return settings.value.margin_ratio if action.margin_ratio is None else action.margin_ratio


def _missing(actions: list[Action | None], rows: pd.DataFrame, settings: Settings) -> dict[str, tuple[str, ...]]:
    """The figures without which the profit of these actions cannot be told, by code."""
    found: dict[str, tuple[str, ...]] = {}
    for code, action in dict(zip(rows["action"], actions, strict=True)).items():
        if action is None:
            found[str(code)] = ("its [[action]]",)
            continue
        wanted = {"contact_amount": action.contact_amount, "offer_amount": action.given_amount}
        wanted["margin_ratio"] = margin_of(action, settings)
        if lacking := tuple(name for name, value in wanted.items() if value is None):
            found[action.code] = lacking
    return found
