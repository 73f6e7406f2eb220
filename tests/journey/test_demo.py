"""`churn demo` as a stranger runs it: a small shop through the whole loop, and a service that is asked over HTTP."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_ends_with_answers_and_with_what_to_try_next(tmp_path: Path) -> None:
    shutil.copy(ROOT / "churn.toml", tmp_path / "churn.toml")
    command = [sys.executable, "-m", "cli", "demo", "-c", str(tmp_path / "churn.toml"), "--customers", "2500"]
    environment = os.environ | {"CI": "true"}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    answer, invitation = done.stdout.split("\nOpen ", 1)
    scores = json.loads(answer)["scores"]
    assert [score["model"] for score in scores] == ["churn", "churn", "reactivation", None]
    assert scores[-1]["abstention"]["code"] == "unknown_customer"
    assert all(0 < score["probability"] < 1 for score in scores[:-1])
    assert "/v1/score" in invitation
    assert "make demo-stop" in invitation
    folder = tmp_path / "artifacts" / "demo"
    assert (folder / "monitoring" / "report.html").exists()
    assert not (folder / "pid").exists(), "with CI=true the service is stopped"
