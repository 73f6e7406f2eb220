"""One live event, what became of it, and why it may be refused.

`judge` holds an event against the clock and against what stores can hold; what is wrong with its form is told by
serving/events.py before an event comes here. Reads no store. Start reading at `judge`.
"""

import hashlib
import json
from collections.abc import Container
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Literal, NamedTuple

from churn.calendar import from_us
from churn.events import NUMBERS
from churn.orders import LARGEST
from features.birthdays import KIND, month_day

Status = Literal["accepted", "duplicate", "rejected"]


class Reason(NamedTuple):
    """Why an event is refused, and how to mend it."""

    code: str
    problem: str
    mend: str


@dataclass(frozen=True)
class LiveEvent:
    """An event as somebody posted it, under the customer it was resolved to.

    Args:
        source: who posts; one event_id is one event of a source.
        source_id: how the source names the customer; None where it gave the customer_id itself.
        time_us: when it happened, microseconds since 1970 UTC.

    The others are columns of EVENTS (churn/tables.py).
    """

    source: str
    event_id: str
    customer_id: str
    event_type: str
    time_us: int
    source_id: str | None = None
    amount: float | None = None
    channel: str | None = None
    order_id: str | None = None
    category: str | None = None
    quantity: float | None = None
    discount_amount: float | None = None
    score: float | None = None
    reason_code: str | None = None
    text: str | None = None
    related_customer_id: str | None = None

    @property
    def digest(self) -> str:
        """What the source said, in 32 hex digits: the same event posted again has the same."""
        told = dict(zip(FIELDS, self.values(), strict=True))
        if self.source_id is not None:
            del told["customer_id"]  # an id map may resolve it to somebody else by then
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def values(self) -> tuple[str | int | float | None, ...]:
        """The fields, in the order of `FIELDS`."""
        values: tuple[str | int | float | None, ...] = VALUES(self)
        return values


FIELDS = tuple(field.name for field in fields(LiveEvent))
VALUES = attrgetter(*FIELDS)  # dataclasses.astuple would copy each value, at ten times the cost


@dataclass(frozen=True)
class Receipt:
    """What became of an event: kept, kept before, or refused with a reason."""

    status: Status
    reason: Reason | None = None


LATE = "correct it, or the sender's clock."
LATE_BY_LOG = f"{LATE} Now is where the log ends ([business] clock); a later log, or the clock `wall`, moves it."
LATE_IMAGINED = "correct it, or ask with a later `as_of`."


def judge(event: LiveEvent, *, end_us: int, forgotten: Container[str] = (), late: str = LATE) -> Reason | None:
    """Why an event cannot be one; None where it can.

    Args:
        event: any.
        end_us: what happened at or after this instant lies in the future.
        forgotten: customers who asked to be erased.
        late: how to mend one of the future.
    """
    if event.time_us >= end_us:
        return Reason(
            "in_the_future",
            f"event_timestamp lies at or after {from_us(end_us).isoformat()}.",
            late,
        )
    if event.time_us < 0:
        return Reason("too_old", "event_timestamp lies before 1970.", "correct it; an unknown time is no event.")
    if any(abs(value) > LARGEST for name in NUMBERS if (value := getattr(event, name)) is not None):
        return Reason("too_large", "a number lies beyond a million million.", "correct it, or use a larger unit.")
    if any("\0" in value for value in event.values() if isinstance(value, str)):
        return Reason("nul_character", "a text holds the character NUL.", "leave it out; no store keeps it.")
    if event.customer_id in forgotten:
        return Reason("forgotten_customer", "this customer was erased on request.", "do not send their events.")
    return None


def birthday_reason(event: LiveEvent) -> Reason | None:
    """Why an event is no birthday of a month and a day; None where it is one, or is of another kind."""
    day = told_day(event)
    if day is None or month_day(day) is not None:
        return None
    return Reason(
        "bad_birthday",
        "a birthday tells no month and day, or not which part of it is the year.",
        "write it as MM-DD, or as YYYY-MM-DD: the year is not kept.",
    )


def told_day(event: LiveEvent) -> str | None:
    """What an event tells as a birthday, with the year it may have; None where it tells none."""
    if event.event_type != KIND:
        return None
    return event.category or (None if event.amount is None else f"{event.amount:.0f}")


def conflict(event: LiveEvent) -> Reason:
    """An event_id came again with another content: the first stays."""
    return Reason(
        "conflicting_event",
        f"source {event.source!r} gave another event under event_id {event.event_id!r} before; the first one stays.",
        "give each event an id of its own; a correction is an event of its own too.",
    )
