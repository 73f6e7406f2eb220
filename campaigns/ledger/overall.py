"""What all contact together does: everybody against the few whom no campaign ever contacts.

Each campaign is measured against its own hold-out; what they add up to, or take from each other, only the permanent
hold-out can say. Counted are customers who had bought before the first campaign was planned, and they are looked at as
they were then, however long ago: whoever campaigns won or kept since must not choose the sample. What they did since,
or in the last year where that is shorter, is compared. Start reading at `overall`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.hold_out import chance_of_campaigns, kept_out_for_good
from campaigns.ledger.balance import Balance, balance
from campaigns.ledger.differences import Difference, mean_difference, share_difference
from campaigns.ledger.effect import LEAST, NOT_ALIKE, NOT_AS_MANY, TOO_FEW, WERE_CONTACTED
from churn.calendar import Calendar, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import before
from churn.settings import Settings
from features.contacts_table import CONTACT
from features.parts import Part
from features.persons import Persons, persons_of

MOST_DAYS = 365
MOST_REACHED = 0.01  # share of the kept out who may have been contacted by mistake


@dataclass(frozen=True)
class Overall:
    """Everybody who may be contacted, against those who never are.

    Args:
        as_of: when the first campaign began: of whom the sample is, and when its sides were compared.
        since, until: between which it was compared.
        customers: who had bought before `as_of`. kept_out: of them, those whom no campaign contacts.
        why_not: codes why the differences are not to be called an effect.
        balance: how alike the sides were before.
        retained, revenue: share who bought since, and money of each.
    """

    as_of: datetime
    since: datetime
    until: datetime
    customers: int
    kept_out: int
    why_not: tuple[str, ...]
    balance: Balance
    retained: Difference | None
    revenue: Difference | None


def overall(settings: Settings, parts: Iterable[Part], first: datetime, now: datetime) -> Overall:
    """What all contact together did since the first campaign, or in the last year where that is shorter.

    Args:
        settings: whose; `[campaigns] permanent_hold_out_ratio` said who is kept out.
        parts: of the log.
        first: when the first campaign was planned.
        now: by the business's clock.
    """
    calendar = Calendar(settings.business.timezone)
    as_of = calendar.midnight(calendar.day_of(first) + timedelta(days=1))
    since = max(as_of, calendar.window_start(now, MOST_DAYS))
    told = [_of_part(part, settings.lifecycle, to_us(as_of), to_us(since), to_us(now)) for part in parts]
    ids, contacted, after, money, orders, spent = _by_person(told, persons_of(settings.folder))
    open_to_all, chance = ~kept_out_for_good(settings, ids), chance_of_campaigns(settings, ids)
    sides = balance({"orders_before_count": orders, "spend_before_amount": spent}, open_to_all, chance)
    could = settings.campaigns.permanent_hold_out_ratio > 0 and 0 < open_to_all.sum() < len(ids)
    few = min(sides.n_treated, sides.n_held_out) < LEAST
    reached = bool((contacted[~open_to_all] > 0).mean() > MOST_REACHED) if not open_to_all.all() else False
    codes = (
        (WERE_CONTACTED, reached),
        (TOO_FEW, few),
        (NOT_ALIKE, not sides.is_alike),
        (NOT_AS_MANY, not sides.is_as_many),
    )
    return Overall(
        as_of=as_of, since=since, until=now, customers=len(ids), kept_out=int((~open_to_all).sum()),
        why_not=tuple(code for code, holds in codes if holds), balance=sides,
        retained=share_difference(after > 0, open_to_all, chance) if could else None,
        revenue=mean_difference(money, open_to_all, chance) if could else None,
    )  # fmt: skip


def _of_part(part: Part, lifecycle: Lifecycle, as_of_us: int, since_us: int, now_us: int) -> list[NDArray[Any]]:
    """Of each customer: id, contacts, orders and money since, and orders and money before the first campaign."""
    events = part.read()
    size = len(events.customers)
    told = events.is_kind(CONTACT) & (events.time_us >= since_us) & (events.time_us < now_us)
    found = [np.bincount(events.customer[told], minlength=size)]
    for rows, low in ((before(events, now_us), since_us), (before(events, as_of_us), None)):
        counts = qualifies(rows, lifecycle.definition, lifecycle.calendar)
        if low is not None:
            counts &= rows.time_us >= low
        customer, amount = rows.customer[counts], np.nan_to_num(rows.amount[counts])
        found += [np.bincount(customer, minlength=size), np.bincount(customer, weights=amount, minlength=size)]
    return [np.asarray(events.customers, dtype=object), *found]


def _by_person(told: list[list[NDArray[Any]]], people: Persons) -> list[NDArray[Any]]:
    """The same of each person who had bought before, under whichever id."""
    ids, *columns = (np.concatenate(one) for one in zip(*told, strict=True))
    codes, names = pd.factorize(people.name(ids))
    summed = [np.bincount(codes, weights=one.astype(np.float64), minlength=len(names)) for one in columns]
    had = summed[3] > 0
    return [np.asarray(names, dtype=object)[had], *(one[had] for one in summed)]
