"""`churn serve` as a process of its own, for tests: started, asked, killed, ended; and a load on it that is counted."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
                return answer.status, _json(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read())

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


@dataclass
class Told:
    """What callers were told: how often which status, and of each answer of 200 its ids; and what went wrong."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    score_ids: set[str] = field(default_factory=set)
    versions: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    seconds: list[float] = field(default_factory=list)


class Load:
    """Callers that ask without pause, or at a rate, each over one connection; counted until `stop`.

    Args:
        service: whom.
        callers: how many at once.
        each_s: the pause between the requests of a caller.
        ids: customers of each request.
    """

    def __init__(
        self, service: Service, *, callers: int = 4, each_s: float = 0.0, ids: Sequence[str] = ("C1", "客户-3", "C2")
    ) -> None:
        self._service, self._each_s, self._ids = service, each_s, ids
        self.told, self._lock, self._ended = Told(), threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._call, daemon=True) for _ in range(callers)]

    def __enter__(self) -> Told:
        for one in self._threads:
            one.start()
        return self.told

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for one in self._threads:
            one.join(60)

    def _call(self) -> None:
        door, body = _door(self._service.port), json.dumps({"customer_ids": list(self._ids)}).encode()
        while not self._ended.wait(self._each_s):
            began = time.monotonic()
            try:
                door.request("POST", "/v1/score", body, {"Content-Type": "application/json"})
                answer = door.getresponse()
                told = answer.status, answer.headers.get("Content-Type", ""), answer.read()
            except (OSError, http.client.HTTPException) as error:
                door.close()
                door = _door(self._service.port)
                with self._lock:
                    self.told.lost.append(type(error).__name__)
                self._ended.wait(0.05)
                continue
            with self._lock:
                self._count(*told, time.monotonic() - began)
        door.close()

    def _count(self, status: int, kind: str, body: bytes, seconds: float) -> None:
        told = self.told
        told.statuses[status] += 1
        told.slowest_s = max(told.slowest_s, seconds)
        told.seconds.append(seconds)
        content = _json(body)
        if kind != "application/json" or not content:
            told.strange.append(f"{status} {kind} {body[:200]!r}")
        elif status == 200:
            for score in content["scores"]:
                told.score_ids.add(score["score_id"])
                told.versions[f"{score['model_version']} {score['probability']}"] += 1
                if score["abstention"]:
                    told.codes[score["abstention"]["code"]] += 1
        elif set(content) == {"error"} and set(content["error"]) == {"code", "problem", "mend", "request_id"}:
            told.codes[content["error"]["code"]] += 1
        else:
            told.strange.append(f"{status} {body[:200]!r}")


def logged_ids(folder: Path) -> set[str]:
    """The score ids of all whole lines of the score log."""
    found = set[str]()
    for segment in (folder / "scores" / "log").glob("*.jsonl"):
        whole, _, _ = segment.read_bytes().rpartition(b"\n")
        found |= {json.loads(line)["score_id"] for line in whole.splitlines() if line}
    return found


def _door(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def _json(body: bytes) -> dict[str, Any]:
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
