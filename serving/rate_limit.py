"""How often a key may ask: so many requests a minute, counted together by all workers through one SQLite file.

The minute is the wall clock's. Counts are no truth to keep: after a power cut a minute may begin anew. Knows no
server. Start reading at `RateLimit.take`.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from serving.refusals import Refusal, TooManyRequests

MINUTE_S = 60
WAIT_S = 1.0


class RateLimitUnavailable(Refusal):
    """The file in which requests are counted cannot be written."""

    status = 503

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"Requests cannot be counted in {path.name}: {why}.",
            mend="free some space or mend the folder's rights; no restart is needed.",
        )


class RateLimit:
    """A limit that the workers of one service share.

    Args:
        path: the SQLite file.
        per_minute: requests a key may make in a minute; 0: any number.
        now: seconds since 1970.
    """

    def __init__(self, path: Path, per_minute: int, now: Callable[[], float] = time.time) -> None:
        self._path, self._per_minute, self._now = path, per_minute, now
        self._one_at_a_time = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def take(self, key: str) -> None:
        """Count one request.

        Raises:
            TooManyRequests: the key has none left in this minute.
            RateLimitUnavailable: nobody can count.
        """
        if not self._per_minute:
            return
        now = self._now()
        minute = int(now // MINUTE_S)
        with self._one_at_a_time:
            try:
                used = self._count(key, minute)
            except (sqlite3.Error, OSError) as error:
                self._forget()
                raise RateLimitUnavailable(self._path, str(error)) from error
        if used > self._per_minute:
            raise TooManyRequests(self._per_minute, max(1, round((minute + 1) * MINUTE_S - now)))

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        with self._one_at_a_time:
            self._forget()

    def _count(self, key: str, minute: int) -> int:
        connection = self._connection or self._open()
        ((used,),) = connection.execute(
            "INSERT INTO used (key, minute, requests) VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET "
            "requests = CASE WHEN minute = excluded.minute THEN requests + 1 ELSE 1 END, minute = excluded.minute "
            "RETURNING requests",
            (key, minute),
        ).fetchall()  # all: the statement ends, and with it its transaction
        return int(used)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE IF NOT EXISTS used (key TEXT PRIMARY KEY, minute INTEGER, requests INTEGER)")
        self._connection = connection
        return connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
