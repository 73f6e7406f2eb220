"""`POST /v1/events` over the wire: what is stored, what is refused and why, and what the next score says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from starlette.testclient import TestClient

from churn.settings import Settings
from cli.app import assemble
from features.live.inbox import InboxUnavailable
from features.live.intake import Intake
from features.online import MemoryOnlineStore
from serving.app import Counter, Desk
from serving.events import EventDesk
from serving.keys.form import new_secret
from serving.limits.once import SqliteOnce
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from serving.signatures import Signatures
from tests import live_shop, tiny_service
from tests.contract.test_wire import same_as_golden
from tests.live_shop import NOW, Ticking


class Opened:
    """The application with an intake, and what stands behind it."""

    def __init__(self, held: Settings) -> None:
        self.held, self.store = held, MemoryOnlineStore()
        self.intake: Intake = live_shop.intake(held, self.store, Ticking())
        desk = Desk(held)
        self.events = EventDesk(desk.metrics)
        desk.open(Counter(tiny_service.scorer(), Lookup(self.store), ScoreLog(held.folder)))
        self.events.open(self.intake)
        self.client = TestClient(assemble(desk, events=self.events), base_url="http://127.0.0.1")

    def post(self, *events: Any) -> tuple[int, Any]:
        answer = self.client.post("/v1/events", json={"events": list(events)})
        return answer.status_code, answer.json()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    one = Opened(held)
    yield one
    one.intake.close()


def event(event_id: str = "1", **changed: Any) -> dict[str, Any]:
    usual = {
        "customer_id": "客 0003", "event_id": event_id, "event_type": "order", "amount": 12.5,
        "event_timestamp": (NOW - timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    return {name: value for name, value in (usual | changed).items() if value is not ...}


def codes(answer: Any) -> list[str | None]:
    return [one["code"] for one in answer["events"]]


def test_golden_events(opened: Opened) -> None:
    later = (NOW + timedelta(days=1)).isoformat()
    request = [event("1"), event("2", customer_id="a new one"), event("1"), event("3", event_timestamp=later), {"x": 1}]
    _, first = opened.post(*request)
    same_as_golden("events.json", {"request": request, "answer": json.loads(json.dumps(first))})


def test_the_next_score_sees_them(opened: Opened) -> None:
    status, answer = opened.post(event("1", customer_id="a new one"))
    assert (status, answer["refresh"], answer["accepted"]) == (202, "done", 1)
    row = opened.store.rows(["a new one"])[0]
    assert row is not None
    assert (row.stage, row.model) == ("new", "churn")
    (score,) = opened.client.post("/v1/score", json={"customer_ids": ["a new one"]}).json()["scores"]
    assert score["stage"] == "new"
    assert datetime.fromisoformat(score["features_as_of"]) > NOW


def test_again_is_a_duplicate_and_other_content_a_conflict(opened: Opened) -> None:
    assert opened.post(event("1"))[0] == 202
    status, answer = opened.post(event("1"))
    assert (status, answer["duplicate"], answer["refresh"]) == (200, 1, "none")
    status, answer = opened.post(event("1", amount=13.0))
    assert (status, codes(answer)) == (422, ["conflicting_event"])
    assert "the first one stays" in answer["events"][0]["problem"]
    assert opened.post(event("1", source="till"))[0] == 202, "another source has its own ids"


POISON = {
    "missing_field": event(event_id=...),
    "unknown_field": event(colour="red"),
    "wrong_type": event(amount="12"),
    "naive_time": event(event_timestamp="2025-01-01T10:00:00"),
    "bad_time": event(event_timestamp="yesterday"),
    "in_the_future": event(event_timestamp=(NOW + timedelta(hours=1)).isoformat()),
    "too_old": event(event_timestamp="1066-10-14T09:00:00+00:00"),
    "too_long": event(text="x" * 4001),
    "empty": event(event_type="  "),
    "two_customers": event(source_id="s"),
    "nul_character": event(channel="a\0b"),
    "too_large": event(amount=-2e12),
}


@pytest.mark.parametrize("code", POISON)
def test_poison_is_refused_alone(opened: Opened, code: str) -> None:
    status, answer = opened.post(
        event("good"), POISON[code] | {"event_id": "bad"} if code != "missing_field" else POISON[code]
    )
    assert status == 202
    assert codes(answer) == [None, code]
    assert answer["events"][1]["mend"]
    assert opened.post(POISON[code])[0] == 422
    _, rows = opened.intake.inbox.ledger.after(0)
    assert [row[3] for row in rows] == ["good"]


def test_a_text_that_is_not_utf8_is_refused_alone(opened: Opened) -> None:
    body = json.dumps({"events": [event("good"), event("bad")]}).encode()
    answer = opened.client.post("/v1/events", content=body.replace(b'"bad"', b'"\xff"'))
    assert (answer.status_code, codes(answer.json())) == (202, [None, "not_utf8"])


def test_numbers_that_are_none(opened: Opened) -> None:
    body = json.dumps({"events": [event("1")]})
    answer = opened.client.post("/v1/events", content=body.replace("12.5", "1e999"))
    assert answer.status_code == 422
    assert codes(answer.json()) == ["not_finite"]
    answer = opened.client.post("/v1/events", content=body.replace("12.5", "NaN"))
    assert answer.json()["error"]["code"] == "malformed_json"
    assert "/docs" in answer.json()["error"]["mend"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b'{"events": []}', 422, "invalid_request"),
        (b'{"events": 5}', 422, "invalid_request"),
        (b'{"customer_ids": ["C1"]}', 422, "invalid_request"),
        (b'{"events": [' + b",".join([b"{}"] * 1001) + b"]}", 422, "invalid_request"),
        (b" " * 1_000_001, 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_list_of_events(opened: Opened, body: bytes, status: int, code: str) -> None:
    answer = opened.client.post("/v1/events", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_inbox_that_cannot_be_written_acknowledges_nothing(opened: Opened) -> None:
    class Down:
        """An inbox whose disk is full."""

        def __getattr__(self, name: str) -> Any:
            return self.commit

        def commit(self, *_: object, **__: object) -> Any:
            raise InboxUnavailable("live/inbox.db", "database or disk is full")

    real, opened.intake.inbox.ledger = opened.intake.inbox.ledger, Down()  # type: ignore[assignment]
    answer = opened.client.post("/v1/events", json={"events": [event("1")]})
    opened.intake.inbox.ledger = real
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "inbox_unavailable")
    assert "Nothing was acknowledged" in answer.json()["error"]["problem"]
    assert "same event ids" in answer.json()["error"]["mend"]
    assert opened.post(event("1"))[1]["accepted"] == 1, "it recovers by itself"


def test_a_store_that_is_down_leaves_rows_pending_and_loses_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.store_errors import StoreUnavailable

    def down(_: object) -> int:
        raise StoreUnavailable("nowhere", reason="down", mend="wait")

    with monkeypatch.context() as patch:
        patch.setattr(opened.store, "write", down)
        status, answer = opened.post(event("1", customer_id="a new one"))
        assert (status, answer["refresh"]) == (202, "pending")
    assert opened.store.rows(["a new one"]) == [None]
    assert opened.intake.keeper.step() == 1
    assert opened.store.rows(["a new one"])[0] is not None
    assert opened.intake.keeper.step() == 0


def test_a_thousand_at_once(opened: Opened) -> None:
    events = [event(str(number), customer_id=f"c{number % 300}") for number in range(1000)]
    status, answer = opened.post(*events)
    assert (status, answer["accepted"], answer["refresh"]) == (202, 1000, "done")


def test_they_are_counted(opened: Opened) -> None:
    opened.post(event("1"), event("1"), {})
    text = opened.client.get("/metrics").text
    assert 'churn_events_total{status="accepted"} 1.0' in text
    assert 'churn_events_total{status="duplicate"} 1.0' in text
    assert 'churn_events_total{status="rejected"} 1.0' in text


def test_a_key_needs_the_scope(tmp_path: Path) -> None:
    import hashlib

    digest = hashlib.sha256(b"k").hexdigest()
    with tiny_service.client(tmp_path, api_keys=(f"crm:score:{digest}",)) as asked:
        answer = asked.post("/v1/events", json={"events": [event()]}, headers={"X-API-Key": "k"})
        assert answer.status_code == 403
        assert "events" in answer.json()["error"]["problem"]


def test_closed_it_says_so(tmp_path: Path) -> None:
    with tiny_service.client(tmp_path) as asked:
        answer = asked.post("/v1/events", json={"events": [event()]})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


def test_utc_is_not_asked_for_only_an_offset(opened: Opened) -> None:
    when = (NOW - timedelta(hours=2)).astimezone(UTC)
    opened.post(event("1", event_timestamp=when.isoformat().replace("+00:00", "Z")))
    _, rows = opened.intake.inbox.ledger.after(0)
    assert rows[0][6] == int(when.timestamp() * 1_000_000)


def test_events_that_have_to_be_signed_are_taken_signed_and_once(opened: Opened, tmp_path: Path) -> None:
    secret = new_secret()
    opened.events._signatures = Signatures([secret], SqliteOnce(tmp_path / "taken"))
    body = json.dumps({"events": [event()]})
    at = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }  # fmt: skip
    asked = opened.client
    unsigned = asked.post("/v1/events", content=body)
    assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (401, "bad_signature")
    assert asked.post("/v1/events", content=body + " ", headers=headers).status_code == 401
    assert asked.post("/v1/events", content=body, headers=headers).status_code == 202
    again = asked.post("/v1/events", content=body, headers=headers)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_received")
