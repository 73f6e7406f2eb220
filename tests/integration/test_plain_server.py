"""The supervisor of workers without BentoML: one that cannot start ends nobody who answers, and none is an error."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
VARIABLE = "CANNOT_START"  # the file that keeps a worker from starting
Messages = Callable[..., Awaitable[Any]]


async def app(scope: dict[str, Any], receive: Messages, send: Messages) -> None:
    """Answers with its process id, where it could start."""
    if scope["type"] == "lifespan":
        await receive()
        failed = Path(os.environ[VARIABLE]).exists()
        await send({"type": f"lifespan.startup.{'failed' if failed else 'complete'}"})
        if not failed:
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


@contextmanager
def serving(port: int, broken: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "serving.plain_server", f"{__name__}:app", "--port", str(port), "--workers", "2"]
    around = os.environ | {VARIABLE: str(broken), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=around, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def workers(port: int) -> set[int]:
    """Who answers; nobody where one request is lost."""
    found = set[int]()
    for _ in range(100):
        if len(found) == 2:
            break
        door = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            door.request("GET", "/")
            found.add(int(door.getresponse().read()))
        except OSError:
            return set()
        finally:
            door.close()
    return found


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_that_cannot_start_again_leaves_the_other_answering(tmp_path: Path) -> None:
    port, broken = free_port(), tmp_path / "broken"
    with serving(port, broken) as process:
        until(lambda: len(workers(port)) == 2)
        first, second = sorted(workers(port))
        broken.touch()
        os.kill(second, signal.SIGKILL)
        until(lambda: workers(port) == {first})
        until(lambda: _children(process.pid) < 2)
        assert workers(port) == {first}, "it answers while nobody can be started beside it"
        broken.unlink()
        until(lambda: len(workers(port)) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.nightly  # uvicorn takes its time to see it
def test_where_none_can_start_that_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    with serving(free_port(), broken) as process:
        assert process.wait(30) == 3


def _children(pid: int) -> int:
    """How many processes there are below, the one of Python's that tracks resources left out."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum("resource_tracker" not in Path(f"/proc/{one}/cmdline").read_text() for one in listed)
