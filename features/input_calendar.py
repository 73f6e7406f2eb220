"""When things happened: hours of the day, days and weeks of each source and kind, by the clock of the business.

DuckDB counts quarters of an hour and weeks; the rest is arrays. From them: hours of activity, days without events,
dates without a time of day, and whether the quiet hours lie where a night should. Start reading at `times`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np

from churn.calendar import DAY_US, EPOCH, Calendar, Int64Array, from_us
from features.input_sources import MEANT, YEAR_1990_US

QUARTER_US = 15 * 60 * 1_000_000
WEEK_DAYS, HOURS = 7, 24
MONDAY = 4  # 1970-01-05 was the first Monday
NIGHT_HOURS, MOST_KINDS = 6, 50
NIGHT = 3.5  # the middle of the quietest hours of people who sleep: 00:30 to 06:30
ENOUGH_EVENTS, QUIET_SHARE = 500, 0.1  # a rhythm is plain where six hours have under a tenth of the events
DAYTIME = (9.0, 22.0)
SEASON_DAYS = 15  # holidays move: Easter, the Lunar New Year
ENOUGH_DAYS, USUAL_DAYS = 56, 0.01  # eight weeks of history; a gap is longer than all but so few of the others
_MEANT = f"{MEANT} AND event_timestamp >= {YEAR_1990_US} AND NOT starts_with(event_type, 'profile.')"


@dataclass(frozen=True)
class Quiet:
    """The quietest six hours of a day: when they begin, and which share of the events falls there."""

    start: int
    share: float

    @property
    def shift(self) -> int:
        """Hours by which a clock would have to be shifted for these hours to be the night, within -12 and 12."""
        middle = self.start + NIGHT_HOURS / 2
        return round((NIGHT - middle + 12) % 24 - 12)

    @property
    def is_by_day(self) -> bool:
        """Whether they lie where people are awake."""
        return DAYTIME[0] <= (self.start + NIGHT_HOURS / 2) % 24 <= DAYTIME[1]


@dataclass(frozen=True)
class Gap:
    """Days without any event, both included, and how many events a day were usual around them."""

    first: date
    last: date
    usual: float

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class SourceTimes:
    """When the events of one source happen, by the clock of the business.

    Args:
        hours: events in each hour of the day, those at one full second of midnight left out. Shape (24,).
        same_time: share of the events at the commonest quarter of an hour to the second, and when that is.
        quiet: its quietest hours; None where there are too few events or no plain rhythm.
        gaps: days without events where they used to come, longest first.
        usual_days: between two days with events, nearly always at most so many.
    """

    hours: tuple[int, ...]
    same_time: tuple[float, str]
    quiet: Quiet | None
    gaps: tuple[Gap, ...]
    usual_days: int


@dataclass(frozen=True)
class Weeks:
    """Events per week and kind: Mondays, and for each kind a count a week."""

    mondays: tuple[date, ...]
    kinds: dict[str, tuple[int, ...]]


def times(connection: duckdb.DuckDBPyConnection, calendar: Calendar, sources: Sequence[int]) -> list[SourceTimes]:
    """When the events of each source happened.

    Args:
        connection: DuckDB with `judged`.
        calendar: whose clock.
        sources: positions of the sources, in the order of the answer.
    """
    found = connection.execute(
        f"SELECT source, event_timestamp // {QUARTER_US} AS quarter, count(*) AS n, "
        f"count(*) FILTER (event_timestamp % {QUARTER_US} = 0) AS sharp "
        f"FROM judged WHERE {_MEANT} GROUP BY ALL ORDER BY ALL"
    ).fetchnumpy()
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in found.items()}
    parts = [{name: values[columns["source"] == one] for name, values in columns.items()} for one in sources]
    return [_times(calendar, part["quarter"], part["n"], part["sharp"]) for part in parts]


def weeks(connection: duckdb.DuckDBPyConnection) -> Weeks:
    """Events per week and kind, of the commonest kinds; weeks begin on Mondays by UTC. Profiles are left out."""
    found = connection.execute(
        f"SELECT event_type, (event_timestamp - {MONDAY * DAY_US}) // {WEEK_DAYS * DAY_US} AS week, count(*) "
        f"FROM judged WHERE {_MEANT} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    if not found:
        return Weeks((), {})
    first, last = min(week for _, week, _ in found), max(week for _, week, _ in found)
    totals: Counter[str] = Counter()
    for kind, _, count in found:
        totals[kind] += count
    commonest = sorted(totals, key=lambda kind: (-totals[kind], kind))[:MOST_KINDS]
    kinds: dict[str, list[int]] = {kind: [0] * (last - first + 1) for kind in sorted(commonest)}
    for kind, week, count in found:
        if kind in kinds:
            kinds[kind][week - first] = count
    monday = EPOCH + timedelta(days=MONDAY + WEEK_DAYS * first)
    mondays = tuple(monday + timedelta(weeks=place) for place in range(last - first + 1))
    return Weeks(mondays, {kind: tuple(counts) for kind, counts in kinds.items()})


def _times(calendar: Calendar, quarter: Int64Array, n: Int64Array, sharp: Int64Array) -> SourceTimes:
    if not len(quarter):
        return SourceTimes((0,) * HOURS, (0.0, ""), None, (), 0)
    day, place = _local(calendar, quarter)
    at = np.bincount(place, weights=sharp, minlength=HOURS * 4)
    commonest = int(at.argmax())
    same_time = (float(at[commonest] / n.sum()), f"{commonest // 4:02d}:{commonest % 4 * 15:02d}")
    timed = n - np.where(place == 0, sharp, 0)
    hours = np.bincount(place // 4, weights=timed, minlength=HOURS).astype(np.int64)
    days, counts = _per_day(day, n)
    return SourceTimes(
        hours=tuple(hours.tolist()), same_time=same_time, quiet=_quiet(hours),
        gaps=_gaps(days, counts), usual_days=_usual_days(days),
    )  # fmt: skip


def _local(calendar: Calendar, quarter: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The local day, and the quarter of an hour of its clock, on which a quarter of an hour lies. Shapes (n,)."""
    instant_us = quarter * QUARTER_US
    day = calendar.days_of(instant_us)
    known, inverse = np.unique(day, return_inverse=True)
    zone = calendar.zone
    offsets = [from_us(int(d) * DAY_US + DAY_US // 2).astimezone(zone).utcoffset() or timedelta() for d in known]
    # The offset of a day's noon: on the two days a year on which the clock changes, an hour may be told too late.
    offset_us = np.array([one // timedelta(microseconds=1) for one in offsets], dtype=np.int64)
    place = (instant_us + offset_us[inverse]) % DAY_US // QUARTER_US
    return day, place


def _per_day(day: Int64Array, n: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Days with events, ascending, and how many."""
    days, inverse = np.unique(day, return_inverse=True)
    return days, np.bincount(inverse, weights=n).astype(np.int64)


def _quiet(hours: Int64Array) -> Quiet | None:
    total = int(hours.sum())
    if total < ENOUGH_EVENTS:
        return None
    around = np.concatenate([hours, hours[: NIGHT_HOURS - 1]])
    sums = np.convolve(around, np.ones(NIGHT_HOURS, dtype=np.int64), mode="valid")
    start = int(sums.argmin())
    share = float(sums[start] / total)
    return Quiet(start, share) if share < QUIET_SHARE else None


def _usual_days(days: Int64Array) -> int:
    between = np.diff(days)
    return _usual(between, 1 - USUAL_DAYS) if len(between) else 0


def _usual(between: Int64Array, share: float) -> int:
    """The days between two days with events that such a share of them does not exceed."""
    return int(np.sort(between)[min(len(between) - 1, int(share * len(between)))])


def _gaps(days: Int64Array, counts: Int64Array) -> tuple[Gap, ...]:
    """Silences that chance and habit do not explain.

    A gap is a run of empty days at least three times as long as nearly every other, at least three days long, and such
    that by the days around it at least twenty events should have come. A shop that closes on Sundays has none, nor one
    that closes at the same time of every year.
    """
    if len(days) < 2 or days[-1] - days[0] < ENOUGH_DAYS:
        return ()
    between = np.diff(days)
    bar = max(3, 3 * _usual(between, 0.9))
    found = []
    for place in np.flatnonzero(between > bar).tolist():
        around = counts[max(0, place - 27) : place + 29]
        spanned = int(days[min(place + 28, len(days) - 1)] - days[max(0, place - 27)] + 1 - (between[place] - 1))
        usual = float(around.sum() / max(spanned, 1))
        if usual * (between[place] - 1) >= 20:
            first = EPOCH + timedelta(days=int(days[place]) + 1)
            found.append(Gap(first, EPOCH + timedelta(days=int(days[place + 1]) - 1), usual))
    told = [gap for gap in found if not any(_a_year_apart(gap, other) for other in found)]
    return tuple(sorted(told, key=lambda gap: (-gap.days, gap.first)))


def _a_year_apart(gap: Gap, other: Gap) -> bool:
    """Whether two silences lie at the same time of the year: a shop that closes at Christmas."""
    apart = abs((gap.first - other.first).days)
    return apart > 300 and abs(apart - 365.25 * round(apart / 365.25)) <= SEASON_DAYS
