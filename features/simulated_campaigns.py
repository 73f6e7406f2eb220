"""The simulated shop's own campaigns: who is contacted when, and who was held out at random.

Answers which actions the shop takes on a day, with the chance each customer had. Reads only what the shop
itself knows (orders, last order, complaints), never the hidden state. Knows nothing of effects.
"""

from dataclasses import dataclass

import numpy as np

from features.simulated_customers import COUPON, NEVER, REMINDER, SERVICE_CALL, ActionArray, BoolArray, Shop, State


@dataclass(frozen=True)
class Campaign:
    """A yearly campaign.

    Attributes:
        name: as logged, without the year.
        month, day: its one day.
        action: code of `ACTION_NAMES`.
        share: chance that an eligible customer is contacted; the others are the hold-out.
        silent_from, silent_to: eligible are those whose last order lies that many days back, half-open.
        complained_days: if set, only those who complained within so many days.
    """

    name: str
    month: int
    day: int
    action: int
    share: float
    silent_from: int
    silent_to: int
    complained_days: int | None = None


CAMPAIGNS = (
    Campaign("spring_reminder", 3, 15, REMINDER, 0.6, 0, 120),
    Campaign("lapsing_coupon", 4, 20, COUPON, 0.5, 60, 180),
    Campaign("care_call", 5, 10, SERVICE_CALL, 0.5, 0, 180, 60),
    Campaign("summer_win_back", 8, 15, COUPON, 0.5, 120, 400),
    Campaign("care_call_autumn", 9, 20, SERVICE_CALL, 0.5, 0, 180, 60),
    Campaign("autumn_coupon", 10, 12, COUPON, 0.5, 60, 180),
    Campaign("double_eleven_preview", 11, 3, REMINDER, 0.7, 0, 365),
    Campaign("january_coupon", 1, 8, COUPON, 0.5, 60, 180),
)


@dataclass(frozen=True)
class Contacts:
    """One day's plan. Arrays have shape (customers,).

    Attributes:
        campaign: its name with the year; empty when there is none today.
        actions: codes of `ACTION_NAMES`; 0 for those held out or not eligible.
        eligible: who might have been contacted.
        propensity: the chance that each eligible customer had.
    """

    campaign: str
    actions: ActionArray
    eligible: BoolArray
    propensity: float


def campaign_of_the_day(shop: Shop, state: State, *, stream: int = 0) -> Contacts:
    """Plan the day's contacts; who is held out follows from (seed, stream, day) and nothing else."""
    nobody = np.zeros(shop.customers, dtype=np.int8)
    today = np.datetime64(shop.calendar.first) + np.timedelta64(state.day, "D")
    year, month, day = (int(part) for part in str(today).split("-"))
    for campaign in CAMPAIGNS:
        if (campaign.month, campaign.day) == (month, day):
            eligible = _eligible(campaign, state)
            shares = np.random.default_rng([shop.seed, stream, state.day, 7]).random(shop.customers)
            actions = np.where(eligible & (shares < campaign.share), campaign.action, 0).astype(np.int8)
            return Contacts(f"{campaign.name}_{year}", actions, eligible, campaign.share)
    return Contacts("", nobody, nobody.astype(bool), 0.0)


def _eligible(campaign: Campaign, state: State) -> BoolArray:
    silent = state.day - state.last_order
    eligible = (state.orders > 0) & (silent >= campaign.silent_from) & (silent < campaign.silent_to)
    if campaign.complained_days is not None:
        eligible &= (state.complained != NEVER) & (state.day - state.complained < campaign.complained_days)
    return eligible
