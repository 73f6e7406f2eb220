"""Formulas over two selections, two windows or the calendar, the slow way: see tests/reference.py."""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from churn.calendar import to_us
from features.formula import Followed, HolidayBefore, HolidayCalendar, Shift
from tests.seen import Seen, in_window, selected

NULL = float("nan")


def followed(formula: Followed, mine: list[Seen], cutoff: datetime, zone: ZoneInfo) -> float:
    """Event by event: the first of the others at its instant or later; later, where both are the same selection."""
    strict = formula.by == formula.selection
    others = [one for one in mine if selected(one, formula.by)]
    pairs = []
    for one in in_window(mine, formula.selection, formula.days, cutoff, zone):
        after = [o for o in others if o.time_us > one.time_us or (o.time_us == one.time_us and not strict)]
        pairs.append((one, min(after, key=lambda o: o.time_us, default=None)))
    still_open = [one.time_us for one, answer in pairs if answer is None]
    if formula.what == "open":
        return float(len(still_open))
    if formula.what == "oldest_open":
        return (to_us(cutoff) - min(still_open)) / 86_400e6 if still_open else NULL
    if formula.what == "wait":
        waits = [(answer.time_us - one.time_us) // 1_000_000 for one, answer in pairs if answer is not None]
        return sum(waits) / (86_400 * len(waits)) if waits else NULL
    today, reach = cutoff.astimezone(zone).date(), timedelta(days=formula.within_days)
    over = [(one, answer) for one, answer in pairs if one.day + reach < today]
    quick = [one for one, answer in over if answer is not None and answer.day <= one.day + reach]
    return len(quick) / len(over) if over else NULL


def shift(formula: Shift, mine: list[Seen], cutoff: datetime, zone: ZoneInfo) -> float:
    mixes = []
    for days in (formula.days, formula.beside_days):
        texts = [one.columns[formula.column] for one in in_window(mine, formula.selection, days, cutoff, zone)]
        mixes.append(Counter(text for text in texts if text is not None))
    if not all(mixes):
        return NULL
    one, other = ({text: n / mix.total() for text, n in mix.items()} for mix in mixes)
    return sum(abs(one.get(text, 0) - other.get(text, 0)) for text in {**one, **other}) / 2


@cache
def _holidays(calendar: HolidayCalendar) -> dict[date, set[str]]:
    """Each holiday's names by day, straight from the package."""
    found: dict[date, set[str]] = {}
    for code in calendar.countries:
        year_by_year = holidays.country_holidays(code, years=range(2015, 2030), observed=False, language="en_US")
        for day, names in year_by_year.items():
            found.setdefault(day, set()).update(name for name in names.split("; ") if "Day off" not in name)
    found = {day: names for day, names in found.items() if names}
    for text in calendar.big_days:
        month, day = map(int, text.split("-"))
        for year in range(2015, 2030):
            found.setdefault(date(year, month, day), set()).add(text)
    return found


@cache
def _begins(calendar: HolidayCalendar) -> list[tuple[date, str]]:
    """The first day of each holiday: no day of the same name in the hundred days before."""
    named = sorted((day, name) for day, names in _holidays(calendar).items() for name in names)
    return [(day, n) for day, n in named if not any(m == n and 0 < (day - d).days <= 100 for d, m in named)]


def holiday(what: str, calendar: HolidayCalendar, first: int, days: int, today: date) -> float:
    if what == "ahead":
        return float(sum(today + timedelta(days=first + n) in _holidays(calendar) for n in range(days)))
    if what == "next":
        return float((min(day for day, _ in _begins(calendar) if day >= today) - today).days)
    return float((today - max(day for day, _ in _begins(calendar) if day <= today)).days)


def holiday_before(formula: HolidayBefore, mine: list[Seen], today: date) -> float:
    begins = _begins(formula.calendar)
    coming, name = next(one for one in begins if one[0] >= today)
    last_year = max(day for day, same in begins if same == name and day < coming)
    low, high = last_year - timedelta(days=formula.before_days), last_year + timedelta(days=formula.after_days)
    return float(sum(selected(one, formula.selection) and low <= one.day <= high for one in mine))
