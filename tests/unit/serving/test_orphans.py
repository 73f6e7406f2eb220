"""A worker ends when whoever watches over it is killed; one that nobody watches over does not mind."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from serving.orphans import end_with

ROOT = Path(__file__).parents[3]
WATCHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
child.wait()
"""
WORKER = """
import os, signal, sys, time
from serving.orphans import end_with
signal.signal(signal.SIGTERM, lambda *_: (open(MARK, "w").close(), sys.exit(0)))
end_with("1", every_s=0.05)
print(os.getpid(), flush=True)  # from now on it watches
sys.stdout = sys.stderr  # who reads that is gone soon
time.sleep(60)
"""


def test_a_worker_ends_gracefully_when_its_watcher_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    worker = WORKER.replace("MARK", repr(str(mark)))
    watcher = subprocess.Popen([sys.executable, "-c", WATCHER, worker], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert watcher.stdout is not None
    with watcher.stdout as said:
        pid = int(said.readline())
        time.sleep(0.2)  # its watcher lives
        assert not mark.exists()
        watcher.kill()
        watcher.wait()
    deadline = time.monotonic() + 20
    while not mark.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while Path(f"/proc/{pid}/exe").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nobody_watches_where_nobody_said_so() -> None:
    before = threading.active_count(), signal.getsignal(signal.SIGTERM)
    end_with(None)
    assert (threading.active_count(), signal.getsignal(signal.SIGTERM)) == before
