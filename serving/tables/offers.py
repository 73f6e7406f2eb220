"""The categories to offer to a customer, as the table CATEGORIES has them, with what people must read beside them.

Whoever wants no contact is offered nothing. Start reading at `offers_of`.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from features.opt_outs import CONTACT
from serving.changes.state import OPTED_OUT
from serving.schemas import NOT_CONFIGURED
from serving.tables.beside import Tables

NO_OFFER = "no_offer"
SIMPLE_RANKING = ("A simple ranking: it counts orders.", "简单排序：仅按订单计数。")


class WireCategory(msgspec.Struct, frozen=True):
    """A category to offer, as the table CATEGORIES has it."""

    category: str
    because: Annotated[str, Meta(description="`own` orders, those of `look_alikes`, or `popularity`.")]


class WireOffers(msgspec.Struct, frozen=True):
    """Categories to offer, and how such offers did before."""

    categories: Annotated[list[WireCategory], Meta(description="Best first.")]
    label: Annotated[str, Meta(description="What people must read beside them: how simple they are.")]
    as_of: Annotated[datetime, Meta(description="By orders known before it.")]
    hit_rate: Annotated[float | None, Meta(description="Share of later buyers whom such offers hit; null: unmeasured.")]
    popularity_hit_rate: Annotated[
        float | None, Meta(description="The same, had everybody been offered what is popular.")
    ]


def offers_of(tables: Tables | None, customer_id: str, language: str) -> tuple[WireOffers | None, str | None]:
    """What to offer, or the code why there is nothing.

    Args:
        tables: of the business; None where nothing reads any.
        customer_id: whose.
        language: of the label: en or zh.
    """
    if tables is None:
        return None, NOT_CONFIGURED
    if customer_id in tables.objections.among([customer_id], CONTACT):
        return None, OPTED_OUT
    rows = tables.categories.rows(customer_id)
    if not rows:
        return None, tables.categories.code or NO_OFFER
    ranked = [WireCategory(row["category"], row["because"]) for row in rows]
    first = rows[0]
    rates = first["hit_rate"], first["popularity_hit_rate"]
    return WireOffers(ranked, SIMPLE_RANKING[language == "zh"], first["as_of"], *rates), None
