"""Features the slow way: one customer, one cutoff, one event at a time, in plain Python.

What `features/compute.py` must equal. It shares nothing with the kernel but the log, `before`, and the formulas; days
and windows are worked out from `datetime` and `zoneinfo` alone. Start reading at `naive`.
"""

import math
import statistics
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import count, pairwise
from zoneinfo import ZoneInfo

import numpy as np

from churn.calendar import to_us
from churn.definition import Lifecycle
from churn.events import Events, before
from features.compute import Cube
from features.feature import Feature
from features.formula import (
    Aggregate,
    AtMost,
    Difference,
    Followed,
    Formula,
    Holiday,
    HolidayBefore,
    Ratio,
    Season,
    Shift,
    selections,
)
from tests.reference_forms import followed, holiday, holiday_before, shift
from tests.seen import Seen, in_window, seen

NULL = float("nan")


def naive(events: Events, cutoffs: Sequence[datetime], features: Iterable[Feature], lifecycle: Lifecycle) -> Cube:
    """Features of every customer at every cutoff. Shape (c, k, f)."""
    features = list(features)
    cube = np.full((len(events.customers), len(cutoffs), len(features)), np.nan)
    wheres = {one.where for feature in features for one in selections(feature.formula) if one.where}
    for j, cutoff in enumerate(cutoffs):
        visible = list(seen(before(events, to_us(cutoff)), lifecycle, wheres))
        for i, customer in enumerate(events.customers):
            mine = [one for one in visible if one.customer == customer]
            for f, feature in enumerate(features):
                cube[i, j, f] = evaluate(feature.formula, mine, cutoff, ZoneInfo(lifecycle.calendar.timezone))
    return cube


def evaluate(formula: Formula, mine: list[Seen], cutoff: datetime, zone: ZoneInfo) -> float:
    """One formula for one customer's visible events."""
    match formula:
        case Ratio(numerator, denominator, scale):
            by = evaluate(denominator, mine, cutoff, zone)
            return NULL if by == 0 or math.isnan(by) else scale * (evaluate(numerator, mine, cutoff, zone) / by)
        case Difference(left, right, least):
            rest = evaluate(left, mine, cutoff, zone) - evaluate(right, mine, cutoff, zone)
            return least if rest < least else rest
        case Season(part):
            angle = 2 * math.pi * (cutoff.astimezone(zone).timetuple().tm_yday - 1) / 365.25
            return math.sin(angle) if part == "sine" else math.cos(angle)
        case Aggregate():
            return _aggregate(formula, mine, cutoff, zone)
        case AtMost(inner, bound):
            value = evaluate(inner, mine, cutoff, zone)
            return NULL if math.isnan(value) else float(value <= bound)
        case _:
            return _of_two(formula, mine, cutoff, zone)


def _of_two(
    formula: Followed | Shift | Holiday | HolidayBefore, mine: list[Seen], cutoff: datetime, zone: ZoneInfo
) -> float:
    match formula:
        case Followed():
            return followed(formula, mine, cutoff, zone)
        case Shift():
            return shift(formula, mine, cutoff, zone)
        case Holiday(what, calendar, first, days):
            return holiday(what, calendar, first, days, cutoff.astimezone(zone).date())
        case HolidayBefore():
            return holiday_before(formula, mine, cutoff.astimezone(zone).date())


def _aggregate(formula: Aggregate, mine: list[Seen], cutoff: datetime, zone: ZoneInfo) -> float:
    chosen = in_window(mine, formula.selection, formula.days, cutoff, zone)
    values = [v for one in chosen if (v := one.columns.get(formula.column or "")) is not None]
    days = sorted({one.day for one in chosen})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    today = cutoff.astimezone(zone).date()
    due = [
        one.time_us + v * 86_400e6 for one in chosen if isinstance(v := one.columns.get(formula.column or ""), float)
    ]
    times = [(to_us(cutoff) - one.time_us) / 86_400e6 for one in chosen]
    answers: dict[str, Callable[[], float]] = {
        "count": lambda: len(chosen),
        "total": lambda: math.fsum(values),
        "mean": lambda: math.fsum(values) / len(values) if values else NULL,
        "peak": lambda: max(values, default=NULL),
        "active_days": lambda: len(days),
        "distinct": lambda: len(set(values)),
        "gap_mean": lambda: statistics.fmean(gaps) if gaps else NULL,
        "gap_std": lambda: statistics.stdev(gaps) if len(gaps) > 1 else NULL,
        "gap_longest": lambda: max(gaps, default=NULL),
        "gap_last": lambda: gaps[-1] if gaps else NULL,
        "days_since": lambda: times[-1] if times else NULL,
        "days_since_first": lambda: times[0] if times else NULL,
        "last": lambda: values[-1] if values else NULL,
        "previous": lambda: values[-2] if len(values) > 1 else NULL,
        "days_until": lambda: (due[-1] - to_us(cutoff)) / 86_400e6 if due else NULL,
        "main_share": lambda: max(Counter(values).values()) / len(values) if values else NULL,
        "streak_months": lambda: _streak({12 * d.year + d.month for d in days}, 12 * today.year + today.month),
        "streak_weeks": lambda: _streak({monday(d) for d in days}, monday(today)),
        "latest": lambda: zlib.crc32(values[-1].encode()) & 0x7FFFFFFF if values else NULL,
    }
    return answers[formula.operation]()


def monday(day: date) -> int:
    """The number of a day's week."""
    return (day.toordinal() - day.weekday()) // 7


def _streak(periods: set[int], now: int) -> int:
    """Periods in a row that end now or one before."""
    last = now if now in periods else now - 1
    return next(n for n in count() if last - n not in periods)


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day, as aware UTC."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
