"""The whole loop on a small simulated shop, as a stranger goes through it: run, score, serve, monitor, run again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from churn.tables import SCORES
from features.simulation import SimulationSettings, write_demo_log
from tests.command_line import churn, files_no_longer_than, fingerprints, refused
from tests.journey.test_demo import asked_and_told

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CUSTOMERS = 1500
FEWER = {"max_cutoffs": 4, "test_cutoffs": 2}  # enough to pass the gate, and quick
VERDICTS = {"keep": 0, "retrain": 20, "watch": 21, "stop": 22, "cannot_tell": 23}
START_S = 120


@dataclass(frozen=True)
class Business:
    """A simulated shop that went through `churn run`."""

    config: Path
    code: int
    results: dict[str, Any]
    told: str

    @property
    def folder(self) -> Path:
        return self.config.parent / "artifacts" / "demo"

    def champion(self, model: str) -> dict[str, Any]:
        """What `promote` wrote down."""
        return dict(json.loads((self.folder / "champion" / f"{model}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Business:
    folder = tmp_path_factory.mktemp("business")
    write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=CUSTOMERS))
    toml = (ROOT / "churn.toml").read_text(encoding="utf-8")
    for name, value in FEWER.items():
        toml, found = re.subn(rf"^{name} = \d+", f"{name} = {value}", toml, flags=re.MULTILINE)
        assert found == 1
    config = folder / "churn.toml"
    config.write_text(toml, encoding="utf-8")
    said = churn("run", "--json", config=config)
    return Business(config, said.code, json.loads(said.out), said.err)


def some_of(business: Business) -> list[str]:
    """Customers of both models, one whom no model is asked about, and one nobody knows."""
    now = pd.read_parquet(business.folder / "features" / "current.parquet", columns=["customer_id", "model"])
    asked = now.groupby("model")["customer_id"].head(20)
    return [*asked, *now.loc[now["model"].isna(), "customer_id"].head(1), "nobody"]


def test_the_loop_ends_with_a_verdict_on_two_champions(business: Business) -> None:
    assert set(business.results) == {
        *("ingest", "snapshot", "train", "leaks", "prove", "promote", "materialise", "parity", "score --all"),
        *("campaign value", "campaign categories", "campaign advise", "monitor"),
    }
    assert business.results["campaign advise"]["actions"], "somebody is worth an action"
    offered = business.results["campaign categories"]
    assert offered["label_en"].startswith("A simple ranking")
    assert offered["hit_rates"][-1]["popularity"]["share"] < offered["hit_rates"][-1]["simple"]["share"]
    assert business.code == VERDICTS[business.results["monitor"]["verdict"]]
    assert {one["name"] for one in business.results["promote"]} == {"churn-demo", "reactivation-demo"}
    assert business.results["prove"]["rows"] == "staged"
    assert business.results["parity"]["rows"] == "live"
    assert business.results["prove"]["passed"] is business.results["parity"]["passed"] is True
    assert not (business.folder / "staging-demo").exists()
    for model in ("churn", "reactivation"):
        metrics = business.champion(model)["metrics"]
        assert metrics["lightgbm"]["log_loss"] < metrics["recency_rule"]["log_loss"]


def test_each_step_is_told_by_its_command(business: Business) -> None:
    steps = re.findall(r"^\[\d+/13\] churn (.*)$", business.told, flags=re.MULTILINE)
    assert steps == [
        *("ingest", "snapshot freeze", "train", "leaks", "features parity --challengers", "promote"),
        *("features materialise", "features parity", "score --all"),
        *("campaign value", "campaign categories", "campaign advise", "monitor"),
    ]


def test_the_whole_base_is_scored_once(business: Business) -> None:
    (path,) = (business.folder / "scores" / "batch").glob("*.parquet")
    scores = pd.read_parquet(path)
    now = pd.read_parquet(business.folder / "features" / "current.parquet", columns=["customer_id", "model"])
    assert list(scores.columns) == SCORES.names
    assert sorted(scores["customer_id"]) == sorted(now["customer_id"])
    scored = scores.set_index("customer_id").loc[now["customer_id"], "probability"].notna().to_numpy()
    assert (scored == now["model"].notna().to_numpy()).all()
    assert scores["probability"].dropna().between(0, 1).all()


@pytest.fixture
def service(business: Business, tmp_path: Path) -> Iterator[str]:
    """The URL of `churn serve` as a process of its own, ended afterwards as Ctrl-C would."""
    command = [sys.executable, "-m", "cli", "serve", "-c", str(business.config), "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    note, said = business.folder / "serving" / "service.json", tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_S
        while b"Serving on" not in said.read_bytes():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        yield json.loads(note.read_text())["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert code == 0
    assert "Traceback" not in said.read_text()


def test_the_service_answers_what_the_command_line_does(business: Business, service: str) -> None:
    ids = some_of(business)
    body = json.dumps({"customer_ids": ids}).encode()
    request = urllib.request.Request(f"{service}/v1/score", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        served = {one["customer_id"]: one for one in json.load(answer)["scores"]}
    said = churn("score", "--ids", ",".join(ids), "--json", config=business.config)
    told = {one["customer_id"]: one for one in json.loads(said.out)}
    (path,) = (business.folder / "scores" / "batch").glob("*.parquet")
    batch = pd.read_parquet(path).set_index("customer_id")["probability"]
    assert list(served) == list(told) == ids
    for name, one in served.items():
        assert {**one, "score_id": None} == {**told[name], "score_id": None}
        if one["probability"] is not None:
            assert one["probability"] == batch[name]
    assert served["nobody"]["abstention"]["code"] == "unknown_customer"
    logged = [
        json.loads(line)["score_id"]
        for segment in (business.folder / "scores" / "log").glob("*.jsonl")
        for line in segment.read_text(encoding="utf-8").splitlines()
    ]
    assert {one["score_id"] for one in [*served.values(), *told.values()]} <= set(logged)


def test_a_demo_ends_with_answers_of_its_service(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("cli.pipeline.run", lambda _settings, once_served: once_served())  # it went through it before
    said = churn("demo", "--customers", str(CUSTOMERS), config=business.config)
    assert said.code == 0, said
    asked_and_told(said.out, business.config)
    assert "The service of the demo has ended." in said.err, "it is not waited for in vain, nor killed"


def test_scores_of_today_are_immature(business: Business) -> None:
    said = churn("monitor", "--json", config=business.config)
    content = json.loads(said.out)
    assert said.code == content["exit_code"] == VERDICTS[content["verdict"]]
    page = business.folder / "monitoring" / "report.html"
    assert page.stat().st_size > 1000
    assert "immature" in churn("monitor", config=business.config).out


def test_what_may_be_asked_for_together(business: Business) -> None:
    refused(churn("score", config=business.config), 12, "churn score --all")


def test_a_challenger_that_cannot_be_trained_keeps_nobody_waiting(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprints(business.folder, "champion")
    (batch,) = (business.folder / "scores" / "batch").glob("*.parquet")
    batch.unlink()
    monkeypatch.setenv("CHURN_TRAINING__MIN_CUSTOMERS", "100000")
    said = churn("run", "--json", config=business.config)
    results = json.loads(said.out)
    assert said.code == VERDICTS[results["monitor"]["verdict"]]
    assert results["train"]["refused"] == "few_customers"
    assert "promote" not in results
    assert fingerprints(business.folder, "champion") == before
    assert batch.exists()


@pytest.mark.parametrize("command", ["train", "promote", "score --all", "score --ids C000000", "monitor"])
def test_a_full_disk_leaves_champions_scores_and_answers(command: str, business: Business) -> None:
    good = "champion", "scores", "serving", "snapshots", "log", "monitoring"
    before = fingerprints(business.folder, *good)
    with files_no_longer_than(64):
        said = churn(*command.split(), config=business.config)
    if command == "monitor":
        assert (said.code, "the disk has space" in said.out) == (VERDICTS["cannot_tell"], True), said
    else:
        refused(said, 10, "space")
    after = fingerprints(business.folder, *good)
    assert {name: after.get(name) for name in before} == before
    assert churn("score", "--ids", "C000000", config=business.config).code == 0


def test_the_same_log_gives_the_same_models_and_the_last_champion_can_come_back(business: Business) -> None:
    before = {model: business.champion(model) for model in ("churn", "reactivation")}
    again = churn("run", config=business.config)
    verdict = next(name for name, code in VERDICTS.items() if code == again.code)
    assert again.out.endswith(f"\nExit code {again.code} is the verdict: {verdict}; see docs/operations.md.\n")
    log = json.loads((business.folder / "log" / "manifest.json").read_text(encoding="utf-8"))
    assert log["log_hash"] == business.results["ingest"]["log_hash"]
    after = {model: business.champion(model) for model in before}
    for model, champion in after.items():
        assert champion["model_hash"] == before[model]["model_hash"]
        assert champion["snapshot_hash"] == before[model]["snapshot_hash"]
        assert champion["version"] == before[model]["version"], "an equal challenger does not replace it"
    assert churn("promote", "--model", "churn", "--afresh", config=business.config).code == 0
    second = business.champion("churn")
    assert second["model_hash"] == before["churn"]["model_hash"]
    assert int(second["version"]) == int(before["churn"]["version"]) + 1
    assert churn("rollback", "--model", "churn", config=business.config).code == 0
    assert business.champion("churn")["version"] == before["churn"]["version"]
    assert churn("promote", "--model", "churn", "--afresh", config=business.config).code == 0
    assert business.champion("churn")["version"] == second["version"]
    acts = [
        (one["act"], int(one["version"]))
        for one in json.loads(churn("history", "--json", config=business.config).out)
        if one["name"] == "churn-demo" and one["act"] != "refused"
    ]
    assert acts == [("promote", 1), ("promote", 2), ("rollback", 1), ("promote", 2)]
