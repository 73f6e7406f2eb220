"""What has outlived its use goes, and nothing that a champion, a rollback or a verdict still needs."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn.clock import StoppedClock
from churn.sections import Retention
from churn.settings import Settings
from churn.tables import ERASED_LINE
from cli import prune as room
from features.erasure.rejects import empty_rejects
from features.snapshots import freeze
from features.tombstones import Stone
from monitoring.runs import new_run, outlived, runs_of
from serving.pruning import over_at
from tests import small_shop
from tests.orders_csv import rejects_of, run, shop

NOW = datetime(2025, 6, 1, tzinfo=UTC)
KEPT = Retention(score_log_days=100, batch_scores_days=50, snapshots_days=30, models_days=20, rejects_days=10)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    held = small_shop.settings(tmp_path).model_copy(update={"retention": KEPT})
    held.folder.mkdir(parents=True)
    monkeypatch.setattr("serving.now.clock_of", lambda _: StoppedClock(NOW))
    return held


def answer(cutoff: datetime, horizon_days: int | None = 90) -> dict[str, object]:
    told = {"score_id": "s", "customer_id": "c", "scored_at": cutoff.isoformat(), "cutoff": cutoff.isoformat()}
    return told | {"horizon_days": horizon_days, "gap_days": 5 if horizon_days else None}


def segment(settings: Settings, name: str, *cutoffs: datetime) -> Path:
    path = settings.folder / "scores" / "log" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(answer(cutoff)) + "\n" for cutoff in cutoffs) + '{"torn', encoding="utf-8")
    return path


def removed(settings: Settings, *, dry_run: bool = False) -> set[str]:
    return {str(one["path"]) for one in room.prune(settings, dry_run=dry_run).as_json["removed"]}


def test_a_segment_goes_once_its_last_horizon_has_long_been_over(settings: Settings) -> None:
    edge = NOW - timedelta(days=100 + 95)
    old = segment(settings, "old", edge - timedelta(seconds=1), edge - timedelta(days=400))
    mixed = segment(settings, "mixed", edge - timedelta(days=400), edge)
    assert over_at(mixed) == NOW - timedelta(days=100)
    assert removed(settings, dry_run=True) == {"scores/log/old.jsonl"}
    assert old.exists()
    assert removed(settings) == {"scores/log/old.jsonl"}
    assert not old.exists()
    assert mixed.exists()
    assert removed(settings) == set()
    (noted,) = (settings.folder / room.PRUNED).read_text().splitlines()
    assert json.loads(noted)["removed"][0]["path"] == "scores/log/old.jsonl"


def test_an_erased_answer_is_over_when_it_was_given(settings: Settings) -> None:
    path = segment(settings, "erased")
    path.write_text(f'{ERASED_LINE},"score_id":"x","scored_at":"{NOW.isoformat()}"}}   \n')
    assert over_at(path) == NOW
    path.write_text("")
    assert over_at(path) is None


def test_a_batch_goes_with_its_sheet(settings: Settings) -> None:
    folder = settings.folder / "scores" / "batch"
    folder.mkdir(parents=True)
    for name, days in (("old", 146), ("new", 144)):
        rows = pd.DataFrame([answer(NOW - timedelta(days=days))])
        for column in ("scored_at", "cutoff"):
            rows[column] = pd.to_datetime(rows[column]).dt.as_unit("us")
        pq.write_table(pa.Table.from_pandas(rows), folder / f"{name}.parquet")
        (folder / f"{name}.csv").write_text("customer_id\n")
    assert removed(settings) == {"scores/batch/old.parquet", "scores/batch/old.csv"}


@pytest.fixture
def frozen(settings: Settings) -> Callable[[int], Path]:
    """Freezes the snapshot of one cutoff, long ago."""

    def of(place: int, days_ago: int = 40) -> Path:
        path = freeze(
            small_shop.events(), small_shop.features(), small_shop.LIFECYCLE, [small_shop.CUTOFFS[place]],
            observed_until=small_shop.UNTIL, log_hash="a log", folder=settings.folder,
        ).path  # fmt: skip
        then = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
        os.utime(path / "manifest.json", (then, then))
        return path

    return of


def test_old_snapshots_go_unless_a_champion_names_them(settings: Settings, frozen: Callable[..., Path]) -> None:
    champion, nobodys, newest = frozen(0, 60), frozen(1, 50), frozen(2, 40)
    record = {"snapshot_path": f"snapshots/{champion.name}", "test_snapshot_path": "snapshots/gone"}
    (settings.folder / "champion").mkdir()
    (settings.folder / "champion" / "churn.json").write_text(json.dumps(record))
    assert removed(settings) == {f"snapshots/{nobodys.name}"}
    assert champion.exists()
    assert newest.exists()
    assert not nobodys.exists()


def test_what_is_left_of_a_champions_snapshot_stays_too(settings: Settings, frozen: Callable[..., Path]) -> None:
    left, _ = frozen(0, 60), frozen(1, 50)
    old = left.with_name("0" * 12)
    Stone("0" * 64, json.loads((left / "manifest.json").read_text())["hash"], 1, "2025-01-01").write(old)
    (settings.folder / "champion").mkdir()
    (settings.folder / "champion" / "churn.json").write_text(json.dumps({"snapshot_path": f"snapshots/{old.name}"}))
    assert removed(settings) == set()


def test_young_snapshots_stay(settings: Settings, frozen: Callable[..., Path]) -> None:
    frozen(0, 29)
    frozen(1, 10)
    assert removed(settings) == set()


def test_a_model_goes_once_it_has_long_not_served_but_two_before_each_champion_stay(settings: Settings) -> None:
    names, then = [letter * 64 for letter in "abcdef0"], (datetime.now(UTC) - timedelta(days=21)).timestamp()
    for name in names:
        note = settings.folder / "models" / name / "archived.json"
        note.parent.mkdir(parents=True)
        note.write_text("{}")
        if name != "0" * 64:
            os.utime(note, (then, then))
    served = [
        ("promote", "a"),
        ("promote", "b"),
        ("promote", "c"),
        ("promote", "d"),
        ("rollback", "c"),
        ("refused", "e"),
    ]
    lines = [
        {"at": "2025-01-01", "act": act, "model": "churn", "name": "churn-small", "version": 1, "model_hash": name * 64}
        for act, name in served
    ]
    champion = settings.folder / "champion"
    champion.mkdir()
    (champion / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (champion / "churn.json").write_text(f'{{"model_hash": "{"c" * 64}"}}')
    (champion / "churn.shadow").write_text(f'{{"model_hash": "{"f" * 64}"}}')
    (settings.folder / "models" / "0").mkdir()  # of an MLflow whose files were put here
    gone = {f"models/{'a' * 64}", f"models/{'e' * 64}"}
    assert removed(settings) == gone, "b and d served before c, f scores in shadow, 0 is young"


def test_what_refused_rows_held_goes_and_that_they_were_stays(tmp_path: Path) -> None:
    report = run(tmp_path, "customer_id,date,amount\n1,2024-01-01,1\n2,never,1\n")
    held = shop(tmp_path).model_copy(update={"retention": KEPT})
    assert removed(held) == set()
    then = (datetime.now(UTC) - timedelta(days=11)).timestamp()
    os.utime(report.path / "rejects.parquet", (then, then))
    assert removed(held) == {"log/rejects.parquet"}
    rejects = rejects_of(report)
    assert rejects["reason"].tolist() == ["unparsable_time"]
    assert rejects[["customer_id", "raw"]].isna().all().all()
    os.utime(report.path / "rejects.parquet", (then, then))
    assert removed(held) == set()
    empty_rejects(held.folder)


def test_nothing_to_do(settings: Settings) -> None:
    assert room.prune(settings, dry_run=False).text == "Nothing has outlived its use."
    assert not (settings.folder / room.PRUNED).exists()


def test_pages_of_old_runs_go_but_the_newest_stay_however_old(settings: Settings) -> None:
    edge = NOW - timedelta(days=400)
    days = [edge - timedelta(days=9), edge - timedelta(seconds=1), edge]
    links = [f'<a href="../{one:%Y-%m-%dT%H%M%SZ}/index.html">{one}</a>' for one in days]
    for at in days:
        with new_run(settings.folder, at) as draft:
            (draft / "index.html").write_text("a page", encoding="utf-8")
            (draft / "history.zh.html").write_text(" ".join(links), encoding="utf-8")
    old = {f"monitoring/runs/{one:%Y-%m-%dT%H%M%SZ}" for one in days[:2]}
    assert removed(settings) == old
    ((at, run),) = runs_of(settings.folder)
    assert at == edge
    assert (run / "history.zh.html").read_text() == f"{days[0]} {days[1]} {links[2]}", "nothing leads to what is gone"
    assert [as_of for _, as_of in outlived(settings.folder, NOW)] == []
