"""The commands around the feature store, on a small shop's file: list, freeze, materialise, prove."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests import small_shop

TOML = """
[business]
slug = "small-shop"
timezone = "Asia/Shanghai"
clock = "log"

[[source]]
path = "log.csv"
customer_id = "customer_id"
event_type = "event_type"
event_timestamp = "event_timestamp"
ingested_at = "ingested_at"
amount = "amount"
"""


def churn(*words: str, config: Path) -> tuple[int, str]:
    """Exit code and output of a command."""
    result = CliRunner().invoke(app, [*words, "-c", str(config)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout if result.exit_code == 0 else result.output


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toml beside the shop's log, which is ingested."""
    folder = tmp_path_factory.mktemp("shop")
    small_shop.log().to_csv(folder / "log.csv", index=False)
    (folder / "churn.toml").write_text(TOML, encoding="utf-8")
    code, said = churn("ingest", config=folder / "churn.toml")
    assert code == 0, said
    return folder / "churn.toml"


def test_before_anything_is_materialised_parity_says_what_to_run(config: Path) -> None:
    code, said = churn("features", "parity", config=config)
    assert code == 10
    assert "churn features materialise" in said


def test_the_catalogue_is_printed_in_two_languages(config: Path) -> None:
    code, said = churn("features", "list", config=config)
    assert code == 0
    assert "days since the last order" in said
    assert "距上次下单的天数" in said
    listed = json.loads(churn("features", "list", "--json", config=config)[1])
    assert {"name", "unit", "reason", "known", "en", "zh"} == set(listed["features"][0])


def test_a_snapshot_is_frozen_at_the_fold_of_a_cutoff(config: Path) -> None:
    code, said = churn("snapshot", "freeze", "--cutoff", "2024-08-01", "--json", config=config)
    frozen = json.loads(said)
    assert code == 0
    assert frozen["cutoffs"][-1] == "2024-07-31T16:00:00+00:00"
    assert len(frozen["cutoffs"]) > 1
    assert frozen["churn"]["rows"] > 0
    assert 0 < frozen["churn"]["positive"] < 1
    assert (Path(frozen["path"]) / "snapshot.parquet").exists()


def test_a_cutoff_that_is_no_day_is_a_setting_to_correct(config: Path) -> None:
    code, said = churn("snapshot", "freeze", "--cutoff", "August", config=config)
    assert code == 12
    assert "YYYY-MM-DD" in said


