"""Public holidays, lunar ones too, and a business's own big days: when the next begins, and how long ago the last did.

Dates come from the package `holidays`, which holds them off line; days off that a government moves around them are
left out, since nobody knows them a year ahead. Days in a row with one name are one holiday. The only file that speaks
`holidays`. Knows no customer but for `before`, which counts events. Start reading at `holiday_calendar`.
"""

import re
import zlib
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from churn.calendar import EPOCH, Calendar, Int64Array
from churn.errors import SettingsError
from churn.events import FloatArray
from features.formula import Holiday, HolidayBefore, HolidayCalendar
from features.timeline import Lane, Timeline

YEARS = range(1985, 2060)
KNOWN_YEARS = range(2000, 2031)  # whose dates the checksum covers
APART_DAYS = 100  # a name that comes again so much later is the next year's
CHINESE = "zh_CN"
LANGUAGE = "en_US"  # of the names that tell holidays apart; else the machine's own language would
MOVED = ("Day off", "Bridge")
_BRACKETS = re.compile(r"\s*[(（].*")


class UnknownCountry(SettingsError):
    """A country whose holidays are not known."""

    def __init__(self, code: str, near: Sequence[str]) -> None:
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        super().__init__(
            f"[features] holidays names {code!r}, whose holidays are not known.",
            mend=f'{hint}Give ISO 3166 codes, such as holidays = ["CN"] or ["GB-ENG"].',
        )


class NoHolidaysInstalled(SettingsError):
    """Holidays are asked for where the package that knows them is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "[features] holidays needs the package `holidays`, which is not installed here.",
            mend="install the extra `features` (`pip install 'churn[features]'`), or take the countries out; own "
            "big_days need no package.",
        )


class NoDayOfTheYear(SettingsError):
    """A big day that no year has."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"[features] big_days names {text!r}, which is no day of the year.",
            mend='give month and day, such as big_days = ["11-11", "06-18"].',
        )


@dataclass(frozen=True)
class Dates:
    """The holidays of a calendar as local days since 1970.

    Args:
        begins: first days, ascending. Shape (h,).
        last_year: first day of the same holiday a year before; the least number where unknown. Shape (h,).
        days: every day that is a holiday, ascending, each once.
    """

    begins: Int64Array
    last_year: Int64Array
    days: Int64Array


UNKNOWN = np.iinfo(np.int64).min


def holiday_calendar(countries: Sequence[str], big_days: Sequence[str]) -> HolidayCalendar:
    """The calendar of some countries and days of every year.

    Raises:
        UnknownCountry: a country is not known. NoDayOfTheYear: a big day is none.
    """
    known = [f"{day} {name}" for day, name in _named(tuple(countries), tuple(big_days)) if day.year in KNOWN_YEARS]
    return HolidayCalendar(tuple(countries), tuple(big_days), zlib.crc32("\n".join(known).encode()))


class UnknownHoliday(SettingsError):
    """An action is for a holiday that its country has not."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        near = get_close_matches(name, known, n=3, cutoff=0.3)
        super().__init__(
            f"[[action]] holidays names {name!r}, which is no holiday that is known.",
            mend=f"did you mean {' or '.join(near) if near else known[0]!r}? A country's code alone means all of its "
            "own; a day of every year is written MM-DD.",
        )


class Named(NamedTuple):
    """The first day of a holiday, with its name in English and in Chinese, where the package has that."""

    day: date
    en: str
    zh: str


@lru_cache(maxsize=16)
def named_days(wanted: tuple[str, ...]) -> tuple[Named, ...]:
    """The holidays that a list asks for, by day; of several days in a row the first.

    Args:
        wanted: countries (`CN`), holidays by name (`CN Mid-Autumn Festival`), days of every year (`12-24`).

    Raises:
        UnknownCountry, UnknownHoliday, NoDayOfTheYear: one of them is none.
    """
    found: set[Named] = set()
    for one in wanted:
        if re.fullmatch(r"\d\d-\d\d", one):
            found |= {Named(day, name, name) for day, name in _named((), (one,))}
            continue
        code, _, name = one.partition(" ")
        every = list(_of_country(code))
        if name and one not in {told for _, told in every}:
            raise UnknownHoliday(one, sorted({told for _, told in every}))
        chinese = dict(_of_country(code, CHINESE)) if CHINESE in _languages(code) else {}
        mine = sorted((day, told) for day, told in every if one in (code, told))
        latest: dict[str, date] = {}
        for day, told in mine:
            if told not in latest or (day - latest[told]).days > APART_DAYS:
                latest[told] = day
                en = told.partition(" ")[2]
                found.add(Named(day, en, chinese.get(day, "").partition(" ")[2] or en))
    return tuple(sorted(found))


def holiday(timeline: Timeline, formula: Holiday) -> FloatArray:
    """Where the cutoffs' days lie among the holidays, the same for everybody. Shape (c, k)."""
    found = dates(formula.calendar)
    today = timeline.edges.today
    if formula.what == "ahead":
        low, high = (np.searchsorted(found.days, today + formula.first + more) for more in (0, formula.days))
        value = high - low
    elif formula.what == "next":
        value = found.begins[np.searchsorted(found.begins, today)] - today
    else:
        value = today - found.begins[np.searchsorted(found.begins, today, side="right") - 1]
    return np.broadcast_to(value.astype(np.float64), timeline.shape)


