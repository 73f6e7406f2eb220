"""Live events whose attributes are details of people are refused, as a source's column of them would be.

One event says less than a column: only what is told for certain counts (e-mail addresses, identity numbers, mobile and
international phone numbers, and attributes of profiles by their name). Start reading at `personal_reason`.
"""

from collections.abc import Container

from features.live.event import LiveEvent, Reason
from features.mapping import PROFILE
from features.personal_words import KINDS, personal_by_name, personal_by_value

ATTRIBUTES = ("event_type", "channel", "category", "reason_code", "order_id")


def personal_reason(event: LiveEvent, allowed: Container[str]) -> Reason | None:
    """Why an event is refused for what it tells of a person; None where it tells nothing.

    Args:
        event: any.
        allowed: `source.column` that are known to be none: `[ingest] allow_personal`.
    """
    attribute = event.event_type.removeprefix(PROFILE)
    if attribute != event.event_type and f"{event.source}.{attribute}" not in allowed:
        if kind := personal_by_name(attribute):
            return _reason(f"the attribute {attribute!r} is named like", kind, f"{event.source}.{attribute}")
        if kind := personal_by_value(event.category or "", is_key=True):
            return _reason(f"the attribute {attribute!r} holds", kind, f"{event.source}.{attribute}")
    for column in ATTRIBUTES:
        kind = personal_by_value(getattr(event, column) or "", is_key=True)
        is_counter = column == "order_id" and kind == "phone"  # a number of eleven digits, one at a time
        is_profile = column == "category" and attribute != event.event_type
        if kind and not is_counter and not is_profile and f"{event.source}.{column}" not in allowed:
            return _reason(f"{column} holds", kind, f"{event.source}.{column}")
    return None


def _reason(what: str, kind: str, where: str) -> Reason:
    """The reason, without the value."""
    return Reason(
        "personal_data",
        f"{what} {KINDS[kind][0]} of a person, which would become a feature.",
        "leave it out or send a hash of it; contact details belong into the file of [contacts]. If it is none of a "
        f'person, say so: [ingest] allow_personal = ["{where}"].',
    )
