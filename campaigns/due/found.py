"""What occasions go by, read once for all actions, and which are open by it.

Orders, birthdays, contacts and notices of what lapses come from the log and the inbox, contacts from plans too;
complaints from the features of now. Nothing is read that no action asks for. Start reading at `facts_of`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.catalogue.orders import EACH, LATE, Orders, orders_in
from campaigns.contacted import contacts_since
from campaigns.due import occasions, waiting
from campaigns.due.lapses import NOTICES, lapses_in
from campaigns.due.occasions import Days
from campaigns.people import People, features_of
from campaigns.suppress import UNSOLVED, Doors
from churn.action_sections import Action
from churn.calendar import EPOCH, Calendar, from_us, to_us
from churn.events import before, micros
from churn.settings import Settings
from features.birthdays import BIRTHDAY, KIND
from features.kind_rows import rows_of_kinds
from features.live.parts import parts_of_now
from features.parts import Part

OF_ORDERS: Final = frozenset({"anniversary", "thanks", "after_sale", "regular_contact"})
OF_CONTACTS: Final = frozenset({"after_sale", "regular_contact"})


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
        lapses: by kind of action, columns of `campaigns.due.lapses`.
        waits_days: for how long a complaint of each waits, as of the cutoff; NaN where none does. Shape (n,).
        complains: who waits for an answer. Shape (n,).
        notes: what could not be looked at.
    """

    calendar: Calendar
    cutoff: datetime
    customer_ids: NDArray[np.object_]
    birthdays: pd.DataFrame
    orders: Orders
    contacts: pd.DataFrame
    lapses: Mapping[str, pd.DataFrame]
    waits_days: NDArray[np.float64]
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
    kinds: set[str] = {one.kind for one in actions}
    calendar, ids = Calendar(settings.business.timezone), people.rows["customer_id"].to_numpy(dtype=object)
    back = max([1, *(one.after_days + max(one.within_days, one.due_days) + 2 for one in actions)])
    since = calendar.window_start(now, back)
    orders, lapses = _read(settings, now, since, kinds)
    met = contacts_since(settings, from_us(0), now, with_tasks=False) if kinds & OF_CONTACTS else None
    told = _birthdays(settings, now) if BIRTHDAY in kinds else _empty(["customer_id", BIRTHDAY])
    notes = ["no profile tells a birthday"] if BIRTHDAY in kinds and told.empty else []
    notes += [f"no {NOTICES[kind]} says in how many days" for kind, rows in sorted(lapses.items()) if rows.empty]
    waits = features_of(settings.folder, people, [UNSOLVED])[UNSOLVED].to_numpy(dtype=np.float64)
    return Facts(
        calendar, people.cutoff, ids, told, orders, _contacts(met), lapses, waits, doors.complains, tuple(notes)
    )


def _read(
    settings: Settings, now: datetime, since: datetime, kinds: set[str]
) -> tuple[Orders, dict[str, pd.DataFrame]]:
    """Orders and what lapses, in one pass over log and inbox; none that no action asks for."""
    wanted = sorted(kinds & set(NOTICES))
    if not (wanted or kinds & OF_ORDERS):
        return Orders(_empty(EACH), _empty(LATE)), {}
    asked = partial(_part, settings=settings, now_us=to_us(now), since_us=to_us(since), kinds=tuple(wanted))
    each, late, *lapses = zip(*map(asked, parts_of_now(settings)), strict=True)
    orders = Orders(pd.concat(each, ignore_index=True), pd.concat(late, ignore_index=True))
    return orders, {kind: pd.concat(rows, ignore_index=True) for kind, rows in zip(wanted, lapses, strict=True)}


def _part(
    part: Part, *, settings: Settings, now_us: int, since_us: int, kinds: tuple[str, ...]
) -> tuple[pd.DataFrame, ...]:
    known = before(part.read(), now_us)
    orders = orders_in(known, lifecycle=settings.lifecycle, since_us=since_us, newest={})
    return (*orders, *(lapses_in(known, kind) for kind in kinds))


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
    opened = _cutoff_day(facts) - facts.waits_days[asked]
    return waiting.complaints(action, facts.customer_ids[asked], np.floor(opened).astype(np.int64), today)


def _lapsing(action: Action, facts: Facts, today: int) -> pd.DataFrame:
    told = facts.lapses[action.kind]
    return waiting.lapsing(action, told, facts.calendar.days_of(told["lapse_us"].to_numpy(dtype=np.int64)), today)


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
