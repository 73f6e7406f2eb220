"""`GET /v1/customers/{id}`: one customer with everything a person at the desk needs, and who is not there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from churn.offer_tables import CATEGORIES
from churn.tables import ACTIONS, CONTACTS, VALUES
from cli.app import assemble
from serving.app import Counter, Desk
from serving.changes.journal import Journal
from serving.changes.state import state_of
from serving.customer_view import Customer
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from serving.tables.beside import Tables
from tests import tiny_service
from tests.contract.test_wire import same_as_golden, settled
from tests.unit.serving.test_tables import put

WORTH = ("C1", 120.5, "high", 300.0, 0.0, 1900.0, 12.0, "two_part", None, 250.0, "yes", "no", "EUR")


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[TestClient]:
    """A service with tables and with a history of C1."""
    held = tiny_service.settings(tmp_path)
    due = datetime(2025, 1, 5, tzinfo=UTC)
    put(
        held.folder,
        "actions",
        [("C1", "coupon", "Send a coupon", "发券", "high value at risk", None, due, None)],
        ACTIONS.names,
    )
    put(held.folder, "values", [WORTH], VALUES.names)
    offers = [("C1", 1.0, "pots", "own", due, 0.5, 0.25), ("C1", 2.0, "tea", "look_alikes", due, 0.5, 0.25)]
    put(held.folder, "categories", offers, CATEGORIES.names)
    put(held.folder, "contacts", [("C1", datetime(2024, 12, 1, tzinfo=UTC), "email", "coupon")], CONTACTS.names)
    tables, journal = Tables(held.folder), Journal(held.folder)
    scorer = tiny_service.scorer(beside=tables.told)
    (answer,) = scorer.score(["C1"], [tiny_service.rows()[0]], language="en", top=0)
    now = state_of(answer.score)
    assert now is not None
    journal.begin()
    journal.tell([replace(now, stage="new", band="low", probability=0.2, as_of_us=1)], least_change=0.05)
    journal.tell([now], least_change=0.05)
    journal.close()
    desk = Desk(held)
    desk.open(Counter(scorer, Lookup(tiny_service.store()), ScoreLog(held.folder), tables=tables))
    yield TestClient(assemble(desk), base_url="http://127.0.0.1")
    desk.close()


def test_golden_customer(asked: TestClient) -> None:
    found = settled(asked.get("/v1/customers/C1?language=zh&top_reasons=1").json())
    assert list(found) == list(Customer.__struct_fields__)
    beside = {name: found["score"][name] for name in ("action", "action_code", "value_tier", "margin_amount")}
    same_as_golden("customer.json", found | {"score": beside})


def test_both_models_and_why_one_says_nothing(asked: TestClient) -> None:
    models = asked.get("/v1/customers/C1").json()["models"]
    assert (models["churn"]["code"], models["reactivation"]["code"]) == (None, "not_asked")
    assert asked.get("/v1/customers/stale").json()["models"]["churn"]["code"] == "stale_features"
    lost = asked.get(f"/v1/customers/{quote('客户-3')}").json()
    assert (lost["customer_id"], lost["models"]["churn"]["code"]) == ("客户-3", "not_asked")
    assert lost["models"]["reactivation"]["probability"] == lost["score"]["probability"]
    prospect = asked.get("/v1/customers/prospect").json()["models"]
    assert {one["code"] for one in prospect.values()} == {"no_qualifying_event"}


def test_the_score_is_that_of_the_scoring_route(asked: TestClient) -> None:
    seen = asked.get("/v1/customers/C2?top_reasons=2").json()["score"]
    (score,) = asked.post("/v1/score", json={"customer_ids": ["C2"], "top_reasons": 2}).json()["scores"]
    assert {**seen, "score_id": None} == {**score, "score_id": None}


def test_history_and_contacts(asked: TestClient) -> None:
    found = asked.get("/v1/customers/C1").json()
    assert [one["what"] for one in found["history"]] == [["stage", "band"], ["first"]]
    assert found["history"][0]["before"]["stage"] == "new"
    assert found["history"][1]["before"] is None
    other = asked.get("/v1/customers/C2").json()
    assert (other["history"], other["last_contacts"], other["last_contacts_code"]) == ([], [], None)


def test_categories_to_offer_come_with_their_label_and_the_rate_of_popularity(asked: TestClient) -> None:
    told = asked.get("/v1/customers/C1?language=zh").json()["categories_to_offer"]
    assert [(one["category"], one["because"]) for one in told["categories"]] == [
        ("pots", "own"),
        ("tea", "look_alikes"),
    ]
    assert (told["label"], told["hit_rate"], told["popularity_hit_rate"]) == ("简单排序：仅按订单计数。", 0.5, 0.25)
    other = asked.get("/v1/customers/C2").json()
    assert (other["categories_to_offer"], other["categories_to_offer_code"]) == (None, "no_offer")


def test_the_page_never_shows_categories_without_their_label_and_what_popularity_hit(asked: TestClient) -> None:
    english, chinese = (asked.get(f"/customer?id=C1&language={one}").text for one in ("en", "zh"))
    assert '<li><b>pots</b> <span class="quiet">by their own orders</span></li>' in english
    assert "A simple ranking: it counts orders. Such offers hit 50% of later buyers" in english
    assert "what is popular would have hit 25%" in english
    assert "简单排序：仅按订单计数。 此类推荐曾命中后来购买者中的 50%；若推荐热门品类，则为 25%。" in chinese
    assert "Categories to offer" not in asked.get("/customer?id=C2&language=en").text


@pytest.mark.parametrize("customer_id", ["nobody", "a/b/c", "%00", "x" * 257, "%20"])
def test_who_is_not_there(asked: TestClient, customer_id: str) -> None:
    answer = asked.get(f"/v1/customers/{customer_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_customer")
    assert "percent-encoded" in answer.json()["error"]["mend"]


def test_without_tables_nobody_is_configured(tmp_path: Path) -> None:
    with tiny_service.client(tmp_path) as asked:
        found = asked.get("/v1/customers/C1").json()
        assert (found["last_contacts"], found["last_contacts_code"]) == (None, "not_configured")
        assert found["score"]["action_code"] == "not_configured"


def test_a_broken_table_is_told_where_readiness_is_asked(asked: TestClient, tmp_path: Path) -> None:
    from serving.tables import indexed

    assert asked.get("/readyz").json()["tables"] == {
        "actions": None,
        "values": None,
        "contacts": None,
        "categories": None,
    }
    folder = tiny_service.settings(tmp_path).folder
    (folder / "tables" / "contacts.parquet").write_bytes(b"nonsense")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexed, "EVERY_S", 0.0)
        for _ in range(500):
            if asked.get("/readyz").json()["tables"]["contacts"]:
                break
        assert asked.get("/readyz").json()["tables"]["contacts"] == "unreadable_table"
        found = asked.get("/v1/customers/C1")
    assert (found.status_code, found.json()["last_contacts_code"]) == (200, "unreadable_table")


def test_a_parameter_that_is_wrong(asked: TestClient) -> None:
    answer = asked.get("/v1/customers/C1?languag=en")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_the_path_names_the_methods_of_both_its_routes(asked: TestClient) -> None:
    answer = asked.put("/v1/customers/C1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD")
