"""What may happen once, among all workers: a signed message under its id, the end of a session.

`claim` says whether nobody was before; what was claimed is forgotten when its time is over, by when it could not come
again anyway. In SQLite for one machine, in Redis for several. Start reading at `Once`.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from features.ahead_log import write_ahead
from serving.limits.counts import WAIT_S, RateLimitUnavailable


class Once(Protocol):
    """What workers remember together."""

    def claim(self, name: str, seconds: float) -> bool:
        """Take a name for so long; False where it is taken.

        Raises:
            RateLimitUnavailable: nobody can tell.
        """

    def knows(self, name: str) -> bool:
        """Whether a name is taken.

        Raises:
            RateLimitUnavailable: nobody can tell.
        """

    def release(self, name: str) -> None:
        """Give a name back: what it was taken for did not happen."""


class SqliteOnce:
    """Names in a SQLite file.

    Args:
        path: the file.
        now: seconds since 1970.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now
        self._one_at_a_time = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def claim(self, name: str, seconds: float) -> bool:
        """Take a name for so long; False where it is taken."""
        now = self._now()
        self._ask("DELETE FROM taken WHERE until <= ?", now)
        return bool(self._ask("INSERT OR IGNORE INTO taken VALUES (?, ?) RETURNING name", name, now + seconds))

    def knows(self, name: str) -> bool:
        """Whether a name is taken."""
        return bool(self._ask("SELECT name FROM taken WHERE name = ? AND until > ?", name, self._now()))

    def release(self, name: str) -> None:
        """Give a name back."""
        self._ask("DELETE FROM taken WHERE name = ?", name)

    def _ask(self, statement: str, *values: Any) -> list[Any]:  # of SQLite
        with self._one_at_a_time:
            try:
                self._connection = self._connection or self._open()
                return self._connection.execute(statement, values).fetchall()
            except (sqlite3.Error, OSError) as error:
                if self._connection is not None:  # a file that was put in its place is found the next time
                    self._connection.close()
                    self._connection = None
                raise RateLimitUnavailable(self._path.name, str(error)) from error

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            write_ahead(connection, WAIT_S)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("CREATE TABLE IF NOT EXISTS taken (name TEXT PRIMARY KEY, until REAL) WITHOUT ROWID")
        except sqlite3.Error:
            connection.close()
            raise
        return connection
