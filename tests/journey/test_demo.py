"""`churn demo` as a stranger runs it: a small shop through the whole loop, and a service that is asked over HTTP."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from churn.settings import load
from cli.demo import _invitation
from tests.command_line import churn

ROOT = Path(__file__).parents[2]


def test_while_the_service_is_up_the_demo_says_how_to_ask_and_how_to_stop_it(tmp_path: Path) -> None:
    config = tmp_path / "churn.toml"
    shutil.copy(ROOT / "churn.toml", config)
    invitation = _invitation(config, load(config), "http://127.0.0.1:1", ["C1"])
    assert "curl -s http://127.0.0.1:1/v1/score" in invitation
    assert f"churn backtest -c {config}" in invitation
    assert "make demo-stop" in invitation
    assert invitation.lstrip().startswith("OPEN: no API key is set.")
    words = invitation.replace("NAME", "crm").partition(".venv/bin/churn ")[2].partition("\n")[0].split()
    made = churn(*words[:-2], config=config)  # as it is printed, but for the settings' place
    assert (made.code, words[-2:]) == (0, ["-c", str(config)]), made


@pytest.mark.nightly  # two minutes; by day test_loop asks the service of a demo whose loop was run before
def test_the_demo_ends_with_answers_and_with_what_to_try_next(tmp_path: Path) -> None:
    shutil.copy(ROOT / "churn.toml", tmp_path / "churn.toml")
    command = [sys.executable, "-m", "cli", "demo", "-c", str(tmp_path / "churn.toml"), "--customers", "2500"]
    environment = os.environ | {"CI": "true"}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    asked_and_told(done.stdout, tmp_path / "churn.toml")


def asked_and_told(out: str, config: Path) -> None:
    """The demo shows answers of its service, stops it as `CI=true` asks, and says what to do next."""
    answer, farewell = out.split("\nThe service was stopped", 1)
    scores = json.loads(answer)["scores"]
    assert [score["model"] for score in scores] == ["churn", "churn", "reactivation", None]
    assert scores[-1]["abstention"]["code"] == "unknown_customer"
    assert all(0 < score["probability"] < 1 for score in scores[:-1])
    assert f"churn serve -c {config}" in farewell
    assert not any(words in farewell for words in ("http", "curl", "make demo-stop")), "nobody answers there any more"
    folder = config.parent / "artifacts" / "demo"
    assert (folder / "monitoring" / "report.html").exists()
    assert not (folder / "pid").exists(), "with CI=true the service is stopped"
