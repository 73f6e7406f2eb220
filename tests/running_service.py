"""`churn serve` as a process of its own, for tests: started, asked, killed, ended."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churn.settings import Settings, load
from features.store import FeatureStore, OnlineStore
from tests import live_shop, small_shop, tiny_service

ROOT = Path(__file__).parents[1]
READY_S = 180
TOML = f"""
artifacts = "artifacts"
[business]
name = "Tiny shop"
slug = "{tiny_service.SLUG}"
clock = "wall"
[serving]
max_feature_age_hours = 1e6
rate_limit_per_minute = 0
watch_registry_seconds = 0.2
"""


def a_business(folder: Path, more: str = "") -> Path:
    """Settings of a business with champions and a filled on-line store; where they lie."""
    path = folder / "churn.toml"
    path.write_text(TOML + more, encoding="utf-8")
    settings = load(path, environ={})
    FeatureStore(settings).apply(small_shop.features(), small_shop.frozen(settings.folder).rows_path)
    OnlineStore(settings).write(tiny_service.rows())
    tiny_service.register(settings)
    return path


LIVE = """
[ingest]
buckets = 4
[[source]]
path = "shop.parquet"
customer_id = "customer_id"
event_type = "event_type"
event_timestamp = "event_timestamp"
ingested_at = "ingested_at"
event_id = "event_id"
order_id = "order_id"
amount = "amount"
"""


def a_live_business(folder: Path, more: str = "") -> Path:
    """The same with a log, so that it takes live events."""
    live_shop.settings(folder)  # writes the file of the source
    path = folder / "churn.toml"
    path.write_text(TOML + more + LIVE, encoding="utf-8")
    settings = load(path, environ={})
    live_shop.ingested(settings)
    FeatureStore(settings).apply(live_shop.features(settings), small_shop.frozen(settings.folder).rows_path)
    OnlineStore(settings).write(tiny_service.rows())
    tiny_service.register(settings)
    return path


@dataclass
class Service:
    """`churn serve`, which runs."""

    config: Path
    settings: Settings
    process: "subprocess.Popen[bytes]"
    log: Path
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, body: object = None, timeout_s: float = 30.0) -> tuple[int, dict[str, Any]]:
        """Status and JSON of an answer."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=sent)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return answer.status, answer_of(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, answer_of(error.read())

    def ready(self) -> dict[str, Any]:
        """What `/readyz` says once it is 200."""
        note, deadline = self.settings.folder / "serving" / "service.json", time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                if json.loads(note.read_text())["pid"] == self.process.pid:
                    self.port = int(json.loads(note.read_text())["port"])
                    status, told = self.ask("/readyz")
                    if status == 200:
                        return told
            time.sleep(0.1)
        raise AssertionError(f"not ready: {self.log.read_text()[-4000:]}")

    def serves(self, model: str, number: int, within_s: float = 30.0) -> float:
        """Wait until every worker answers with a version; how long that took."""
        began, name = time.monotonic(), f"{model}-{tiny_service.SLUG}/{number}"
        row = 0
        while row < 12:
            status, told = self.ask("/readyz")
            row = row + 1 if status == 200 and told["champions"][model]["version"] == name else 0
            assert time.monotonic() - began < within_s, told
            time.sleep(0.02)
        return time.monotonic() - began

    def family(self) -> list[int]:
        """All processes below the first, those nearest to it first."""
        found, row = list[int](), [self.process.pid]
        while row:
            row = [one for parent in row for one in _children(parent)]
            found += row
        return found

    def workers(self) -> list[int]:
        """The processes that answer: those that opened a segment of the score log, or would."""
        return [one for one in self.family() if not _children(one) and "resource_tracker" not in _command(one)]

    def lines(self) -> list[str]:
        """What it said so far."""
        return self.log.read_text(errors="replace").splitlines()


@contextlib.contextmanager
def running(config: Path, *more: str, environ: dict[str, str] | None = None) -> Iterator[Service]:
    """`churn serve --port 0`; ended at the end, if it still runs."""
    command = [sys.executable, "-m", "cli", "serve", "-c", str(config), "--port", "0", *more]
    log = config.parent / f"service-{time.time_ns()}.log"
    with log.open("wb") as output:
        around = os.environ | {"PYTHONUNBUFFERED": "1"} | (environ or {})
        process = subprocess.Popen(command, cwd=ROOT, env=around, stdout=output, stderr=output)
    try:
        yield Service(config, load(config, environ={}), process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def answer_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; empty where it is none."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _children(pid: int) -> list[int]:
    found = list[int]()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
