"""Live events through the real service: what it acknowledged survives kill -9, and so do the rows."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from churn.settings import Settings, load
from features.live.opening import inbox_of
from features.live.pieces import laid_out, rows_of_log
from features.log import log_folder, read_log_manifest
from features.log_reading import rows_of
from features.online import OnlineRow
from features.store import FeatureStore, OnlineStore
from tests import live_shop, small_shop, tiny_service

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
READY_S = 180
TOML = f"""
artifacts = "artifacts"
[business]
slug = "{tiny_service.SLUG}"
timezone = "Asia/Shanghai"
[ingest]
buckets = 4
[serving]
workers = 2
rate_limit_per_minute = 0
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
PEOPLE = ["客 0003", "00004", "00010", "客 0007", "somebody new"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a business with a log, champions and an on-line store."""
    folder = tmp_path_factory.mktemp("live")
    live_shop.settings(folder)  # writes the file of the source
    path = folder / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    settings = load(path, environ={})
    live_shop.ingested(settings)
    snapshot = small_shop.frozen(settings.folder)
    FeatureStore(settings).apply(live_shop.features(settings), snapshot.rows_path)
    tiny_service.register(settings)
    return path


@contextmanager
def service(config: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """`churn serve --port 0`, ready; killed at the end if it still runs."""
    command = [sys.executable, "-m", "cli", "serve", "-c", str(config), "--port", "0"]
    note = load(config, environ={}).folder / "serving" / "service.json"
    note.unlink(missing_ok=True)
    log = config.parent / "service.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"}, stdout=output, stderr=output
        )
    try:
        yield _ready(note, process, log), process
    finally:
        kill(process)


def _ready(note: Path, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        if note.exists():
            url: str = json.loads(note.read_text())["url"]
            try:
                with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                    return url
            except OSError:
                pass
        time.sleep(0.3)
    pytest.fail(f"not ready: {log.read_text()[-4000:]}")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 for the service and every process that it started."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        return
    for one in family:
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=30)
    process.wait(timeout=30)


def post(url: str, events: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{url}/v1/events", data=json.dumps({"events": events}).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def event(number: int) -> dict[str, Any]:
    """An order or a return, a while ago; the same for a number whenever it is asked for."""
    chance = random.Random(number)
    when = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(86_400 * 30))
    return {
        "customer_id": chance.choice(PEOPLE),
        "event_id": f"live-{number}",
        "event_type": chance.choice(["order", "order", "return", "visit"]),
        "event_timestamp": when.isoformat(),
        "amount": chance.randrange(1, 10_000) / 100,
        "order_id": f"o{chance.randrange(40)}",
    }


def clients(
    url: str, acknowledged: set[str], numbers: Iterator[int], ending: threading.Event
) -> list[threading.Thread]:
    """Two callers who post until the service is gone, and write down what it acknowledged."""
    lock = threading.Lock()

    def run() -> None:
        while not ending.is_set():
            with lock:
                sent = [event(next(numbers)) for _ in range(3)]
            try:
                status, answer = post(url, sent)
            except (OSError, ValueError):  # it died while it answered
                continue
            assert status == 202, answer
            acknowledged.update(one["event_id"] for one in answer["events"] if one["status"] == "accepted")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    return threads


def test_nothing_acknowledged_is_lost_when_the_service_is_killed(config: Path) -> None:
    settings, acknowledged, numbers = load(config, environ={}), set[str](), iter(range(1_000_000))
    moment = random.SystemRandom().uniform(0.3, 3.0)
    with service(config) as (url, process):
        ending = threading.Event()
        threads = clients(url, acknowledged, numbers, ending)
        while not acknowledged:
            time.sleep(0.01)
        time.sleep(moment)
        kill(process)
        ending.set()
        for thread in threads:
            thread.join(timeout=60)
    with inbox_of(settings) as ledger:
        _, rows = ledger.after(0)
    kept = {row[3] for row in rows}  # seq, ingested_us, source, event_id, ...
    assert acknowledged <= kept, f"lost after {moment:.2f} s"
    assert len(kept) == len(rows), "nothing twice"
    with service(config) as (url, _):
        again = [event(int(one.removeprefix("live-"))) for one in sorted(acknowledged)[:1000]]
        status, answer = post(url, again)
        assert (status, answer["duplicate"], answer["refresh"]) == (200, len(again), "none")
        _all_refreshed(settings)
        store = OnlineStore(settings, timeout_s=5.0)
        found = {row.customer_id: row for row in store.rows(PEOPLE) if row}
        touched = {row[4] for row in rows}
        assert set(found) == touched
        for row in found.values():
            assert row.is_same(wanted(settings, row)), row.customer_id
        last = event(2_000_000)
        status, answer = post(url, [last])
        assert (status, answer["refresh"]) == (202, "done")
        fresh = OnlineStore(settings, timeout_s=5.0).rows([last["customer_id"]])[0]
        assert fresh is not None
        assert fresh.as_of > found[last["customer_id"]].as_of
        assert fresh.is_same(wanted(settings, fresh))


def _all_refreshed(settings: Settings) -> None:
    deadline = time.monotonic() + 60
    with inbox_of(settings) as ledger:
        while ledger.pending(10):
            assert time.monotonic() < deadline, "rows stay pending"
            time.sleep(0.2)


def wanted(settings: Settings, row: OnlineRow) -> OnlineRow:
    """The batch's row of that instant, from the log and the inbox."""
    manifest = read_log_manifest(settings.folder)
    tables = [rows_of(log_folder(settings.folder) / name) for name in manifest.files]
    with inbox_of(settings) as ledger:
        _, rows = ledger.after(int(manifest.live.get("upto", 0)))
    events = laid_out([*tables, rows_of_log(rows, tables[0].schema)], settings.definition.taking_back)
    return live_shop.batch_row(events, live_shop.features(settings), settings, row)
