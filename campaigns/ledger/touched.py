"""Who, of those a campaign was planned for, was reached by something else while it was measured.

    TREATMENTS of other campaigns, contacts of the log --in [planned_at, window_end)--> touched, row by row

What reaches both sides alike blurs nothing: the difference is what the campaign adds to it. Where more of the held out
are reached than of the treated, as where cool-downs send the treated away and the next plan takes the held out, they no
longer tell what happens without treatment. Follow-ups of orders and complaints reach everybody, and are not counted.
Start reading at `touched`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from campaigns.contacted import contacts_told
from campaigns.ledger.differences import share_difference
from churn.action_sections import SERVICE
from churn.events import BoolArray, micros
from churn.settings import Settings
from features.persons import Persons
from features.treatments import is_on_paper, read_treatments

# Of an effect of like size, a share q of the held out who were treated, beyond that of the treated, takes q away. A
# twentieth of an effect is small beside any interval; one contact by mistake among thirty held out is less than it.
MOST_MORE: Final = 0.05


def touched(settings: Settings, planned: Sequence[pd.DataFrame], now: datetime, people: Persons) -> list[BoolArray]:
    """Who was reached by something else within the window of each campaign.

    Args:
        settings: whose.
        planned: TREATMENTS of one campaign each, a person once.
        now: by the business's clock.
        people: which ids are one person's.

    Returns:
        One mask a campaign. A contact by the campaign itself counts for the held out alone.
    """
    if not planned:
        return []
    others = read_treatments(settings.folder)
    on_paper = [str(one) for one in others["campaign"].unique() if is_on_paper(settings.folder, str(one))]
    others = others[others["is_treated"].astype(bool) & ~others["campaign"].isin(on_paper)]
    contacts = contacts_told(settings, min(rows["planned_at"].min() for rows in planned), now)
    service = [one.code for one in settings.action if one.kind in SERVICE and one.is_occasional]
    contacts = contacts[~contacts["action"].isin(service)]
    names = ("person", "at", "campaign", "is_plan")
    plans = pd.DataFrame(dict(zip(names, _columns(others, "planned_at", people, is_plan=True), strict=True)))
    told = pd.DataFrame(dict(zip(names, _columns(contacts, "contacted_at", people, is_plan=False), strict=True)))
    reached = pd.concat([one for one in (plans, told) if len(one)] or [plans], ignore_index=True)
    return [_of_campaign(rows, reached, people) for rows in planned]


def _columns(rows: pd.DataFrame, at: str, people: Persons, *, is_plan: bool) -> tuple[object, ...]:
    person = people.name(rows["customer_id"])
    return person, _us(rows[at]), rows["campaign"].to_numpy(dtype=object), is_plan


def _us(instants: pd.Series) -> np.ndarray:
    """Microseconds since 1970, UTC."""
    return micros(pd.to_datetime(instants, utc=True))


def _of_campaign(rows: pd.DataFrame, reached: pd.DataFrame, people: Persons) -> BoolArray:
    mine = pd.DataFrame({
        "person": people.name(rows["customer_id"]), "row": np.arange(len(rows)),
        "is_treated": rows["is_treated"].to_numpy(dtype=np.bool_),
        "start": _us(rows["planned_at"]), "end": _us(rows["window_end"]),
    })  # fmt: skip
    joined = mine.merge(reached, on="person")
    inside = (joined["at"] >= joined["start"]) & (joined["at"] < joined["end"])
    own = joined["campaign"] == rows["campaign"].iloc[0]
    counts = inside & ~(own & (joined["is_treated"] | joined["is_plan"].astype(bool)))
    return np.isin(np.arange(len(rows)), joined.loc[counts, "row"].to_numpy())


def is_blurred(reached: BoolArray, is_treated: BoolArray, propensity: np.ndarray) -> bool:
    """Whether something else reached more of the held out than of the treated, beyond chance and `MOST_MORE`."""
    could = propensity < 1
    if not could.any() or not 0 < is_treated[could].sum() < could.sum():
        return False
    more = share_difference(reached[could], is_treated[could], propensity[could])
    return more.high < 0 and -more.value > MOST_MORE
