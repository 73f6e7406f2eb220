"""`POST /v1/what-if`: what would be said of customers with these events? Nothing is stored, logged or counted.

    body -> each event read and judged as by POST /v1/events -> rows by the kernel of every batch -> the scorer

A customer may be made of events alone, or be a known one whose own events count too. An event that cannot be taken
leaves its customer without a number: a score from half of what was imagined would mislead. The answers are no lines of
the score log, so no drift, ledger, feed or replay ever sees them. Start reading at `WhatIfDesk.post`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import anyio
import anyio.to_thread
import msgspec
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.calendar import from_us, to_us
from churn.clock import StoppedClock
from features.live.event import LiveEvent, Reason, Receipt, conflict
from features.live.what_if import Imagined
from features.online import OnlineRow
from serving.abstentions import abstention
from serving.audit.scribe import about
from serving.event_schemas import EventOut
from serving.events import decode_one, event_of, fault, id_of, out_of, unblank
from serving.refusals import InvalidRequest, MalformedJson, NotReady
from serving.schemas import Language, Score
from serving.scorer import Scorer
from serving.turns import Overloaded
from serving.what_if_schemas import RawCustomer, RawRequest, WhatIfAnswer, WhatIfOut

PATH = "/v1/what-if"
SCOPES = {PATH: "score"}
AHEAD = timedelta(days=366)
AT_ONCE = 2  # of such requests in a worker; others wait
MOST_WAITING = 16
WHAT_IF = "what_if"
HOW = (
    'send {"customers": [1 to 50 of {"customer_id": a known one, or left out, "events": [up to 1000 as in '
    'POST /v1/events]}], "as_of": an instant with its offset, or left out}; `/docs` has an example.'
)
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(RawRequest).decode


class Told(NamedTuple):
    """Of one customer: imagined events that count, those that cannot be taken, ids of those that they have already."""

    events: list[LiveEvent]
    rejected: list[EventOut]
    duplicate: list[str]


class Imagining(Protocol):
    """What computes rows that nobody stores: features.live.intake.Intake."""

    def instant_us(self) -> int:
        """Now, and after the last commit."""
        ...

    def judge_imagined(self, events: Sequence[LiveEvent], cutoff_us: int) -> list[Reason | None]:
        """Why each event cannot even be imagined as of an instant."""
        ...

    def held(self, customer_id: str, events: Sequence[LiveEvent], cutoff_us: int) -> list[bool | None]:
        """Whether a customer has each of these events already; None where they have another under its id."""
        ...

    def imagine(self, customers: Sequence[Imagined], cutoff_us: int) -> list[OnlineRow | None]:
        """Rows of imagined customers; None of whom nothing is known."""
        ...


class Counter(Protocol):
    """What answers: serving.app.Counter."""

    @property
    def scorer(self) -> Scorer:
        """What makes scores of rows."""
        ...

    def forgotten(self, customer_ids: Sequence[str], /) -> set[str]:
        """Names those of some customers who were erased."""
        ...


class Answers(Protocol):
    """What answers a request: serving.app.Desk."""

    @property
    def counter(self) -> Counter:
        """What answers."""
        ...

    def words(self, request: Request, language: Language | None, top: int | None) -> tuple[str, int]:
        """The language of an answer, and how many reasons it has at most."""
        ...


class WhatIfDesk:
    """Where imagined customers come to; closed until the service is ready.

    Args:
        desk: what answers.
    """

    def __init__(self, desk: Answers) -> None:
        self._desk = desk
        self._imagining: Imagining | None = None
        self._at_once, self._waiting = anyio.CapacityLimiter(AT_ONCE), 0

    def open(self, imagining: Imagining) -> None:
        """Begin to answer."""
        self._imagining = imagining

    def close(self) -> None:
        """Answer no more."""
        self._imagining = None

    def routes(self) -> list[BaseRoute]:
        """The route of this desk."""
        return [Route(PATH, self.post, methods=["POST"])]

    async def post(self, request: Request) -> Response:
        """Answer `POST /v1/what-if`."""
        imagining = self._imagining
        if imagining is None:
            raise NotReady
        asked = _read(await request.body())
        about(request.scope, [one.customer_id for one in asked.customers if one.customer_id is not None])
        words = self._desk.words(request, asked.language, asked.top_reasons)
        if self._waiting >= MOST_WAITING:
            raise Overloaded(f"{self._waiting} requests imagine customers already")
        self._waiting += 1
        try:
            answer = await anyio.to_thread.run_sync(self._answer, imagining, asked, *words, limiter=self._at_once)
        finally:
            self._waiting -= 1
        return Response(encode(answer), media_type="application/json")

    def _answer(self, imagining: Imagining, asked: RawRequest, language: str, top: int) -> WhatIfAnswer:
        counter, now_us = self._desk.counter, imagining.instant_us()
        cutoff_us = now_us if asked.as_of is None else to_us(asked.as_of)
        if not 0 < cutoff_us <= now_us + AHEAD // timedelta(microseconds=1):
            raise InvalidRequest(f"as_of lies before 1970 or more than {AHEAD.days} days from now", HOW)
        read = [_events(one, imagining, cutoff_us) for one in asked.customers]
        named = [one.customer_id for one in asked.customers if one.customer_id is not None]
        gone = counter.forgotten(named) if named else set[str]()
        silent = [_silence(one, told.rejected, gone) for one, told in zip(asked.customers, read, strict=True)]
        good = [place for place, code in enumerate(silent) if code is None]
        wanted = [Imagined(read[place].events, asked.customers[place].customer_id) for place in good]
        rows = dict(zip(good, imagining.imagine(wanted, cutoff_us), strict=True)) if wanted else {}
        names = [one.customer_id or f"what-if-{place + 1}" for place, one in enumerate(asked.customers)]
        found = [_named(rows.get(place), name) for place, name in enumerate(names)]
        scorer = replace(counter.scorer, clock=StoppedClock(from_us(cutoff_us)), beside=lambda answers, _: answers)
        answers, scored_at = scorer.score(names, found, language=language, top=top), counter.scorer.clock.now()
        outs = [
            WhatIfOut(_marked(answer.score, scored_at, code, language), told.rejected, told.duplicate)
            for answer, code, told in zip(answers, silent, read, strict=True)
        ]
        return WhatIfAnswer(what_if=True, as_of=from_us(cutoff_us), answers=outs)


def _read(body: bytes) -> RawRequest:
    """The request in a body, its events still to be read.

    Raises:
        MalformedJson: no JSON. InvalidRequest: not as the schema has it.
    """
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error), HOW) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(str(error), HOW) from error


def _events(customer: RawCustomer, imagining: Imagining, cutoff_us: int) -> Told:
    """The events of a customer, each once; those that they have already are no imagined ones."""
    events: dict[tuple[str, str], LiveEvent] = {}
    rejected: list[EventOut] = []
    for raw in customer.events:
        event = _event(raw, customer.customer_id)
        if isinstance(event, Reason):
            rejected.append(out_of(id_of(raw, None), Receipt("rejected", event)))
            continue
        first = events.setdefault((event.source, event.event_id), event)
        if first.digest != event.digest:
            rejected.append(out_of(event.event_id, Receipt("rejected", conflict(event))))
    told = list(events.values())
    judged = zip(told, imagining.judge_imagined(told, cutoff_us), strict=True)
    rejected += [out_of(one.event_id, Receipt("rejected", reason)) for one, reason in judged if reason]
    if customer.customer_id is None or not told or rejected:
        return Told(told, rejected, [])
    held = list(zip(told, imagining.held(customer.customer_id, told, cutoff_us), strict=True))
    others = [out_of(one.event_id, Receipt("rejected", _taken(one))) for one, is_held in held if is_held is None]
    duplicate = [one.event_id for one, is_held in held if is_held]
    return Told([one for one, is_held in held if is_held is False], others, duplicate)


def _taken(event: LiveEvent) -> Reason:
    return Reason(
        "conflicting_event",
        f"this customer has an event of source {event.source!r} under event_id {event.event_id!r}, and not this one.",
        "give what is imagined an id of its own; what was posted counts already, so leave it out.",
    )


def _event(raw: msgspec.Raw, customer_id: str | None) -> LiveEvent | Reason:
    try:
        told = decode_one(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return fault(str(error))
    who = unblank(told.customer_id)
    if customer_id is not None and (unblank(told.source_id) is not None or who not in (None, customer_id)):
        return Reason(
            "two_customers",
            "the event names somebody else than the customer it stands with.",
            "leave customer_id and source_id of the event out.",
        )
    return event_of(told, customer_id or WHAT_IF)


def _silence(customer: RawCustomer, rejected: Sequence[EventOut], gone: set[str]) -> str | None:
    """Why nothing is computed of a customer; None where it is."""
    if customer.customer_id in gone:
        return "erased"
    if rejected:
        return "events_rejected"
    return "no_qualifying_event" if customer.customer_id is None and not customer.events else None


def _named(row: OnlineRow | None, name: str) -> OnlineRow | None:
    return None if row is None else replace(row, customer_id=name)


def _marked(score: Score, scored_at: datetime, silence: str | None, language: str) -> Score:
    """A score that nobody can take for one of a customer as they are."""
    why = score.abstention if silence is None else abstention(silence, language)
    return structs.replace(
        score, scored_at=scored_at, abstention=why, what_if=True, action_code=WHAT_IF, value_tier_code=WHAT_IF
    )
