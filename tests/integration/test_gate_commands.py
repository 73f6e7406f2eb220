"""Who serves, from the command line: refused, in shadow, afresh, taken back; and a history that was tampered with."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from churn.settings import load
from monitoring.champion import champions
from monitoring.trees import trees_of
from serving.champion import appointed
from serving.registry_watch import RegistryWatch
from tests.command_line import churn, refused
from tests.integration.test_parity_commands import CHURN, TOML, folder, told, with_kinds
from training import history
from training.crowning import INTENT
from training.registry import MlflowRegistry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from training import crowning
act, config, *words = sys.argv[1:]
steps = crowning.steps
def until(*asked):
    for done in steps(*asked):
        if done == act:
            os.kill(os.getpid(), signal.SIGKILL)
        yield done
crowning.steps = until
from cli.main import app
app(["promote", *words, "-c", config])
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A business whose first champion serves, and a challenger that is as good and was refused."""
    path = tmp_path_factory.mktemp("made") / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    with_kinds(path)
    for command in (("train", *CHURN), ("features", "parity", "--customers", "60"), ("promote", *CHURN),
                    ("features", "materialise"), ("train", *CHURN)):  # fmt: skip
        assert churn(*command, config=path).code == 0
    refused(churn("promote", *CHURN, config=path), 10, "nothing is broken")
    return path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["promote"], 10), (["promote", "--shadow"], 10), (["shadow", "--stop"], 10), (["rollback"], 13),
        (["explain"], 10), (["reproduce"], 10),
    ],
)  # fmt: skip
def test_who_asks_where_nothing_was_trained_makes_no_registry(words: list[str], code: int, tmp_path: Path) -> None:
    config = tmp_path / "churn.toml"
    config.write_text(TOML, encoding="utf-8")
    refused(churn(*words, config=config), code, "`churn ")
    assert not list(tmp_path.rglob("mlflow*"))


def test_promote_keeps_the_trees_where_monitoring_reads_them_before_anybody_is_scored(config: Path) -> None:
    (champion,) = champions(folder(config), "made")
    assert trees_of(folder(config), champion) is not None


def test_a_challenger_that_is_as_good_scores_in_shadow_and_answers_nobody(config: Path) -> None:
    refused(churn("shadow", config=config), 10, "churn promote --shadow")
    before = told(churn("score", "--all", "--json", config=config))
    (begun,) = told(churn("promote", *CHURN, "--shadow", "--json", config=config))
    assert (begun["version"], begun["beside"]) == (2, 1)
    assert told(churn("score", "--all", "--json", config=config))["answers"] == before["answers"]
    (compared,) = told(churn("shadow", *CHURN, "--json", config=config))
    assert compared["n"] > 0
    assert compared["mean_shadow"] == pytest.approx(compared["mean_champion"])  # the same snapshot: the same model
    assert compared["cost_us_median"] > 0
    assert churn("shadow", *CHURN, "--stop", config=config).code == 0
    refused(churn("shadow", *CHURN, "--stop", config=config), 10, "churn promote --shadow")


def test_who_drops_a_refusal_from_the_end_is_found_out_by_the_registry(config: Path) -> None:
    path = folder(config) / "champion" / "history.jsonl"
    whole = path.read_text(encoding="utf-8")
    assert churn("history", "--verify", config=config).code == 0
    path.write_text("".join(whole.splitlines(keepends=True)[:-1]), encoding="utf-8")
    said = churn("history", "--verify", config=config)
    path.write_text(whole, encoding="utf-8")
    refused(said, 10, "backup")
    assert "beside its version" in said.err


@pytest.mark.parametrize("act", ["intent", "alias", "record", "history", "kept"])
def test_a_promotion_that_is_killed_after_an_act_is_finished_or_forgotten_by_the_next_command(
    act: str, config: Path
) -> None:
    settings = load(config)
    before = len(history.read(settings))
    child = [sys.executable, "-c", KILLED, act, str(config), *CHURN, "--afresh"]
    assert subprocess.run(child, capture_output=True, check=False, cwd=ROOT).returncode == -signal.SIGKILL
    assert (settings.folder / "champion" / INTENT).exists()
    said = churn("history", "--verify", "--json", config=config)  # any command would do
    assert said.code == 0, said
    assert not (settings.folder / "champion" / INTENT).exists()
    expected = 1 if act == "intent" else 2
    assert "goes on serving" in said.err if expected == 1 else "is finished now" in said.err
    record = json.loads((settings.folder / "champion" / "churn.json").read_text(encoding="utf-8"))
    lines = json.loads(said.out)["lines"]
    assert (record["version"], MlflowRegistry(settings).champion(record["name"])) == (expected, expected)
    assert len(lines) == before + expected - 1
    if expected == 2:
        assert lines[-1]["hash"] == record["history_hash"]
        assert churn("rollback", *CHURN, config=config).code == 0


def test_a_person_may_judge_afresh_and_take_back_and_the_history_holds(config: Path) -> None:
    settings = load(config)
    watch = RegistryWatch(settings)
    assert watch.begin()["churn"].version == "churn-made/1"
    (record,) = told(churn("promote", *CHURN, "--afresh", "--json", config=config))
    assert (record["version"], record["gate"]["rule"]) == (2, "afresh")
    watch.step()
    assert appointed(settings.folder)["churn"].version == "churn-made/2", "a service takes it by its signed verdict"
    assert churn("rollback", *CHURN, config=config).code == 0
    watch.step()
    assert (appointed(settings.folder)["churn"].version, watch.state.refused) == ("churn-made/1", ())
    assert "The chain of" in churn("history", "--verify", config=config).out
    path = folder(config) / "champion" / "history.jsonl"
    whole = path.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in whole.splitlines()]
    acts = [line["act"] for line in lines]
    assert [acts[0], *acts[-2:]] == ["promote", "promote", "rollback"]
    assert "refused" in acts
    lines[0]["who"] = "nobody"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    said = churn("history", "--verify", config=config)
    path.write_text(whole, encoding="utf-8")
    refused(said, 10, "backup")
