"""The parts of retraining: one at a time, a journal that is believed as far as it is true, a summary for people."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.errors import ChurnError, DataError
from churn.outcomes import OneOutcome
from cli import score_change
from cli.journal import JOURNAL, Journal
from cli.outcome import Outcome
from cli.retrain import plan
from cli.retrain_summary import Summary, write
from cli.retraining import NO_BETTER, _is_no_better
from cli.single_flight import LOCK, AlreadyRunning, holder, single_flight
from cli.steps import Step, go
from tests.unit.training import made
from training.gate_verdict import Verdict, failed
from training.gathering import ImmatureTest

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from cli.retraining import NO_BETTER, _is_no_better
from cli.single_flight import single_flight
with single_flight(Path(sys.argv[1]), "churn retrain"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> Any:
    """Another process that is at it."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_run_ends_at_once_and_says_who_is_at_it(tmp_path: Path, other: Any) -> None:
    with pytest.raises(AlreadyRunning) as told, single_flight(tmp_path, "churn run"):
        pass
    assert told.value.exit_code == 14
    assert f"`churn retrain` (process {other.pid} on " in told.value.problem
    assert ", since 20" in told.value.problem
    assert "wait for its end" in told.value.mend
    assert (holder(tmp_path) or {})["pid"] == other.pid


def test_a_lock_of_the_dead_is_taken_over(tmp_path: Path, other: Any) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert holder(tmp_path) is None
    with single_flight(tmp_path, "churn retrain") as died:
        assert died is not None
        assert died["pid"] == other.pid
    with single_flight(tmp_path, "churn retrain") as died:
        assert died is None, "who ended well is not mourned"
    (tmp_path / LOCK).write_text("no json")
    with single_flight(tmp_path, "churn retrain") as died:
        assert died is None


class Shop:
    """Steps that count how often they were done."""

    def __init__(self) -> None:
        self.log, self.done, self.stands, self.breaks = "log 1", list[str](), True, ""

    def steps(self) -> tuple[Step, ...]:
        return (
            Step("ingest", lambda _: self.act("ingest", {"log": self.log}), lambda _: self.log),
            Step(
                "train", lambda _: self.act("train", {"version": 1}), lambda done: done["ingest"].as_json,
                lambda _: self.stands,
            ),
            Step("score", lambda _: self.act("score", {}), lambda done: done["train"].as_json),
        )  # fmt: skip

    def act(self, name: str, gives: Any) -> Outcome:
        if name == self.breaks:
            raise KeyboardInterrupt
        self.done.append(name)
        return Outcome(name, gives)

    def run(self, folder: Path, breaks: str = "") -> list[str]:
        """A run that breaks off at a step; what it did."""
        self.done, self.breaks = [], breaks
        journal = Journal(folder)
        journal.begin({"versions": {}})
        try:
            go(self.steps(), made.settings(folder), journal)
        except KeyboardInterrupt:
            return self.done
        journal.close()
        return self.done


def test_a_run_goes_on_where_the_one_before_broke_off(tmp_path: Path) -> None:
    shop = Shop()
    assert shop.run(tmp_path, breaks="score") == ["ingest", "train"]
    assert shop.run(tmp_path) == ["score"]
    assert shop.run(tmp_path) == ["ingest", "train", "score"], "the next one begins anew"


@pytest.mark.parametrize("error", [ImmatureTest("made", 2, "3 rows"), OneOutcome(customers=9, happened=False)])
def test_what_cannot_be_judged_stops_nothing_while_somebody_serves(error: ChurnError, tmp_path: Path) -> None:
    def act(_results: object) -> Outcome:
        raise error

    settings = made.settings(tmp_path)
    with pytest.raises(type(error)):
        go([Step("promote", act)], settings)
    (settings.folder / "champion").mkdir(parents=True)
    (settings.folder / "champion" / "churn.json").write_text("{}")
    told = go([Step("promote", act), Step("score", lambda _: Outcome("scored", {}))], settings)
    assert (told["promote"].exit_code, told["score"].text) == (error.exit_code, "scored")
    assert "Who served before goes on serving." in told["promote"].text


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ({"log": "log 2"}, ["ingest", "train", "score"]),  # other inputs: everything after them is of before
        ({"stands": False}, ["train", "score"]),  # what it made is gone
    ],
)
def test_what_is_not_as_it_was_is_done_again(changed: dict[str, Any], again: list[str], tmp_path: Path) -> None:
    shop = Shop()
    shop.run(tmp_path, breaks="score")
    for name, value in changed.items():
        setattr(shop, name, value)
    assert shop.run(tmp_path, breaks="score") == again[:-1]
    shop.stands = True
    assert shop.run(tmp_path) == ["score"]


def test_a_journal_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    shop = Shop()
    shop.run(tmp_path, breaks="score")
    (tmp_path / JOURNAL).write_text("{", encoding="utf-8")
    assert Journal(tmp_path).is_new
    assert shop.run(tmp_path) == ["ingest", "train", "score"]