@pytest.mark.parametrize(
    "words", [("definition", "preview"), ("snapshot", "freeze"), ("features", "materialise"), ("train",)], ids=" ".join
)
def test_a_misspelt_kind_is_told_with_the_nearest_right_one(
    config: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CHURN_DEFINITION__QUALIFYING", '["ordr"]')
    code, said = churn(*words, config=config)
    assert code == 12
    assert "did you mean 'order'?" in said


def test_kinds_that_a_log_may_lack_are_no_fault(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_DEFINITION__TAKEN_BACK_BY", '["storno"]')
    monkeypatch.setenv("CHURN_DEFINITION__ELIGIBLE", "did not unsubscribe")
    code, said = churn("definition", "preview", config=config)
    assert code == 0, said


def test_everybody_is_materialised_and_proven(config: Path) -> None:
    churn("snapshot", "freeze", config=config)
    code, said = churn("features", "materialise", "--json", config=config)
    filled = json.loads(said)
    assert code == 0
    assert filled["as_of"] == "2025-01-01T16:00:00+00:00"  # the log is complete up to this midnight in Shanghai
    assert filled["written"] == filled["customers"] == sum(filled["models"].values())
    code, said = churn("features", "parity", "--customers", "50", "--json", config=config)
    assert code == 0
    certificate = json.loads(said)
    assert (certificate["count"], certificate["mismatches"], certificate["passed"]) == (50, 0, True)
    assert certificate["feature_set_hash"] == filled["feature_set_hash"]
    known = {
        one["name"]: one["known"]
        for one in json.loads(churn("features", "list", "--json", config=config)[1])["features"]
    }
    assert known["order_count_30d"] == 1.0


def test_champions_of_other_features_are_named(config: Path) -> None:
    champions = config.parent / "artifacts" / "small-shop" / "champion"
    champions.mkdir(parents=True)
    filled = json.loads(churn("features", "materialise", "--json", config=config)[1])
    assert filled["retrain"] == []
    for model, features in (("churn", filled["feature_set_hash"]), ("reactivation", "another")):
        (champions / f"{model}.json").write_text(json.dumps({"feature_set_hash": features}))
    assert json.loads(churn("features", "materialise", "--json", config=config)[1])["retrain"] == ["reactivation"]
    assert "reactivation learned from other features" in churn("features", "materialise", config=config)[1]


@pytest.mark.parametrize("words", [["settings"], ["settings", "--json"]])
def test_no_password_is_printed(config: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setenv("CHURN_STORE__URL", "postgresql://app:hush@db.example/features")
    said = churn(*words, config=config)[1]
    assert "hush" not in said
    assert "postgresql://app:***@db.example/features" in said


def test_nobody_is_asked_about_days_the_log_does_not_reach(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the clock on the wall an old log is stale, not full of customers who fell silent."""
    monkeypatch.setenv("CHURN_BUSINESS__CLOCK", "wall")
    filled = json.loads(churn("features", "materialise", "--json", config=config)[1])
    assert filled["as_of"] == "2025-01-01T16:00:00+00:00"


def test_another_log_than_the_store_was_filled_from_is_no_parity(config: Path) -> None:
    churn("features", "materialise", config=config)
    restated = small_shop.log()
    restated["amount"] *= 1.01
    restated.to_csv(config.parent / "log.csv", index=False)
    assert churn("ingest", config=config)[0] == 0
    code, said = churn("features", "parity", config=config)
    assert code == 10
    assert "differ from the rows computed from the log" in said
    small_shop.log().to_csv(config.parent / "log.csv", index=False)
    churn("ingest", config=config)


def test_a_new_kind_of_event_does_not_silence_the_champions(config: Path) -> None:
    """What they learned from is materialised until a retraining; the command says that there is more to learn from."""
    listed = json.loads(churn("features", "list", "--json", config=config)[1])
    frozen = json.loads(churn("snapshot", "freeze", "--json", config=config)[1])
    folder = config.parent / "artifacts" / "small-shop"
    champion = {"snapshot_path": f"snapshots/{frozen['hash'][:12]}", "feature_set_hash": listed["feature_set_hash"]}
    (folder / "champion").mkdir(exist_ok=True)
    (folder / "champion" / "reactivation.json").unlink(missing_ok=True)
    (folder / "champion" / "churn.json").write_text(json.dumps(champion), encoding="utf-8")
    log = small_shop.log()
    log.loc[:40, "event_type"] = "complaint"
    log.to_csv(config.parent / "log.csv", index=False)
    assert churn("ingest", config=config)[0] == 0
    code, said = churn("features", "materialise", config=config)
    assert code == 0
    assert "features that the champions do not know" in said
    assert "no longer give" not in said
    assert "churn retrain" in said
    written = json.loads(churn("features", "materialise", "--json", config=config)[1])
    assert (written["feature_set_hash"], written["retrain"]) == (listed["feature_set_hash"], [])
    assert churn("features", "parity", config=config)[0] == 0


def test_a_kind_that_is_gone_is_told_as_gone(config: Path) -> None:
    """Champions answer on, from what is left: somebody should know."""
    log = small_shop.log()
    log[log["event_type"] != "visit"].to_csv(config.parent / "log.csv", index=False)
    assert churn("ingest", config=config)[0] == 0
    said = churn("features", "materialise", config=config)[1]
    small_shop.log().to_csv(config.parent / "log.csv", index=False)
    assert churn("ingest", config=config)[0] == 0
    assert "features that log and settings no longer give" in said
    assert "docs/gate.md" in said
    assert "do not know" not in said, said
