"""`churn mlflow`: the pages open on the store of the business, on loopback, and end when they are told to."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cli.registry import environment
from tests import tiny_service
from tests.command_line import churn, refused
from training.registry import MlflowRegistry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
START_S = 180


def asked(url: str, path: str, body: dict[str, object]) -> dict[str, object]:
    """What MLflow's own REST interface answers."""
    request = urllib.request.Request(
        f"{url}/api/2.0/mlflow/{path}", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


def test_before_anything_was_trained_there_is_nothing_to_open(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text('[business]\nslug = "tiny"\n')
    refused(churn("mlflow", config=tmp_path / "churn.toml"), 10, "churn train")


def test_the_pages_show_the_experiment_of_the_business(tmp_path: Path) -> None:
    config, said = tmp_path / "churn.toml", tmp_path / "said"
    config.write_text('[business]\nslug = "tiny"\n')
    with MlflowRegistry(tiny_service.settings(tmp_path / "artifacts")).together("train"):
        pass
    command = [sys.executable, "-m", "cli", "mlflow", "-c", str(config), "--port", "0"]
    with said.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_S
        while not (found := re.search(r"MLflow on (http://127\.0\.0\.1:\d+)/", said.read_text())):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        (experiment,) = asked(found[1], "experiments/search", {"max_results": 10, "filter": "name = 'tiny'"})[
            "experiments"
        ]  # type: ignore[misc]
        runs = asked(found[1], "runs/search", {"experiment_ids": [experiment["experiment_id"]]})
        assert [run["info"]["run_name"] for run in runs["runs"]] == ["train"]  # type: ignore[attr-defined]
        with urllib.request.urlopen(found[1], timeout=30) as page:
            assert b"<html" in page.read()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert code == 0


def test_the_server_is_told_where_the_store_is_and_nothing_to_anybody_else(tmp_path: Path) -> None:
    settings = tiny_service.settings(tmp_path)
    told = environment(settings)
    assert told["MLFLOW_BACKEND_STORE_URI"] == settings.registry_uri
    assert told["MLFLOW_DEFAULT_ARTIFACT_ROOT"] == settings.registry_artifacts
    assert told["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert (told["MLFLOW_DISABLE_TELEMETRY"], told["DO_NOT_TRACK"]) == ("true", "true")
