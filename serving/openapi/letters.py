"""What the service sends by itself, for the document: letters of changes, signed as Standard Webhooks has it.

The structs here say what serving/webhooks/words.py writes; a test holds the one against the other. Start reading at
`LETTERS`.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

HEADERS = {
    "webhook-id": "Of the letter: the same when it comes again.",
    "webhook-timestamp": "Seconds since 1970, of this attempt.",
    "webhook-signature": 'v1,<base64 of HMAC-SHA256 over "id.timestamp.body">, one a secret, parted by spaces.',
}


class Side(msgspec.Struct, frozen=True):
    """What was told of a customer at one time."""

    stage: str | None
    model: str | None
    band: str | None
    abstention: Annotated[str | None, Meta(description="Its code; null where there was a number.")]
    probability: float | None


class LetterChange(msgspec.Struct, frozen=True, rename={"before": "from", "now": "to"}):
    """A change of one customer, from what was told last to what stands now."""

    customer_id: str
    changed: Annotated[list[str], Meta(description="`stage`, `model`, `band`, `abstention`, or `first`.")]
    before: Annotated[Side | None, Meta(description="Null with `first`.")]
    now: Side
    value_at_risk: float | None
    score_id: Annotated[str, Meta(description="The answer that told it.")]
    model_version: str | None
    features_as_of: datetime
    told_at: datetime


class LetterChanges(msgspec.Struct, frozen=True):
    """Changes of several customers."""

    changes: list[LetterChange]


class OneChanged(msgspec.Struct, frozen=True):
    """A letter of one change."""

    type: Literal["score.changed"]
    timestamp: datetime
    data: LetterChange


class SeveralChanged(msgspec.Struct, frozen=True):
    """A letter of several changes, where `[webhooks]` sends them together."""

    type: Literal["scores.changed"]
    timestamp: datetime
    data: LetterChanges


LETTERS = {
    "score.changed": (OneChanged, "A customer's stage, model, band or abstention changed"),
    "scores.changed": (SeveralChanged, "The same, of several customers at once"),
}


def webhooks(schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    """The part of the document about letters.

    Args:
        schemas: of each struct.
    """
    parameters = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in HEADERS.items()
    ]
    return {
        name: {
            "post": {
                "operationId": f"told_{kind.__name__}",
                "summary": meaning,
                "parameters": parameters,
                "requestBody": {"required": True, "content": {"application/json": {"schema": schemas[kind]}}},
                "responses": {
                    "2XX": {"description": "Taken. Anything else, but 410, makes it come again."},
                    "410": {"description": "No letters any more."},
                },
            }
        }
        for name, (kind, meaning) in LETTERS.items()
    }
