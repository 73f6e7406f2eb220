"""Live events on the wire: the request, and what became of each event.

The OpenAPI document follows from the structs here; later versions only add fields. Start reading at `EventIn`.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST_EVENTS = 1000
Id = Annotated[str, Meta(min_length=1, max_length=256)]
Word = Annotated[str, Meta(max_length=256)]


class EventIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Something a customer did. `customer_id`, or `source` and `source_id`, say who."""

    customer_id: Annotated[Id | None, Meta(description="As the business names its customers.")] = None
    source: Annotated[
        Annotated[str, Meta(min_length=1, max_length=40)],
        Meta(description="Who tells it: shop, hotline, crm; an event_id is one event of a source."),
    ] = "live"
    source_id: Annotated[Id | None, Meta(description="As `source` names the customer.")] = None
    event_id: Annotated[Id, Meta(description="The source's own id: sent twice, it counts once.")]
    event_type: Annotated[
        Annotated[str, Meta(min_length=1, max_length=128)], Meta(description="order, return, visit, complaint, ...")
    ]
    event_timestamp: Annotated[
        Annotated[datetime, Meta(tz=True)], Meta(description="When it happened, with its offset.")
    ]
    amount: Annotated[float | None, Meta(description="Money, or points.")] = None
    channel: Annotated[Word | None, Meta(description="phone, e-mail, app, ...")] = None
    order_id: Annotated[Word | None, Meta(description="The order it is, or speaks of.")] = None
    category: Annotated[Word | None, Meta(description="What it is about.")] = None
    quantity: Annotated[float | None, Meta(description="Items, or days paid for.")] = None
    discount_amount: Annotated[float | None, Meta(description="Money taken off.")] = None
    score: Annotated[float | None, Meta(description="Answer to a survey, rating of a review.")] = None
    reason_code: Annotated[Word | None, Meta(description="Why, in the source's codes.")] = None
    text: Annotated[
        Annotated[str, Meta(max_length=4000)] | None, Meta(description="Free text for people; never a feature.")
    ] = None
    related_customer_id: Annotated[Id | None, Meta(description="Who referred, or was referred.")] = None


class EventsRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Events, in any order."""

    events: Annotated[list[EventIn], Meta(min_length=1, max_length=MOST_EVENTS)]


class RawRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The same, with each event still to be read: a bad one does not spoil the others."""

    events: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MOST_EVENTS)]


class Named(msgspec.Struct, frozen=True):
    """Of an event that cannot be taken, its id alone."""

    event_id: str | None = None


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event."""

    event_id: Annotated[str | None, Meta(description="As it was sent; null where it could not be read.")] = None
    status: Annotated[
        Literal["accepted", "duplicate", "rejected"],
        Meta(description="`accepted`: on disk. `duplicate`: it was, before. `rejected`: it is not, for a reason."),
    ]
    code: Annotated[str | None, Meta(description="Why it was rejected; see docs/api.md.")] = None
    problem: Annotated[str | None, Meta(description="What is wrong.")] = None
    mend: Annotated[str | None, Meta(description="How to mend it.")] = None


class EventsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the events, in their order."""

    accepted: Annotated[int, Meta(description="How many were stored.")]
    duplicate: Annotated[int, Meta(description="How many were known before.")]
    rejected: Annotated[int, Meta(description="How many cannot be taken.")]
    refresh: Annotated[
        Literal["done", "pending", "none"],
        Meta(description="Whether the next score knows them: `pending` follows by itself, `none`: nothing is new."),
    ]
    events: Annotated[list[EventOut], Meta(description="One an event, in their order.")]
