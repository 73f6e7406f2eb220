"""A file of SQLite that loses nothing: its connection, its transactions, and what becomes of an error of SQLite's.

WAL with `synchronous=FULL`; deleted rows are overwritten. Start reading at `Connection.transaction`.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from churn.errors import ChurnError
from features.ahead_log import write_ahead

WAIT_S = 10.0
DURABLE = ("synchronous = FULL", "secure_delete = ON")
SCRUB = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")  # leaves nothing of deleted rows


class Connection:
    """One connection, opened where it is needed; one thread at a time.

    Args:
        path: of the file, made where it is missing.
        schema: statements that each new connection runs; they may be run again.
        wrong: makes the error that a fault of SQLite's becomes.
        pragmas: beside those of every file.
        first: a question, and what to write where it has no answer: the first row of a table.
        wait_s: for others who write, and for other threads of ours; beyond that it is a fault.
    """

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        wrong: Callable[[str], ChurnError],
        pragmas: Sequence[str] = (),
        *,
        first: tuple[str, str] | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        self._path, self._one_at_a_time = path, threading.Lock()
        self._schema, self._wrong, self._pragmas = schema, wrong, (*DURABLE, *pragmas)
        self._first, self._wait_s = first, wait_s
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self, begin: str) -> Iterator[sqlite3.Cursor]:
        """A transaction, undone where the block fails.

        Raises:
            ChurnError: SQLite cannot, in the words of `wrong`.
        """
        with self._alone():
            try:
                cursor = self._opened().cursor()
                cursor.execute(begin)
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                except BaseException:
                    cursor.connection.rollback()
                    raise
            except (sqlite3.Error, OSError) as error:
                self._end()
                raise self._wrong(str(error)) from error

    def run(self, *statements: str) -> None:
        """Statements outside of a transaction.

        Raises:
            ChurnError: SQLite cannot, in the words of `wrong`.
        """
        with self._alone():
            try:
                for statement in statements:
                    self._opened().execute(statement).fetchall()
            except (sqlite3.Error, OSError) as error:
                self._end()
                raise self._wrong(str(error)) from error

    def close(self) -> None:
        """End the connection."""
        with self._one_at_a_time:
            self._end()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """This thread and no other; where others wait for long, one more is told so and does not join them."""
        if not self._one_at_a_time.acquire(timeout=self._wait_s):
            raise self._wrong("others wait for it")
        try:
            yield
        finally:
            self._one_at_a_time.release()

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        """The connection; a file that was deleted or put back meanwhile is opened anew."""
        if self._connection is not None and _inode(self._path) != self._inode:
            self._end()
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._made()
            self._inode = _inode(self._path)
        return self._connection

    def _made(self) -> sqlite3.Connection:
        made = sqlite3.connect(self._path, timeout=self._wait_s, isolation_level=None, check_same_thread=False)
        try:
            write_ahead(made, self._wait_s)
            for pragma in self._pragmas:
                made.execute(f"PRAGMA {pragma}")
            for statement in self._schema:
                made.execute(statement)  # what is there already waits for nobody who writes
            if self._first is not None and not made.execute(self._first[0]).fetchone():
                made.execute(self._first[1])
        except sqlite3.Error:
            made.close()
            raise
        return made


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
