"""The history of runs: what is kept, what a spoilt line costs, since when a reason is given, and whose stop holds."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from monitoring.history import HISTORY, Run, append, codes_of, read
from monitoring.reason import Reason
from monitoring.runs import new_run, run_folder, runs_of
from monitoring.section import Figure
from monitoring.stops import VERDICT, lift, stopped
from monitoring.summary import summary
from monitoring.textfile import text_of
from monitoring.verdict import Verdict
from tests.command_line import files_no_longer_than

DAY = datetime(2025, 3, 1, 16, tzinfo=UTC)


def verdict(outcome: str = "watch", *codes: str, model: str = "churn", version: str = "churn-demo/1") -> Verdict:
    reasons = tuple(Reason(outcome, code, (f"{code}.", f"{code}。"), 2, 1, ("mend `it`.", "修复。")) for code in codes)
    return Verdict(model, version, "hash", outcome, reasons)


def ran(folder: Path, day: int, *verdicts: Verdict) -> Run:
    """A run of a day, kept."""
    at = DAY + timedelta(days=day)
    models = {one.model: codes_of(one, at) for one in verdicts}
    run = Run(at, at + timedelta(hours=5), "watch", models, {"churn_monitor_rows": 12.0})
    append(folder, run)
    return run


def test_runs_come_back_as_they_were(tmp_path: Path) -> None:
    runs = [ran(tmp_path, day, verdict("watch", "moved")) for day in range(3)]
    assert read(tmp_path).runs == tuple(runs)
    assert read(tmp_path / "nothing").runs == ()


@pytest.mark.parametrize("spoilt", [b'{"as_of": "2025', b"\xff\xfe\n", b"[]\n", b'{"as_of": "2025-03-01"}\n', b"\n"])
def test_a_spoilt_line_costs_itself_and_nothing_else(tmp_path: Path, spoilt: bytes) -> None:
    first = ran(tmp_path, 0, verdict())
    path = tmp_path / HISTORY
    path.write_bytes(path.read_bytes() + spoilt)
    second = ran(tmp_path, 1, verdict())
    told = read(tmp_path)
    assert (told.runs, told.unreadable) == ((first, second), 1)


def test_a_disk_that_fills_up_within_a_line_leaves_the_lines_before(tmp_path: Path) -> None:
    ran(tmp_path, 0, verdict())
    before = (tmp_path / HISTORY).read_bytes()
    with files_no_longer_than(len(before) + 20), pytest.raises(OSError, match="space"):
        ran(tmp_path, 1, verdict())
    assert (tmp_path / HISTORY).read_bytes() == before


def test_a_run_that_is_done_again_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    ran(tmp_path, 0, verdict("watch", "moved"))
    ran(tmp_path, 1, verdict("watch", "moved"))
    again = ran(tmp_path, 1, verdict("keep"))
    told = read(tmp_path)
    assert [one.as_of for one in told.runs] == [DAY, DAY + timedelta(days=1)]
    assert told.runs[-1] == again
    assert told.before(again.as_of) == told.runs[:-1]


def test_since_when_a_reason_is_given_is_counted_in_runs_in_a_row_of_the_same_version(tmp_path: Path) -> None:
    for day, codes in enumerate([["old"], ["moved"], ["moved", "old"]]):
        ran(tmp_path, day, verdict("watch", *codes))
    now = DAY + timedelta(days=3)
    since = read(tmp_path).with_since(verdict("watch", "moved", "old", "new"), now).since
    told = {code: (one.at, one.runs) for code, one in since.items()}
    assert told == {"moved": (DAY + timedelta(days=1), 3), "old": (DAY + timedelta(days=2), 2), "new": (now, 1)}
    other = read(tmp_path).with_since(verdict("watch", "moved", version="churn-demo/2"), now)
    assert other.since["moved"].runs == 1


def test_a_stop_holds_though_the_verdict_is_lost_or_broken_until_a_person_lifts_it(tmp_path: Path) -> None:
    ran(tmp_path, 0, verdict("stop", "broken"), verdict("keep", model="reactivation", version="reactivation-demo/1"))
    for content in (None, "", '{"models": ', "[]", '{"models": []}'):
        (tmp_path / VERDICT).unlink(missing_ok=True)
        if content is not None:
            (tmp_path / VERDICT).write_text(content)
        assert stopped(tmp_path) == {"churn-demo/1": DAY.isoformat()}
    lift(tmp_path, "churn")
    assert stopped(tmp_path) == {}
    assert len(read(tmp_path).runs) == 1


def test_a_run_appears_whole_and_replaces_the_one_of_its_instant(tmp_path: Path) -> None:
    for word in ("first", "second"):
        with new_run(tmp_path, DAY) as draft:
            (draft / "verdict.json").write_text(word)
    with pytest.raises(FileNotFoundError), new_run(tmp_path, DAY) as draft:
        (draft / "no folder" / "verdict.json").write_text("half")
    folder = run_folder(tmp_path, DAY)
    assert folder.name == "2025-03-01T160000Z"
    assert (folder / "verdict.json").read_text() == "second"
    assert runs_of(tmp_path) == [(DAY, folder)]
    assert sorted(folder.parent.iterdir()) == [folder]


def test_prometheus_reads_the_figures_and_what_cannot_be_told_is_left_out() -> None:
    odd = 'a "b"\\c\nd'
    figures = [
        Figure("churn_monitor_rows", 12, "Rows.", {"model": odd}), Figure("churn_monitor_rows", float("nan"), "Rows."),
        Figure("churn_monitor_auc", 0.5, "AUC."), Figure("churn_monitor_rows", 7.5, "Rows.", {"model": "churn"}),
    ]  # fmt: skip
    families = {one.name: one for one in parsed(text_of(figures))}
    rows = {sample.labels["model"]: sample.value for sample in families["churn_monitor_rows"].samples}
    assert rows == {odd: 12.0, "churn": 7.5}
    assert families["churn_monitor_auc"].type == "gauge"
    assert set(families) == {"churn_monitor_rows", "churn_monitor_auc"}


NONE = verdict("keep", model="", version="")


@pytest.mark.parametrize(
    ("verdicts", "whole", "en"),
    [
        ([verdict("keep")], NONE, "The churn model holds. Nothing is to be done."),
        ([verdict("keep"), verdict("keep", model="reactivation")], NONE, "All 2 models hold. Nothing is to be done."),
        (
            [verdict("keep"), verdict("retrain", "moved", model="reactivation")], NONE,
            "Of 2 models 1 is to be retrained (reactivation), 1 holds (churn). moved. Do this first: Mend `it`.",
        ),
        (
            [verdict("stop", "broken")], verdict("watch", "source_silent", model=""),
            "The churn model must not answer. broken. Do this first: Mend `it`.",
        ),
        (
            [verdict("keep")], verdict("watch", "source_silent", model=""),
            "The churn model holds. source_silent. Do this first: Mend `it`.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_on_top(verdicts: list[Verdict], whole: Verdict, en: str) -> None:
    told, told_zh = summary(verdicts, whole)
    assert told == en
    assert re.search(r"[\u4e00-\u9fff]", told_zh)


def test_a_line_is_one_line(tmp_path: Path) -> None:
    ran(tmp_path, 0, verdict("watch", "moved"))
    (line,) = (tmp_path / HISTORY).read_text().splitlines()
    assert json.loads(line)["models"]["churn"]["codes"] == {"moved": "watch"}
