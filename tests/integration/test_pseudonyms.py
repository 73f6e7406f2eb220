"""Pseudonymous ids: callers use real ids, and no file among the artifacts holds one."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from churn.privacy_sections import Privacy
from churn.sections import Contacts
from churn.settings import Settings
from features import parquet
from features.contact_details import contact_details
from features.encryption import KEY as FILE_KEY
from features.encryption import BadFileKey, new_key
from features.log import read_log_manifest
from features.log_reading import read_events
from features.pseudonyms import FORM, KEY, NoPseudonymKey, OtherNames, Pseudonyms, SameKey, agree, pseudonyms_of
from features.sources import ingest
from tests import live_shop, mapped_shop
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
    assert [names.of(one) for one in ("", "  ")] == ["", "  "], "nobody's id, refused as ever"
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
