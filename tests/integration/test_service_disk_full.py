"""The disk runs full under a service that answers: it says so, keeps what it promised, and goes on after that."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.callers import logged_ids
from tests.running_service import READY_S, a_live_business
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

ROOT = Path(__file__).parents[2]
MOUNTED = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs"]
SMALL_DISK = """
set -e
disk=$1 shop=$2 told=$3 python=$4 port=$5
mount -t tmpfs -o size=48m tmpfs "$disk"
cp -r "$shop"/. "$disk"
cd "$disk"
"$python" -m cli serve -c "$disk/churn.toml" --port "$port" > "$disk/service.log" 2>&1 &
service=$!
end() { kill -TERM $service; wait $service; cp -r artifacts/tiny/scores "$told"; cp service.log "$told"; }
trap end EXIT
while kill -0 $service 2>/dev/null && [ ! -e "$told/end" ]; do
  if [ -e "$told/fill" ]; then
    dd if=/dev/zero of=filler bs=4k 2>/dev/null || true
    mv "$told/fill" "$told/full"
  fi
  if [ -e "$told/free" ]; then rm filler; mv "$told/free" "$told/freed"; fi
  sleep 0.1
done
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A service on a small disk of its own: its port, and the folder where it is told to fill it and to free it."""
    if subprocess.run([*MOUNTED, tmp_path], check=False, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here; tests/unit/serving/test_score_log.py stands for it")
    small, shop, told = (tmp_path / name for name in ("small", "shop", "told"))
    for place in (small, shop, told):
        place.mkdir()
    a_live_business(shop)
    port = free_port()
    command = ["unshare", "-Urm", "bash", "-c", SMALL_DISK, "-", small, shop, told, sys.executable, str(port)]
    around = os.environ | {"PYTHONPATH": str(ROOT), "CHURN_SERVING__SERVER": "uvicorn"}
    process = subprocess.Popen(command, env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: _ask(port, "/readyz")[0] == 200, READY_S)
        yield port, told
    finally:
        (told / "end").touch()
        process.wait(60)


def test_a_full_disk_is_said_and_passes(disk: tuple[int, Path]) -> None:
    port, told = disk
    given: set[str] = set()

    def scored() -> tuple[int, str]:
        status, answer = _ask(port, "/v1/score", {"customer_ids": ["C1", "客户-3"]})
        given.update(one["score_id"] for one in answer.get("scores", ()))
        return status, answer.get("error", {}).get("code", "")

    def posted(number: int) -> tuple[int, str]:
        event = {
            "event_id": f"till-{number}", "customer_id": "客 0003", "event_type": "order", "amount": 5.0,
            "event_timestamp": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        status, answer = _ask(port, "/v1/events", {"events": [event]})
        return status, answer.get("error", {}).get("code", "")

    assert scored() == (200, "")
    assert posted(1)[0] in (200, 202)
    (told / "fill").touch()
    _until((told / "full").exists)
    for _ in range(40):  # what is written in place still has room for a while
        scored()
    assert {scored() for _ in range(5)} == {(503, "score_log_unavailable")}
    assert [posted(number) for number in range(2, 5)] == [(503, "inbox_unavailable")] * 3
    assert _ask(port, "/livez")[0] == 200
    assert _ask(port, "/readyz")[0] == 200
    (told / "free").touch()
    _until((told / "freed").exists)
    _until(lambda: scored() == (200, ""))
    _until(lambda: posted(9)[0] in (200, 202))
    (told / "end").touch()
    _until((told / "service.log").exists)
    assert len(given) >= 4, "before, and after"
    assert given <= logged_ids(told)
    assert "Traceback" not in (told / "service.log").read_text()


def _ask(port: int, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    sent = None if body is None else json.dumps(body).encode()
    with contextlib.suppress(OSError):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data=sent, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
    return 0, {}


def _until(is_so: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
