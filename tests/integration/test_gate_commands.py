"""Who serves, from the command line: refused, in shadow, afresh, taken back; and a history that was tampered with."""

import json
from pathlib import Path

import pytest

from tests.command_line import churn, refused
from tests.integration.test_parity_commands import CHURN, TOML, folder, told, with_kinds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A business whose first champion serves, and a challenger that is as good."""
    path = tmp_path_factory.mktemp("made") / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    with_kinds(path)
    for command in (("train", *CHURN), ("features", "parity", "--customers", "60"), ("promote", *CHURN),
                    ("features", "materialise"), ("train", *CHURN)):  # fmt: skip
        assert churn(*command, config=path).code == 0
    return path


def test_a_challenger_that_is_as_good_scores_in_shadow_and_answers_nobody(config: Path) -> None:
    refused(churn("promote", *CHURN, config=config), 10, "nothing is broken")
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


def test_a_person_may_judge_afresh_and_take_back_and_the_history_holds(config: Path) -> None:
    (record,) = told(churn("promote", *CHURN, "--afresh", "--json", config=config))
    assert (record["version"], record["gate"]["rule"]) == (2, "afresh")
    assert churn("rollback", *CHURN, config=config).code == 0
    assert "The chain of" in churn("history", "--verify", config=config).out
    path = folder(config) / "champion" / "history.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    acts = [line["act"] for line in lines]
    assert [acts[0], *acts[-2:]] == ["promote", "promote", "rollback"]
    assert "refused" in acts
    lines[0]["who"] = "nobody"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    refused(churn("history", "--verify", config=config), 10, "backup")
