"""From a posted event to the feed and to the history of its customer, wired as the service does it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cli.app import assemble
from features.live.intake import Intake
from features.online import MemoryOnlineStore
from serving.app import Counter, Desk
from serving.changes import following
from serving.changes.following import Follower
from serving.events import EventDesk
from serving.lookup import Lookup
from serving.score_log import ScoreLog, read
from tests import live_shop, tiny_service
from tests.live_shop import NOW, Ticking


def order(event_id: str, days: float) -> dict[str, Any]:
    when = (NOW - timedelta(days=days)).isoformat()
    return {"customer_id": "a new one", "event_id": event_id, "event_type": "order", "event_timestamp": when}


def test_a_posted_event_is_in_the_feed_and_in_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSE_S", 0.01)
    held, store = live_shop.settings(tmp_path), MemoryOnlineStore()
    live_shop.ingested(held)
    desk = Desk(held)
    desk.open(Counter(tiny_service.scorer(clock=Ticking()), Lookup(store), ScoreLog(held.folder)))
    follower = Follower(held.folder, lambda: desk.counter, least_change=0.05, meter=desk.metrics)
    intake = Intake(held, store, live_shop.features(held), Ticking(), refreshed=follower.offer)
    intake.keeper.step()
    events = EventDesk(desk.metrics)
    events.open(intake)
    with TestClient(assemble(desk, events=events), base_url="http://127.0.0.1") as asked:
        cursor = asked.get("/v1/scores").json()["next"]
        for event in (order("1", 100), order("2", 1)):
            assert asked.post("/v1/events", json={"events": [event]}).json()["refresh"] == "done"
            assert follower.settle()
            page = asked.get(f"/v1/scores?since={cursor}").json()
            assert [one["customer_id"] for one in page["scores"]] == ["a new one"]
            cursor = page["next"]
        found = asked.get("/v1/customers/a%20new%20one").json()
        assert found["history"][0]["what"] == ["stage", "model"]
        assert found["history"][0]["now"]["stage"] == found["stage"]
        told = set(read(held.folder)["score_id"])
        assert {one["score_id"] for one in found["history"]} <= told, "what was told is in the score log"
        assert 'churn_changes_total{what="changes"}' in asked.get("/metrics").text
    follower.close()
    intake.close()
    desk.close()
