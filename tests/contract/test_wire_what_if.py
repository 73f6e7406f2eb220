"""`POST /v1/what-if`: numbers for customers that nobody stored, the checks of live events, and no trace of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from starlette.testclient import TestClient

from churn.bundle import Bundle
from churn.settings import Settings
from churn.treeshap import TreeShap
from cli.app import assemble
from features.feature_set import FeatureSet
from features.online import MemoryOnlineStore
from serving import what_if
from serving.app import Counter, Desk
from serving.champion import Champion
from serving.lookup import Lookup
from serving.schemas import Score
from serving.score_log import ScoreLog
from serving.what_if import WhatIfDesk
from tests import live_shop, tiny_service
from tests.contract.test_wire import same_as_golden, settled
from tests.live_shop import NOW, Ticking
from tests.tiny_service import texts

KNOWN = "客 0003"


@cache
def of_the_shop(names: tuple[str, ...], feature_set_hash: str) -> Champion:
    """A champion that learned, from noise, of the features that the shop has: the fewer days since, the lower."""
    random = np.random.default_rng(5)
    rows = random.gamma(1.0, 30.0, (600, len(names)))
    silent = rows[:, names.index("order_days_since")] + random.gamma(1.0, 5.0, 600) > 30
    data = lightgbm.Dataset(rows, silent, feature_name=list(names), free_raw_data=False)
    booster = lightgbm.train({"objective": "binary", "num_leaves": 4, "verbosity": -1, "num_threads": 1}, data, 20)
    usual = Bundle.from_json(texts("churn")[1]).model_copy(
        update={
            "features": names, "feature_set_hash": feature_set_hash, "categories": {}, "usual": {},
            "reasons": dict.fromkeys(names, "silence"), "texts": {},
        }
    )  # fmt: skip
    text = booster.model_to_string()
    return Champion("churn-shop/1", "a" * 64, Bundle.from_json(usual.to_json()), TreeShap.from_text(text, nodes=4))


class Opened:
    """The service of the shop, and what stands behind it."""

    def __init__(self, held: Settings) -> None:
        self.held, self.store, self.gone = held, MemoryOnlineStore(), set[str]()
        self.intake = live_shop.intake(held, self.store, Ticking())
        chosen: FeatureSet = live_shop.features(held)
        champions = {"churn": of_the_shop(tuple(chosen.names), chosen.hash)}
        scorer = tiny_service.scorer(champions=champions, clock=Ticking())
        desk, self.log = Desk(held), ScoreLog(held.folder)
        desk.open(Counter(scorer, Lookup(self.store), self.log, lambda ids: self.gone & set(ids)))
        imagining = WhatIfDesk(desk)
        imagining.open(self.intake)
        self.client = TestClient(assemble(desk, what_if=imagining), base_url="http://127.0.0.1")

    def ask(self, *customers: Any, **more: Any) -> Any:
        answer = self.client.post("/v1/what-if", json={"customers": list(customers), **more})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    held = live_shop.settings(tmp_path_factory.mktemp("shop"))
    live_shop.ingested(held)
    one = Opened(held)
    yield one
    one.intake.close()
    one.log.close()


def order(event_id: str = "1", hours: float = 1, **changed: Any) -> dict[str, Any]:
    when = (NOW - timedelta(hours=changed.pop("hours", hours))).isoformat()
    return {"event_id": event_id, "event_type": "order", "amount": 12.5, "event_timestamp": when} | changed


def test_golden_what_if(opened: Opened) -> None:
    request = {
        "customers": [{"events": [order(), order("2", 24 * 40)]}, {"events": [order("3", event_timestamp="soon")]}],
        "as_of": NOW.isoformat(), "language": "en", "top_reasons": 1,
    }  # fmt: skip
    answer = opened.client.post("/v1/what-if", json=request).json()
    assert list(answer["answers"][0]["score"]) == list(Score.__struct_fields__)
    kept = ("customer_id", "stage", "probability", "band", "what_if", "action_code", "features_as_of", "abstention")
    told = [one | {"score": {name: one["score"][name] for name in kept}} for one in answer["answers"]]
    same_as_golden("what_if.json", {"request": request, "answer": settled(answer | {"answers": told})})


def test_what_is_imagined_moves_the_number(opened: Opened) -> None:
    now, ordered, quiet = opened.ask(
        {"customer_id": KNOWN, "events": [order(hours=24 * 60)]}, {"customer_id": KNOWN, "events": [order(hours=0.1)]},
        {"events": [order(hours=24 * 60)]},
    )["answers"]  # fmt: skip
    assert now["score"]["customer_id"] == ordered["score"]["customer_id"] == KNOWN
    assert ordered["score"]["probability"] < now["score"]["probability"]
    assert quiet["score"]["customer_id"] == "what-if-3"
    assert quiet["score"]["probability"] > ordered["score"]["probability"]
    assert all(one["score"]["what_if"] and one["rejected"] == [] for one in (now, ordered, quiet))
    assert {one["score"]["action_code"] for one in (now, ordered)} == {"what_if"}


def test_what_if_nothing_happens_until_then(opened: Opened) -> None:
    later = NOW + timedelta(days=25)
    (now,), (then,) = (
        opened.ask({"customer_id": KNOWN, "events": [order(hours=0.1)]}, **more)["answers"]
        for more in ({}, {"as_of": later.isoformat()})
    )
    assert then["score"]["probability"] > now["score"]["probability"]
    assert datetime.fromisoformat(then["score"]["features_as_of"]) == later
    assert then["score"]["features_age_hours"] == 0


def test_nothing_is_stored_logged_or_counted(opened: Opened) -> None:
    reach, before = opened.intake.inbox.ledger.reach(), opened.client.get("/metrics").text
    files = {path: path.read_bytes() for path in (opened.held.folder / "scores").rglob("*")}
    opened.ask({"customer_id": KNOWN, "events": [order(hours=0.2)]}, {"events": [order()]})
    assert opened.intake.inbox.ledger.reach() == reach
    assert opened.store.rows([KNOWN, "what-if-1", "what-if-2"]) == [None] * 3
    assert {path: path.read_bytes() for path in (opened.held.folder / "scores").rglob("*")} == files
    told = opened.client.get("/metrics").text
    answers = [line for line in told.splitlines() if line.startswith("churn_answers_total")]
    assert answers == [line for line in before.splitlines() if line.startswith("churn_answers_total")]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"event_timestamp": "2025-01-01T00:00:00"}, "naive_time"), ({"hours": -1}, "in_the_future"),
        ({"amount": "x"}, "wrong_type"), ({"colour": "red"}, "unknown_field"), ({"event_type": " "}, "empty"),
        ({"customer_id": "somebody else"}, "two_customers"), ({"source_id": "7"}, "two_customers"),
        ({"category": "ann@example.org"}, "personal_data"), ({"amount": 1e300}, "too_large"),
    ],
)  # fmt: skip
def test_an_event_is_judged_as_a_live_one_and_costs_its_customer_the_number(
    opened: Opened, wrong: dict[str, Any], code: str
) -> None:
    bad, good = opened.ask({"customer_id": KNOWN, "events": [order("1"), order("2", **wrong)]}, {"events": [order()]})[
        "answers"
    ]
    assert [(one["event_id"], one["status"], one["code"]) for one in bad["rejected"]] == [("2", "rejected", code)]
    assert bad["rejected"][0]["mend"]
    assert (bad["score"]["probability"], bad["score"]["abstention"]["code"]) == (None, "events_rejected")
    assert good["score"]["probability"] is not None
    (told,) = opened.ask({"customer_id": KNOWN, "events": [order("2", **wrong)]}, language="zh")["answers"]
    assert "假设的事件" in told["score"]["abstention"]["problem"]


def test_sent_twice_it_counts_once_and_other_content_is_a_conflict(opened: Opened) -> None:
    once, twice, conflicting = opened.ask(
        {"events": [order()]}, {"events": [order(), order()]}, {"events": [order(), order(amount=3)]}
    )["answers"]
    assert once["score"]["probability"] == twice["score"]["probability"]
    assert [one["code"] for one in conflicting["rejected"]] == ["conflicting_event"]


def test_what_was_posted_before_counts_once(opened: Opened) -> None:
    """Of the customer who has it, and of nobody else; another event under its id is no event."""
    who = "posted to"
    live = live_shop.event("p1", who, minutes=90, order_id=None, amount=12.5)
    assert live_shop.taken(opened.intake, [live]) == ["accepted"]
    told = order("p1", 1.5)
    now, again, other, alone, stranger = opened.ask(
        {"customer_id": who}, {"customer_id": who, "events": [told]},
        {"customer_id": who, "events": [told | {"amount": 3}]}, {"events": [told]},
        {"customer_id": KNOWN, "events": [told]},
    )["answers"]  # fmt: skip
    assert again["duplicate"] == ["p1"]
    assert now["score"]["probability"] == again["score"]["probability"]
    assert [one["code"] for one in other["rejected"]] == ["conflicting_event"]
    assert other["rejected"][0]["mend"].startswith("give what is imagined an id of its own")
    assert alone["duplicate"] == stranger["duplicate"] == []
    assert alone["score"]["stage"] == "new"
    (before,) = opened.ask({"customer_id": who, "events": [told]}, as_of=NOW.isoformat())["answers"]
    assert before["duplicate"] == [], "by then nobody had heard of it"
    assert before["score"]["probability"] is not None


def test_of_whom_nothing_is_known(opened: Opened) -> None:
    opened.gone.add("erased one")
    stranger, nobody, erased = opened.ask(
        {"customer_id": "a stranger"}, {}, {"customer_id": "erased one", "events": [order()]}
    )["answers"]
    assert stranger["score"]["abstention"]["code"] == "unknown_customer"
    assert nobody["score"]["abstention"]["code"] == "no_qualifying_event"
    assert erased["score"]["abstention"]["code"] == "erased"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed_json"), (b'{"customers": []}', "invalid_request"), (b"{}", "invalid_request"),
        (json.dumps({"customers": [{}] * 51}).encode(), "invalid_request"),
        (b'{"customers": [{"events": 3}]}', "invalid_request"), (b'{"customers": [{}], "x": 1}', "invalid_request"),
        (b'{"customers": [{}], "as_of": "2025-01-01T00:00:00"}', "invalid_request"),
        (b'{"customers": [{}], "as_of": "1969-01-01T00:00:00Z"}', "invalid_request"),
        (b'{"customers": [{}], "as_of": "2099-01-01T00:00:00Z"}', "invalid_request"),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong(opened: Opened, body: bytes, code: str) -> None:
    answer = opened.client.post("/v1/what-if", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400 if code == "malformed_json" else 422, code)
    assert "POST /v1/events" in answer.json()["error"]["mend"]


def test_closed_it_says_so(tmp_path: Path) -> None:
    with tiny_service.client(tmp_path) as asked:
        answer = asked.post("/v1/what-if", json={"customers": [{}]})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


def test_more_than_it_can_imagine_are_sent_away(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_if, "MOST_WAITING", 0)
    answer = opened.client.post("/v1/what-if", json={"customers": [{}]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1


def test_now_is_the_last_commit_at_least(opened: Opened) -> None:
    assert datetime.fromisoformat(opened.ask({})["as_of"]) > NOW.astimezone(UTC)
