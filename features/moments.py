"""Operations on single events and on runs of them: streaks, the value before the last, days until something is due.

Written like those of features/operations.py: a lane, a column and a window in, a float64 array (c, k) out. Streaks
are runs of local months or weeks with at least one event; one goes on as long as the month or week is not over.
Start reading at `streak_months`.
"""

import numpy as np

from churn.calendar import DAY_US, Int64Array
from churn.events import FloatArray
from churn.orders import FIXED
from features.timeline import Lane

FARTHEST = 1_000_000 * FIXED  # days until something is due, at most, in ten-thousandths


def streak_months(lane: Lane, _column: str, _days: int | None) -> FloatArray:
    """Local months in a row with an event, up to the cutoff's month or the one before it."""
    return _streak(lane, months(lane.days.day), months(lane.timeline.edges.today))


def streak_weeks(lane: Lane, _column: str, _days: int | None) -> FloatArray:
    """Local weeks, from Monday on, in a row with an event, up to the cutoff's week or the one before it."""
    return _streak(lane, (lane.days.day + 3) // 7, (lane.timeline.edges.today + 3) // 7)  # 1970-01-01 was a Thursday


def previous(lane: Lane, column: str, _days: int | None) -> FloatArray:
    """The column's value before its latest."""
    numbers, there = lane.fixed(column)
    filled = np.maximum.accumulate(np.where(there, np.arange(len(lane)), -1))
    last = filled[np.maximum(lane.end - 1, 0)]
    at = np.where(last > 0, filled[np.maximum(last - 1, 0)], -1)
    found = (lane.count(None) > 0) & (last > 0) & (at >= lane.start(None))
    return np.where(found, numbers[at] / FIXED, np.nan)


def days_until(lane: Lane, column: str, _days: int | None) -> FloatArray:
    """Days of 24 hours until the latest event that names them in its column is due; less than 0 once it was."""
    numbers, there = lane.fixed(column)
    filled = np.maximum.accumulate(np.where(there, np.arange(len(lane)), -1))
    at = filled[np.maximum(lane.end - 1, 0)]
    found = (lane.count(None) > 0) & (at >= lane.start(None))
    due_us = lane.time_us + np.clip(numbers, -FARTHEST, FARTHEST) * (DAY_US // FIXED)
    return np.where(found, (due_us[at] - lane.timeline.cutoffs_us) / DAY_US, np.nan)


def months(day: Int64Array) -> Int64Array:
    """Months since 1970 of days since 1970."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _streak(lane: Lane, period: Int64Array, now: Int64Array) -> FloatArray:
    begins = np.ones(len(lane), dtype=bool)
    begins[1:] = (lane.owner[1:] != lane.owner[:-1]) | (period[1:] - period[:-1] > 1)
    begin = np.maximum.accumulate(np.where(begins, np.arange(len(lane)), 0))
    length = period - period[begin] + 1
    at = np.maximum(lane.end - 1, 0)
    goes_on = (lane.count(None) > 0) & (now - period[at] <= 1)
    return np.where(goes_on, length[at], 0).astype(np.float64)
