"""The score log: every answer, on disk before it is sent. What serving said, and on which numbers, is read from here.

    scores/log/<pid>-<start>.jsonl    one segment a process, one row of SCORES a line, only ever appended to

`ScoreLog.append` returns a promise that is kept once the lines are on disk; answers that come while one flush is
under way share the next one. A line that could not be written whole is taken back. `read` gives all segments as
SCORES and leaves out a last line that a kill or a power cut tore. Knows no model and no server.
"""

import asyncio
import base64
import errno
import fcntl
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.tables import ERASED_LINE, INSTANT, SCORES, SHADOW_LINE
from features.cipher_lines import LineCipher, plain_lines
from features.encryption import keys_for
from serving.refusals import ScoreLogUnavailable
from serving.seal import Seal

FOLDER = Path("scores") / "log"
SEGMENT_BYTES = 256 * 2**20  # a new segment after so many
DTYPES: dict[str, Any] = {"float64": np.dtype(np.float64), "Int64": pd.Int64Dtype()}  # texts stay Python's
ENCODER = msgspec.json.Encoder()
GONE = ERASED_LINE.encode()
SHADOW = SHADOW_LINE  # a line that nobody was told: what a challenger in shadow would have said

Row = dict[str, Any]  # a row of SCORES: texts, numbers, instants
Promise = Future[None] | asyncio.Future[None]
Waiting = tuple[bytes, asyncio.AbstractEventLoop | None, Promise]  # lines, and who is promised what, on which loop


def packed(vector: NDArray[np.float64]) -> str:
    """A feature vector as SCORES keeps it: base64 of little-endian float64."""
    return base64.b64encode(vector.astype("<f8").tobytes()).decode()


def unpacked(text: str) -> NDArray[np.float64]:
    """The inverse of `packed`, bit by bit."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8").astype(np.float64)


class ScoreLog:
    """One process's segment of the score log. Threads may share it.

    Args:
        folder: the artifacts of the business.
        seal: put on every line.
    """

    def __init__(self, folder: Path, seal: Seal | None = None) -> None:
        self._folder, self._seal = folder / FOLDER, seal or Seal()
        self._file: int | None = None
        self._good = 0  # bytes of the segment that are whole lines on disk
        self._keys = keys_for(self._folder)  # None: lines are written as they are
        self._cipher: LineCipher | None = None
        self._waiting: SimpleQueue[Waiting | None] = SimpleQueue()
        self._ending, self._one_at_a_time = False, threading.Lock()
        self._writer = threading.Thread(target=self._run, name="score-log", daemon=True)
        self._writer.start()

    def append(self, rows: Sequence[Row]) -> Future[None]:
        """Promise that these rows are on disk; the promise breaks with ScoreLogUnavailable where they are not."""
        promise: Future[None] = Future()
        self._wait((self._lines(rows), None, promise))
        return promise

    def written(self, rows: Sequence[Row]) -> "asyncio.Future[None]":
        """The same promise to the event loop that asks, for less: all that was written together is told together."""
        loop = asyncio.get_running_loop()
        promise: asyncio.Future[None] = loop.create_future()
        self._wait((self._lines(rows), loop, promise))
        return promise

    def close(self) -> None:
        """Write what is waiting and end."""
        with self._one_at_a_time:
            self._ending = True
            self._waiting.put(None)
        self._writer.join()

    def _lines(self, rows: Sequence[Row]) -> bytes:
        return b"".join(self._seal.on(ENCODER.encode(row)) + b"\n" for row in rows)

    def _wait(self, one: Waiting) -> None:
        with self._one_at_a_time:
            if not self._ending:
                self._waiting.put(one)
                return
        _settle([one], ScoreLogUnavailable(str(FOLDER), "the service is ending"))

    def _run(self) -> None:
        ends = False
        while not ends:
            batch = [self._waiting.get()]
            with suppress(Empty):
                while True:
                    batch.append(self._waiting.get_nowait())
            ends = None in batch
            self._flush([one for one in batch if one is not None])
        self._abandon()

    def _flush(self, batch: list[Waiting]) -> None:
        if not batch:
            return
        fault: ScoreLogUnavailable | None = None
        try:
            self._write(b"".join(lines for lines, _, _ in batch))
        except Exception as error:  # noqa: BLE001  # whatever it is: the next lines need this thread
            fault = ScoreLogUnavailable(str(FOLDER), getattr(error, "strerror", None) or type(error).__name__)
        _settle(batch, fault)

    def _write(self, lines: bytes) -> None:
        if self._file is None or self._good > SEGMENT_BYTES or not os.fstat(self._file).st_nlink:  # it was pruned
            self._open()
        assert self._file is not None
        try:
            lines = lines if self._cipher is None else self._cipher.on(lines)
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            self._take_back()
            raise
        self._good += len(lines)

    def _open(self) -> None:
        self._abandon()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{os.getpid()}-{time.time_ns() // 1000}.jsonl"
        how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_DSYNC  # a write ends once it is on disk
        self._file = os.open(path, how, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH)  # whoever would replace the file sees that it is being written
            self._good, self._cipher = 0, None
            if self._keys is not None:
                self._cipher = LineCipher(self._keys)
                self._begin(self._cipher.head)
        except BaseException:
            self._abandon()  # without its head nothing may be written to it, least of all as it is
            raise
        folder = os.open(self._folder, os.O_RDONLY)  # the segment's name is to survive a power cut too
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _begin(self, head: bytes) -> None:
        """Write the first line of an encrypted segment; without it nobody could read the others."""
        assert self._file is not None
        try:
            self._good = os.write(self._file, head)
        except OSError:
            self._abandon()
            raise
        if self._good < len(head):
            self._abandon()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _take_back(self) -> None:
        """Leave no half line behind: cut the segment after its last good line, and go on in a new one."""
        assert self._file is not None
        with suppress(OSError):  # readers skip a torn last line
            os.ftruncate(self._file, self._good)
        self._abandon()

    def _abandon(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _settle(batch: list[Waiting], fault: ScoreLogUnavailable | None) -> None:
    """Keep or break promises: those of an event loop all at once, on it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Promise]] = {}
    for _, loop, promise in batch:
        if loop is None:
            _tell([promise], fault)
        else:
            by_loop.setdefault(loop, []).append(promise)
    for loop, promises in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(_tell, promises, fault)


def _tell(promises: list[Promise], fault: ScoreLogUnavailable | None) -> None:
    for promise in promises:
        if promise.done():  # who waited has given up
            continue
        if fault is None:
            promise.set_result(None)
        else:
            promise.set_exception(fault)


def read(folder: Path) -> pd.DataFrame:
    """The whole score log of a business as SCORES, segment by segment; lines that a disk has spoilt are left out.

    So is a torn last line, and what a challenger said in shadow: nobody was told it.

    Args:
        folder: the artifacts of the business.
    """
    rows: list[Row] = []
    for segment in sorted((folder / FOLDER).glob("*.jsonl")):
        whole = (line for line in plain_lines(segment) if line.endswith(b"\n"))
        rows += [row for line in whole if not line.startswith(GONE) and (row := _row(line)) is not None]
    return frame_of([row for row in rows if not row.get(SHADOW)])


def _row(line: bytes) -> Row | None:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return row if isinstance(row, dict) else None


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of SCORES as a frame of that table."""
    frame = pd.DataFrame(rows, columns=SCORES.names)
    for column in SCORES:
        if column.dtype == INSTANT:
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True, format="ISO8601").dt.as_unit("us")
        else:
            dtype: Any = DTYPES.get(column.dtype, np.dtype(object))
            frame[column.name] = frame[column.name].astype(dtype)
    return frame
