"""Stages, cohorts and labels worked out by hand: one customer, one event at a time, in plain Python.

What churn/stages.py, cohort.py and labels.py must equal. Shares nothing with them: days and windows come from
`datetime` and `zoneinfo` alone, orders are taken back as the words say. Start reading at `Customer`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd

from churn.definition import Lifecycle, OwnCadence, Silence, Subscription

TAKES_BACK = ("return", "refund", "cancellation", "cancel")
FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Happened(NamedTuple):
    """One event."""

    kind: str
    at: datetime
    known: datetime
    order: str | None
    amount: float | None
    quantity: float | None


@dataclass(frozen=True)
class Customer:
    """One customer's events, in order of time."""

    events: tuple[Happened, ...]
    lifecycle: Lifecycle

    @classmethod
    def of(cls, frame: pd.DataFrame, customer: str, lifecycle: Lifecycle) -> "Customer":
        rows = frame[frame["customer_id"] == customer]
        events = [Happened(*(_plain(value) for value in row)) for row in rows[_COLUMNS].itertuples(index=False)]
        return cls(tuple(sorted(events, key=lambda event: event.at)), lifecycle)

    def seen(self, until: datetime, known_before: datetime) -> "Customer":
        """What happened before an instant, as far as it was known, and stood, before another."""
        kept = (
            event
            for event in self.events
            if event.at < until and event.known < known_before and self.taken_back(event) >= known_before
        )
        return Customer(tuple(kept), self.lifecycle)

    def taken_back(self, line: Happened) -> datetime:
        """From when on a line of an order counts no more."""
        if line.order is None or line.kind in TAKES_BACK:
            return FAR
        same = [event for event in self.events if event.order == line.order]
        for moment in sorted(max(event.known, event.at) for event in same):
            told = [event for event in same if max(event.known, event.at) <= moment]
            if moment >= max(line.known, line.at) and _is_full(told):
                return moment
        return FAR

    def qualifying(self) -> list[Happened]:
        return [event for event in self.events if event.kind in self.lifecycle.definition.qualifying]

    def stage(self, cutoff: datetime) -> str:
        """The stage by what this customer's events say; all of them lie before the cutoff."""
        rules, orders = self.lifecycle.rules, self.qualifying()
        if not orders:
            return "prospect"
        returned = (
            self.before(event.at).has_lapsed(event.at)
            for event in orders
            if event.at >= self.start(cutoff, rules.won_back_days)
        )
        if self.has_lapsed(cutoff):
            return "lapsed"
        if any(returned):
            return "won_back"
        if self.is_lapsing(cutoff):
            return "lapsing"
        if sum(event.at >= self.start(cutoff, rules.loyal_days) for event in orders) >= rules.loyal_orders:
            return "loyal"
        return "new" if orders[0].at >= self.start(cutoff, rules.new_days) else "active"

    def before(self, instant: datetime) -> "Customer":
        return Customer(tuple(event for event in self.events if event.at < instant), self.lifecycle)

    def has_lapsed(self, now: datetime) -> bool:
        """Whether they are lapsed; a prospect is not."""
        orders, lapse = self.qualifying(), self.lifecycle.definition.lapse
        if not orders:
            return False
        if isinstance(lapse, Subscription):
            return self.day(now) >= self.paid_until(lapse) + timedelta(days=lapse.grace_days)
        return orders[-1].at < self.start(now, ceil(round(self.threshold(), 6)))

    def is_lapsing(self, now: datetime) -> bool:
        lapse = self.lifecycle.definition.lapse
        if isinstance(lapse, Subscription):
            return self.day(now) >= self.paid_until(lapse)
        silent = (self.day(now) - self.day(self.qualifying()[-1].at)).days
        return silent >= round(self.lifecycle.rules.lapsing_share * self.threshold(), 6)

    def lapsed_since(self, now: datetime) -> date:
        """The first local day on which they were lapsed."""
        day = self.day(now)
        while self.has_lapsed(self.midnight(day - timedelta(days=1))):
            day -= timedelta(days=1)
        return day

    def threshold(self) -> float:
        """Days of silence that are allowed."""
        lapse = self.lifecycle.definition.lapse
        if isinstance(lapse, Silence):
            return lapse.days
        assert isinstance(lapse, OwnCadence)
        days = sorted({self.day(event.at) for event in self.qualifying()})
        if len(days) == 1:
            return lapse.max_days
        gap = (days[-1] - days[0]).days / (len(days) - 1)
        return min(max(lapse.times * gap, lapse.min_days), lapse.max_days)

    def paid_until(self, lapse: Subscription) -> date:
        last = self.qualifying()[-1].at
        terms = [event.quantity or lapse.term_days for event in self.qualifying() if event.at == last]
        ends = [self.day(last) + timedelta(days=ceil(max(terms)))]
        ends += [self.day(event.at) for event in self.events if event.kind == "cancel" and event.at > last]
        return min(ends)

    def complained(self, cutoff: datetime, days: int) -> bool:
        return any(event.kind == "complaint" and event.at >= self.start(cutoff, days) for event in self.events)

    def day(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.lifecycle.calendar.timezone)).date()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.lifecycle.calendar.timezone)).astimezone(UTC)

    def start(self, cutoff: datetime, days: int) -> datetime:
        return self.midnight(self.day(cutoff) - timedelta(days=days))


_COLUMNS = ["event_type", "event_timestamp", "ingested_at", "order_id", "amount", "quantity"]


def _plain(value: Any) -> Any:
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _is_full(told: list[Happened]) -> bool:
    """Whether an order is taken back in full by what was told of it."""
    takings = [event for event in told if event.kind in TAKES_BACK]
    lines = [event for event in told if event.kind not in TAKES_BACK]
    for taking in takings:
        amount, quantity = sum(line.amount or 0 for line in lines), sum(line.quantity or 0 for line in lines)
        if taking.amount is not None and amount > 0:
            full = sum(one.amount or 0 for one in takings) >= amount
        elif taking.quantity is not None and quantity > 0:
            full = sum(one.quantity or 0 for one in takings) >= quantity
        else:
            full = True
        if full:
            return True
    return False


def model(customer: Customer, cutoff: datetime) -> str | None:
    """Which model asks about a customer, whose events are those that the cutoff sees."""
    definition, stage = customer.lifecycle.definition, customer.stage(cutoff)
    if stage == "prospect" or (definition.eligible and customer.complained(cutoff, 3)):
        return None
    if stage != "lapsed":
        return "churn"
    within = definition.win_back_within_days
    if within is not None and (customer.day(cutoff) - customer.lapsed_since(cutoff)).days > within:
        return None
    return "reactivation"


def outcome(customer: Customer, asked: str, cutoff: datetime, observed_until: datetime) -> bool:
    """Whether a customer churned or was reactivated, by all of their events; the horizon is over."""
    window = customer.lifecycle.outcome_window(cutoff)
    until_end = customer.seen(window.end, observed_until)
    came = any(event.at >= window.start for event in until_end.qualifying())
    if asked == "reactivation":
        return came
    if isinstance(customer.lifecycle.definition.lapse, Subscription):
        return not until_end.qualifying() or until_end.has_lapsed(window.end)
    return not came
