"""A customer is forgotten, from the first ingest to the last page: nothing names them, and the loop goes on."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from starlette.testclient import TestClient

from churn.settings import Settings, load
from cli.stores import stores
from features.simulation import SimulationSettings, write_demo_log
from tests.command_line import churn
from tests.searching import naming

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CUSTOMERS = 1500
FEWER = {"max_cutoffs": 3, "test_cutoffs": 1}
VERDICTS = (0, 20, 21, 22, 23)


@dataclass(frozen=True)
class Shop:
    """A business that went through the whole loop and serves, and a customer of whom every store has something."""

    config: Path
    settings: Settings
    service: TestClient
    serving: ExitStack
    leaver: str
    friend: str

    @property
    def folder(self) -> Path:
        return self.settings.folder

    def score(self, *ids: str) -> list[dict[str, Any]]:
        answer = self.service.post("/v1/score", json={"customer_ids": list(ids)})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["scores"])

    def post(self, event_id: str, customer_id: str, **more: object) -> dict[str, Any]:
        event = {"customer_id": customer_id, "event_id": event_id, "event_type": "visit", **more}
        now = json.loads((self.folder / "log" / "manifest.json").read_text())["observed_until"]
        answer = self.service.post("/v1/events", json={"events": [event | {"event_timestamp": now}]})
        return dict(answer.json()["events"][0])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    from cli.app import Service
    from serving import champion

    folder = tmp_path_factory.mktemp("shop")
    write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=CUSTOMERS))
    toml = (ROOT / "churn.toml").read_text(encoding="utf-8")
    for name, value in FEWER.items():
        toml = re.sub(rf"^{name} = \d+", f"{name} = {value}", toml, flags=re.MULTILINE)
    config = folder / "churn.toml"
    config.write_text(toml, encoding="utf-8")
    assert churn("run", config=config).code in VERDICTS
    settings = load(config)
    leaver, friend = everywhere(settings.folder)[:2]
    champion.appoint(settings.folder, champion.fetch(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURN_CONFIG", str(config))
        service = Service()
    with ExitStack() as serving:
        service.open()
        serving.callback(service.close)
        asked = TestClient(service.application(), base_url="http://127.0.0.1", raise_server_exceptions=True)
        yield Shop(config, settings, asked, serving, leaver, friend)


def everywhere(folder: Path) -> list[str]:
    """Customers who are in every snapshot and have a score."""
    scores = pd.read_parquet(next((folder / "scores" / "batch").glob("*.parquet")))
    found = set(scores.loc[scores["probability"].notna(), "customer_id"])
    for path in (folder / "snapshots").glob("*/snapshot.parquet"):
        found &= set(pd.read_parquet(path, columns=["customer_id"])["customer_id"])
    return sorted(found)


def own_words(out: str) -> str:
    """What a command wrote, without the lines of the service, which runs in this very process."""
    return "\n".join(line for line in out.splitlines() if not line.startswith('{"event"'))


def test_every_file_belongs_to_a_store(shop: Shop) -> None:
    owned = {path for store in stores(shop.settings) for path in store.files(shop.folder)}
    files = {path for path in shop.folder.rglob("*") if path.is_file()}
    assert {str(path.relative_to(shop.folder)) for path in files - owned} == set()


def test_a_customer_is_forgotten_everywhere_and_stays_away(shop: Shop) -> None:
    leaver, folder = shop.leaver, shop.folder
    assert [one["abstention"] for one in shop.score(leaver, shop.friend)] == [None, None]
    assert shop.post("e1", leaver)["status"] == "accepted"
    assert shop.post("e2", shop.friend, event_type="referral", related_customer_id=leaver)["status"] == "accepted"
    assert churn("events", "compact", config=shop.config).code == 0
    assert shop.post("e5", leaver)["status"] == "accepted"
    assert churn("score", "--ids", f"{leaver},{shop.friend}", config=shop.config).code == 0
    score_id = shop.score(leaver)[0]["score_id"]

    named = naming(folder, leaver)
    erasing = [store for store in stores(shop.settings) if store.erase is not None]
    reached = {str(path.relative_to(folder)) for store in erasing for path in store.files(folder)}
    assert named <= reached
    holding = {
        store.name for store in erasing if named & {str(path.relative_to(folder)) for path in store.files(folder)}
    }
    assert holding >= {"inbox", "kept live events", "log", "snapshots", "features of now", "on-line store", "score log"}
    assert "batches" in holding

    receipt = shop.service.delete(f"/v1/customers/{leaver}")
    assert receipt.status_code == 200, receipt.text
    told = receipt.json()
    assert naming(folder, leaver) == set()
    assert {one["store"] for one in told["stores"] if one["rows"]} >= holding - {"index"}
    assert {one["name"] for one in told["models"] if one["serves"]} == {"churn-demo", "reactivation-demo"}
    assert len(told["snapshots"]) == 3  # what the judged sibling learned from, the test, the newest
    assert leaver not in json.dumps({**told})

    assert shop.post("e3", leaver)["code"] == "forgotten_customer"
    assert shop.post("e4", shop.friend, related_customer_id=leaver)["status"] == "accepted"
    assert shop.score(leaver)[0]["abstention"]["code"] == "erased"
    said = churn("score", "--ids", leaver, "--json", config=shop.config)
    assert json.loads(own_words(said.out))[0]["abstention"]["code"] == "erased"
    assert naming(folder, leaver) == set()
    from serving.refusals import Erased
    from serving.score_index import recall

    with pytest.raises(Erased):
        recall(folder, score_id)


def test_the_loop_goes_on_without_them(shop: Shop) -> None:
    for command in ("monitor", "score --all", "ingest"):
        said = churn(*command.split(), config=shop.config)
        assert said.code in VERDICTS, said
    rejects = pd.read_parquet(shop.folder / "log" / "rejects.parquet")
    assert rejects.loc[rejects["reason"] == "forgotten", ["customer_id", "raw"]].isna().all().all()
    assert (rejects["reason"] == "forgotten").any()
    assert naming(shop.folder, shop.leaver) == set()
    test_every_file_belongs_to_a_store(shop)


@pytest.mark.nightly
def test_a_retraining_goes_on_without_them(shop: Shop) -> None:
    before = json.loads((shop.folder / "champion" / "churn.json").read_text())
    said = churn("retrain", config=shop.config)
    assert said.code in (0, 15), said
    assert "may not serve" in said.err or said.code == 0
    after = json.loads((shop.folder / "champion" / "churn.json").read_text())
    assert after["snapshot_hash"] != before["snapshot_hash"] or said.code == 15 or "goes on serving" in said.out
    assert churn("history", config=shop.config).code == 0
    assert naming(shop.folder, shop.leaver) == set()
    test_every_file_belongs_to_a_store(shop)


def scored(shop: Shop) -> dict[str, float]:
    """Everybody's score."""
    for command in ("features materialise", "score --all"):
        assert churn(*command.split(), config=shop.config).code == 0
    batch = max((shop.folder / "scores" / "batch").glob("*.parquet"), key=lambda path: path.stat().st_mtime)
    return dict(pd.read_parquet(batch).dropna(subset="probability").set_index("customer_id")["probability"])


