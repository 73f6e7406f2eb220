"""Pseudonymous ids: callers use real ids, and no file among the artifacts holds one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from churn.privacy_sections import Privacy
from churn.sections import Contacts
from churn.settings import Settings
from cli.app import assemble
from features import parquet
from features.contact_details import contact_details
from features.encryption import KEY as FILE_KEY
from features.encryption import BadFileKey, new_key
from features.log import read_log_manifest
from features.log_reading import read_events
from features.online import MemoryOnlineStore
from features.pseudonyms import FORM, KEY, NoPseudonymKey, OtherNames, Pseudonyms, SameKey, agree, pseudonyms_of
from features.sources import ingest
from serving.app import Counter, Desk
from serving.events import EventDesk
from serving.forget import ForgetDesk
from serving.lookup import Lookup
from serving.score_log import ScoreLog, read
from tests import live_shop, mapped_shop, tiny_service
from tests.command_line import churn, refused
from tests.searching import naming

LEAVER = "客 0007"
TOML = """
[business]
slug = "shop"
clock = "log"
[ingest]
max_rejected_share = 1.0
[privacy]
pseudonymous_ids = true
[[source]]
path = "orders.csv"
timezone = "UTC"
customer_id = "customer_id"
event_type = "'order'"
event_timestamp = "date"
related_customer_id = "by"
"""
ORDERS = (
    "customer_id,date,by\n客 0007,2024-01-01,\n客 0008,2024-02-01,客 0007\n客 0009,never,客 0007\n客 0009,2024-03-01,\n"
)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Pseudonyms:
    monkeypatch.setenv(KEY, new_key())
    found = pseudonyms_of(Settings(privacy=Privacy(pseudonymous_ids=True)))
    assert found is not None
    return found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    path = tmp_path / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    assert churn("ingest", config=path).code == 0
    return path


def artifacts(config: Path) -> Path:
    return config.parent / "artifacts" / "shop"


def test_a_pseudonym_is_the_same_for_ever_and_says_nothing(names: Pseudonyms) -> None:
    found = names.of(LEAVER)
    assert FORM.fullmatch(found)
    assert names.of(LEAVER) == found == names.of(found)
    assert names.of("客 0008") != found != Pseudonyms(b"k" * 32).of(LEAVER)
    assert [names.of(one) for one in ("", "  ", "x" * 257)] == ["", "  ", "x" * 257], "the door refuses them as ever"
    assert "key=" not in repr(names)
    digest = hmac.new(bytes(32), b"C1", hashlib.sha256).digest()
    assert Pseudonyms(bytes(32)).of("C1") == "p_" + base64.urlsafe_b64encode(digest).decode()[:43]


def test_no_file_of_an_ingest_holds_a_real_id(config: Path, names: Pseudonyms) -> None:
    folder = artifacts(config)
    assert all(naming(folder, one) == set() for one in ("客 0007", "客 0008", "客 0009"))
    events = read_events(folder)
    assert sorted(events.customers) == sorted(names.all_of(["客 0007", "客 0008", "客 0009"]))
    rows = [row for path in (folder / "log").glob("bucket*") for row in parquet.read_table(path).to_pylist()]
    assert {row["related_customer_id"] for row in rows} == {None, names.of("客 0007")}
    assert read_log_manifest(folder).rejected == {"unparsable_time": 1}


def test_commands_are_asked_with_real_ids_and_tell_them(config: Path, names: Pseudonyms) -> None:
    told = json.loads(churn("privacy", "pseudonym", LEAVER, "--json", config=config).out)
    assert told == [{"customer_id": LEAVER, "pseudonym": names.of(LEAVER)}]
    assert naming(artifacts(config), names.of(LEAVER))
    said = churn("forget", LEAVER, "--json", config=config)
    assert said.code == 0, said.err
    assert {one["store"]: one["rows"] for one in json.loads(said.out)["stores"]}["log"] == 1
    assert names.of(LEAVER) not in said.out
    assert naming(artifacts(config), names.of(LEAVER)) == set()
    assert churn("ingest", config=config).code == 0
    assert naming(artifacts(config), names.of(LEAVER)) == set(), "and they stay away"


def test_an_id_map_joins_pseudonyms(tmp_path: Path, names: Pseudonyms) -> None:
    plain = mapped_shop.told(tmp_path, "hotline,h1,s1,2024-02-01T00:00Z").manifest
    settings = mapped_shop.settings(tmp_path)
    settings.folder.rename(tmp_path / "plain")
    settings = settings.model_copy(update={"privacy": Privacy(pseudonymous_ids=True)})
    veiled = ingest(settings, environ={}).manifest
    assert (veiled.events, veiled.customers, veiled.rekeyed) == (plain.events, plain.customers, plain.rekeyed)
    assert names.of("s1") in read_events(settings.folder).customers
    held = parquet.read_table(settings.folder / "log" / "id_map.parquet").to_pylist()
    assert {row["source_id"] for row in held} == {names.of("h1")}
    assert {row["customer_id"] for row in held} == {names.of("h1"), names.of("s1")}


def test_contact_details_join_pseudonyms(tmp_path: Path, names: Pseudonyms) -> None:
    (tmp_path / "contacts.csv").write_text(f"customer_id,mail\n{LEAVER},a@example.org\n", encoding="utf-8")
    contacts = Contacts(path="contacts.csv", email="mail")
    settings = Settings(root=tmp_path, contacts=contacts, privacy=Privacy(pseudonymous_ids=True))
    assert contact_details(settings, {})[["customer_id", "email"]].to_numpy().tolist() == [
        [names.of(LEAVER), "a@example.org"]
    ]


def test_one_business_has_one_kind_of_ids(config: Path, names: Pseudonyms, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(TOML.replace("pseudonymous_ids = true", ""), encoding="utf-8")
    refused(churn("ingest", config=config), 12, "from the sources")
    config.write_text(TOML, encoding="utf-8")
    monkeypatch.setenv(KEY, new_key())
    refused(churn("ingest", config=config), 12, "put setting and key back")
    monkeypatch.delenv(KEY)
    refused(churn("ingest", config=config), 12, "new-key")
    monkeypatch.setenv(KEY, "none")
    with pytest.raises(BadFileKey):
        pseudonyms_of(Settings(privacy=Privacy(pseudonymous_ids=True)))


def test_a_log_of_real_ids_is_not_mixed_with_pseudonyms(tmp_path: Path) -> None:
    settings = live_shop.settings(tmp_path)
    live_shop.ingested(settings)
    with pytest.raises(OtherNames) as told:
        agree(settings.model_copy(update={"privacy": Privacy(pseudonymous_ids=True)}))
    assert "their ids" in told.value.problem


def test_the_key_is_kept_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Settings(artifacts=tmp_path, privacy=Privacy(pseudonymous_ids=True))
    monkeypatch.setenv(FILE_KEY, key := new_key())
    monkeypatch.setenv(KEY, key)
    with pytest.raises(SameKey) as told:
        agree(asked)
    assert key not in str(told.value)
    monkeypatch.delenv(KEY)
    with pytest.raises(NoPseudonymKey):
        agree(asked)


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


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b'{"customer_ids": "C1"}', b"\xff", b'{"customer_ids": [1, null]}'])
def test_what_is_no_request_is_refused_as_ever(service: TestClient, body: bytes) -> None:
    answer = service.post("/v1/score", content=body)
    assert answer.status_code in (400, 422)
    assert set(answer.json()["error"]) == {"code", "problem", "mend", "request_id"}
