"""What a campaign did: those it was planned for and contacted, against those whom chance held out.

    retention   who came in the measurement window (bought, stayed, returned: as the definition counts it)
    revenue     money they brought in it
    profit      its margin, less what contacts and offers cost
    saved       customers who came because of it, and what one of them cost

Compared by what was *planned*: who was to be contacted and was not counts as treated, or the sides would no longer be
chance's; what the contact did to those it reached stands beside it. Without a hold-out, or with sides that were not
alike before, nothing here is called an effect. Before the window is over nothing is told. Start at `effects_of`.

Sources: Angrist, Imbens and Rubin (1996), "Identification of Causal Effects Using Instrumental Variables", JASA 91,
444-455 (the effect on those reached); churn/aftermath.py has what an outcome is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from campaigns.ledger.balance import Balance, balance
from campaigns.ledger.differences import Difference, PerSaved, adjusted, mean_difference, per_saved, share_difference
from campaigns.ledger.money import Money, is_told_throughout, money_of
from campaigns.ledger.outcomes import outcomes
from campaigns.ledger.people_planned import joined
from campaigns.ledger.touched import is_blurred, touched
from churn.calendar import to_us
from churn.cohort import CHURN
from churn.errors import DataError, ImmatureError
from churn.events import BoolArray
from churn.settings import Settings
from features.parts import Part
from features.persons import persons_of
from features.treatments import is_on_paper, read_treatments

LEAST = 30  # on a side: fewer say nothing that an interval could hold
NO_HOLD_OUT, TOO_FEW, NOT_ALIKE, NOT_AS_MANY = "no_hold_out", "too_few", "not_alike", "not_as_many"
WERE_CONTACTED, HELD_OUT_TREATED, NEVER_EXPORTED = "were_contacted", "held_out_treated", "never_exported"
PAST: Final = ("orders_before_count", "spend_before_amount", "days_since_last_order", "tenure_days")
PLANNED: Final = ("probability", "value_amount")
WORDS: Final = {
    NEVER_EXPORTED: ("no effect: its lists were never written and the log tells of no contact: it reached nobody",
                     "无效果：名单从未导出，日志中也没有该活动的触达记录，因此未触达任何人"),
    NO_HOLD_OUT: ("not causal: nobody was held out by chance, so nobody can say what would have happened anyway",
                  "非因果：没有随机对照组，无法得知若不行动结果会怎样"),
    TOO_FEW: (f"not causal: fewer than {LEAST} customers on one side", f"非因果：其中一组不足{LEAST}人"),
    NOT_ALIKE: ("not causal until it is explained: the two sides differed before the campaign more than chance lets",
                "在查明原因之前非因果：活动前两组差异超出随机范围"),
    WERE_CONTACTED: ("not causal: customers whom no campaign may contact were contacted all the same",
                     "非因果：本应从不触达的客户实际被触达"),
    HELD_OUT_TREATED: ("not causal: more of the held out than of the treated were contacted otherwise meanwhile",
                       "非因果：评估期内，对照组被其他方式触达的比例高于触达组"),
    NOT_AS_MANY: ("not causal until it is explained: the sides are not as large as their chances make them",
                  "在查明原因之前非因果：两组人数与随机比例不符"),
}  # fmt: skip


class NoCampaign(DataError):
    """A campaign that nobody planned."""

    def __init__(self, campaign: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no campaign {campaign!r}.",
            mend=f"name one of {', '.join(known)}."
            if known
            else "plan one with `churn campaign plan`, or bring one of before in with `churn campaign import`.",
        )


class WindowOpen(ImmatureError):
    """The measurement window of a campaign is not over."""

    def __init__(self, campaign: str, until: datetime, now: datetime) -> None:
        super().__init__(
            f"What {campaign!r} did cannot be told yet: its window ends at {until:%Y-%m-%d %H:%M} UTC, and it is "
            f"{now:%Y-%m-%d %H:%M} UTC.",
            mend="ask again then. A look before the end would tell of those who answer fast, not of the effect.",
        )


@dataclass(frozen=True)
class Effect:
    """What a campaign did.

    Args:
        campaign: its id. actions: what was done. planned_at, window_end: between which it was measured.
        why_not: codes of `WORDS` why nothing here may be called its effect; none where it may.
        balance: how alike the sides were before.
        retained: share that came. revenue: money of each. profit: of each; None where no margin is known.
        adjusted: the same with the unevenness of chance taken out, by name; beside, never instead.
        saved: customers who came because of it, of all treated. cost_amount: of all treated. per_saved: of one saved.
        take_up: share of those it could turn whom it turned, with its interval; None where no score was planned on.
        reached: share of the treated of whom the log tells a contact; None where it tells of none of some channel.
        on_reached: the difference in retention for those it reached.
        money: by what costs and margin were counted.
    """

    campaign: str
    actions: tuple[str, ...]
    planned_at: datetime
    window_end: datetime
    why_not: tuple[str, ...]
    balance: Balance
    retained: Difference | None
    revenue: Difference | None
    profit: Difference | None
    adjusted: dict[str, Difference]
    saved: Difference | None
    cost_amount: float
    per_saved: PerSaved | None
    take_up: Difference | None
    reached: float | None
    on_reached: Difference | None
    money: Money

    @property
    def is_causal(self) -> bool:
        """Whether the differences may be called the campaign's effect."""
        return not self.why_not


