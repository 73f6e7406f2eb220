"""Campaigns on the wire. The OpenAPI document follows from these structs; later versions only add fields."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta


class Told(msgspec.Struct, frozen=True):
    """A figure with its interval."""

    value: float
    low: float
    high: float


class CampaignInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign in short."""

    campaign: Annotated[str, Meta(description="Its id.")]
    actions: Annotated[list[str], Meta(description="Codes of its actions, the most frequent first.")]
    owners: Annotated[list[str], Meta(description="Who is in charge.")]
    planned_at: Annotated[datetime, Meta(description="When chance decided whom to hold out.")]
    due: Annotated[datetime | None, Meta(description="When the last of it is to be done.")]
    window_end: Annotated[datetime, Meta(description="When its effect can be told.")]
    is_over: Annotated[bool, Meta(description="Whether that is by now, by the clock of the business.")]
    planned: Annotated[int, Meta(description="Customers planned for.")]
    treated: Annotated[int, Meta(description="Of them, to be contacted.")]
    held_out: Annotated[int, Meta(description="Of them, kept out by chance; nobody is told who.")]
    exported_at: Annotated[str | None, Meta(description="When its lists were written last; null: never.")]
    causal: Annotated[
        bool | None, Meta(description="Whether what it did may be called its effect; null: it was not told yet.")
    ]
    expected_profit: Annotated[
        Told | None, Meta(description="Of the treated, by the plan, with its 90 % interval; null: nothing planned it.")
    ] = None
    retained: Annotated[
        Told | None,
        Meta(description="How much larger a share came of the treated, with its 95 % interval; null: not told yet."),
    ] = None


class CampaignsAnswer(msgspec.Struct, frozen=True):
    """Every campaign, in the order in which they were planned."""

    campaigns: list[CampaignInfo]


class CampaignDetail(CampaignInfo, frozen=True, kw_only=True):
    """One campaign."""

    plan: Annotated[dict[str, Any] | None, Meta(description="What `churn campaign plan` wrote down; null: imported.")]
    exports: Annotated[list[dict[str, Any]], Meta(description="Each writing of its lists.")]
    effects: Annotated[list[dict[str, Any]], Meta(description="Each telling of what it did, the oldest first.")]


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be contacted."""

    customer_id: str
    action: Annotated[str, Meta(description="Code of the action.")]
    channel: Annotated[str, Meta(description="By which way.")]
    text: Annotated[str, Meta(description="What is to be done, in the language asked for.")]
    why: Annotated[str | None, Meta(description="Why this customer.")]
    due: Annotated[str | None, Meta(description="Local day by which; in a score `due` is an instant.")]
    due_day: Annotated[str | None, Meta(description="The same day, by the name that it has in a score, too.")]
    owner: Annotated[str | None, Meta(description="Who does it.")]


class ContactsAnswer(msgspec.Struct, frozen=True):
    """Whom to contact, a page of it, by customer_id."""

    campaign: str
    contacts: list[Contact]
    next: Annotated[str | None, Meta(description="`after` of the next page; null: that was the last one.")]
    exported_at: Annotated[
        str | None, Meta(description="When the lists were written: consent taken back since counts from the next one.")
    ] = None
