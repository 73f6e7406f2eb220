"""`POST /v1/events`: live events in, durably stored before the answer leaves, and their customers' rows fresh.

    body -> each event by itself: read, judged -> inbox (one commit) -> fresh rows -> what became of each

A bad event is rejected with a reason and spoils no other. 202 where something was stored, 200 where all of it was
known before, 422 where nothing could be taken; the body has the same shape. Start reading at `EventDesk.post`.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Literal, Protocol

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.calendar import to_us
from features.live.event import LiveEvent, Reason, Receipt
from features.live.inbox import Committed
from serving.audit.scribe import about
from serving.body import check_batch
from serving.event_schemas import EventIn, EventOut, EventsAnswer, Named, RawRequest
from serving.metrics import Metrics
from serving.refusals import InvalidRequest, MalformedJson, NotReady
from serving.signatures import Signatures

PATH = "/v1/events"
REFRESHING = 8  # threads; they write one after the other, and a store that hangs leaves those that score alone
SCOPES = {PATH: "events"}
HOW = (
    'send {"events": [1 to 1000 of {"customer_id", "event_id", "event_type", "event_timestamp", ...}]} in UTF-8; '
    "`/docs` has an example."
)
TIME = "give it as 2026-01-31T12:00:00+08:00, with its offset."
FAULTS = (  # what msgspec says, the code for it, and the mend
    ("unknown field", "unknown_field", "leave it out, or correct its name; `/docs` lists the fields."),
    ("missing required field", "missing_field", "event_id, event_type and event_timestamp are needed."),
    ("timezone", "naive_time", TIME),
    ("RFC3339", "bad_time", TIME),
    ("`datetime`", "bad_time", TIME),
    ("out of range", "not_finite", "give a finite number."),
    ("utf-", "not_utf8", "send it in UTF-8."),
    ("length <=", "too_long", "shorten it; a text has up to 4000 characters, everything else up to 256."),
    ("length >=", "empty", "give it, or leave it out."),
)
encode = msgspec.json.Encoder().encode
decode_all = msgspec.json.Decoder(RawRequest).decode
decode_one = msgspec.json.Decoder(EventIn).decode
decode_id = msgspec.json.Decoder(Named).decode


class Taker(Protocol):
    """Something that takes live events: features.live.intake.Intake."""

    def resolve(self, source: str, source_id: str) -> str:
        """The customer whom a source names so."""
        ...

    def judge(self, events: Sequence[LiveEvent]) -> list[Reason | None]:
        """Why each event cannot be one; None where it can."""
        ...

    def append(self, events: Sequence[LiveEvent]) -> Future[Committed]:
        """Promise that these events are on disk."""
        ...

    def refresh(self, committed: Committed, customer_ids: Sequence[str]) -> bool:
        """Write the rows of these customers; False where that has to wait."""
        ...


class EventDesk:
    """Where live events come to; closed until the service is ready.

    Args:
        metrics: where they are counted.
        most: events of one request.
        signatures: what is asked of them; None: nothing.
    """

    def __init__(self, metrics: Metrics, most: int = 1000, signatures: Signatures | None = None) -> None:
        self._metrics, self._most, self._signatures = metrics, most, signatures
        self._taker: Taker | None = None
        self._refreshing = anyio.CapacityLimiter(REFRESHING)

    def open(self, taker: Taker) -> None:
        """Begin to take."""
        self._taker = taker

    def close(self) -> None:
        """Take no more."""
        self._taker = None

    def routes(self) -> list[BaseRoute]:
        """The route of live events."""
        return [Route(PATH, self.post, methods=["POST"])]

    async def post(self, request: Request) -> Response:
        """Answer `POST /v1/events`."""
        body = await request.body()
        if self._signatures is None:
            return await self._take(request, body)
        signed = request.scope["state"].get("as_sent", body)  # before pseudonyms came into it
        with self._signatures.checked(dict(request.scope["headers"]), request.state.caller.key, signed):
            return await self._take(request, body)

    async def _take(self, request: Request, body: bytes) -> Response:
        taker = self._taker
        if taker is None:
            raise NotReady
        raw = _read(body)
        check_batch(len(raw), self._most, "events")
        events, told = _each(raw, taker)
        about(request.scope, [event.customer_id for event in events.values()])
        good = [place for place, event in events.items() if place not in told]
        committed = await asyncio.wrap_future(taker.append([events[place] for place in good]))
        told |= dict(zip(good, committed.receipts, strict=True))
        touched = [events[place].customer_id for place in good if told[place].status == "accepted"]
        refresh: Literal["done", "pending", "none"] = "none"
        if touched:
            done = await anyio.to_thread.run_sync(taker.refresh, committed, touched, limiter=self._refreshing)
            refresh = "done" if done else "pending"
        outs = [out_of(id_of(raw[place], events.get(place)), told[place]) for place in range(len(raw))]
        self._metrics.events((one.status for one in outs), pending=refresh == "pending")
        counts = {status: sum(one.status == status for one in outs) for status in ("accepted", "duplicate", "rejected")}
        status = 202 if counts["accepted"] else 200 if counts["duplicate"] else 422
        answer = EventsAnswer(**counts, refresh=refresh, events=outs)
        return Response(encode(answer), status_code=status, media_type="application/json")


def _read(body: bytes) -> list[msgspec.Raw]:
    """The events in a body, each still to be read.

    Raises:
        MalformedJson: no JSON. InvalidRequest: not a list of 1 to 1000 events.
    """
    try:
        return decode_all(body).events
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error), HOW) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(str(error), HOW) from error


def _each(raw: Sequence[msgspec.Raw], taker: Taker) -> tuple[dict[int, LiveEvent], dict[int, Receipt]]:
    """Each event that can be read, by its place, and the receipts of those that are refused."""
    events: dict[int, LiveEvent] = {}
    refused: dict[int, Reason] = {}
    for place, one in enumerate(raw):
        try:
            told = decode_one(one)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            refused[place] = fault(str(error))
            continue
        event = _event(told, taker)
        if isinstance(event, Reason):
            refused[place] = event
        else:
            events[place] = event
    reasons = zip(events, taker.judge(list(events.values())), strict=True)
    refused |= {place: reason for place, reason in reasons if reason}
    return events, {place: Receipt("rejected", reason) for place, reason in refused.items()}


def _event(told: EventIn, taker: Taker) -> LiveEvent | Reason:
    """An event of the customer whom it names."""
    who, source_id = unblank(told.customer_id), unblank(told.source_id)
    if (who is None) == (source_id is None):
        return Reason(
            "missing_field" if who is None else "two_customers",
            "one of customer_id and source_id has to say who it was, not both.",
            "give customer_id, or source and source_id.",
        )
    return event_of(told, who if who is not None else taker.resolve(told.source, str(source_id)), source_id)


def event_of(told: EventIn, customer_id: str, source_id: str | None = None) -> LiveEvent | Reason:
    """An event as the inbox keeps it: blank is null, and no zero is negative."""
    texts = ("channel", "order_id", "category", "reason_code", "text", "related_customer_id")
    numbers = ("amount", "quantity", "discount_amount", "score")
    optional: dict[str, Any] = {name: unblank(getattr(told, name)) for name in texts}
    optional |= {name: None if getattr(told, name) is None else getattr(told, name) + 0.0 for name in numbers}
    for name in ("source", "event_id", "event_type"):
        if not getattr(told, name).strip():
            return Reason("empty", f"{name} is blank.", "give it.")
    return LiveEvent(
        source=told.source,
        event_id=told.event_id,
        customer_id=customer_id,
        event_type=told.event_type,
        time_us=to_us(told.event_timestamp),
        source_id=source_id,
        **optional,
    )


def fault(why: str) -> Reason:
    """What msgspec says of an event, as a reason."""
    for words, code, mend in FAULTS:
        if words in why:
            return Reason(code, why + ".", mend)
    return Reason("wrong_type", why + ".", "see `/docs` for the type of each field.")


def out_of(event_id: str | None, receipt: Receipt) -> EventOut:
    """What became of an event, on the wire."""
    reason = receipt.reason
    if reason is None:
        return EventOut(event_id=event_id, status=receipt.status)
    return EventOut(
        event_id=event_id, status=receipt.status, code=reason.code, problem=reason.problem, mend=reason.mend
    )


def id_of(raw: msgspec.Raw, event: LiveEvent | None) -> str | None:
    """The id of an event, also of one that could not be taken."""
    if event is not None:
        return event.event_id
    try:
        found = decode_id(raw).event_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return None if found is None else found[:256]


def unblank(text: str | None) -> str | None:
    """A text, unless it is blank."""
    return text if text and text.strip() else None
