"""The published contract holds: every route is in it, every example runs, every answer is as its schema has it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route
from starlette.testclient import TestClient

from churn.sections import Serving
from cli.app import assemble
from serving.app import Counter, Desk
from serving.changes.journal import Journal
from serving.changes.state import State, state_of
from serving.events import EventDesk
from serving.forget import ForgetDesk
from serving.lookup import Lookup
from serving.openapi.document import document, json_schema
from serving.openapi.form import Operation
from serving.openapi.operations import OPERATIONS
from serving.score_log import ScoreLog
from serving.webhooks.words import News, body_of
from serving.what_if import WhatIfDesk
from tests import campaign_shop, live_shop, tiny_service
from tests.live_shop import Ticking
from tests.tiny_service import row

PAGES = {"/", "/customer", "/at-risk.csv", "/login", "/logout"}  # for people; not in the document
PAGES |= {"/monitoring", "/monitoring/", "/monitoring/runs/{run}/{file}"}
PAGES |= {"/campaigns", "/campaigns/", "/campaigns/{campaign}/{file}", "/campaigns/due", "/campaigns/due/"}
SCORE_ID = "0123456789abcdef0123456789abcdef"
CUSTOMER = "C000123"


class Shop:
    """A service with everything that the document speaks of."""

    def __init__(self, folder: Path, **serving: Any) -> None:
        self.held = live_shop.settings(folder).model_copy(update={"serving": Serving(**serving)})
        live_shop.ingested(self.held)
        campaign_shop.exported(self.held.folder, "2025-spring", {CUSTOMER: True, "C000456": False}, window_days=90)
        store = self.store = tiny_service.store([row(CUSTOMER), row("C000456")])
        self.intake, self.log = live_shop.intake(self.held, store), ScoreLog(self.held.folder)
        self.desk, scorer = Desk(self.held), tiny_service.scorer(clock=Ticking())
        self.desk.open(Counter(scorer, Lookup(store), self.log))
        events, forget, what_if = EventDesk(self.desk.metrics), ForgetDesk(), WhatIfDesk(self.desk)
        events.open(self.intake)
        forget.open(lambda customer_id, _: {"request": "r1", "customers": [{"known": customer_id == CUSTOMER}]})
        what_if.open(self.intake)
        self.guard = assemble(self.desk, events=events, forget=forget, what_if=what_if)
        self.client = TestClient(self.guard, base_url="http://127.0.0.1")
        journal = Journal(self.held.folder)
        answers = scorer.score([CUSTOMER], [row(CUSTOMER)], language="en", top=0)
        journal.tell([one for answer in answers if (one := state_of(answer.score))], least_change=0.05)
        journal.close()

    def ask(self, one: Operation) -> Any:
        body = {} if one.example is None else {"json": one.example}
        return self.client.request(one.method.upper(), one.asks or one.path, **body)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    with pytest.MonkeyPatch.context() as patch:  # an answer that the example of a replay can name
        patch.setattr(os, "urandom", lambda size: (bytes.fromhex(SCORE_ID) * size)[:size])
        assert made.client.post("/v1/score", json={"customer_ids": [CUSTOMER]}).status_code == 200
    yield made
    made.desk.close()
    made.intake.close()


def responses(one: Operation) -> dict[str, Any]:
    return dict(document()["paths"][one.path][one.method]["responses"])


def holds(one: Operation, answer: Any) -> None:
    """The status is in the document, and so are the kind and the form of the content."""
    told = responses(one).get(str(answer.status_code))
    assert told is not None, (one.name, answer.status_code, answer.text[:500])
    (media, content), kind = *told["content"].items(), answer.headers["content-type"]
    assert kind.partition(";")[0] == media
    if media == "application/json":
        assert kind == "application/json"
        schema = content["schema"] | {"components": document()["components"]}
        Draft202012Validator(schema).validate(answer.json())


def test_every_route_is_in_the_document(shop: Shop) -> None:
    app: Any = shop.guard
    while not hasattr(app, "routes"):
        app = app._app
    found = {
        (method.lower(), route.path.replace(":path}", "}"))
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD" and route.path.replace(":path}", "}") not in PAGES
    }
    assert found == {(one.method, one.path) for one in OPERATIONS}


def test_every_operation_takes_the_scope_that_the_document_says(shop: Shop) -> None:
    for one in OPERATIONS:
        taken = shop.guard._table.scope(one.method.upper(), shop.guard._table.route(one.path))
        if one.scope:
            assert one.scope == taken, one.path
            assert f"scope `{one.scope}`" in document()["paths"][one.path][one.method]["description"]
        else:
            assert one.path in ("/livez", "/healthz", "/readyz")


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_the_example_runs(shop: Shop, one: Operation) -> None:
    answer = shop.ask(one)
    assert answer.status_code in (200, 202), answer.text[:500]
    holds(one, answer)


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_a_parameter_that_is_wrong_has_the_one_shape(shop: Shop, one: Operation) -> None:
    for told in one.parameters:
        if told["in"] == "query":
            answer = shop.client.request(one.method.upper(), f"{one.path.partition('?')[0]}?{told['name']}=%00")
            assert answer.status_code in (404, 422), (told["name"], answer.text)
            holds(one, answer)


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.body], ids=lambda one: one.path)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"x": 1}', b"\xff", b'"a"', b"1e999"])
def test_a_body_that_is_wrong_has_the_one_shape(shop: Shop, one: Operation, body: bytes) -> None:
    answer = shop.client.post(one.path, content=body)
    assert answer.status_code in (400, 422)
    holds(one, answer)
    assert set(answer.json()["error"]) == {"code", "problem", "mend", "request_id"}


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_another_method_has_the_one_shape_and_names_those_there_are(shop: Shop, one: Operation) -> None:
    answer = shop.client.patch(one.asks or one.path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "wrong_method")
    assert one.method.upper() in answer.headers["allow"].split(", ")
    holds(one, answer)


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v2/score", "/v1/score/", "/v1//score", "/v1/models/"])
def test_a_path_that_is_none_has_the_one_shape(shop: Shop, path: str) -> None:
    answer = shop.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"]["code"] in ("unknown_route", "unknown_model")


def test_a_service_that_is_not_ready_keeps_the_contract(tmp_path: Path) -> None:
    with tiny_service.client(tmp_path, opened=False) as closed:
        for one in OPERATIONS:
            body = {} if one.example is None else {"json": one.example}
            holds(one, closed.request(one.method.upper(), one.asks or one.path, **body))


def test_every_status_of_a_refusal_is_in_the_document() -> None:
    from serving import refusals, signatures, turns

    kinds = {one for room in (refusals, signatures, turns) for one in vars(room).values() if isinstance(one, type)}
    statuses = {str(one.status) for one in kinds if issubclass(one, refusals.Refusal)}
    assert statuses <= {status for one in OPERATIONS for status in responses(one)}


def test_the_document_holds_together() -> None:
    told = document()
    text = json.dumps(told)
    for ref in {part.partition('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        place: Any = told
        for name in ref.split("/"):
            place = place[name]
    names = [one.name for one in OPERATIONS]
    assert len(set(names)) == len(names)
    for name, schema in told["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("description"), name
    for one in OPERATIONS:
        in_path = {told["name"] for told in one.parameters if told["in"] == "path"}
        assert in_path == {part[1:-1] for part in one.path.split("/") if part.startswith("{")}
        assert {tag["name"] for tag in told["tags"]} >= {one.tag}


def test_what_is_asked_is_exact_and_what_is_answered_may_grow() -> None:
    schemas = document()["components"]["schemas"]
    asked = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert asked == {"ScoreRequest", "EventsRequest", "EventIn", "WhatIfRequest", "WhatIfCustomer"}


@pytest.mark.parametrize("together", [False, True])
def test_letters_are_as_the_document_has_them(together: bool) -> None:
    now = State("C1", 1000, 2000, "lapsing", "churn", None, "model_stopped", None, 12.5, SCORE_ID, "churn-tiny/3")
    before = {"stage": "active", "model": "churn", "band": "low", "code": None, "probability": 0.1}
    news = [News(None, now, 1), News(before, now, 2)]
    body = json.loads(body_of(news if together else news[:1], together=together))
    told = document()["webhooks"][body["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator(told | {"components": document()["components"]}).validate(body)
    described = document()["components"]["schemas"]
    change = body["data"]["changes"][1] if together else body["data"]
    assert set(change) == set(described["LetterChange"]["properties"])
    assert set(change["to"]) == set(described["Side"]["properties"])


def test_the_json_schema_holds_every_example() -> None:
    told = json_schema()
    Draft202012Validator.check_schema(told)
    for one in OPERATIONS:
        if one.body:
            schema = {"$ref": f"#/$defs/{one.body.__name__}", "$defs": told["$defs"]}
            Draft202012Validator(schema).validate(one.example)
            with pytest.raises(Exception, match="Additional properties"):
                Draft202012Validator(schema).validate(one.example | {"misspelt": 1})


def test_every_example_stands_on_the_page(shop: Shop) -> None:
    page = shop.client.get("/docs").text
    for one in OPERATIONS:
        assert (f'data-name="{one.name}"' in page) == (one.method != "delete")
        assert f"<code>{one.method.upper()} {one.path}</code>" in page
