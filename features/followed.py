"""Did something follow? Tickets and their answers, invitations and attendance, orders and the contact after them.

An event of one selection is followed by the first event of another that happens to the same customer at its instant or
later (`Followed`). Within a customer, later events are never followed earlier, so those that are answered by a cutoff
are a stretch of neighbours, and everything asked here is a difference of positions or of prefix sums: exact, and the
same alone, in a batch, for one cutoff or many. Reads the lanes of features/timeline.py. Start reading at `followed`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from churn.calendar import DAY_US, NEVER, Int64Array
from churn.events import FloatArray
from features.edges import Positions
from features.folds import prefix
from features.formula import Followed
from features.timeline import Lane, Timeline

SECOND_US = 1_000_000


def followed(timeline: Timeline, formula: Followed) -> FloatArray:
    """The value of a formula. Shape (c, k)."""
    lane, by = timeline.lane(formula.selection), timeline.lane(formula.by)
    if not len(lane):
        return np.full(timeline.shape, 0.0 if formula.what == "open" else np.nan)
    key = (Answers, formula.by)
    if key not in lane.made:
        lane.made[key] = _later(lane) if formula.by == formula.selection else _answers(lane, by)
    answers: Answers = lane.made[key]
    if formula.what == "share":
        return _share(lane, answers, formula)
    asked, answered = lane.start(formula.days), answers.before
    first_open = np.maximum(answered, asked)
    if formula.what == "wait":
        seconds = prefix(np.where(answers.time_us == NEVER, 0, answers.time_us - lane.time_us) // SECOND_US)
        return _per(seconds[first_open] - seconds[asked], 86_400 * (first_open - asked))
    if formula.what == "open":
        return (lane.end - first_open).astype(np.float64)
    since = timeline.cutoffs_us - lane.time_us[np.minimum(first_open, len(lane) - 1)]
    return np.where(first_open < lane.end, since / DAY_US, np.nan)


@dataclass(frozen=True)
class Answers:
    """What follows each event of a lane.

    Args:
        lane: whose events.
        time_us: when; `NEVER` where nothing does. Shape (n,), ascending within a view.
        after_days: local days after the event; beyond every window where nothing does. Shape (n,).
    """

    lane: Lane
    time_us: Int64Array
    after_days: Int64Array

    @cached_property
    def before(self) -> Positions:
        """Position after the last event that was answered before each cutoff: a count of answers, laid like events."""
        line = self.lane.timeline
        slots = self.lane.owner * line.stride + np.searchsorted(line.cutoffs_us, self.time_us, side="right")
        return np.asarray(np.cumsum(np.bincount(slots, minlength=line.laid.count * line.stride))[line.cells])


def _answers(lane: Lane, by: Lane) -> Answers:
    """The first event of another lane at each event's instant or later, by the order of the log."""
    if not len(by):
        return _at(lane, np.full(len(lane), -1))
    at = np.searchsorted(by.rows, lane.rows)
    next_row, row_before = by.rows[np.minimum(at, len(by) - 1)], by.rows[np.maximum(at - 1, 0)]
    owner, time_us = lane.timeline.events.customer, lane.timeline.events.time_us
    follows = (at < len(by)) & (owner[next_row] == lane.owner)
    tied = (at > 0) & (owner[row_before] == lane.owner) & (time_us[row_before] == lane.time_us)
    return _at(lane, np.where(tied, row_before, np.where(follows, next_row, -1)))


def _later(lane: Lane) -> Answers:
    """The next event of the lane itself at a later instant."""
    opens = np.ones(len(lane), dtype=bool)
    opens[1:] = (lane.time_us[1:] != lane.time_us[:-1]) | (lane.owner[1:] != lane.owner[:-1])
    groups = np.append(np.flatnonzero(opens), len(lane))
    after = groups[np.cumsum(opens)]
    inside = np.minimum(after, len(lane) - 1)
    follows = (after < len(lane)) & (lane.owner[inside] == lane.owner)
    return _at(lane, np.where(follows, lane.rows[inside], -1))


def _at(lane: Lane, rows: Positions) -> Answers:
    """The answers that lie on these rows of the log; -1 for none."""
    there = rows >= 0
    time_us = np.where(there, lane.timeline.events.time_us[rows], NEVER)
    after_days = lane.timeline.day[rows] - lane.days.day
    return Answers(lane, time_us, np.where(there, after_days, np.iinfo(np.int64).max))


def _share(lane: Lane, answers: Answers, formula: Followed) -> FloatArray:
    """Of those whose days are over: they happened before the window of `within_days` begins."""
    asked = lane.start(formula.days)
    over = np.maximum(lane.start(formula.within_days), asked)
    quick = prefix(answers.after_days <= formula.within_days)
    return _per(quick[over] - quick[asked], over - asked)


def _per(total: Int64Array, count: Int64Array | Positions) -> FloatArray:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