def effects_of(settings: Settings, parts: Sequence[Part], campaigns: Sequence[str], now: datetime) -> list[Effect]:
    """What campaigns did, as known now.

    Args:
        settings: whose; margins and costs of campaigns that were planned elsewhere are those of its actions.
        parts: of the log, which is read once.
        campaigns: their ids.
        now: by the business's clock.

    Raises:
        NoCampaign: nobody planned it. WindowOpen: its window is not over. BrokenTreatments: its file is.
    """
    people = persons_of(settings.folder, known_before_us=to_us(now))
    planned = [joined(_planned(settings, campaign, now), people) for campaign in campaigns]
    became = outcomes(parts, planned, settings.lifecycle, now, people)
    reached = touched(settings, planned, now, people)
    return [
        measured(rows, one, settings, elsewhere) for rows, one, elsewhere in zip(planned, became, reached, strict=True)
    ]


def _planned(settings: Settings, campaign: str, now: datetime) -> pd.DataFrame:
    """The treatments of a campaign whose window is over."""
    rows = read_treatments(settings.folder, campaign)
    if rows.empty:
        raise NoCampaign(campaign, sorted(read_treatments(settings.folder)["campaign"].unique()))
    until = rows["window_end"].max().to_pydatetime()
    if until > now:
        raise WindowOpen(campaign, until, now)
    return rows


