"""The certificate on its way: no promotion without it, a challenger's features beside the champion's, served scores."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from cli.parity import _challengers
from tests.command_line import Said, churn, refused
from tests.short_shop import DEFINITION, FLOORS, LOG
from tests.unit.training import made

pytestmark = pytest.mark.slow
TOML = (
    """
[business]
slug = "made"
clock = "log"

"""
    + DEFINITION
    + """
[training]
"""
    + FLOORS
    + """
max_cutoffs = 3
test_cutoffs = 1

"""
    + LOG
)
CHURN = "--model", "churn"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A business with a log and a challenger, and nothing else."""
    path = tmp_path_factory.mktemp("made") / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    with_kinds(path)
    assert churn("train", *CHURN, config=path).code == 0
    return path


def with_kinds(config: Path, *kinds: str) -> None:
    """Ingest the log with some more kinds of event in it."""
    log = made.log(900)
    more = [log[::7].assign(event_type=kind, amount=1.0) for kind in kinds]
    pd.concat([log, *more]).to_csv(config.parent / "log.csv", index=False)
    assert churn("ingest", config=config).code == 0


def folder(config: Path) -> Path:
    return config.parent / "artifacts" / "made"


def told(said: Said) -> Any:
    assert said.code == 0, said
    return json.loads(said.out)


def scored(config: Path) -> list[Any]:
    ids = "c0001,c0002,c0003,c0004,c0005,c0006"
    return list(told(churn("score", "--ids", ids, "--json", config=config)))


def codes(scores: list[Any]) -> set[str | None]:
    return {one["abstention"] and one["abstention"]["code"] for one in scores}


def test_the_certificate_from_the_first_promotion_on(config: Path) -> None:
    refused(churn("promote", *CHURN, config=config), 10, "churn features parity", "churn promote")
    assert not list((folder(config) / "champion").glob("*.json"))
    proof = told(churn("features", "parity", "--customers", "60", "--json", config=config))
    assert (proof["rows"], proof["count"], proof["mismatches"]) == ("staged", 60, 0)
    assert (proof["learned"]["count"], proof["learned"]["mismatches"]) == (60, 0)
    assert proof["learned"]["as_of"][0] < proof["learned"]["as_of"][1] < proof["as_of"][0]
    (record,) = told(churn("promote", *CHURN, "--json", config=config))
    assert record["feature_set_hash"] == proof["feature_set_hash"]
    assert [one["state"] for one in record["gate"]["checks"] if one["name"] == "parity"] == ["passed"]
    (attached,) = (folder(config) / "mlruns").rglob("parity.json")
    assert json.loads(attached.read_text(encoding="utf-8")) == proof
    refused(churn("features", "parity", config=config), 10, "churn features materialise")
    assert churn("features", "parity", "--challengers", config=config).out.startswith("No challenger")


def test_served_scores_replay_equal_when_the_log_has_gone_on(config: Path) -> None:
    refused(churn("features", "parity", "--scores", "9", config=config), 10, "churn score --ids")
    assert churn("features", "materialise", config=config).code == 0
    assert codes(scored(config)) - {"unknown_customer"} <= {None, "no_model_for_stage"}
    proof = told(churn("features", "parity", "--scores", "9", "--json", config=config))
    assert (proof["rows"], proof["passed"]) == ("scores", True)
    assert 0 < proof["count"] <= 6
    lines = (config.parent / "log.csv").read_text(encoding="utf-8").splitlines()
    (config.parent / "log.csv").write_text("\n".join([lines[0], *lines[40:]]) + "\n", encoding="utf-8")
    assert churn("ingest", config=config).code == 0
    said = churn("features", "parity", "--scores", "9", config=config)
    refused(said, 10, "ingested_at")  # what never said when it came to be known, was never there
    with_kinds(config)


