"""Features the slow way: one customer, one cutoff, one event at a time, in plain Python.

What `features/compute.py` must equal. It shares nothing with the kernel but the log, `before`, and the formulas; days
and windows are worked out from `datetime` and `zoneinfo` alone. Start reading at `naive`.
"""

import math
import statistics
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from churn.calendar import from_us, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import Events, Texts, before
from features.compute import Cube
from features.feature import Feature
from features.formula import QUALIFYING, Aggregate, Difference, Formula, Ratio, Season

NULL = float("nan")


@dataclass(frozen=True)
class Seen:
    """One event that a cutoff sees."""

    customer: str
    kind: str
    counts: bool
    time_us: int
    day: date
    columns: dict[str, float | str | None]


def naive(events: Events, cutoffs: Sequence[datetime], features: Iterable[Feature], lifecycle: Lifecycle) -> Cube:
    """Features of every customer at every cutoff. Shape (c, k, f)."""
    features = list(features)
    cube = np.full((len(events.customers), len(cutoffs), len(features)), np.nan)
    for j, cutoff in enumerate(cutoffs):
        visible = list(_seen(before(events, to_us(cutoff)), lifecycle))
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


def _aggregate(formula: Aggregate, mine: list[Seen], cutoff: datetime, zone: ZoneInfo) -> float:
    chosen = [one for one in mine if _selected(one, formula)]
    if formula.days is not None:
        first = cutoff.astimezone(zone).date() - timedelta(days=formula.days)
        chosen = [one for one in chosen if one.day >= first]
    values = [v for one in chosen if (v := one.columns.get(formula.column or "")) is not None]
    days = sorted({one.day for one in chosen})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
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
        "latest": lambda: zlib.crc32(values[-1].encode()) & 0x7FFFFFFF if values else NULL,
    }
    return answers[formula.operation]()


def _selected(one: Seen, formula: Aggregate) -> bool:
    selection = formula.selection
    of_kind = one.counts if selection.kinds == (QUALIFYING,) else one.kind in selection.kinds
    return of_kind and (not selection.reason_codes or one.columns["reason_code"] in selection.reason_codes)


def _seen(events: Events, lifecycle: Lifecycle) -> Iterable[Seen]:
    zone = ZoneInfo(lifecycle.calendar.timezone)
    counts = qualifies(events, lifecycle.definition, lifecycle.calendar)
    for row in range(len(events)):
        columns: dict[str, float | str | None] = {}
        for name in ("amount", "quantity", "discount_amount", "score"):
            value = float(getattr(events, name)[row])
            columns[name] = None if math.isnan(value) else value
        for name in ("channel", "category", "reason_code"):
            texts: Texts = getattr(events, name)
            columns[name] = texts.levels[texts.codes[row]] if texts.codes[row] >= 0 else None
        happened = from_us(int(events.time_us[row]))
        day = happened.astimezone(zone).date()
        customer = str(events.customers[events.customer[row]])
        kind = events.kind.levels[events.kind.codes[row]]
        yield Seen(customer, kind, bool(counts[row]), int(events.time_us[row]), day, columns)


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day, as aware UTC."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
