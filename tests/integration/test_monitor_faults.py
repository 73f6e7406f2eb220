"""`churn monitor` when things are missing, broken or full: what can be judged is, the rest is said, nothing is lost."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.outcome import Outcome
from cli.retrain import _watched
from monitoring.champion import BrokenChampion, path_of, read_champion
from monitoring.history import HISTORY
from monitoring.reading.answers import read_answers
from monitoring.stops import VERDICT, stopped
from monitoring.textfile import METRICS
from tests import small_shop
from tests.command_line import Said, churn, files_no_longer_than
from tests.monitored_shop import HASH, VERSION, Shop, build

pytestmark = pytest.mark.slow

TOML = """
artifacts = "artifacts"
[business]
name = "Monitored shop"
slug = "monitored"
timezone = "Asia/Shanghai"
clock = "log"
[training]
test_cutoffs = 1
max_cutoffs = 6
[[source]]
path = "events.csv"
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = build(tmp_path_factory.mktemp("faulty"))
    shop.write_scores(shop.now())
    return shop


@pytest.fixture
def shop(template: Shop, tmp_path: Path) -> Shop:
    shutil.copytree(template.settings.artifacts, tmp_path / "artifacts")
    columns = "".join(f'{name} = "{name}"\n' for name in small_shop.log(2, 2))
    (tmp_path / "churn.toml").write_text(TOML + columns)
    return template.moved(tmp_path / "artifacts")


def monitored(shop: Shop, *words: str) -> Said:
    return churn("monitor", "--no-pages", *words, config=shop.settings.artifacts.parent / "churn.toml")


def codes(shop: Shop, model: str = "churn") -> list[str]:
    content = json.loads((shop.settings.folder / VERDICT).read_text())
    told = content["models"][model] if model else content["whole"]
    return [one["code"] for one in told["reasons"]]


def test_a_sound_business_is_kept(shop: Shop) -> None:
    said = monitored(shop)
    assert said.code == 0, said
    assert said.out.startswith("Verdict: keep\nThe churn model holds. Nothing is to be done.")
    assert (shop.settings.folder / METRICS).is_file()
    (run,) = [line for line in monitored(shop, "--history").out.splitlines() if "keep" in line]
    assert run.split()[1] == "00:00", "judged as of a midnight of the business, told in its zone"


@pytest.mark.parametrize(
    ("broken", "code", "said", "mend"),
    [
        ("snapshots", "untold_snapshot", "the champion's snapshot", "churn snapshot freeze"),
        ("features", "untold_features", "the features of now", "churn features materialise"),
        ("log", "untold_log", "the event log", "churn ingest"),
        ("champion/churn.json", "untold_champion", "the champion", "churn promote"),
    ],
)
def test_what_is_missing_or_broken_cannot_be_judged_and_says_so(
    shop: Shop, broken: str, code: str, said: str, mend: str
) -> None:
    path = shop.settings.folder / broken
    if path.is_dir():
        path.rename(path.with_name("gone"))
    else:
        path.write_text("{")
    told = monitored(shop)
    assert told.code == 23, told
    assert code in codes(shop)
    assert "()" not in told.out
    assert "Not written" not in told.out
    assert f"Nothing can be said of {said}" in told.out
    assert mend in told.out
    assert len((shop.settings.folder / HISTORY).read_text().splitlines()) == 1


def test_a_champions_file_that_is_no_text_is_broken(shop: Shop) -> None:
    path = path_of(shop.settings.folder, "churn")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BrokenChampion) as told:
        read_champion(path, shop.settings.folder)
    assert "churn rollback" in told.value.mend


def test_nothing_promoted_is_an_error_of_its_own(shop: Shop) -> None:
    (shop.settings.folder / "champion" / "churn.json").unlink()
    said = monitored(shop)
    assert said.code == 13
    assert "churn promote" in said.err


def test_nobody_to_ask_about_cannot_be_judged(shop: Shop) -> None:
    rows = pd.read_parquet(shop.current_path)
    rows.iloc[:0].to_parquet(shop.current_path)
    said = monitored(shop)
    assert said.code == 23
    assert codes(shop) == ["too_few_customers"]
    assert "churn features materialise" in said.out


def test_a_changed_schema_stops_by_the_name_of_the_column(shop: Shop) -> None:
    shop.change_current({"order_total_90d": None})
    said = monitored(shop)
    assert said.code == 22
    assert codes(shop) == ["broken_missing_column"]
    assert "order_total_90d" in said.out


def test_rows_of_now_that_are_cut_off_cannot_be_judged(shop: Shop) -> None:
    shop.current_path.write_bytes(shop.current_path.read_bytes()[:1000])
    said = monitored(shop)
    assert said.code == 23, said
    assert "untold_features" in codes(shop)


def test_a_spoilt_line_of_the_score_log_costs_itself(shop: Shop) -> None:
    (path,) = (shop.settings.folder / "scores" / "log").glob("*.jsonl")
    wrong = {**json.loads(path.read_text().splitlines()[0]), "probability": 7}
    path.write_text(path.read_text() + '{"score_id": "x", "cust\n\x00\x00\n' + json.dumps(wrong) + "\n")
    assert read_answers(shop.settings.folder, {HASH: np.zeros(0, dtype=np.uint64)}).unreadable == 3
    assert monitored(shop).code in (0, 21)  # the rest is judged; that lines are lost may be worth a look
    assert "untold_scores" not in codes(shop)