def test_a_backup_gives_the_same_answers_and_forgets_again(shop: Shop, tmp_path: Path) -> None:
    """What docs/stores.md says is to be backed up is enough; whoever was forgotten since is forgotten in it too."""
    shop.serving.close()
    before, backup = scored(shop), tmp_path / "backup"
    back_up(shop, backup)
    late = shop.friend
    assert churn("forget", late, config=shop.config).code == 0
    newest = tmp_path / "newest"
    shutil.copytree(shop.folder / "erasure", newest)
    shutil.rmtree(shop.folder)
    shutil.copytree(backup, shop.folder)
    assert scored(shop) == before
    assert churn("monitor", config=shop.config).code in VERDICTS
    assert late in before
    shutil.rmtree(shop.folder / "erasure")
    shutil.copytree(newest, shop.folder / "erasure")
    again = churn("forget", "--again", "--json", config=shop.config)
    assert {one["store"] for one in json.loads(again.out)["stores"] if one["rows"]} >= {"log", "snapshots", "batches"}
    assert naming(shop.folder, late) == set()
    assert scored(shop) == {who: score for who, score in before.items() if who != late}


def back_up(shop: Shop, target: Path) -> None:
    """Copy what the list of stores says is to be backed up, and nothing else."""
    for store in stores(shop.settings):
        for path in store.files(shop.folder) if store.back_up else ():
            copy = target / path.relative_to(shop.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def test_a_person_who_comes_back(shop: Shop) -> None:
    said = churn("forget", "--undo-block", shop.leaver, config=shop.config)
    assert "may come in again" in said.out
    assert churn("ingest", config=shop.config).code == 0
    assert shop.leaver in scored(shop)
