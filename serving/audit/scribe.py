"""Writes down who asked what: a line for the log of the service, and one for the audit log, in a thread of its own.

A request leaves a note in memory and goes on; the thread writes what came together every twentieth of a second. So a
kill -9 may cost that much, a full disk or a slow one costs no request anything: what does not fit is counted, and the
count is the next line. Start reading at `Scribe.note`.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

from churn.errors import ChurnError
from serving.audit.lines import FOLDER, Line, encode, hash_of, key_in

PAUSE_S = 0.05
MOST_WAITING = 20_000
MOST_BYTES = 16_000_000
log = structlog.get_logger("serving")
to_json = msgspec.json.Encoder().encode


class Asked(msgspec.Struct):
    """One request that was answered, or refused.

    Args:
        line: for the audit log. whose: the customers it was about. milliseconds: that it took.
    """

    line: Line
    whose: Sequence[str]
    milliseconds: float


def about(scope: Any, customer_ids: Iterable[str]) -> list[str]:  # an ASGI scope
    """Say whom a request is about, for the audit log, where they stand as keyed hashes; each once."""
    whose = list(dict.fromkeys(customer_ids))
    scope.setdefault("state", {})["whose"] = whose
    return whose


class Scribe:
    """The writer of one worker.

    Args:
        folder: the artifacts of the business.
        gone: which of these customers were forgotten: of them nothing is kept.
        lost: told how many lines could not be written.
        say: writes a line into the log of the service.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gone: Callable[[Sequence[str]], set[str]] = lambda _: set(),
        lost: Callable[[int], None] = lambda _: None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._folder, self._gone, self._tell_lost, self._say = folder, gone, lost, say or _to_stdout
        self._waiting: deque[Asked] = deque()
        self._some, self._one_writes = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended, self._lost = False, 0
        self._key, self._path, self._written, self._day = b"", Path(), 0, ""

    def note(self, asked: Asked) -> None:
        """Have a request written down soon; returns at once."""
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(asked)
        if not self._some.is_set():
            self._some.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_on, name="scribe", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write what waits, now."""
        with self._one_writes:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if batch:
                self._say("".join(_for_people(one) for one in batch))
                self._append(batch)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._ended = True
        self._some.set()
        self.flush()

    def _write_on(self) -> None:
        while not self._ended:
            self._some.wait()
            time.sleep(PAUSE_S)
            self._some.clear()
            self.flush()

    def _append(self, batch: Sequence[Asked]) -> None:
        try:
            self._write(b"".join(self._for_audit(one) for one in batch))
        except (OSError, ChurnError) as error:
            self._lost += len(batch)
            self._tell_lost(len(batch))
            log.error("audit.unwritable", lines=len(batch), why=type(error).__name__)  # noqa: TRY400  # it says all

    def _for_audit(self, asked: Asked) -> bytes:
        if asked.whose:
            self._key = self._key or key_in(self._folder)
            gone = self._gone(asked.whose)
            asked.line.whose = [hash_of(one, self._key) for one in asked.whose if one not in gone]
        return encode(asked.line) + b"\n"

    def _write(self, text: bytes) -> None:
        now = datetime.now(UTC)
        if self._lost:
            text = encode(Line(now, lost=self._lost)) + b"\n" + text
        handle = os.open(self._segment(now, len(text)), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, text)
        finally:
            os.close(handle)
        self._written, self._lost = self._written + len(text), 0

    def _segment(self, now: datetime, more: int) -> Path:
        """The file of this day; a new one where it is full."""
        day = f"{now:%Y%m%d}"
        if day != self._day or self._written + more > MOST_BYTES:
            (self._folder / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path = self._folder / FOLDER / f"{now:%Y%m%dT%H%M%S%f}-{os.getpid()}.jsonl"
            self._day, self._written = day, 0
        return self._path


def _for_people(asked: Asked) -> str:
    line = asked.line
    told = {
        "event": "request.answered", "level": "info", "timestamp": line.at.isoformat(), "request_id": line.request_id,
        "caller": line.key, "route": line.route, "status": line.status, "milliseconds": asked.milliseconds,
    }  # fmt: skip
    return to_json(told).decode() + "\n"


def _to_stdout(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody reads it any more
        sys.stdout.write(text)
        sys.stdout.flush()
