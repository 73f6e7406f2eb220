"""The receivers of docs/webhooks.md run as they stand there, and check what we send."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.webhooks.posting import Line, Receiver
from serving.webhooks.signing import VARIABLE, signed
from tests.webhook_receiver import KEY, SECRET, wait_until

TEXT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
NODE = shutil.which("node")
BODY = '{"type":"score.changed","data":{"customer_id":"客户-3"}}'.encode()


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[tuple[int, Path]]:
    """The receiver; its port, and the file of what it prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    out = folder / "out.txt"
    with out.open("w") as output:
        more = {VARIABLE: SECRET, "PORT": str(port), "PYTHONUTF8": "1"}
        process = subprocess.Popen(command, env=os.environ | more, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: process.poll() is not None or _listens(port), 60)
        yield port, out
    finally:
        process.kill()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("language", ["python", "js"])
def test_it_takes_what_we_sign_once_and_nothing_else(tmp_path: Path, language: str) -> None:
    if language == "js" and NODE is None:
        if os.environ.get("CHURN_REQUIRE_ALL"):
            pytest.fail("node is not installed")
        pytest.skip("needs node")
    (code,) = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    path = tmp_path / f"receiver.{'py' if language == 'python' else 'cjs'}"
    path.write_text(code, encoding="utf-8")
    command = [sys.executable, str(path)] if language == "python" else [str(NODE), str(path)]
    with running(command, tmp_path) as (port, out):
        line, now = Line(Receiver(f"http://127.0.0.1:{port}/", 30.0, True)), int(time.time())
        good = signed([b"x" * 32, KEY], "chg-1", now, BODY)
        assert line.post(BODY, good).status == 204
        assert line.post(BODY, good).status == 204
        assert line.post(BODY + b" ", good).status == 401
        assert line.post(BODY, signed([b"x" * 32], "chg-2", now, BODY)).status == 401
        assert line.post(BODY, signed([KEY], "chg-3", now - 900, BODY)).status == 401
        assert line.post(BODY, {}).status == 401
        line.close()
        wait_until(lambda: "score.changed" in out.read_text(encoding="utf-8"))
    told = out.read_text(encoding="utf-8")
    assert told.count("客户-3") == 1, told
