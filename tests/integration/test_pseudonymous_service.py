"""Pseudonyms behind the service: callers use real ids and get them back, its files never hold one."""

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from churn.privacy_sections import Privacy
from churn.settings import Settings
from cli.app import assemble
from features.encryption import new_key
from features.online import MemoryOnlineStore
from features.pseudonyms import KEY, Pseudonyms, pseudonyms_of
from serving.app import Counter, Desk
from serving.events import EventDesk
from serving.forget import ForgetDesk
from serving.lookup import Lookup
from serving.pseudonyms import Exchange
from serving.score_log import ScoreLog, read
from tests import live_shop, tiny_service
from tests.searching import naming

LEAVER = "客 0007"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Pseudonyms:
    monkeypatch.setenv(KEY, new_key())
    found = pseudonyms_of(Settings(privacy=Privacy(pseudonymous_ids=True)))
    assert found is not None
    return found


@pytest.fixture
def service(tmp_path: Path, names: Pseudonyms) -> Iterator[TestClient]:
    """The whole application over the live shop, whose log and rows know pseudonyms."""
    held = live_shop.settings(tmp_path).model_copy(update={"privacy": Privacy(pseudonymous_ids=True)})
    live_shop.ingested(held)
    store = MemoryOnlineStore()
    store.write([tiny_service.row(names.of(one)) for one in ("C1", LEAVER)])
    desk = Desk(held)
    desk.open(Counter(tiny_service.scorer(), Lookup(store), ScoreLog(held.folder)))
    taker = live_shop.intake(held)
    events, forget = EventDesk(desk.metrics), ForgetDesk()
    events.open(taker)
    forget.open(lambda customer_id, keep_out: {"asked": customer_id})
    yield TestClient(assemble(desk, events=events, forget=forget), base_url="http://127.0.0.1")
    events.close()
    taker.close()
    desk.close()


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "live-shop"


def test_callers_score_by_real_ids(service: TestClient, tmp_path: Path, names: Pseudonyms) -> None:
    asked = ["C1", LEAVER, 'nobody "x"', names.of("C1")]
    answer = service.post("/v1/score", json={"customer_ids": asked})
    assert answer.status_code == 200, answer.text
    assert [one["customer_id"] for one in answer.json()["scores"]] == [*asked[:3], "C1"]
    assert answer.json()["scores"][0]["probability"] is not None
    logged = set(read(folder_of(tmp_path))["customer_id"])
    assert logged == set(names.all_of(asked[:3]))
    assert naming(folder_of(tmp_path), LEAVER) == set()


def test_an_escaped_name_of_a_field_is_no_way_in(service: TestClient, tmp_path: Path) -> None:
    body = '{"customer\\u005fids": ["\\u5ba2 0007"]}'
    answer = service.post("/v1/score", content=body.encode(), headers={"content-type": "application/json"})
    assert [one["customer_id"] for one in answer.json()["scores"]] == [LEAVER]
    assert naming(folder_of(tmp_path), LEAVER) == set()


def test_live_events_come_in_under_pseudonyms(service: TestClient, tmp_path: Path, names: Pseudonyms) -> None:
    when = live_shop.NOW.isoformat()
    event: dict[str, Any] = {"event_type": "order", "event_timestamp": when, "event_id": "1", "amount": 12.50}
    told = service.post(
        "/v1/events",
        json={
            "events": [
                event | {"customer_id": LEAVER, "related_customer_id": "客 0008"},
                event | {"event_id": "2", "source": "crm", "source_id": "客 0009"},
            ]
        },
    )
    assert [one["status"] for one in told.json()["events"]] == ["accepted", "accepted"], told.text
    folder = folder_of(tmp_path)
    assert all(naming(folder, one) == set() for one in (LEAVER, "客 0008", "客 0009"))
    assert "live/inbox.db" in {name.removesuffix("-wal") for name in naming(folder, names.of(LEAVER))}


def test_a_customer_in_a_path_is_exchanged(service: TestClient, names: Pseudonyms) -> None:
    assert service.delete(f"/v1/customers/{LEAVER}").json() == {"asked": LEAVER}
    assert service.get(f"/v1/customers/{LEAVER}").json()["customer_id"] == LEAVER
    assert service.get("/v1/customers/C1").json()["score"]["probability"] is not None
    assert names.of("C1") not in service.get("/v1/customers/C1").text


