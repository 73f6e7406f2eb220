"""The whole loop with encryption and pseudonyms on: run, score, prove, judge, prune, forget.

No file among the artifacts holds a real id; no Parquet file and no score log holds a pseudonym that can be read.
"""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from starlette.testclient import TestClient

from churn.settings import Settings, load
from cli.app import Service  # before anything of Feast: Prometheus keeps what it finds in the environment then
from cli.stores import stores
from features import parquet
from features.cipher_lines import HEAD
from features.encryption import KEY, new_key
from features.pseudonyms import KEY as PSEUDONYM_KEY
from features.pseudonyms import Pseudonyms, pseudonyms_of
from features.reencrypting import key_of
from features.simulation import SimulationSettings, write_demo_log
from serving import champion
from tests.command_line import churn, refused
from tests.searching import naming

pytestmark = pytest.mark.nightly  # a minute of CPU; each part stands alone in tests/integration

ROOT = Path(__file__).parents[2]
FEWER = {"max_cutoffs": 3, "test_cutoffs": 1}
READY_S = 60
VERDICTS = (0, 20, 21, 22, 23)
MAY_NAME = ("features/online.db", "serving/changes.db", "live/", "serving/")  # SQLite stays plain, and is told so


@dataclass(frozen=True)
class Shop:
    config: Path
    settings: Settings
    results: dict[str, Any]
    asked: list[str]
    names: Pseudonyms

    @property
    def folder(self) -> Path:
        return self.settings.folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("encrypted")
    write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=1200))
    toml = (ROOT / "churn.toml").read_text(encoding="utf-8")
    for name, value in FEWER.items():
        toml = re.sub(rf"^{name} = \d+", f"{name} = {value}", toml, flags=re.MULTILINE)
    for name in ("encrypt_files", "pseudonymous_ids"):
        toml, found = re.subn(rf"^{name} = false", f"{name} = true", toml, flags=re.MULTILINE)
        assert found == 1
    config = folder / "churn.toml"
    config.write_text(toml, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY, new_key())
        patch.setenv(PSEUDONYM_KEY, new_key())
        said = churn("run", "--json", config=config)
        assert said.code in VERDICTS, said.err
        settings = load(config)
        now = parquet.read_frame(settings.folder / "features" / "current.parquet", ["customer_id", "model"])
        names = pseudonyms_of(settings)
        assert names is not None
        profiles = pd.read_csv(folder / "artifacts" / "demo-source" / "profiles.csv.gz", dtype=str)
        known, asked = set(now.loc[now["model"].notna(), "customer_id"]), []
        for one in profiles.iloc[:, 0]:
            asked += [one] if len(asked) < 4 and names.of(one) in known else []
        told = churn("score", "--ids", ",".join(asked), "--json", config=config)
        assert [one["customer_id"] for one in json.loads(told.out)] == asked
        yield Shop(config, settings, json.loads(said.out), asked, names)


def test_the_loop_ends_as_without_encryption(shop: Shop) -> None:
    assert shop.results["prove"]["passed"] is shop.results["parity"]["passed"] is True
    assert {one["name"] for one in shop.results["promote"]} == {"churn-demo", "reactivation-demo"}


def test_everything_that_can_be_encrypted_is(shop: Shop) -> None:
    files = [path for path in shop.folder.rglob("*") if path.suffix in (".parquet", ".jsonl") and path.is_file()]
    lines = [path for path in files if path.parent.name == "log" and path.suffix == ".jsonl"]
    assert all(path.read_bytes().startswith(HEAD) for path in lines)
    assert lines
    assert all(key_of(path) for path in files if path.suffix == ".parquet")
    assert not list((shop.folder / "scores" / "batch").glob("*.csv"))


def test_no_customer_is_found_but_where_the_documents_say(shop: Shop) -> None:
    for customer_id in shop.asked:
        assert naming(shop.folder, customer_id) == set()
        found = naming(shop.folder, shop.names.of(customer_id))
        assert "features/online.db" in {name.removesuffix("-wal") for name in found}
        assert {name for name in found if not name.startswith(MAY_NAME)} == set()


def test_a_score_is_replayed_and_proven(shop: Shop) -> None:
    assert churn("features", "parity", "--scores", "4", config=shop.config).code == 0
    assert churn("monitor", config=shop.config).code in VERDICTS
    assert churn("prune", config=shop.config).code == 0


def test_the_service_answers_for_real_ids_and_writes_none(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    champion.appoint(shop.folder, champion.fetch(shop.settings))
    monkeypatch.setenv("CHURN_CONFIG", str(shop.config))
    service, (someone, friend) = Service(), shop.asked[1:3]
    service.open()
    try:
        asked = TestClient(service.application(), base_url="http://127.0.0.1", raise_server_exceptions=True)
        score = asked.post("/v1/score", json={"customer_ids": [someone]}).json()["scores"][0]
        assert score["customer_id"] == someone
        now = json.loads((shop.folder / "log" / "manifest.json").read_text())["observed_until"]
        event = {"event_id": "e1", "event_type": "visit", "event_timestamp": now, "customer_id": someone}
        told = asked.post("/v1/events", json={"events": [event | {"related_customer_id": friend}]}).json()
        assert told["accepted"] == 1, told
        assert asked.get(f"/v1/customers/{someone}").json()["customer_id"] == someone
        imagined = {"customers": [{"customer_id": someone, "events": [event | {"event_id": "e2"}]}]}
        deadline = time.monotonic() + READY_S
        while (answer := asked.post("/v1/what-if", json=imagined)).status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.5)  # until the log is indexed
        assert someone in answer.text, answer.text
        replayed = asked.get(f"/v1/scores/{score['score_id']}").json()
        assert replayed["equal"] is True, replayed
        assert shop.names.of(someone) in json.dumps(replayed)
        feed = asked.get("/v1/scores").text
        assert someone not in feed
    finally:
        service.close()
    assert churn("events", "compact", config=shop.config).code == 0
    assert churn("replay", score["score_id"], config=shop.config).code == 0
    assert all(naming(shop.folder, one) == set() for one in (someone, friend))
    owned = {path for store in stores(shop.settings) for path in store.files(shop.folder)}
    assert {path for path in shop.folder.rglob("*") if path.is_file()} - owned == set()


def test_a_customer_is_forgotten(shop: Shop) -> None:
    from monitoring.reading.windows import read_scores

    leaver, known_as = shop.asked[0], shop.names.of(shop.asked[0])
    assert known_as in set(read_scores(shop.folder).frame["customer_id"])
    said = churn("forget", leaver, "--json", config=shop.config)
    assert said.code == 0, said.err
    rows = {one["store"]: one["rows"] for one in json.loads(said.out)["stores"]}
    assert min(rows[name] for name in ("log", "snapshots", "features of now", "score log", "batches")) > 0
    assert known_as not in set(read_scores(shop.folder).frame["customer_id"])
    assert naming(shop.folder, known_as) == naming(shop.folder, leaver) == set()
    assert all(key_of(path) for path in shop.folder.rglob("*.parquet"))


def test_without_the_key_every_command_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, new_key())
    for words in (("monitor",), ("score", "--all"), ("features", "materialise"), ("backtest",)):
        refused(churn(*words, config=shop.config), 12, "CHURN_FILE_KEYS_BEFORE")
