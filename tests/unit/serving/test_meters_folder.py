"""Meters that workers share: their room is taken, so that no full disk kills who counts; the dead are forgotten."""

import os
from pathlib import Path

import pytest

from serving.meters_folder import forget_dead_workers, take_room

MEGABYTE = 2**20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def a_file(path: Path) -> Path:
    """As prometheus_client makes them: long, and all hole."""
    with path.open("wb") as opened:
        opened.truncate(MEGABYTE)
    return path


def test_the_room_of_my_meters_is_taken_and_nobody_elses(folder: Path) -> None:
    mine, other = a_file(folder / f"counter_{os.getpid()}.db"), a_file(folder / "counter_1.db")
    assert mine.stat().st_blocks * 512 < MEGABYTE
    take_room()
    assert mine.stat().st_blocks * 512 >= MEGABYTE
    assert mine.stat().st_size == MEGABYTE
    assert other.stat().st_blocks * 512 < MEGABYTE


def test_what_dead_workers_said_of_now_is_forgotten_and_what_they_counted_stays(folder: Path) -> None:
    gone = 2**22 + 1  # no process has such a number
    for name in (f"gauge_livemin_{gone}.db", f"counter_{gone}.db", f"gauge_livemax_{os.getpid()}.db"):
        a_file(folder / name)
    forget_dead_workers()
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [f"counter_{gone}.db", f"gauge_livemax_{os.getpid()}.db"]
    )


def test_without_a_folder_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    take_room()
    forget_dead_workers()
