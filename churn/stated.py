"""What customers said made them unhappy, in surveys, complaints, tickets and returns: reasons stated, not modelled.

    stated(events, cutoff)   per customer: code of `churn.reasons.CAUSES`, the words used, where, when; newest first
    open_cases(events, ...)  complaints or tickets that nothing has solved yet: how many, and how old the oldest is
    tells_solutions(events)  whether the log says at all when a case was solved

Stated reasons stand beside modelled ones and are never merged with them: the one is what somebody said, the other
what a score rests on. Knows only what the cutoff knows. Reads events; knows no model. Start reading at `stated`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from churn.calendar import DAY_US, NEVER, Int64Array, from_us
from churn.events import BoolArray, Events, before
from churn.reasons import CAUSES, SOURCES

SOLVED: Final = ("resolved", "solved", "closed")
NO_REASON: Final = (*SOLVED, "answered", "replied", "question")  # what was done, not what was wrong
SAID: Final[Mapping[str, str]] = {  # words of shops, beside the codes of the taxonomy themselves
    "answered_late": "ignored_feedback",
    "no_answer": "ignored_feedback",
    "late_delivery": "service",
    "rude_service": "service",
    "slow_service": "service",
    "wrong_item": "service",
    "defect": "product",
    "defective": "product",
    "quality": "product",
    "not_as_described": "over_promising",
    "too_expensive": "price",
    "expensive": "price",
    "switched": "competitor",
    "moved": "life_event",
    "too_many_messages": "inconsistent_messages",
    "无人回复": "ignored_feedback",
    "未回复": "ignored_feedback",
    "物流慢": "service",
    "发货慢": "service",
    "服务态度": "service",
    "发错货": "service",
    "质量问题": "product",
    "与描述不符": "over_promising",
    "描述不符": "over_promising",
    "太贵": "price",
    "价格太高": "price",
    "搬家": "life_event",
    "信息太多": "inconsistent_messages",
}
SPEAK_OF: Final[Mapping[str, tuple[str, ...]]] = {  # stated cause: the groups of reasons in which a model can see it
    "after_sale_neglect": ("campaigns", "service"),
    "over_promising": ("satisfaction", "returns"),
    "impersonal": ("campaigns", "engagement"),
    "ignored_feedback": ("service",),
    "inconsistent_messages": ("campaigns",),
    "price": ("price", "value"),
    "product": ("returns", "satisfaction", "breadth"),
    "service": ("service",),
    "competitor": ("engagement", "price"),
    "life_event": (),
}
WITHIN_DAYS: Final = 365
Words = Sequence[tuple[str, str]]  # a business's own words, in small letters, and the cause of each: `[reasons] words`


@dataclass(frozen=True, slots=True)
class Stated:
    """A reason that a customer stated.

    Args:
        code: of `CAUSES`; None where the words are not in the taxonomy.
        said: the reason code as it was recorded; None where a row of now does not repeat it.
        source: the kind of event. at: when it happened.
    """

    code: str | None
    said: str | None
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenCases:
    """Cases that nothing has solved yet: how many, and the age of the oldest."""

    count: int
    oldest_days: float


def cause_of(said: str, words: Words = ()) -> str | None:
    """The cause that a reason code states, by the business's own words first; None where there is none for it."""
    word = said.strip().lower()
    return word if word in CAUSES else dict(words).get(word) or SAID.get(word)


def stated(
    events: Events, cutoff_us: int, *, words: Words = (), within_days: int = WITHIN_DAYS
) -> dict[str, list[Stated]]:
    """What each customer stated, newest first; customers who stated nothing are left out.

    Args:
        events: a log, or the events of some customers.
        cutoff_us: the first instant of the future, microseconds since 1970 UTC.
        words: of the business.
        within_days: what lies further back is left out.
    """
    known = known_cases(events, cutoff_us)
    causes = [cause_of(word, words) for word in known.reason_code.levels]
    rows = stated_rows(known, cutoff_us, within_days=within_days)
    told: dict[str, list[Stated]] = {}
    for place in np.flatnonzero(rows)[::-1]:  # events lie in order of time within a customer
        code = known.reason_code.codes[place]
        source = known.kind.levels[known.kind.codes[place]]
        one = Stated(causes[code], known.reason_code.levels[code], source, from_us(int(known.time_us[place])))
        told.setdefault(str(known.customers[known.customer[place]]), []).append(one)
    return told


def known_cases(events: Events, cutoff_us: int) -> Events:
    """The events in which something is stated, asked or solved, as far as the cutoff knows them."""
    kinds = [kind for kind in events.kinds if kind in SOURCES or kind.endswith("_solved")]
    return before(events.take(events.is_kind(*kinds)), cutoff_us)


def stated_rows(known: Events, cutoff_us: int, *, within_days: int = WITHIN_DAYS) -> BoolArray:
    """Which of the known events state a reason, and not too long ago. Shape (n,)."""
    recent = known.time_us >= cutoff_us - within_days * DAY_US
    return recent & known.is_kind(*SOURCES) & (known.reason_code.codes >= 0) & ~known.reason_code.is_any(NO_REASON)


def tells_solutions(events: Events, *, kind: str = "complaint") -> bool:
    """Whether a log ever says that a case was solved; where it never does, nobody knows which are open."""
    return f"{kind}_solved" in events.kinds or bool(solves(events, kind).any())


def solves(events: Events, kind: str) -> BoolArray:
    """Which events solve the cases of a kind that came before. Shape (n,)."""
    return events.is_kind(f"{kind}_solved") | (events.is_kind(kind) & events.reason_code.is_any(SOLVED))


def open_since(
    known: Events, cutoff_us: int, *, kind: str, within_days: int = WITHIN_DAYS
) -> tuple[Int64Array, Int64Array]:
    """How many cases of each customer nothing has solved, and since when the oldest is open. Shape (c,) each.

    Args:
        known: what the cutoff knows, at least of this kind and its solutions.
        cutoff_us: the first instant of the future.
        kind: complaint or support_ticket.
        within_days: older cases are left out.
    """
    solved, asks = (
        solves(known, kind),
        known.is_kind(kind) & ~known.reason_code.is_any((*SOLVED, "answered", "replied")),
    )
    last = np.full(len(known.customers), -NEVER)
    np.maximum.at(last, known.customer[solved], known.time_us[solved])
    still = asks & (known.time_us > last[known.customer]) & (known.time_us >= cutoff_us - within_days * DAY_US)
    since_us = np.full(len(known.customers), NEVER)
    np.minimum.at(since_us, known.customer[still], known.time_us[still])
    return np.bincount(known.customer[still], minlength=len(known.customers)), since_us


def open_cases(
    events: Events, cutoff_us: int, *, kind: str = "complaint", within_days: int = WITHIN_DAYS
) -> dict[str, OpenCases]:
    """Cases of each customer that no later event of theirs has solved; customers without any are left out.

    A case is solved by `<kind>_solved`, or by a row of the kind itself whose reason code says so. Ask `tells_solutions`
    of the whole log first.

    Args:
        events: a log, or the events of some customers.
        cutoff_us: the first instant of the future.
        kind: complaint or support_ticket.
        within_days: older cases are left out.
    """
    known = known_cases(events, cutoff_us)
    count, since_us = open_since(known, cutoff_us, kind=kind, within_days=within_days)
    return {
        str(known.customers[place]): OpenCases(int(count[place]), (cutoff_us - int(since_us[place])) / DAY_US)
        for place in np.flatnonzero(count)
    }