def test_a_journal_keeps_how_things_stood_before_its_first_run(tmp_path: Path) -> None:
    Journal(tmp_path).begin({"versions": {"churn-made": 1}})
    again = Journal(tmp_path)
    again.begin({"versions": {"churn-made": 2}})
    assert again.before == {"versions": {"churn-made": 1}}
    assert len(again.runs) == 2


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    told = plan(settings)
    assert "Nobody is at it" in told.text
    assert {one["would be"] for one in told.as_json["steps"]} == {"done"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("why", "also", "is_no_better"),
    [
        ("not better by 0.0005 beyond doubt: log loss 0.4", (), True),
        ("clearly worse: log loss 0.4", (), False),
        ("it cannot be compared: other features", (), False),
        ("not better by 0.0005 beyond doubt: log loss 0.4", ("parity",), False),
    ],
)
def test_a_champion_that_is_as_good_wants_no_look(why: str, also: tuple[str, ...], is_no_better: bool) -> None:
    others = [failed(name, "no certificate", "没有证书") for name in also]
    verdict = Verdict((failed("against_champion", why, why), *others), "gain")
    assert _is_no_better(verdict) == is_no_better


def test_the_gate_says_so_in_these_words() -> None:
    assert f'f"{NO_BETTER} by ' in (ROOT / "training" / "gate_checks.py").read_text(encoding="utf-8")


def batch(folder: Path, mean: float, name: str) -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"model": "churn", "probability": random.beta(20 * mean, 20 * (1 - mean), 400)})
    frame = frame.assign(band=np.where(frame["probability"] > 0.5, "high", "low"), model_version="churn-made/2")
    (folder / "scores" / "batch").mkdir(parents=True, exist_ok=True)
    frame.to_parquet(folder / "scores" / "batch" / name)


@pytest.mark.parametrize(("language", "said"), [("en", "serves now"), ("zh", "提供服务")])
def test_a_summary_says_who_serves_and_whether_scores_moved(language: str, said: str, tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    settings = settings.model_copy(update={"business": settings.business.model_copy(update={"language": language})})
    assert score_change.standing(settings) == score_change.moved({}, settings) == {}
    batch(settings.folder, 0.2, "2024-01-01T000000Z.parquet")
    before = {"champions": {"churn": 1}, "scores": score_change.standing(settings), "versions": {}}
    batch(settings.folder, 0.4, "2024-01-02T000000Z.parquet")
    (settings.folder / "champion").mkdir(parents=True)
    record = {"version": 2, "model_hash": "h", "metrics": {}, "model": "churn"}
    (settings.folder / "champion" / "churn.json").write_text(json.dumps(record))
    journal = Journal(settings.folder)
    journal.begin(before)
    journal.note("ingest", None, Outcome("", {}), 1.5)
    told = Summary(settings, journal).done({"ingest": Outcome("", {})}, 0)
    moved = told.as_json["scores"]["churn"]
    assert moved["psi"] > 1
    assert (moved["before"]["mean"], moved["now"]["mean"]) == (
        pytest.approx(0.2, abs=0.02),
        pytest.approx(0.4, abs=0.02),
    )
    assert told.as_json["models"]["churn"] | {"metrics": {}} == {
        "before": 1, "now": 2, "model_hash": "h", "is_new": True, "metrics": {}, "returned": None
    }  # fmt: skip
    path = write(told.as_json, settings)
    assert said in path.read_text(encoding="utf-8")
    assert "| ingest | 1.5 s |" in path.read_text(encoding="utf-8")
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == told.as_json


def test_a_summary_tells_that_a_champion_was_sent_back(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    check = {"name": "return", "state": "passed", "why": "version 2 was taken back: it fell", "why_zh": "版本 2 被退回"}
    record = {"version": 1, "model_hash": "h", "metrics": {}, "act": "return", "gate": {"checks": [check]}}
    (settings.folder / "champion").mkdir(parents=True)
    (settings.folder / "champion" / "churn.json").write_text(json.dumps(record | {"model": "churn"}))
    journal = Journal(settings.folder)
    journal.begin({"champions": {"churn": 1}, "scores": {}, "versions": {}})
    told = Summary(settings, journal).done({}, 0)
    assert "sent back by the watch: version 2 was taken back: it fell" in told.text
    assert told.as_json["models"]["churn"]["returned"] == check


def test_a_summary_of_a_failure_says_how_to_mend_it(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    journal = Journal(settings.folder)
    journal.begin({"versions": {}, "champions": {}, "scores": {}})
    content = Summary(settings, journal).failed(DataError("It broke.", mend="glue it."))
    assert (content["state"], content["exit_code"], content["mend"]) == ("failed", 10, "glue it.")
    assert "glue it." in write(content, settings).read_text(encoding="utf-8")
