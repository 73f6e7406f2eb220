"""One at a time: of two `churn retrain` or `churn run` the second ends at once; two `churn monitor` take turns.

The system holds the lock, not the file: it is gone with its holder, however that one died. What the file says is for
people. Start reading at `single_flight`, then at `in_turn`.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from churn.errors import ChurnError
from cli.console import say

LOCK = Path("retrain") / "lock"
TURN = Path("monitoring") / "lock"
CAMPAIGNS = Path("campaigns") / ".lock"  # of whoever chooses customers, or hands lists out
PATIENCE_S = 1800.0  # how long to wait for a turn
LOOK_S = 0.1
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


@contextmanager
def in_turn(folder: Path, command: str, *, patience_s: float = PATIENCE_S, lock: Path = TURN) -> Iterator[None]:
    """Wait until nobody else judges, or changes who serves; then be the only one in this block. Not to be nested.

    Args:
        folder: the artifacts of the business. Whoever may not write there is in nobody's way, and waits for nobody.
        command: what is run, for whoever comes second.
        patience_s: how long to wait.
        lock: whose turn it is.

    Raises:
        AlreadyRunning: it is still somebody else's turn.
    """
    handle = _opened(folder / lock) if folder.is_dir() else None
    try:
        if handle is not None:
            _wait(handle, folder / lock, patience_s)
            with suppress(OSError):  # a full disk: what is written is for people alone
                _write(handle.fileno(), json.dumps(_ourselves(command)))
        yield
    finally:
        if handle is not None:
            handle.close()


def _opened(path: Path) -> IO[str] | None:
    try:
        path.parent.mkdir(exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError:
        return None


def _wait(handle: IO[str], path: Path, patience_s: float) -> None:
    """Take the lock once it is free."""
    until, is_told = time.monotonic() + patience_s, False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise AlreadyRunning(_read(path)) from error
        else:
            return
        if not is_told:
            say(f"  {told(_read(path))} is at it; waiting for its end ...")
        is_told = True
        time.sleep(LOOK_S)


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
