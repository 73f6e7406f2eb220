"""From a posted objection to silence on every route, wired as the service does it; and back by consent again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from cli.app import assemble
from features.live.intake import Intake
from features.live.opted_out import OptedOut
from features.online import MemoryOnlineStore
from serving.app import Counter, Desk
from serving.changes.journal import Journal
from serving.changes.state import state_of
from serving.events import EventDesk
from serving.lookup import Lookup
from serving.score_log import ScoreLog, read
from serving.scorer import Answer
from serving.webhooks.words import News, body_of
from serving.what_if import WhatIfDesk
from tests import live_shop, tiny_service
from tests.live_shop import NOW, Ticking


def word(event_id: str, kind: str, minutes: int) -> dict[str, Any]:
    when = (NOW - timedelta(minutes=minutes)).isoformat()
    told = {"customer_id": "C1", "event_id": event_id, "event_type": kind, "category": "scoring"}
    return {"events": [told | {"event_timestamp": when}]}


def test_who_is_told_accepted_is_heeded_on_every_route(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    scorer = tiny_service.scorer(opted_out=OptedOut(held))
    desk = Desk(held)
    desk.open(Counter(scorer, Lookup(tiny_service.store()), ScoreLog(held.folder)))
    intake = Intake(held, MemoryOnlineStore(), live_shop.features(held), Ticking())
    intake.keeper.step()
    (before,) = scorer.score(["C1"], [tiny_service.rows()[0]], language="en", top=0)
    events, what_if = EventDesk(desk.metrics), WhatIfDesk(desk)
    events.open(intake)
    what_if.open(intake)
    with TestClient(assemble(desk, events=events, what_if=what_if), base_url="http://127.0.0.1") as asked:

        def code() -> str | None:
            (score,) = asked.post("/v1/score", json={"customer_ids": ["C1"], "language": "zh"}).json()["scores"]
            assert (score["probability"] is None) == (score["abstention"] is not None) == (score["reasons"] == [])
            return score["abstention"] and score["abstention"]["code"]  # type: ignore[no-any-return]

        assert code() is None
        assert asked.post("/v1/events", json=word("1", "opt_out", 30)).json()["accepted"] == 1
        assert code() == "opted_out"
        (line,) = read(held.folder).tail(1).to_dict("records")
        assert (line["abstention"], line["vector"]) == ("opted_out", None)

        journal = _journal_of(held.folder, before)
        seen = asked.get("/v1/customers/C1").json()
        assert seen["models"]["churn"]["code"] == "opted_out"
        assert [one["now"]["probability"] for one in seen["history"]] == [None]
        imagined = {"customers": [{"customer_id": "C1", "events": [_order(), _lifting()]}]}
        (answer,) = asked.post("/v1/what-if", json=imagined).json()["answers"]
        assert answer["score"]["abstention"]["code"] == "opted_out"

        assert asked.post("/v1/events", json=word("2", "opt_in", 20)).json()["accepted"] == 1
        assert code() is None
    intake.close()
    journal.close()
    desk.close()


def test_a_letter_about_somebody_who_objects_tells_no_number() -> None:
    (before,) = tiny_service.scorer().score(["C1"], [tiny_service.rows()[0]], language="en", top=0)
    state = state_of(before.score)
    assert state is not None
    was = {"stage": state.stage, "model": state.model, "band": "high", "code": None, "probability": 0.9}
    now = replace(state, band=None, code="opted_out", probability=None, value_at_risk=None)
    text = body_of([News(was, now, 1)], together=False).decode()
    assert "0.9" not in text
    assert "high" not in text
    assert "opted_out" in text


def _journal_of(folder: Path, answer: Answer) -> Journal:
    """A journal that was told of an answer with a number."""
    state = state_of(answer.score)
    assert state is not None
    journal = Journal(folder)
    journal.begin()
    journal.tell([state], least_change=0.05)
    return journal


def _order() -> dict[str, Any]:
    when = (NOW - timedelta(days=2)).isoformat()
    return {"event_id": "imagined", "event_type": "order", "event_timestamp": when}


def _lifting() -> dict[str, Any]:
    when = (NOW - timedelta(minutes=5)).isoformat()
    return {"event_id": "wished", "event_type": "opt_in", "category": "scoring", "event_timestamp": when}
