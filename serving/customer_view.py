"""`GET /v1/customers/{customer_id}`: one customer as a person at the desk needs them.

The answer of the model that is asked about them, both models side by side, the action that is due, when they were
contacted, how their stage and band changed, and how old what we know is. The score is made by the path of every answer
and logged like any. Takes a key with the scope `read`. Start reading at `CustomerView.get`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import anyio.to_thread
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.bundle import LABELS
from churn.calendar import from_us
from serving.changes.journal import Journal
from serving.changes.state import OPTED_OUT, Change
from serving.queries import Query
from serving.refusals import UnknownCustomer
from serving.schemas import NOT_CONFIGURED, Language, Score
from serving.tables.beside import NO_VALUE, Tables
from serving.tables.offers import WireOffers, offers_of

PATH = "/v1/customers/{customer_id}"
SCOPES = {f"GET {PATH}": "read"}
MOST_CHANGES = 50
MOST_CONTACTS = 10
LONGEST_ID = 256
HOW = "ask `GET /v1/customers/{customer_id}?language=en or zh&top_reasons=0 to 10`; both may be left out."
NOT_ASKED = "not_asked"
NOBODY = (
    "Nothing is known of this customer.",
    "check the id, percent-encoded in the path; new customers enter with their first event.",
)
encode = msgspec.json.Encoder().encode


class ModelAnswer(msgspec.Struct, frozen=True):
    """What one of the two models says of a customer, in short."""

    probability: Annotated[float | None, Meta(description="Of its outcome, calibrated.")]
    band: Annotated[str | None, Meta(description="`low`, `medium` or `high`.")]
    percentile: Annotated[float | None, Meta(description="0 to 100.")]
    code: Annotated[str | None, Meta(description="Why it says nothing: `not_asked` at this stage, or an abstention's.")]


class WireContact(msgspec.Struct, frozen=True):
    """One contact, as the table CONTACTS has it."""

    contacted_at: Annotated[datetime, Meta(description="When.")]
    channel: Annotated[str | None, Meta(description="How.")]
    action: Annotated[str | None, Meta(description="With which action of the catalogue.")]


class WireLifetime(msgspec.Struct, frozen=True):
    """What the customer is expected to bring, as the table VALUES has it; null where nobody stands behind a number."""

    margin_amount: Annotated[float, Meta(description="Expected within `months`, the chance to buy included.")]
    low_amount: Annotated[float | None, Meta(description="Nine in ten like them brought between this ...")]
    high_amount: Annotated[float | None, Meta(description="... and this; null without an interval.")]
    months: Annotated[float | None, Meta(description="How far it looks.")]
    estimator: Annotated[str | None, Meta(description="`two_part` or `bg_nbd_gg`, by past cohorts.")]
    past_amount: Annotated[float | None, Meta(description="What they brought in as long a time before.")]
    high_value: Annotated[bool | None, Meta(description="Of the fewest who brought most of the sales.")]
    high_potential: Annotated[bool | None, Meta(description="Of the fewest who hold most of the growth expected.")]
    currency: str | None


class Standing(msgspec.Struct, frozen=True):
    """What was told of a customer at one time."""

    stage: str | None
    model: str | None
    band: str | None
    code: Annotated[str | None, Meta(description="Of the abstention; null where there was a number.")]
    probability: float | None


class WireChange(msgspec.Struct, frozen=True):
    """A change of what was told of a customer."""

    told_at: Annotated[datetime, Meta(description="When, by the business's clock.")]
    what: Annotated[
        list[str], Meta(description="Which parts differ: `stage`, `model`, `band`, `abstention`; or `first`.")
    ]
    before: Annotated[Standing | None, Meta(description="Null with `first`.")]
    now: Standing
    score_id: Annotated[str, Meta(description="The answer that told it.")]
    model_version: str | None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """One customer: where they stand, what the models say, and what was told and done before."""

    customer_id: str
    stage: Annotated[str | None, Meta(description="Lifecycle stage; null where the store could not be read.")]
    score: Annotated[Score, Meta(description="As `POST /v1/score` answers: reasons, action, value, intervals.")]
    models: Annotated[dict[str, ModelAnswer], Meta(description="`churn` and `reactivation` side by side.")]
    last_contacts: Annotated[
        list[WireContact] | None, Meta(description="Newest first, at most 10; null with `last_contacts_code`.")
    ]
    last_contacts_code: Annotated[str | None, Meta(description="Why nobody knows of contacts.")]
    lifetime: Annotated[WireLifetime | None, Meta(description="Null with `lifetime_code`.")] = None
    lifetime_code: Annotated[str | None, Meta(description="Why nothing is expected of them.")] = NOT_CONFIGURED
    categories_to_offer: Annotated[
        WireOffers | None, Meta(description="A simple ranking; null with `categories_to_offer_code`.")
    ]
    categories_to_offer_code: Annotated[str | None, Meta(description="Why there is none.")]
    history: Annotated[
        list[WireChange], Meta(description="Changes of stage, model, band or abstention, newest first, at most 50.")
    ]
    features_as_of: Annotated[datetime | None, Meta(description="What happened before this is known.")]
    features_age_hours: Annotated[float | None, Meta(description="Hours from then to now, by the business's clock.")]


class Counter(Protocol):
    """What answers: serving.app.Counter."""

    @property
    def tables(self) -> Tables | None:
        """What other rooms say of customers."""
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

    async def told(self, customer_ids: Sequence[str], language: str, top: int) -> list[Score]:
        """Score these customers; logged."""
        ...


class CustomerView:
    """Where one customer is looked at.

    Args:
        folder: the artifacts of the business.
        desk: what answers.
    """

    def __init__(self, folder: Path, desk: Answers) -> None:
        self._journal, self._desk = Journal(folder), desk

    def routes(self) -> list[BaseRoute]:
        """The route of one customer."""
        return [Route(PATH.replace("}", ":path}"), self.get, methods=["GET"])]

    async def get(self, request: Request) -> Response:
        """Answer `GET /v1/customers/{customer_id}`."""
        language, top = self._desk.words(
            request, *Query(request.query_params, {"language", "top_reasons"}, HOW).words()
        )
        customer_id = request.path_params["customer_id"]
        return Response(encode(await self.look(customer_id, language, top)), media_type="application/json")

    async def look(self, customer_id: str, language: str, top: int) -> Customer:
        """One customer, scored now.

        Raises:
            UnknownCustomer: nobody knows them, or they were forgotten.
        """
        if not 1 <= len(customer_id) <= LONGEST_ID:
            raise UnknownCustomer(*NOBODY)
        (score,) = await self._desk.told([customer_id], language, top)
        if score.abstention and score.abstention.code in ("unknown_customer", "erased"):
            raise UnknownCustomer(*NOBODY)
        history = await anyio.to_thread.run_sync(self._journal.history, customer_id, MOST_CHANGES)
        return self._view(score, history, language)

    def _view(self, score: Score, history: Sequence[Change], language: str) -> Customer:
        contacts, code = self._contacts(score.customer_id)
        objects = score.abstention is not None and score.abstention.code == OPTED_OUT
        told = [_change(one, numbers=not objects) for one in history]
        lifetime, why = (None, OPTED_OUT) if objects else self._lifetime(score.customer_id)
        offers, why_none = (
            (None, OPTED_OUT) if objects else offers_of(self._desk.counter.tables, score.customer_id, language)
        )
        return Customer(
            customer_id=score.customer_id, stage=score.stage, score=score, lifetime=lifetime, lifetime_code=why,
            models={model: _of_model(model, score) for model in LABELS},
            last_contacts=contacts, last_contacts_code=code, history=told,
            categories_to_offer=offers, categories_to_offer_code=why_none,
            features_as_of=score.features_as_of, features_age_hours=score.features_age_hours,
        )  # fmt: skip

    def _lifetime(self, customer_id: str) -> tuple[WireLifetime | None, str | None]:
        tables = self._desk.counter.tables
        rows = tables.values.rows(customer_id) if tables is not None else []
        if tables is None or not rows:
            return None, (tables.values.code if tables else NOT_CONFIGURED) or NO_VALUE
        return (
            (_lifetime(rows[0]), None) if rows[0]["clv_amount"] is not None else (None, rows[0]["clv_code"] or NO_VALUE)
        )

    def _contacts(self, customer_id: str) -> tuple[list[WireContact] | None, str | None]:
        tables = self._desk.counter.tables
        if tables is None:
            return None, NOT_CONFIGURED
        rows = tables.contacts.rows(customer_id)[:MOST_CONTACTS]
        code = tables.contacts.code
        return (None, code) if code else ([_contact(row) for row in rows], None)


def _lifetime(row: dict[str, Any]) -> WireLifetime:
    marks = [None if row[name] is None else row[name] == "yes" for name in ("high_value", "high_potential")]
    return WireLifetime(
        row["clv_amount"], row["clv_low_amount"], row["clv_high_amount"], row["clv_months"], row["clv_estimator"],
        row["past_value_amount"], marks[0], marks[1], row["currency"],
    )  # fmt: skip


def _of_model(model: str, score: Score) -> ModelAnswer:
    if score.model != model:
        silent = score.abstention.code if score.abstention and score.model is None else NOT_ASKED
        return ModelAnswer(None, None, None, silent)
    code = score.abstention.code if score.abstention else None
    return ModelAnswer(score.probability, score.band, score.percentile, code)


def _contact(row: dict[str, Any]) -> WireContact:
    return WireContact(row["contacted_at"], row["channel"], row["action"])


def _change(change: Change, *, numbers: bool) -> WireChange:
    """A change as the wire tells it; without its numbers of a customer who objects to being scored by now."""
    now = {name: value for name, value in asdict(change.now).items() if name in Standing.__struct_fields__}
    hidden: dict[str, Any] = {} if numbers else {"band": None, "probability": None}
    return WireChange(
        told_at=from_us(change.now.told_us), what=list(change.what),
        before=None if change.before is None else Standing(**(dict(change.before) | hidden)),
        now=Standing(**(now | hidden)),
        score_id=change.now.score_id, model_version=change.now.model_version,
    )  # fmt: skip
