"""The inbox in a file of SQLite: `live/inbox.db`, WAL, `synchronous=FULL`: a commit survives kill and power cut."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.ahead_log import write_ahead
from features.live.inbox import InboxUnavailable
from features.live.inbox_sql import SqlLedger, going_on, schema

WAIT_S = 5.0


class SqliteLedger(SqlLedger):
    """The ledger of one business in a file.

    Args:
        path: the file; it and its folder are made where they are missing.
        begins_after: up to which event the log has those of an inbox before this one.
    """

    def __init__(self, path: Path, begins_after: int = 0) -> None:
        super().__init__("", "?")
        self._path, self._begins_after = path, begins_after
        self._connection: sqlite3.Connection | None = None

    def erase(self, customer_ids: Sequence[str]) -> int:
        """Remove everything of these customers, from the write-ahead log too; how many events."""
        removed = super().erase(customer_ids)
        with self._one_at_a_time:
            self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        with self._one_at_a_time:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Any]:
        with self._one_at_a_time:
            try:
                cursor = self._opened().cursor()
                cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                except BaseException:
                    cursor.connection.rollback()
                    raise
            except (sqlite3.Error, OSError) as error:
                connection, self._connection = self._connection, None
                if connection is not None:
                    connection.close()
                raise InboxUnavailable(str(self._path), str(error)) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
            try:
                write_ahead(connection, WAIT_S)
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")  # what was erased is not left in free pages
                for statement in (*schema(""), going_on("", self._begins_after)):
                    connection.execute(statement)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection
