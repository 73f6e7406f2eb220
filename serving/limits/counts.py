"""Counts that all workers share: how many requests a key has left in this minute or day, given out some at a time.

A worker that asks is granted a few requests at once (a *lease*), never more than there are left: so no more than the
limit pass, however many workers count. A lease is a sixteenth of what is left, at most 64, so that a limit of up to 31
is exact, and of a larger one at most that much can lie unused with each of the other workers. `SqliteCounts` is for
one machine, `RedisCounts` (serving/limits/redis_counts.py) for several. Start reading at `Counts`.
"""

import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple, Protocol

from features.ahead_log import write_ahead
from serving.refusals import Refusal

WAIT_S = 1.0
LEAST_SHARE, MOST = 16, 64


class Window(NamedTuple):
    """A span in which requests are counted."""

    name: str
    seconds: int


MINUTE, DAY = Window("minute", 60), Window("day", 86_400)


class RateLimitUnavailable(Refusal):
    """What requests are counted in cannot be reached or written."""

    status = 503
    retry_after_s = 1

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"Requests cannot be counted in {where}: {why}.",
            mend="free some space, mend the folder's rights or start the server; no restart of ours is needed.",
        )


class Granted(NamedTuple):
    """What a worker may let pass, and how many are left then for everybody."""

    requests: int
    left: int


class Counts(Protocol):
    """Where workers count together."""

    def lease(self, key: str, window: Window, number: int, limit: int) -> Granted:
        """Give out some of what a key has left.

        Args:
            key: whose.
            window: the span.
            number: which one since 1970.
            limit: of the span.

        Raises:
            RateLimitUnavailable: nobody can count.
        """

    def close(self) -> None:
        """End connections; the next call opens them anew."""


def size_of_lease(left: int) -> int:
    """How many of the requests that are left are given out at once."""
    return min(left, max(1, min(MOST, left // LEAST_SHARE)))


class SqliteCounts:
    """Counts in a SQLite file; no truth to keep, so that a power cut may cost some.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_at_a_time = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def lease(self, key: str, window: Window, number: int, limit: int) -> Granted:
        """Give out some of what a key has left."""
        with self._one_at_a_time:
            try:
                return self._lease(key, window, number, limit)
            except (sqlite3.Error, OSError) as error:
                self._forget()
                raise RateLimitUnavailable(self._path.name, str(error)) from error

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        with self._one_at_a_time:
            self._forget()

    def _lease(self, key: str, window: Window, number: int, limit: int) -> Granted:
        connection = self._connection or self._open()
        with connection:  # commits, or takes back
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT requests FROM given WHERE key = ? AND span = ? AND number = ?", (key, window.name, number)
            ).fetchone()
            used = row[0] if row else 0
            lease = size_of_lease(max(0, limit - used))
            if lease:
                connection.execute(
                    "INSERT INTO given (key, span, number, requests) VALUES (?, ?, ?, ?) ON CONFLICT (key, span) "
                    "DO UPDATE SET number = excluded.number, requests = excluded.requests",
                    (key, window.name, number, used + lease),
                )
        return Granted(lease, max(0, limit - used - lease))

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            write_ahead(connection, WAIT_S)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS given (key TEXT, span TEXT, number INTEGER, requests INTEGER, "
                "PRIMARY KEY (key, span))"
            )
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
