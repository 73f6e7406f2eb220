"""The occasions of the calendar: birthdays, holidays, anniversaries; which are open on a day.

An occasion is open from the day on which it may be told to the last day on which it makes sense, and due in between:

    first ........ due ........ last        days since 1970, of the business's calendar

A birthday is a month and a day, never a year; that of 29 February is kept on the 28th in years without one, as is an
anniversary. Lunar birthdays are not converted: a lunar holiday is, since its dates are published. Start at `birthdays`.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.action_sections import Action
from churn.calendar import EPOCH
from features.public_holidays import Named, named_days

COLUMNS: Final = ("customer_id", "occasion", "first", "due", "last", "why_en", "why_zh")
Days = NDArray[np.int64]
Texts = tuple[str, str] | tuple[list[str], list[str]]


def laid_out(
    action: Action,
    customer_ids: Iterable[object],
    due: Days,
    day: int,
    names: Iterable[str],
    texts: Texts,
) -> pd.DataFrame:
    """Occasions as rows, those alone that are open on a day.

    Args:
        action: tells from when before, and until when after its day an occasion is open.
        customer_ids: whose. (n,)
        due: the day of each. Shape (n,).
        day: the day that is asked about.
        names: of the occasions, one a year or so; no customer has one twice. (n,)
        texts: why, in English and Chinese: one for all, or one each.
    """
    rows = pd.DataFrame({"customer_id": list(customer_ids), "occasion": list(names), "due": due.astype(np.int64)})
    rows["first"], rows["last"] = rows["due"] - action.before_days, rows["due"] + action.within_days
    rows["why_en"], rows["why_zh"] = texts
    is_open = (rows["first"] <= day) & (day <= rows["last"])
    return rows.loc[is_open, list(COLUMNS)].reset_index(drop=True)


def birthdays(action: Action, told: pd.DataFrame, day: date) -> pd.DataFrame:
    """Whose birthday is near.

    Args:
        action: of the catalogue.
        told: columns customer_id, birthday (MM-DD; what is none is left out).
        day: asked about.
    """
    known = told[told["birthday"].map(is_month_day).astype(bool)]
    due = np.array([_nearest(str(one), day, action) for one in known["birthday"]], dtype=np.int64)
    names = [f"birthday {_iso(one)}" for one in due]
    return laid_out(action, known["customer_id"], due, _day(day), names, ("their birthday", "客户生日"))


def anniversaries(action: Action, each: pd.DataFrame, first_days: Days, day: date) -> pd.DataFrame:
    """Who ordered first on this day, years ago.

    Args:
        action: of the catalogue.
        each: a row a customer: customer_id.
        first_days: local day of their first order, since 1970. Shape (n,).
        day: asked about.
    """
    firsts = [EPOCH + timedelta(days=int(one)) for one in first_days]
    due = np.array([_nearest(f"{one:%m-%d}", day, action) for one in firsts], dtype=np.int64)
    years = np.array([(EPOCH + timedelta(days=int(on))).year - one.year for on, one in zip(due, firsts, strict=True)])
    texts = _texts((f"{counted(one, 'year')} since their first order", f"首次下单{one}周年") for one in years)
    names = [f"anniversary {one}" for one in years]
    found = laid_out(action, each["customer_id"], due, _day(day), names, texts)
    return found[found["occasion"] != "anniversary 0"].reset_index(drop=True)


def holidays(action: Action, customer_ids: NDArray[np.object_], day: date) -> pd.DataFrame:
    """Everybody, on the holidays that the action names."""
    near = [one for one in named_days(action.holidays) if _is_open(action, one, day)]
    parts = [
        laid_out(
            action, customer_ids, np.full(len(customer_ids), _day(one.day)), _day(day),
            [f"{one.en} {one.day}"] * len(customer_ids), (one.en, one.zh),
        )
        for one in near
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def counted(number: int, what: str) -> str:
    """A number of things in English.

    >>> counted(1, "year"), counted(1200, "day")
    ('1 year', '1,200 days')
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def is_month_day(text: object) -> bool:
    """Whether a text is a day of the year, as MM-DD.

    >>> [is_month_day(one) for one in ("02-29", "13-01", "1990-05-04", None)]
    [True, False, False, False]
    """
    try:
        date.fromisoformat(f"2000-{text}")
    except ValueError:
        return False
    return True


def on_day(month_day: str, year: int) -> date:
    """A day of the year in one year; 29 February is the 28th where there is none.

    >>> str(on_day("02-29", 2025)), str(on_day("02-29", 2028))
    ('2025-02-28', '2028-02-29')
    """
    try:
        return date.fromisoformat(f"{year}-{month_day}")
    except ValueError:
        return date(year, 2, 28)


def _nearest(month_day: str, day: date, action: Action) -> int:
    """The occurrence whose open days hold the day, or the next one."""
    for year in (day.year - 1, day.year):
        found = on_day(month_day, year)
        if found + timedelta(days=action.within_days) >= day:
            return _day(found)
    return _day(on_day(month_day, day.year + 1))


def _is_open(action: Action, one: Named, day: date) -> bool:
    return timedelta(days=-action.within_days) <= one.day - day <= timedelta(days=action.before_days)


def _texts(each: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    told = list(each)
    return [one for one, _ in told], [one for _, one in told]


def _day(day: date) -> int:
    return (day - EPOCH).days


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()
