"""What each operation computes over the windows of a lane, for every customer and cutoff at once.

One small function an operation: a lane, a column and a window in, a float64 array (c, k) out, NaN for null. Counts
and totals of nothing are 0; means, peaks, gaps and days since nothing are null. Knows no feature. Start at
`OPERATIONS`; positions and prefix sums come from features/timeline.py.
"""

import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from churn.calendar import DAY_US, Int64Array
from churn.events import BoolArray, FloatArray, Texts
from churn.orders import FIXED
from features.edges import Positions
from features.folds import NOTHING, WIDTHS
from features.mix import main_share
from features.moments import days_until, previous, streak_months, streak_weeks
from features.timeline import Lane


def count(lane: Lane, _column: str, days: int | None) -> FloatArray:
    """Events in the window."""
    return lane.count(days).astype(np.float64)


def total(lane: Lane, column: str, days: int | None) -> FloatArray:
    """Sum of the column; 0 without events."""
    return lane.total(column, days).astype(np.float64) / FIXED


def mean(lane: Lane, column: str, days: int | None) -> FloatArray:
    """Mean of the column over the events that have it."""
    have = lane.have(column, days).astype(np.float64)
    return lane.total(column, days).astype(np.float64) / (FIXED * have)  # null is 0 / 0


def peak(lane: Lane, column: str, days: int | None) -> FloatArray:
    """Largest value of the column."""
    largest = lane.peak(column, days)
    return _where(largest != NOTHING, largest.astype(np.float64) / FIXED)


def active_days(lane: Lane, _column: str, days: int | None) -> FloatArray:
    """Local days with at least one event."""
    return lane.active(days).astype(np.float64)


def distinct(lane: Lane, column: str, days: int | None) -> FloatArray:
    """Different texts of a column."""
    texts: Texts = getattr(lane.timeline.events, column)
    few = len(texts.levels) <= max(WIDTHS)
    return lane.texts(column, days).astype(np.float64) if few else distinct_of_many(lane, column, days)


def distinct_of_many(lane: Lane, column: str, days: int | None) -> FloatArray:
    """Different texts of a column that has any number of them.

    Of each text, a cutoff counts the latest event before it if that lies in the window: an event is the latest from
    the cutoff after it to the cutoff after its successor, so two marks an event and a running sum do.
    """
    texts: Texts = getattr(lane.timeline.events, column)
    rows = lane.rows[texts.codes[lane.rows] >= 0]
    line, stride = lane.timeline, lane.timeline.stride
    owner = line.events.customer[rows].astype(np.int64)
    text = owner * max(len(texts.levels), 1) + texts.codes[rows]
    order = np.argsort(text, kind="stable")
    begin, text = line.slots(0)[rows][order], text[order]
    last = (owner[order] + 1) * stride - 1  # the slot after a view's last cutoff
    end = last.copy()
    followed = text[1:] == text[:-1]
    end[:-1][followed] = begin[1:][followed]
    if days is not None:
        end = np.minimum(end, line.slots(days)[rows][order])
    lives = begin < end
    size = line.laid.count * stride
    marks = np.bincount(begin[lives], minlength=size) - np.bincount(end[lives], minlength=size)
    return np.cumsum(marks)[line.cells].astype(np.float64)  # every mark up is taken down within its view


def gap_mean(lane: Lane, _column: str, days: int | None) -> FloatArray:
    """Mean days between consecutive active days of the window."""
    active, reach = lane.active(days), _reach(lane, days)
    return _where(active > 1, reach / np.maximum(active - 1, 1))


def gap_std(lane: Lane, _column: str, days: int | None) -> FloatArray:
    """Sample standard deviation of the gaps of the window; null with fewer than two gaps."""
    gaps, reach = lane.active(days) - 1, _reach(lane, days)
    inner = np.minimum(lane.start(days) + 1, lane.end)  # the gap into the window's first day is not of the window
    squares = lane.days.squares[lane.end] - lane.days.squares[inner]
    spread = gaps * squares - reach * reach
    return _where(gaps > 1, np.sqrt(np.maximum(spread, 0) / np.maximum(gaps * (gaps - 1), 1)))


def gap_longest(lane: Lane, _column: str, days: int | None) -> FloatArray:
    """Longest gap of the window."""
    inner = np.minimum(lane.start(days) + 1, lane.end)
    return _where(lane.active(days) > 1, _largest(lane.days.gap, inner, lane.end))


