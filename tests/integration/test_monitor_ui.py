"""Evidently's UI on kept runs: made anew each time, on loopback alone, ended by Ctrl-C; and what to do without runs."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.sections import Business
from churn.settings import Settings
from cli import monitoring_ui as room
from cli.monitoring_ui import SERVE, NoRunYet, show_page, ui
from cli.registry import ENDED
from monitoring.report import report, snapshot_beside
from monitoring.runs import new_run, run_folder
from monitoring.site.workspace import build

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
COLUMNS = ["score", "order_count_90d"]
LONGEST_S = 60


def settings(folder: Path) -> Settings:
    return Settings(artifacts=folder, business=Business(name="Shop <b>", slug="shop", clock="log"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two runs with their snapshots; a column of the first had no values on one side."""
    held = settings(tmp_path_factory.mktemp("ui"))
    random = np.random.default_rng(3)
    for week in range(2):
        at = FIRST + timedelta(weeks=week)
        sides = [pd.DataFrame({name: random.gamma(2.0, 1.0, 400) for name in [*COLUMNS, "gone"]}) for _ in "ab"]
        sides[1]["gone"] = np.nan
        with new_run(held.folder, at) as draft:
            page = report(
                *sides, [*COLUMNS, "gone"], draft / "evidently-churn.html", rows=200, watch=0.1, at=at,
                of={"model": "churn"},
            )  # fmt: skip
            assert (page.columns, page.left_out) == (tuple(COLUMNS), ("gone",))
            assert snapshot_beside(page.path).name == "evidently-churn.json.gz"
    return held


def stored(workspace: Path) -> tuple[int, int]:
    """Snapshots and panels of the one project."""
    (board,) = workspace.glob("*/dashboard.json")
    tabs = json.loads(board.read_text(encoding="utf-8"))["panels"]
    assert all(one["plot_params"]["plot_type"] == "line" for one in tabs), "a counter shows no value where it is 0"
    return len(list(workspace.glob("*/snapshots/*.json"))), len(tabs)


@pytest.mark.slow
def test_it_is_made_anew_and_never_doubled(kept: Settings) -> None:
    workspace, counts = build(kept.folder, "Shop")
    first = stored(workspace)
    assert (counts, first) == ({"churn": 2}, (2, 3))
    assert stored(build(kept.folder, "Shop")[0]) == first
    shutil.rmtree(run_folder(kept.folder, FIRST))  # pruned
    assert stored(build(kept.folder, "Shop")[0]) == (1, 3)


@pytest.mark.slow
def test_it_listens_on_loopback_alone_and_ends_when_asked(kept: Settings) -> None:
    workspace, _ = build(kept.folder, "Shop <b>")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pages = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(workspace), room.HOST, str(port)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        (project,) = asked(pages, f"http://127.0.0.1:{port}/api/projects")
        assert project["name"] == "Shop <b>: churn"
        with socket.socket() as other:
            assert other.connect_ex(("127.0.0.2", port)) != 0, "it listens on more than it should"
    finally:
        pages.send_signal(signal.SIGINT)
        assert pages.wait(30) in ENDED


def asked(pages: "subprocess.Popen[bytes]", url: str) -> list[dict[str, str]]:
    until = time.monotonic() + LONGEST_S
    while pages.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found: list[dict[str, str]] = json.loads(answer.read())
                return found
        except OSError:
            time.sleep(0.2)
    raise AssertionError("it does not answer")


def test_without_a_run_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = settings(tmp_path)
    held.folder.mkdir(parents=True)
    with pytest.raises(NoRunYet, match="run `churn monitor`"):
        ui(held, port=0)
    show_page(held)
    assert "There is no page yet" in capsys.readouterr().err


def test_the_newest_page_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = settings(tmp_path)
    page = held.folder / "monitoring" / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("a page", encoding="utf-8")
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: not opened.append(url))
    show_page(held)
    assert opened == [page.resolve().as_uri()]