BROKEN_AND_GOOD = (
    b'{"events": [{"customer_id": "\xff", "event_id": "1", "event_type": "order", "event_timestamp": "%s"},'
    b'{"\xff": 1, "customer_id": "\\u5ba2 0008", "event_id": "2", "event_type": "order", "event_timestamp": "%s"},'
    b'{"customer_id": "\\u5ba2 0009", "event_id": "3", "event_type": "order", "event_timestamp": "%s"}]}'
)


def test_what_cannot_be_read_brings_no_real_id_in(service: TestClient, tmp_path: Path, names: Pseudonyms) -> None:
    when = live_shop.NOW.isoformat().encode()
    told = service.post("/v1/events", content=BROKEN_AND_GOOD % (when, when, when)).json()
    assert [one["status"] for one in told["events"]] == ["rejected", "rejected", "accepted"], told
    hidden = b'{"\xff": 1, "customer_ids": ["\\u5ba2 0008"]}'
    assert service.post("/v1/score", content=hidden).status_code == 400
    long = service.post("/v1/score", json={"customer_ids": ["客 0008" + "x" * 300]})
    assert long.status_code == 422
    assert naming(folder_of(tmp_path), "客 0008") == naming(folder_of(tmp_path), "客 0009") == set()
    assert naming(folder_of(tmp_path), names.of("客 0009"))


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b'{"customer_ids": "C1"}', b"\xff", b'{"customer_ids": [1, null]}'])
def test_what_is_no_request_is_refused_as_ever(service: TestClient, body: bytes) -> None:
    answer = service.post("/v1/score", content=body)
    assert answer.status_code in (400, 422)
    assert set(answer.json()["error"]) == {"code", "problem", "mend", "request_id"}


def test_many_ids_are_given_back_at_once_and_no_other(names: Pseudonyms) -> None:
    """A thousand ids cost one look at the answer, not a thousand: nobody else is served meanwhile."""
    exchange, ids = Exchange(names), [f"C{number:06}" for number in range(1000)]
    exchange.body(json.dumps({"customer_ids": ids}).encode())
    stranger = names.of("somebody else")
    told = [{"customer_id": names.of(one), "of": [stranger, "p_", "p_p_"], "x": "y" * 2500} for one in ids]
    began = time.process_time()
    back = json.loads(exchange.back(json.dumps(told).encode(), "application/json"))
    assert time.process_time() - began < 0.5
    assert [one["customer_id"] for one in back] == ids
    assert {tuple(one["of"]) for one in back} == {(stranger, "p_", "p_p_")}
    assert exchange.back(f"p_{names.of('C000001')}p_".encode(), "application/json") == b"p_C000001p_"


@pytest.mark.parametrize(
    "body", ['{"a":' * 300 + "1" + "}" * 300, "[" * 300 + "1" + "]" * 300], ids=["objects", "lists"]
)
def test_what_is_nested_deep_is_not_read_again_and_again(service: TestClient, body: str) -> None:
    large = body.replace("1", '"' + "x" * 900_000 + '"')
    began = time.process_time()
    assert service.post("/v1/score", content=large).status_code in (400, 422)
    assert time.process_time() - began < 0.3


def test_too_many_are_told_so(service: TestClient) -> None:
    answer = service.post("/v1/score", json={"customer_ids": ["C1"] * 3000})
    assert answer.status_code == 422
    assert service.post("/v1/events", json={"events": [{}] * 3000}).status_code == 422


@pytest.mark.parametrize("customer_id", ['a&b=c#d "e" +f%20', "客 0008"])
def test_a_page_that_names_somebody_leads_to_them_in_the_other_language_too(
    service: TestClient, names: Pseudonyms, customer_id: str
) -> None:
    page = service.get("/customer", params={"id": customer_id, "language": "en"})
    assert page.status_code == 404
    assert html.escape(customer_id) in page.text
    assert names.of(customer_id) not in page.text
    (where,) = re.findall(r'<a href="(/customer\?[^"]*)" lang="zh"', page.text)
    assert html.escape(customer_id) in service.get(html.unescape(where)).text