def gap_last(lane: Lane, _column: str, _days: int | None) -> FloatArray:
    """The gap between the two latest active days."""
    opened = lane.days.first[np.maximum(lane.days.before[lane.end] - 1, 0)]
    return _where(lane.active(None) > 1, lane.days.gap[opened])


def days_since(lane: Lane, _column: str, _days: int | None) -> FloatArray:
    """Days of 24 hours from the last event to the cutoff."""
    elapsed = lane.timeline.cutoffs_us - lane.time_us[np.maximum(lane.end - 1, 0)]
    return _where(lane.end > lane.start(None), elapsed.astype(np.float64) / DAY_US)


def days_since_first(lane: Lane, _column: str, _days: int | None) -> FloatArray:
    """Days of 24 hours from the first event to the cutoff."""
    elapsed = lane.timeline.cutoffs_us - lane.time_us[np.minimum(lane.start(None), len(lane) - 1)]
    return _where(lane.end > lane.start(None), elapsed.astype(np.float64) / DAY_US)


def last(lane: Lane, column: str, _days: int | None) -> FloatArray:
    """The column's latest value."""
    numbers, there = lane.fixed(column)
    at, found = _latest(lane, there)
    return _where(found, numbers[at] / FIXED)


def latest(lane: Lane, column: str, _days: int | None) -> FloatArray:
    """The column's latest text, as its code."""
    texts: Texts = getattr(lane.timeline.events, column)
    codes = texts.codes[lane.rows]
    at, found = _latest(lane, codes >= 0)
    return _where(found, _text_codes(texts.levels)[codes[at]])


def text_code(text: str) -> int:
    """A text as 31 bits that no release, log or batch changes: CRC-32 of its UTF-8 without the top bit."""
    return zlib.crc32(text.encode()) & 0x7FFFFFFF


@lru_cache(maxsize=16)
def _text_codes(levels: tuple[str, ...]) -> FloatArray:
    return np.array([text_code(text) for text in levels] or [0], dtype=np.float64)


Operation = Callable[[Lane, str, int | None], FloatArray]
OPERATIONS: Final[dict[str, Operation]] = {
    one.__name__: one
    for one in (
        *(count, total, mean, peak, active_days, distinct, gap_mean, gap_std, gap_longest),
        *(gap_last, days_since, days_since_first, last, latest),
        *(main_share, streak_months, streak_weeks, previous, days_until),
    )
}
ZERO_OF_NOTHING: Final = {"count", "total", "active_days", "distinct", "streak_months", "streak_weeks"}


def operate(lane: Lane, operation: str, column: str | None, days: int | None) -> FloatArray:
    """An operation over the windows of a lane. Shape (c, k)."""
    if not len(lane):
        return np.full(lane.timeline.shape, 0.0 if operation in ZERO_OF_NOTHING else np.nan)
    return OPERATIONS[operation](lane, column or "", days)


def _where(there: BoolArray, values: FloatArray | Int64Array) -> FloatArray:
    return np.asarray(values * (there / there))  # 0 / 0 is null; several times faster than `np.where`


def _reach(lane: Lane, days: int | None) -> Int64Array:
    """Days from the first active day of the window to its last; of no meaning where there is none."""
    top = len(lane) - 1
    return lane.days.day[np.maximum(lane.end - 1, 0)] - lane.days.day[np.minimum(lane.start(days), top)]


def _largest(values: Int64Array, start: Positions, end: Positions) -> Int64Array:
    """Largest value of each stretch `[start, end)`; `NOTHING` where it is empty."""
    padded = np.append(values, NOTHING)  # a stretch may begin or end behind the last value
    edges = np.stack([start, end], axis=-1).ravel()
    largest = np.maximum.reduceat(padded, edges)[::2].reshape(start.shape)
    return np.where(start < end, largest, NOTHING)


def _latest(lane: Lane, there: BoolArray) -> tuple[Positions, BoolArray]:
    """Position of the latest event before each cutoff that has a value, and whether there is one."""
    filled = np.maximum.accumulate(np.where(there, np.arange(len(lane)), -1))
    at = filled[np.maximum(lane.end - 1, 0)]
    found = (lane.count(None) > 0) & (at >= lane.start(None))
    return np.where(found, at, 0), found
