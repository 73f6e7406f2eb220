"""What a campaign cost and what its customers brought, by the figures it was planned with (figures.py).

Contacts of an action by a channel are counted where the log tells of any, and otherwise everybody who was to be
contacted so was: a log that tells of messages alone makes no call free. An offer is taken by who responded, where the
log tells of responses to that action; otherwise by every treated customer who came, which is the dearest it can have
been. What held-out customers were contacted with is taken off what they brought, and is no cost of the campaign. Start
reading at `money_of`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.ledger.figures import Figures, figures_of
from churn.settings import Settings

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IN_PART = "in_part"


@dataclass(frozen=True)
class Money:
    """The money of a campaign.

    Args:
        cost_amount: contacts and offers of all treated.
        profit: of each customer: margin of what they bought less what was spent on them; None without a margin, or a
            cost. Shape (n,).
        contacts_by: `log`; `plan` where the log tells of no contact; `in_part`: of some channels only.
        offers_by: `responses`; `orders` where the log tells of no response; `in_part`: of some actions only; `none`
            where nothing is given.
        missing: figures that are not set, by action; without them there is no profit.
    """

    cost_amount: float
    profit: FloatArray | None
    contacts_by: str
    offers_by: str
    missing: dict[str, tuple[str, ...]]


def money_of(settings: Settings, rows: pd.DataFrame, became: pd.DataFrame, *, reached_nobody: bool = False) -> Money:
    """Costs and profit of everybody planned for.

    Args:
        settings: whose.
        rows: TREATMENTS of one campaign.
        became: columns of `outcomes`, index that of `rows`.
        reached_nobody: it was never exported, so that it cost nothing.

    Raises:
        BrokenPlan: its manifest cannot be read.
    """
    by_code = figures_of(settings, str(rows["campaign"].iloc[0]))
    figures = [by_code.get(str(code)) for code in rows["action"]]
    is_treated = rows["is_treated"].to_numpy(dtype=np.bool_) & (not reached_nobody)
    told, answered = (_is_told(rows, became[name], is_treated) for name in ("contacted", "responded"))
    contacted = np.where(told, became["contacted"].to_numpy(dtype=np.bool_), is_treated)
    took = np.where(answered, became["responded"].to_numpy(dtype=np.bool_), became["came"].to_numpy(dtype=np.bool_))
    contact, offer, margin = (np.array(one, dtype=np.float64) for one in zip(*map(_amounts, figures), strict=True))
    cost = np.where(contacted, contact, 0.0) + np.where(took & is_treated, offer, 0.0)
    missing = _missing(rows, figures)
    profit = margin * became["revenue_amount"].to_numpy(dtype=np.float64) - cost
    gives = np.nan_to_num(offer) > 0
    return Money(
        cost_amount=float(np.nansum(cost[is_treated])), profit=None if missing else profit,
        contacts_by=_by(told[is_treated], "log", "plan"),
        offers_by=_by(answered[is_treated & gives], "responses", "orders") if gives.any() else "none",
        missing=missing,
    )  # fmt: skip


def _is_told(rows: pd.DataFrame, found: pd.Series, is_treated: BoolArray) -> BoolArray:
    """Of each row: whether the log tells of this of any treated customer of the same action and channel. Shape (n,)."""
    group = rows.groupby(["action", "channel"], dropna=False, sort=False).ngroup().to_numpy()
    return np.isin(group, group[found.to_numpy(dtype=np.bool_) & is_treated])


def is_told_throughout(rows: pd.DataFrame, found: pd.Series) -> bool:
    """Whether the log tells of this of some treated customer of every action and channel of a campaign."""
    is_treated = rows["is_treated"].to_numpy(dtype=np.bool_)
    return bool(is_treated.any() and _is_told(rows, found, is_treated)[is_treated].all())


def _by(told: BoolArray, yes: str, no: str) -> str:
    return no if not told.any() else yes if told.all() else IN_PART


def _amounts(found: Figures | None) -> tuple[float, float, float]:
    """Contact, offer and margin; NaN where one is not said."""
    if found is None:
        return np.nan, np.nan, np.nan
    told = (found.contact_amount, found.offer_amount, found.margin_ratio)
    contact, offer, margin = (np.nan if one is None else one for one in told)
    return contact, offer, margin


def _missing(rows: pd.DataFrame, figures: list[Figures | None]) -> dict[str, tuple[str, ...]]:
    """The figures without which the profit of these actions cannot be told, by code."""
    by_code = dict(zip(rows["action"].astype(str), figures, strict=True))
    told = {code: ("its [[action]]",) if one is None else one.missing for code, one in by_code.items()}
    return {code: names for code, names in told.items() if names}
