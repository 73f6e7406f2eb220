"""What a log says of each customer's purchases as of an instant, and what they spent in the time after it.

    part of the log, instant --pasts_of--> Pasts: visits, money and pauses, one row a customer who ever bought
                             --spent_in--> money of the window after it, for whoever learns or judges

A *visit* is a local day with a qualifying event. Orders taken back in full by then do not count; an amount that is not
there counts as none. Nothing here sees the future: time passes through `churn.events.before`. Knows no file. Start
reading at `Pasts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from churn.calendar import DAY_US, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, FloatArray, Int32Array, before
from churn.stages import Stage, standing

QUARTER = 4  # of the horizon: how far back the shorter windows look is a quarter of it
INPUTS = (
    "visits", "known_days", "last_days", "since_days", "pause_days", "overdue_ratio", "spend_amount", "visit_amount",
    "last_amount", "visits_lately", "spend_lately_amount", "visits_quarter", "spend_quarter_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Pasts:
    """Everybody who had bought before an instant. All of shape (n,).

    Args:
        customer_ids: whom; sorted within a part of the log.
        visits: days with a qualifying event. known_days: from the first of them to the instant.
        last_days: from the first to the last. since_days: from the last to the instant.
        spend_amount: money of all of them. last_amount: of the last visit.
        visits_lately, spend_lately_amount: of the last stretch as long as the horizon.
        visits_quarter, spend_quarter_amount: of its last quarter.
        early_amount: of as long a stretch from the first visit on.
        channel: of the first qualifying event; None where it has none.
        lapsed: whether they count as lapsed by the definition's rule.
    """

    customer_ids: NDArray[np.object_]
    visits: FloatArray
    known_days: FloatArray
    last_days: FloatArray
    since_days: FloatArray
    spend_amount: FloatArray
    last_amount: FloatArray
    visits_lately: FloatArray
    spend_lately_amount: FloatArray
    visits_quarter: FloatArray
    spend_quarter_amount: FloatArray
    early_amount: FloatArray
    channel: NDArray[np.object_]
    lapsed: BoolArray

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def pause_days(self) -> FloatArray:
        """Mean pause between visits; NaN after a single one."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.visits > 1, self.last_days / (self.visits - 1), np.nan)

    @property
    def visit_amount(self) -> FloatArray:
        """Mean money of a visit."""
        return np.asarray(self.spend_amount / np.maximum(self.visits, 1.0))

    @property
    def overdue_ratio(self) -> FloatArray:
        """Days since the last visit over the mean pause; NaN after a single one."""
        return np.asarray(self.since_days / np.maximum(self.pause_days, 1.0))

    @property
    def inputs(self) -> FloatArray:
        """What a learner sees, in the order of INPUTS. Shape (n, len(INPUTS))."""
        return np.column_stack([getattr(self, name) for name in INPUTS])

    def take(self, rows: NDArray[Any]) -> Self:
        """These rows: a mask, or positions."""
        return type(self)(*(getattr(self, one.name)[rows] for one in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several parts of a log as one."""
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))


def pasts_of(events: Events, lifecycle: Lifecycle, instant: datetime, horizon_days: int) -> Pasts:
    """Everybody in a part of a log who had bought before an instant, by what was known then.

    Args:
        events: whole customers.
        lifecycle: what qualifies, and whose days count.
        instant: the first instant of the future.
        horizon_days: how long the stretches are that count as lately.
    """
    known = before(events, to_us(instant))
    rows = known.take(qualifies(known, lifecycle.definition, lifecycle.calendar))
    if not len(rows):
        return _nobody()
    size, who, amount = len(rows.customers), rows.customer, np.nan_to_num(rows.amount)
    there, first = np.unique(who, return_index=True)
    last = np.append(first[1:], len(who)) - 1
    day = lifecycle.calendar.days_of(rows.time_us)
    opens = np.ones(len(who), dtype=np.bool_)
    opens[1:] = (day[1:] != day[:-1]) | (who[1:] != who[:-1])
    start_us = np.zeros(size, dtype=np.int64)
    start_us[there] = rows.time_us[first]
    final = np.zeros(size, dtype=np.int64)
    final[there] = day[last]
    windows = [
        rows.time_us >= to_us(lifecycle.calendar.window_start(instant, days))
        for days in (horizon_days, horizon_days // QUARTER)
    ]
    early = rows.time_us < start_us[who] + horizon_days * DAY_US

    def of(mask: NDArray[np.bool_], weights: FloatArray) -> FloatArray:
        return np.bincount(who[mask], weights=weights[mask], minlength=size)[there].astype(np.float64)

    every, ones = np.ones(len(who), dtype=np.bool_), np.ones(len(who))
    codes = rows.channel.codes[first]
    names = np.array([*rows.channel.levels, None], dtype=object)
    known_days = (to_us(instant) - rows.time_us[first]) / DAY_US
    since_days = (to_us(instant) - rows.time_us[last]) / DAY_US
    return Pasts(
        rows.customers[there], of(opens, ones), known_days, known_days - since_days, since_days, of(every, amount),
        of(day == final[who], amount), of(opens & windows[0], ones), of(windows[0], amount),
        of(opens & windows[1], ones), of(windows[1], amount), of(early, amount), names[codes],
        _lapsed(known, lifecycle, instant)[there],
    )  # fmt: skip


def _lapsed(known: Events, lifecycle: Lifecycle, instant: datetime) -> BoolArray:
    """Who counts as lapsed, of everybody in `Events.customers`. Shape (c,)."""
    now = standing(known, lifecycle, to_us(instant))
    found = np.zeros(len(known.customers), dtype=np.bool_)
    found[now.customer] = now.is_in(Stage.LAPSED)
    return found


def spent_in(events: Events, lifecycle: Lifecycle, start: datetime, end: datetime, known: datetime) -> FloatArray:
    """Money of each customer's qualifying events in `[start, end)`, as known at an instant. Shape (c,)."""
    seen = before(events, to_us(known))
    inside = qualifies(seen, lifecycle.definition, lifecycle.calendar)
    inside &= (seen.time_us >= to_us(start)) & (seen.time_us < to_us(end))
    customer: Int32Array = seen.customer[inside]
    spent = np.bincount(customer, weights=np.nan_to_num(seen.amount[inside]), minlength=len(events.customers))
    return spent.astype(np.float64)


def _nobody() -> Pasts:
    other = {"customer_ids": object, "channel": object, "lapsed": np.bool_}
    empty: dict[str, Any] = {one.name: np.zeros(0, dtype=other.get(one.name, float)) for one in fields(Pasts)}
    return Pasts(**empty)
