"""Signed live events where files know pseudonyms: what a caller signed is what it sent, real ids and all."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from starlette.testclient import TestClient

from churn.privacy_sections import Privacy
from cli.app import assemble
from cli.door import signatures_of
from features.encryption import new_key
from features.pseudonyms import KEY, Pseudonyms, pseudonyms_of
from serving.app import Counter, Desk
from serving.events import EventDesk
from serving.keys.form import new_secret
from serving.keys.store import KeyStore, Named
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from tests import live_shop, tiny_service
from tests.searching import naming

WHO, ANOTHER = "客 0007", "客 0008"


class Sender:
    """A caller whose key has to sign."""

    def __init__(self, folder: Path, names: Pseudonyms) -> None:
        self.held = live_shop.settings(folder).model_copy(update={"privacy": Privacy(pseudonymous_ids=True)})
        live_shop.ingested(self.held)
        now = datetime.now(UTC)
        named = Named("shop", ["events"], [], now, signing=[new_secret()])
        self.key, self.secret = KeyStore(self.held.folder).create(named, None, now), named.signing[0]
        self.names, self.desk, self.taker = names, Desk(self.held), live_shop.intake(self.held)
        self.desk.open(Counter(tiny_service.scorer(), Lookup(tiny_service.store()), ScoreLog(self.held.folder)))
        events = EventDesk(self.desk.metrics, signatures=signatures_of(self.held))
        events.open(self.taker)
        self.client = TestClient(assemble(self.desk, events=events), base_url="http://127.0.0.1")

    def send(self, webhook_id: str, whom: str, *, signed_for: str | None = None) -> Any:
        """An event of a customer, signed as if of another one where that is asked for."""
        bodies = [self._body(one, webhook_id) for one in (whom, signed_for or whom)]
        at = datetime.now(UTC)
        headers = {
            "X-API-Key": self.key, "webhook-id": webhook_id, "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(webhook_id, at, bodies[1]),
        }  # fmt: skip
        return self.client.post("/v1/events", content=bodies[0].encode(), headers=headers)

    def _body(self, whom: str, event_id: str) -> str:
        event = {"customer_id": whom, "event_id": event_id, "event_type": "order", "amount": 5}
        return json.dumps({"events": [event | {"event_timestamp": live_shop.NOW.isoformat()}]}, ensure_ascii=False)


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    monkeypatch.setenv(KEY, new_key())
    monkeypatch.delenv("CHURN_EVENTS_SECRET", raising=False)
    names = pseudonyms_of(live_shop.settings(tmp_path).model_copy(update={"privacy": Privacy(pseudonymous_ids=True)}))
    assert names is not None
    made = Sender(tmp_path, names)
    yield made
    made.taker.close()
    made.desk.close()


def test_the_signature_is_of_what_was_sent_and_no_file_holds_it(sender: Sender) -> None:
    told = sender.send("m1", WHO)
    assert (told.status_code, told.json()["accepted"]) == (202, 1), told.text
    assert sender.send("m1", WHO).json()["error"]["code"] == "already_received"
    forged = sender.send("m2", ANOTHER, signed_for=WHO)
    assert (forged.status_code, forged.json()["error"]["code"]) == (401, "bad_signature")
    exchanged = sender.send("m3", WHO, signed_for=sender.names.of(WHO))
    assert exchanged.json()["error"]["code"] == "bad_signature", "nobody signs what only our files say"
    unsigned = sender.client.post("/v1/events", json={"events": []}, headers={"X-API-Key": sender.key})
    assert unsigned.json()["error"]["code"] == "bad_signature"
    assert all(naming(sender.held.folder, one) == set() for one in (WHO, ANOTHER))
    held = {name.removesuffix("-wal") for name in naming(sender.held.folder, sender.names.of(WHO))}
    assert "live/inbox.db" in held