def test_a_challengers_other_features_are_proven_while_the_champion_serves(config: Path) -> None:
    with_kinds(config, "visit")
    assert churn("features", "materialise", config=config).code == 0
    before = scored(config)
    assert churn("train", *CHURN, config=config).code == 0
    refused(churn("promote", *CHURN, config=config), 10, "churn features parity")
    staged, live = told(churn("features", "parity", "--customers", "60", "--json", config=config))
    assert (staged["rows"], live["rows"]) == ("staged", "live")
    assert staged["feature_set_hash"] != live["feature_set_hash"]
    assert staged["passed"]
    assert live["passed"]
    assert [one["probability"] for one in scored(config)] == [one["probability"] for one in before]
    (record,) = told(churn("promote", *CHURN, "--json", config=config))  # asked for no gain, only to be no worse
    assert record["gate"]["rule"] == "features_changed"
    assert record["feature_set_hash"] == staged["feature_set_hash"]
    assert "feature_set_changed" in codes(scored(config))
    assert churn("features", "materialise", config=config).code == 0
    assert "feature_set_changed" not in codes(scored(config))


def test_a_source_that_ran_dry_is_told_by_the_names_of_its_features(config: Path) -> None:
    with_kinds(config)
    assert churn("train", *CHURN, config=config).code == 0
    assert churn("features", "parity", "--customers", "30", "--challengers", config=config).code == 0
    said = churn("promote", *CHURN, config=config)
    refused(said, 10, "put back the source", "churn promote --afresh", "[features] leave_out")
    assert "nobody left them out: visit_" in said.err
    (line,) = json.loads(churn("history", "--json", config=config).out)[-1:]
    assert (line["act"], "日志不再提供" in line["why_zh"]) == ("refused", True)
    with_kinds(config, "visit")


def test_a_model_that_learned_what_the_log_no_longer_gives_gets_no_certificate(config: Path) -> None:
    """The past was rewritten between training and promotion, and nobody said when."""
    assert churn("train", *CHURN, config=config).code == 0
    log = pd.read_csv(config.parent / "log.csv")
    log.assign(amount=log["amount"] * 1.01).to_csv(config.parent / "log.csv", index=False)
    assert churn("ingest", config=config).code == 0
    refused(churn("features", "parity", "--challengers", config=config), 10, "churn train")
    refused(churn("promote", *CHURN, config=config), 10, "churn features parity")
    with_kinds(config, "visit")


def test_a_retraining_leaves_the_champions_own_features_on_line(config: Path) -> None:
    with_kinds(config, "visit", "complaint")
    said = churn("retrain", "--json", config=config)
    assert said.code in (0, 15), "it is as good as who serves, or other features cannot be compared"
    done = json.loads(said.out)
    assert {"train", "prove", "promote", "materialise", "score --all"} <= set(done)
    assert "feature_set_changed" not in codes(scored(config))
    proofs = done["prove"] if isinstance(done["prove"], list) else [done["prove"]]
    assert all(one["passed"] for one in proofs)
    assert {one["gate"]["rule"] for one in done["promote"]} == {"features_changed", "first"}
    champions = [json.loads(path.read_text(encoding="utf-8")) for path in (folder(config) / "champion").glob("*.json")]
    assert [one["feature_set_hash"] for one in champions] == [proofs[0]["feature_set_hash"]] * 2
    assert churn("rollback", *CHURN, config=config).code == 0  # asks for no certificate


def test_each_snapshot_that_was_learned_from_is_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models trained on two days have one feature set and two snapshots; the older one is not left out."""
    versions = {
        model: SimpleNamespace(
            name=model, version=1, bundle=SimpleNamespace(feature_set_hash="f"), learned_snapshot=snapshot
        )
        for model, snapshot in (("churn", "snapshots/old"), ("reactivation", "snapshots/new"))
    }
    (tmp_path / "mlflow.db").touch()
    monkeypatch.setattr("training.registry.MlflowRegistry", lambda _: SimpleNamespace(champion=lambda _: None))
    monkeypatch.setattr("training.promote.newest_or_none", lambda model, *_: versions[model])
    monkeypatch.setattr("cli.opened.feature_set_of", lambda *_: SimpleNamespace(hash="f"))
    found = _challengers(SimpleNamespace(folder=tmp_path, registry_uri=f"sqlite:///{tmp_path}/mlflow.db"))  # type: ignore[arg-type]
    assert [one.snapshot.parent.name for one in found] == ["old", "new"]