def before(timeline: Timeline, formula: HolidayBefore) -> FloatArray:
    """Events around the next holiday's last occurrence. Shape (c, k)."""
    found, calendar = dates(formula.calendar), timeline.lifecycle.calendar
    today = timeline.edges.today
    then = found.last_year[np.searchsorted(found.begins, today)]
    at = np.where(then == UNKNOWN, 0, then)
    low, high = (_midnights_us(calendar, days) for days in (at - formula.before_days, at + formula.after_days + 1))
    counts = _count(timeline.lane(formula.selection), low, np.minimum(high, timeline.cutoffs_us))
    return np.where(then == UNKNOWN, np.nan, counts)


def _count(lane: Lane, low_us: Int64Array, high_us: Int64Array) -> FloatArray:
    """Events of each cell's view in `[low, high)`, one pair of edges a cutoff. Shape (c, k)."""
    count, view = lane.timeline.laid.count, lane.timeline.laid.view
    found = np.empty(view.shape)
    for k, (low, high) in enumerate(zip(low_us, high_us, strict=True)):
        inside = (lane.time_us >= low) & (lane.time_us < high)
        found[:, k] = np.bincount(lane.owner[inside], minlength=count)[view[:, k]]
    return found


def _midnights_us(calendar: Calendar, days: Int64Array) -> Int64Array:
    return np.array([calendar.midnights_us(int(day), int(day))[0] for day in days], dtype=np.int64)


@lru_cache(maxsize=16)
def dates(calendar: HolidayCalendar) -> Dates:
    """The dates of a calendar, worked out once."""
    named = [((day - EPOCH).days, name) for day, name in _named(calendar.countries, calendar.big_days)]
    latest: dict[str, int] = {}
    begins: list[tuple[int, str]] = []
    for day, name in named:
        if day - latest.get(name, UNKNOWN // 2) > APART_DAYS:
            begins.append((day, name))
            latest[name] = day
    first = [day for day, _ in begins]
    before_it: dict[str, int] = {}
    last_year = []
    for day, name in begins:
        last_year.append(before_it.get(name, UNKNOWN))
        before_it[name] = day
    every = sorted({day for day, _ in named})
    return Dates(*(np.array(days, dtype=np.int64) for days in (first, last_year, every)))


@lru_cache(maxsize=16)
def _named(countries: tuple[str, ...], big_days: tuple[str, ...]) -> tuple[tuple[date, str], ...]:
    """Every holiday of the years that are known, with its name, by day."""
    found = {(day, name) for code in countries for day, name in _of_country(code)}
    for month, day in map(_month_day, big_days):
        found |= {(date(year, month, day), f"{month:02}-{day:02}") for year in YEARS if _exists(year, month, day)}
    return tuple(sorted(found))


def _languages(code: str) -> tuple[str, ...]:
    """The languages in which a country's holidays are named."""
    import holidays

    return tuple(holidays.country_holidays(code.partition("-")[0], years=()).supported_languages)


def _of_country(code: str, language: str = LANGUAGE) -> Iterator[tuple[date, str]]:
    try:
        import holidays  # 0.2 s, and only where a business asks for it
    except ModuleNotFoundError as error:
        raise NoHolidaysInstalled from error
    country, _, part = code.partition("-")
    supported = holidays.list_supported_countries()
    if country not in supported:
        raise UnknownCountry(code, get_close_matches(country, supported, n=3, cutoff=0.5))
    if part and part not in supported[country]:
        raise UnknownCountry(code, [f"{country}-{one}" for one in supported[country]][:5])
    year_by_year = holidays.country_holidays(
        country, subdiv=part or None, years=YEARS, observed=False, language=language
    )
    for day, names in year_by_year.items():
        for name in names.split("; "):
            if not name.startswith(MOVED):
                yield day, f"{country} {_BRACKETS.sub('', name)}"


def _month_day(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"(\d\d)-(\d\d)", text)
    if parts is None or not _exists(2000, int(parts[1]), int(parts[2])):
        raise NoDayOfTheYear(text)
    return int(parts[1]), int(parts[2])


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
