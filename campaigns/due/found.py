"""What occasions go by, read once for all actions, and which are open by it.

Orders, birthdays and contacts come from the log and the inbox, contacts from plans too; points, tiers and complaints
from the features of now. Nothing is read that no action asks for. Start reading at `facts_of`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.catalogue.orders import EACH, LATE, Orders, orders_of
from campaigns.contacted import contacts_since
from campaigns.due import occasions, waiting
from campaigns.due.occasions import Days
from campaigns.people import People, features_of
from campaigns.suppress import UNSOLVED, Doors
from churn.action_sections import Action
from churn.calendar import EPOCH, Calendar, from_us
from churn.events import micros
from churn.settings import Settings
from features.birthdays import BIRTHDAY, KIND
from features.kind_rows import rows_of_kinds

OF_ORDERS: Final = frozenset({"anniversary", "thanks", "after_sale", "regular_contact"})
OF_CONTACTS: Final = frozenset({"after_sale", "regular_contact"})
LAPSES: Final = {  # kind: days until, how much of it
    "points_lapsing": ("points_expiring_days_until", "points_expiring"),
    "tier_lapsing": ("tier_days_to_downgrade", None),
}


@dataclass(frozen=True)
class Facts:
    """What occasions go by.

    Args:
        calendar: whose days are counted.
        cutoff: up to which features knew.
        customer_ids: of everybody, in the order of PEOPLE. Shape (n,).
        birthdays: columns customer_id, birthday.
        orders: what everybody ordered.
        contacts: columns customer_id, contacted_us.
        features: of now, a column a name.
        complains: who waits for an answer. Shape (n,).
        notes: what could not be looked at.
    """

    calendar: Calendar
    cutoff: datetime
    customer_ids: NDArray[np.object_]
    birthdays: pd.DataFrame
    orders: Orders
    contacts: pd.DataFrame
    features: pd.DataFrame
    complains: NDArray[np.bool_]
    notes: tuple[str, ...]

    def days_of(self, instants: pd.Series) -> Days:
        """The local days on which instants lie. Shape (n,)."""
        return self.calendar.days_of(micros(pd.to_datetime(instants, utc=True)))


def facts_of(settings: Settings, people: People, doors: Doors, now: datetime, actions: Sequence[Action]) -> Facts:
    """What the occasions of these actions go by.

    Raises:
        NoLog: there is no log. NoCurrent: nothing was materialised.
    """
    kinds = {one.kind for one in actions}
    calendar, ids = Calendar(settings.business.timezone), people.rows["customer_id"].to_numpy(dtype=object)
    back = max([1, *(one.after_days + max(one.within_days, one.due_days) + 2 for one in actions)])
    since = calendar.window_start(now, back)
    has_orders = bool(kinds & OF_ORDERS)
    orders = orders_of(settings, now, since) if has_orders else Orders(_empty(EACH), _empty(LATE))
    met = contacts_since(settings, from_us(0), now) if kinds & OF_CONTACTS else None
    names = [name for pair in LAPSES.values() for name in pair if name]
    told = _birthdays(settings, now) if BIRTHDAY in kinds else _empty(["customer_id", BIRTHDAY])
    notes = ("no profile tells a birthday",) if BIRTHDAY in kinds and told.empty else ()
    found = features_of(settings.folder, people, [*names, UNSOLVED])
    lacking = [kind for kind in kinds & set(LAPSES) if found[LAPSES[kind][0]].isna().all()]
    return Facts(
        calendar, people.cutoff, ids, told, orders, _contacts(met), found, doors.complains,
        notes + tuple(f"nobody's {LAPSES[one][0]} is known" for one in sorted(lacking)),
    )  # fmt: skip


def found_of(action: Action, facts: Facts, day: date) -> pd.DataFrame:
    """The occasions of one action that are open on a day, of everybody.

    Returns:
        Columns of `campaigns.due.occasions`; days since 1970.
    """
    today, late = (day - EPOCH).days, facts.orders.late
    firsts = facts.calendar.days_of(facts.orders.each["first_us"].to_numpy(dtype=np.int64))
    lates = facts.calendar.days_of(late["time_us"].to_numpy(dtype=np.int64))
    found: dict[str, Callable[[], pd.DataFrame]] = {
        "birthday": lambda: occasions.birthdays(action, facts.birthdays, day),
        "holiday": lambda: occasions.holidays(action, facts.customer_ids, day),
        "anniversary": lambda: occasions.anniversaries(action, facts.orders.each, firsts, day),
        "thanks": lambda: waiting.thanks(action, late, lates, today),
        "after_sale": lambda: waiting.after_sale(action, late, lates, today, facts.contacts),
        "regular_contact": lambda: waiting.regular_contact(
            action, facts.orders.each["customer_id"], _quiet_since(facts, firsts), today
        ),
        "complaint": lambda: _complaints(action, facts, today),
    }
    return found.get(action.kind, lambda: _lapsing(action, facts, today))()


def _quiet_since(facts: Facts, firsts: Days) -> Days:
    last = facts.contacts.groupby("customer_id")["contacted_us"].max()
    met = facts.orders.each["customer_id"].map(last).fillna(-1).to_numpy(dtype=np.int64)
    return np.where(met < 0, firsts, np.maximum(firsts, facts.calendar.days_of(np.maximum(met, 0))))


def _complaints(action: Action, facts: Facts, today: int) -> pd.DataFrame:
    asked = facts.complains
    opened = _cutoff_day(facts) - facts.features[UNSOLVED].to_numpy(dtype=np.float64)[asked]
    return waiting.complaints(action, facts.customer_ids[asked], np.floor(opened).astype(np.int64), today)


def _lapsing(action: Action, facts: Facts, today: int) -> pd.DataFrame:
    days, amount = LAPSES[action.kind]
    left = facts.features[days].to_numpy(dtype=np.float64)
    amounts = facts.features[amount].to_numpy(dtype=np.float64) if amount else np.full(len(left), np.nan)
    lapse = np.floor(_cutoff_day(facts) + left)
    if amount:
        lapse = np.where(amounts <= 0, np.nan, lapse)  # how many may not be told: they lapse all the same
    return waiting.lapsing(action, facts.customer_ids, lapse, amounts, today)


def _cutoff_day(facts: Facts) -> int:
    """The last local day that the features know whole, and one: where their days are counted from."""
    return (facts.calendar.day_of(facts.cutoff) - EPOCH).days


def _birthdays(settings: Settings, now: datetime) -> pd.DataFrame:
    """The birthday that each customer told last, by file or live."""
    rows = rows_of_kinds(settings, (KIND,), known_before=now)
    told = rows.dropna(subset="category").drop_duplicates("customer_id", keep="last")
    return told[["customer_id", "category"]].rename(columns={"category": BIRTHDAY})


def _contacts(met: pd.DataFrame | None) -> pd.DataFrame:
    if met is None or met.empty:
        return pd.DataFrame({"customer_id": pd.Series(dtype=object), "contacted_us": pd.Series(dtype=np.int64)})
    return pd.DataFrame({"customer_id": met["customer_id"], "contacted_us": micros(met["contacted_at"])})


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    kinds = {
        name: np.int64 if name.endswith("_us") or name in ("orders", "number", "news") else object for name in columns
    }
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
