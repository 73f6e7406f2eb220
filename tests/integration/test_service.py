"""The real thing: a registry, a store, `churn serve` and the BentoML workers it starts, asked over HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import structlog
from starlette.testclient import TestClient

from churn.settings import load
from features.store import FeatureStore, OnlineStore
from serving import admission, archive, champion, score_log
from tests import small_shop, tiny_service

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
READY_S = 180
TOML = f"""
artifacts = "artifacts"
[business]
name = "Tiny shop"
slug = "{tiny_service.SLUG}"
clock = "wall"
[serving]
workers = 2
max_feature_age_hours = 1e6
"""


@dataclass
class Running:
    """A service that runs, and where."""

    process: "subprocess.Popen[bytes]"
    url: str
    folder: Path

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a business with champions and a filled on-line store."""
    path = tmp_path_factory.mktemp("service") / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    settings = load(path, environ={})
    snapshot = small_shop.frozen(settings.folder)
    FeatureStore(settings).apply(small_shop.features(), snapshot.rows_path)
    OnlineStore(settings).write(tiny_service.rows())
    tiny_service.register(settings)
    return path


@pytest.fixture(scope="module")
def service(config: Path) -> Iterator[Running]:
    """`churn serve --port 0`, ready."""
    command = [sys.executable, "-m", "cli", "serve", "-c", str(config), "--port", "0"]
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    folder = load(config, environ={}).folder
    with (config.parent / "service.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
    running = Running(process, "", folder)
    try:
        _until_ready(running, config.parent / "service.log")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert not (folder / "serving" / "service.json").exists()


def _until_ready(running: Running, log: Path) -> None:
    note, deadline = running.folder / "serving" / "service.json", time.monotonic() + READY_S
    while time.monotonic() < deadline and running.process.poll() is None:
        if note.exists():
            running.url = json.loads(note.read_text())["url"]
            try:
                if running.ask("/readyz")[0] == 200:
                    return
            except OSError:
                pass
        time.sleep(0.3)
    pytest.fail(f"not ready: {log.read_text()[-4000:]}")


def test_it_answers_and_logs_what_it_answered(service: Running) -> None:
    status, text = service.ask("/v1/score", {"customer_ids": ["C1", "客户-3", "nobody"], "language": "zh"})
    assert status == 200
    one, two, nobody = json.loads(text)["scores"]
    assert (one["model"], two["model"]) == ("churn", "reactivation")
    assert 0 < one["probability"] < 1
    assert "可能性相关" in one["reasons"][0]["text"]
    assert nobody["abstention"]["code"] == "unknown_customer"
    logged = score_log.read(service.folder).set_index("score_id")
    assert logged.loc[one["score_id"], "probability"] == one["probability"]
    assert logged.loc[nobody["score_id"], "abstention"] == "unknown_customer"
    vector = score_log.unpacked(logged.loc[one["score_id"], "vector"])
    np.testing.assert_array_equal(vector, [60.0, 1.0, 35.5, 202.0])


def test_it_lists_its_champions(service: Running) -> None:
    status, text = service.ask("/readyz")
    assert status == 200
    assert {model: one["version"] for model, one in json.loads(text)["champions"].items()} == {
        "churn": "churn-tiny/1",
        "reactivation": "reactivation-tiny/1",
    }


def test_metrics_are_those_of_all_workers(service: Running) -> None:
    before = _answers(service)
    for _ in range(20):  # more than one worker gets a share
        assert service.ask("/v1/score", {"customer_ids": ["C1"]})[0] == 200
    for path in ("/no/such/path/1", "/no/such/path/2"):
        assert service.ask(path)[0] == 404
    assert {_answers(service) - before for _ in range(8)} == {20}
    _, text = service.ask("/metrics")
    assert 'route="unknown"' in text
    assert "/no/such" not in text
    assert 'churn_champion_info{model="churn"' in text
    assert {line.split("_")[0] for line in text.splitlines() if line[0] != "#"} == {"churn"}


def _answers(service: Running) -> int:
    _, text = service.ask("/metrics")
    found = re.findall(r'^churn_answers_total\{answer="\w+",model="churn"\} (\S+)', text, re.MULTILINE)
    return int(sum(map(float, found)))


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_outside(service: Running, path: str) -> None:
    status, text = service.ask(path)
    assert status == 200
    assert "googletagmanager" not in text
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?![/#])[^"']*""", text) == []
    assert re.findall(r"https?://(?!127\.0\.0\.1)", text) == []


@pytest.mark.parametrize("path", ["/docs.json", "/schema.json", "/static_content/index.html", "/v1/nothing"])
def test_nothing_of_bentoml_shows(service: Running, path: str) -> None:
    status, text = service.ask(path)
    assert (status, json.loads(text)["error"]["code"]) == (404, "unknown_route")


def test_a_worker_that_dies_is_replaced(service: Running) -> None:
    """And the new one has the same champions, though the registry is not asked again."""
    before = _workers_after(service, 2)
    os.kill(min(before), signal.SIGKILL)
    assert len(_workers_after(service, 3) - before) == 1


def _workers_after(service: Running, count: int) -> set[int]:
    """Ask until so many workers have written into the score log; their process ids."""
    deadline, lost = time.monotonic() + READY_S, 0
    while time.monotonic() < deadline:
        try:
            status, text = service.ask("/v1/score", {"customer_ids": ["C1"]})
            assert status == 200
            assert json.loads(text)["scores"][0]["model_version"] == "churn-tiny/1"
        except OSError:  # the one request that the killed worker had accepted
            lost += 1
        workers = {int(path.name.split("-")[0]) for path in (service.folder / "scores/log").iterdir()}
        if len(workers) >= count:
            assert lost <= 2
            return workers
        time.sleep(0.05)
    pytest.fail(f"no {count} workers within {READY_S} s")


def test_a_champion_that_was_tampered_with_is_refused(config: Path) -> None:
    settings = load(config, environ={})
    held = champion.fetch(settings)
    copy = archive.folder_of(settings.folder, held["churn"].model_hash) / archive.BOOSTER
    text = copy.read_text()
    try:
        copy.write_text(text.replace("leaf_value=", "leaf_value=9", 1))
        with pytest.raises(admission.BrokenModel, match="rollback"):
            champion.read(settings.folder, held)
    finally:
        copy.write_text(text)


def test_without_a_champion_it_does_not_start(config: Path, tmp_path: Path) -> None:
    other = tmp_path / "churn.toml"
    other.write_text(TOML)
    command = [sys.executable, "-m", "cli", "serve", "-c", str(other), "--port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 13
    assert "churn promote" in ended.stderr


def test_a_time_is_told_by_the_wall_clock(service: Running) -> None:
    _, text = service.ask("/v1/score", {"customer_ids": ["C2"]})
    (score,) = json.loads(text)["scores"]
    scored_at = datetime.fromisoformat(score["scored_at"])
    assert score["clock"] == "wall"
    assert abs((datetime.now(scored_at.tzinfo) - scored_at).total_seconds()) < 60


def test_the_same_application_runs_without_bentoml(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(config, environ={})
    champion.appoint(settings.folder, champion.fetch(settings))
    monkeypatch.setenv("CHURN_CONFIG", str(config))
    from cli import app

    with TestClient(app.asgi, base_url="http://127.0.0.1") as asked:
        assert asked.get("/readyz").status_code == 200
        answer = asked.post("/v1/score", json={"customer_ids": ["C1"]})
        assert answer.json()["scores"][0]["model_version"] == "churn-tiny/1"
    structlog.reset_defaults()