def test_a_clock_that_fell_back_cannot_tell_once(shop: Shop) -> None:
    assert monitored(shop).code == 0
    path = shop.settings.folder / HISTORY
    line = json.loads(path.read_text())
    later = {"as_of": "2099-01-01T00:00:00+00:00", "judged_at": "2099-01-01T00:00:00+00:00"}
    path.write_text(json.dumps(line | later) + "\n")
    said = monitored(shop)
    assert said.code == 23
    assert codes(shop, "") == ["clock_moved_back"]
    assert "set the clock right" in said.out
    assert monitored(shop).code == 0


def test_a_broken_verdict_file_lifts_no_stop_and_is_written_anew(shop: Shop) -> None:
    sound = shop.current_path.read_bytes()
    shop.change_current({"order_total_90d": None})
    assert monitored(shop).code == 22
    shop.current_path.write_bytes(sound)
    for content in (b'{"models": {"churn"', b"\xff\xfe", b"[]", b"", b'{"models": {"churn": 5}}'):
        (shop.settings.folder / VERDICT).write_bytes(content)
        assert monitored(shop).code == 22
        assert codes(shop) == ["stopped_before"]
    (shop.settings.folder / "champion" / "churn.json").write_text("{")
    assert monitored(shop).code == 22  # nor does a champion whose file is broken
    assert codes(shop) == ["stopped_before", "untold_champion"]
    assert list(stopped(shop.settings.folder)) == [VERSION]


def test_on_a_full_disk_the_verdict_is_said_and_the_one_before_stays(shop: Shop) -> None:
    assert monitored(shop).code == 0
    before = {name: (shop.settings.folder / name).read_bytes() for name in (VERDICT, HISTORY, METRICS)}
    shop.change_current({"order_total_90d": None})
    with files_no_longer_than(64):
        said = monitored(shop)
    assert said.code == 22, said
    for part in ("verdict", "history", "figures"):
        assert f"Not written: {part}." in said.out
    assert "the disk has space" in said.out
    assert {name: (shop.settings.folder / name).read_bytes() for name in before} == before
    assert monitored(shop).code == 22
    assert len((shop.settings.folder / HISTORY).read_text().splitlines()) == 2


@pytest.mark.parametrize("taken", ["runs", "metrics.prom", "history.jsonl", "verdict.json"])
def test_a_place_that_cannot_be_written_hides_no_verdict(shop: Shop, taken: str) -> None:
    folder = shop.settings.folder / "monitoring"
    folder.mkdir(exist_ok=True)
    if taken == "runs":
        (folder / taken).write_text("in the way")
    else:
        (folder / taken / "in the way").mkdir(parents=True)
    config = shop.settings.artifacts.parent / "churn.toml"
    said = churn("monitor", *([] if taken == "runs" else ["--no-pages"]), config=config)
    lasts = taken != "runs"  # without pages the verdict is read all the same
    assert said.code == (23 if lasts else 0), said
    assert said.out.startswith("Verdict: cannot tell\nIt could not be written down" if lasts else "Verdict: keep")
    assert "Not written:" in said.out
    assert "The page:" not in said.out


def test_where_no_cache_can_be_kept_a_stop_is_seen_all_the_same(shop: Shop) -> None:
    folder = shop.settings.folder / "monitoring"
    folder.mkdir(exist_ok=True)
    (folder / "cache").write_text("in the way")
    shop.change_current({"order_total_90d": None})
    assert monitored(shop).code == 22
    assert codes(shop) == ["broken_missing_column"]


def test_what_was_not_written_is_said_in_the_language_of_the_business(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.settings.folder / HISTORY / "in the way").mkdir(parents=True)
    monkeypatch.setenv("CHURN_BUSINESS__LANGUAGE", "zh")
    said = monitored(shop).out
    assert "未写入：历次监控记录（英文原文：Is a directory" in said
    assert "处理: 确认磁盘有空间" in said


def test_history_skips_a_spoilt_line_and_counts_it(shop: Shop) -> None:
    monitored(shop)
    path = shop.settings.folder / HISTORY
    path.write_text(path.read_text() + "{\n")
    assert monitored(shop).code == 0
    assert "1 lines of monitoring/history.jsonl say nothing" in monitored(shop, "--history").out
    assert json.loads(monitored(shop, "--history", "--json").out)["unreadable"] == 1


def test_a_retraining_ends_with_a_look_and_is_done_where_nobody_can_look(shop: Shop) -> None:
    done = Outcome("Retrained.", {"summary": {}}, 15)
    seen = _watched(shop.settings, done)
    assert seen.exit_code == 15
    assert seen.text.startswith("Retrained.\n\nVerdict: keep")
    assert seen.as_json["monitor"]["verdict"] == "keep"
    (run,) = (shop.settings.folder / "monitoring" / "runs").iterdir()
    (run / "index.html").write_text("a page")
    _watched(shop.settings, done)
    assert (run / "index.html").exists()  # whoever looks without pages takes none away
    (shop.settings.folder / "champion" / "churn.json").unlink()
    blind = _watched(shop.settings, done)
    assert (blind.exit_code, blind.as_json) == (15, {"summary": {}})
    assert "Monitoring could not look" in blind.text
