"""What-if on the wire: customers as somebody imagines them, and what would be said of them.

The OpenAPI document follows from the structs here; later versions only add fields. Start reading at `WhatIfRequest`.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from serving.event_schemas import MOST_EVENTS, EventIn, EventOut
from serving.schemas import MOST_REASONS, CustomerId, Language, Score

MOST_CUSTOMERS = 50


class WhatIfCustomer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A customer as somebody imagines them."""

    customer_id: Annotated[
        CustomerId | None, Meta(description="A known customer, whose own events count too; left out: nobody's.")
    ] = None
    events: Annotated[
        list[EventIn], Meta(max_length=MOST_EVENTS, description="As in POST /v1/events; who it was may be left out.")
    ] = []


class WhatIfRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Customers as somebody imagines them, and when they are looked at."""

    customers: Annotated[list[WhatIfCustomer], Meta(min_length=1, max_length=MOST_CUSTOMERS)]
    as_of: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="The first instant of the future; unset: now. Events have to lie before it."),
    ] = None
    language: Annotated[Language | None, Meta(description="As in POST /v1/score.")] = None
    top_reasons: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_REASONS)] | None, Meta(description="As in POST /v1/score.")
    ] = None


class RawCustomer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The same, with each event still to be read."""

    customer_id: CustomerId | None = None
    events: Annotated[list[msgspec.Raw], Meta(max_length=MOST_EVENTS)] = []


class RawRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The same, with each event still to be read."""

    customers: Annotated[list[RawCustomer], Meta(min_length=1, max_length=MOST_CUSTOMERS)]
    as_of: Annotated[datetime, Meta(tz=True)] | None = None
    language: Language | None = None
    top_reasons: Annotated[int, Meta(ge=0, le=MOST_REASONS)] | None = None


class WhatIfOut(msgspec.Struct, frozen=True):
    """What would be said of one imagined customer."""

    score: Annotated[Score, Meta(description="Not logged: its `score_id` leads nowhere. `what_if` is true.")]
    rejected: Annotated[list[EventOut], Meta(description="Events that cannot be taken; with any there is no number.")]
    duplicate: Annotated[
        list[str], Meta(description="Ids of events that the customer has already, posted before: each counts once.")
    ]


class WhatIfAnswer(msgspec.Struct, frozen=True):
    """What would be said, in the order of the customers."""

    what_if: Annotated[bool, Meta(description="Always true: nothing here was stored or logged.")]
    as_of: Annotated[datetime, Meta(description="The instant they were looked at.")]
    answers: list[WhatIfOut]