def measured(
    rows: pd.DataFrame, became: pd.DataFrame, settings: Settings, elsewhere: BoolArray | None = None
) -> Effect:
    """The effect, from what became of everybody.

    Args:
        rows: TREATMENTS of one campaign, a person once.
        became: columns of `outcomes`, index that of `rows`.
        settings: whose actions they are.
        elsewhere: whom something else reached in the window, as `touched` says; nobody where None.
    """
    is_treated = rows["is_treated"].to_numpy(dtype=np.bool_)
    propensity = rows["propensity"].to_numpy(dtype=np.float64)
    known = _known(rows, became)
    reached_nobody = _reached_nobody(settings, rows, became)
    sides = balance(known, is_treated, propensity)
    money = money_of(settings, rows, became, reached_nobody=reached_nobody)
    why_not = ((NEVER_EXPORTED,) if reached_nobody else ()) + _why_not(sides, propensity)
    if elsewhere is not None and is_blurred(elsewhere, is_treated, propensity):
        why_not = (*why_not, HELD_OUT_TREATED)
    told = {"retained": None, "revenue": None, "profit": None, "saved": None, "take_up": None, "on_reached": None}
    found: dict[str, Difference | None] = dict(told)
    beside: dict[str, Difference] = {}
    could = propensity < 1  # whom chance could have held out; the others are compared with nobody
    if could.any() and 0 < is_treated[could].sum() < could.sum():
        mine = (is_treated[could], propensity[could])
        came = became["came"].to_numpy(dtype=np.bool_)[could]
        found["retained"] = share_difference(came, *mine)
        values = {
            "retained": came.astype(np.float64),
            "revenue": became["revenue_amount"].to_numpy(dtype=np.float64)[could],
        }
        if money.profit is not None:
            values["profit"] = money.profit[could]
        found |= {name: mean_difference(one, *mine) for name, one in values.items() if name != "retained"}
        past = np.column_stack([one[could] for one in known.values()])
        beside = {name: adjusted(one, *mine, past) for name, one in values.items()}
        found |= _turned(found["retained"], rows[could], became[could], sides.n_treated)
    saved = found["saved"]
    return Effect(
        campaign=str(rows["campaign"].iloc[0]), actions=tuple(rows["action"].value_counts().index),
        planned_at=rows["planned_at"].min().to_pydatetime(), window_end=rows["window_end"].max().to_pydatetime(),
        why_not=why_not, balance=sides, adjusted=beside, cost_amount=money.cost_amount, money=money,
        per_saved=per_saved(money.cost_amount, saved) if saved else None,
        reached=_reached(rows, became, is_treated), **found,
    )  # fmt: skip


def _known(rows: pd.DataFrame, became: pd.DataFrame) -> dict[str, np.ndarray]:
    """What was known of each before chance decided, by name."""
    known = {name: became[name].to_numpy(dtype=np.float64) for name in PAST}
    known |= {name: rows[name].to_numpy(dtype=np.float64) for name in PLANNED}
    stages = rows["stage"].dropna().unique()
    return known | {f"stage {one}": (rows["stage"] == one).to_numpy(dtype=np.float64) for one in stages}


def _why_not(sides: Balance, propensity: np.ndarray) -> tuple[str, ...]:
    if not sides.n_held_out or not (propensity < 1).any():
        return (NO_HOLD_OUT,)
    few = (TOO_FEW,) if min(sides.n_treated, sides.n_held_out) < LEAST else ()
    alike = () if sides.is_alike else (NOT_ALIKE,)
    return (*few, *alike, *(() if sides.is_as_many else (NOT_AS_MANY,)))


def _reached_nobody(settings: Settings, rows: pd.DataFrame, became: pd.DataFrame) -> bool:
    """Whether a campaign stayed a plan: nothing of it was written, and the log tells of nobody who heard of it."""
    told = bool(became["contacted"].any() or became["responded"].any())
    return not told and is_on_paper(settings.folder, str(rows["campaign"].iloc[0]))


def _reached(rows: pd.DataFrame, became: pd.DataFrame, is_treated: np.ndarray) -> float | None:
    """The share of the treated of whom a contact is told; None where the log tells of none of a channel of it."""
    return float(became["contacted"][is_treated].mean()) if is_told_throughout(rows, became["contacted"]) else None


def _turned(
    retained: Difference | None, rows: pd.DataFrame, became: pd.DataFrame, treated: int
) -> dict[str, Difference | None]:
    """The difference as customers saved, as a share of those it could turn, and for those it reached."""
    assert retained is not None
    turnable = np.where(rows["model"] == CHURN, rows["probability"], 1 - rows["probability"].astype(np.float64))
    could = float(np.nanmean(turnable)) if np.isfinite(turnable).any() else 0.0
    side = rows["is_treated"].to_numpy(dtype=np.bool_)
    reached = became["contacted"].to_numpy(dtype=np.float64)
    is_told = is_told_throughout(rows, became["contacted"])  # or the unreached would be those nobody told of
    gap = float(reached[side].mean() - reached[~side].mean()) if is_told else 0.0
    return {
        "saved": retained.times(treated),
        "take_up": retained.times(1 / could) if could > 0 else None,
        "on_reached": retained.times(1 / gap) if gap > 0.05 else None,
    }
