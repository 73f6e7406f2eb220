"""One `churn retrain` or `churn run` of a business at a time: the second ends at once and says who is at it.

The system holds the lock, not the file: it is gone with its holder, however that one died. What the file says is for
people. Start reading at `single_flight`.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.errors import ChurnError

LOCK = Path("retrain") / "lock"
Holder = dict[str, Any]


class AlreadyRunning(ChurnError):
    """Another run of the same business is under way."""

    exit_code = 14

    def __init__(self, holder: Holder) -> None:
        super().__init__(
            f"{told(holder)} is at it already.",
            mend="wait for its end, or end that process; the next run goes on where it stopped.",
        )


@contextmanager
def single_flight(folder: Path, command: str) -> Iterator[Holder | None]:
    """Be the only one who runs in this block.

    Args:
        folder: the artifacts of the business.
        command: what is run, for whoever comes second.

    Yields:
        Who held the lock last and never let go of it, because it died; None where the last one ended well.

    Raises:
        AlreadyRunning: somebody else is at it.
    """
    path = folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(_read(path)) from error
        died = _read(path) or None
        _write(handle.fileno(), json.dumps(_ourselves(command)))
        try:
            yield died
        finally:
            _write(handle.fileno(), "")


def holder(folder: Path) -> Holder | None:
    """Who is at it now; None where nobody is."""
    path = folder / LOCK
    if not path.exists():
        return None
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(path)
    return None


def told(holder: Holder) -> str:
    """Who a holder is, in words."""
    if not holder:
        return "Another run"
    return f"`{holder['command']}` (process {holder['pid']} on {holder['host']}, since {holder['since']})"


def _ourselves(command: str) -> Holder:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"command": command, "pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _read(path: Path) -> Holder:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # nobody, or it is just being written
        return {}


def _write(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)
