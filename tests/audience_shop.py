"""The shop of tests of campaigns with contact details: enough customers for the platforms, none of them real."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from campaigns.audiences.export import Export, export
from campaigns.audiences.forms import FORMS
from campaigns.audiences.wanted import wanted
from churn.audience_sections import Audiences
from churn.settings import Settings
from features import parquet
from features.erasure.audiences import FOLDER, MEMBERS
from tests import campaign_shop as shop

COLUMNS = {"email": "mail", "phone": "tel", "may_email": "ok_mail", "may_phone": "ok_tel"}
WRITTEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FILLERS = tuple(f"f{number:03d}" for number in range(300))


def email(customer: str) -> str:
    """The address of a customer, as they wrote it."""
    return f"{customer}.Person@Example.com"


def phone(customer: str) -> str:
    """The number of a customer, as one dials it at home."""
    return f"138 {sum(map(ord, customer)):04d} {int(customer[1:] or 0):04d}"


def contact(customer: str, **columns: str) -> dict[str, str]:
    """A row of contact details: both, and consent to both, unless columns say otherwise."""
    row = {"customer_id": customer, "mail": email(customer), "tel": phone(customer), "ok_mail": "yes", "ok_tel": "yes"}
    return row | {"ads": "yes"} | columns


def written(
    folder: Path,
    *named: dict[str, Any],
    contacts: Iterable[dict[str, str]] = (),
    events: Sequence[dict[str, Any]] = (),
    fillers: Sequence[str] = FILLERS,
    values: dict[str, float] | None = None,
    complaining: Sequence[str] = (),
    consents: dict[str, str] | None = None,
    permanent: float = 0.0,
    **audiences: Any,
) -> Settings:
    """Lay the business out: lapsed fillers with details and consent, and those who are named.

    Args:
        folder: where.
        named: rows of `campaign_shop.scored`.
        contacts: rows of `contact` of some; everybody else has both details and consents to all.
        events: rows of `campaign_shop.event`.
        fillers: ids of lapsed customers who make the list long enough.
        values: expected margin by customer.
        complaining: whose complaint waits.
        consents: `[contacts] consents`.
        permanent: share kept out of everything.
        audiences: settings of `[audiences]`.
    """
    given = {"country": "CN", **audiences}
    business = shop.settings(folder, permanent_hold_out_ratio=permanent)
    told = business.contacts.model_copy(update={**COLUMNS, "consents": consents or {}})
    rows = [*named, *(lapsed(one) for one in fillers)]
    plain = business.model_copy(update={"contacts": told, "audiences": Audiences(**given)})
    shop.written(plain, rows, events, values=values, complaining=complaining)
    details = {row["customer_id"]: contact(row["customer_id"]) for row in rows}
    details |= {row["customer_id"]: row for row in contacts}
    pd.DataFrame(details.values()).to_csv(folder / "contacts.csv", index=False)
    return plain


def lapsed(customer: str, probability: float = 0.5) -> dict[str, Any]:
    """A lapsed customer, with a chance to come back."""
    return shop.scored(customer, probability, model="reactivation", stage="lapsed")


def exported(settings: Settings, text: str = "win_back", vendor: str = "google", **options: Any) -> Export:
    """Export an audience; options of the question, or of the form."""
    top, chance = options.pop("top", None), options.pop("min_probability", None)
    return export(
        settings, wanted(text, top=top, min_probability=chance), replace(FORMS[vendor], **options),
        settings.root / "out", now=shop.NOW, written_at=WRITTEN, environ={}, made_by="Li",
    )  # fmt: skip


def lines(done: Export) -> list[list[str]]:
    """The lines of all its files."""
    files = [Path(done.manifest["folder"]) / one["name"] for one in done.manifest["files"]]
    return [row for path in files for row in csv.reader(path.read_text(encoding="utf-8").splitlines())]


def on_the_list(settings: Settings, done: Export) -> set[str]:
    """Who is on it, by the record."""
    return set(parquet.read_frame(settings.folder / FOLDER / done.manifest["id"] / MEMBERS)["customer_id"])
