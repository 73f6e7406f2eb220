"""At which instants the business is looked at: the starts of the local months, and now; and the periods between them.

    2025-01-01   2025-02-01   2025-03-01        now
         |  2025-01   |  2025-02   |  2025-03 .. |          months; the last one is not over
         |           2025-Q1 ..                  |          quarters of the calendar, likewise

Reads no clock: now is an argument. Start reading at `month_edges`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np

from churn.calendar import EPOCH, Calendar, Int64Array, to_us

MONTHS = 24  # as far as is looked back
Grain = Literal["month", "quarter"]


@dataclass(frozen=True)
class Period:
    """A stretch of time between two edges, `[edges[start], edges[end])`.

    Args:
        grain: month or quarter.
        name: 2025-03, 2025-Q1.
        start, end: places in `Edges`.
        is_over: whether its last day has passed; one that is not is shown as such.
    """

    grain: Grain
    name: str
    start: int
    end: int
    is_over: bool


@dataclass(frozen=True)
class Edges:
    """The instants, ascending; the last one is now.

    Args:
        us: microseconds since 1970 UTC. Shape (e,), as is day.
        day: the local day of each, days since 1970.
        months: the month that begins at each edge but the last, as its first day. Length e - 1.
        is_month_over: whether now is a month's first instant, so that the last period is a whole month too.
        calendar: whose months.
    """

    us: Int64Array
    day: Int64Array
    months: tuple[date, ...]
    is_month_over: bool
    calendar: Calendar

    def __len__(self) -> int:
        return len(self.us)

    @property
    def now_us(self) -> int:
        """The last edge."""
        return int(self.us[-1])

    def periods(self) -> tuple[Period, ...]:
        """Every month, then every quarter whose start is an edge."""
        return (*self._months(), *self._quarters())

    def _months(self) -> list[Period]:
        last = len(self.months) - 1
        return [
            Period("month", f"{month:%Y-%m}", at, at + 1, is_over=at < last or self.is_month_over)
            for at, month in enumerate(self.months)
        ]

    def _quarters(self) -> list[Period]:
        found = []
        for at, month in enumerate(self.months):
            if month.month % 3 != 1:
                continue
            end = min(at + 3, len(self.months))
            is_over = at + 3 < len(self.months) or (at + 3 == len(self.months) and self.is_month_over)
            name = f"{month.year}-Q{(month.month + 2) // 3}"
            found.append(Period("quarter", name, at, end, is_over=is_over))
        return found


def month_edges(first_event_at: datetime, now: datetime, calendar: Calendar, *, months: int = MONTHS) -> Edges:
    """The starts of the last whole months that have any history, that of the running one, and now.

    Args:
        first_event_at: where the log begins, aware.
        now: the instant at which the business is looked at, aware; not before the log begins.
        calendar: whose months.
        months: at most so many whole ones; the running one comes on top.
    """
    today = calendar.day_of(now)
    at = date(today.year, today.month, 1)
    is_over = now == calendar.midnight(at)
    if is_over:
        at = _earlier(at)
    starts = [at]
    while len(starts) < months + (not is_over) and calendar.midnight(at) > first_event_at:
        at = _earlier(at)
        starts.append(at)
    starts.reverse()
    instants = np.array([*(to_us(calendar.midnight(day)) for day in starts), to_us(now)], dtype=np.int64)
    days = np.array([*((day - EPOCH).days for day in starts), (today - EPOCH).days], dtype=np.int64)
    return Edges(instants, days, tuple(starts), is_over, calendar)


def _earlier(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
