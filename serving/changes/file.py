"""The file of the journal: its tables, its connections, and what becomes of an error of SQLite's.

One connection writes and one reads, so that nobody who reads waits for who writes. Start reading at `File.session`.
"""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import DataError

FILE = Path("serving") / "changes.db"
WAIT_S = 10.0
CHECKPOINT_PAGES = 8192  # 32 MB: a batch of everybody waits for the disk less often
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", f"wal_autocheckpoint = {CHECKPOINT_PAGES}")
OF_A_STATE = (
    "as_of_us INTEGER, told_us INTEGER, stage TEXT, model TEXT, band TEXT, code TEXT, probability REAL, "
    "value_at_risk REAL, score_id TEXT, model_version TEXT"
)
OF_TOLD = f"customer_id TEXT PRIMARY KEY, {OF_A_STATE}, fed REAL, seq INTEGER, band_seq INTEGER"
OF_A_CHANGE = (
    "seq INTEGER PRIMARY KEY, what TEXT, was_stage TEXT, was_model TEXT, was_band TEXT, was_code TEXT, "
    f"was_probability REAL, customer_id TEXT, {OF_A_STATE}"
)
SCHEMA = (
    f"CREATE TABLE IF NOT EXISTS told ({OF_TOLD}) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS told_seq ON told (seq)",
    "CREATE INDEX IF NOT EXISTS told_band_seq ON told (band_seq)",
    "CREATE INDEX IF NOT EXISTS told_risk ON told (value_at_risk DESC, probability DESC) WHERE probability IS NOT NULL",
    f"CREATE TABLE IF NOT EXISTS change ({OF_A_CHANGE})",
    "CREATE INDEX IF NOT EXISTS change_customer ON change (customer_id, seq)",
    "CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, name TEXT, last_seq INTEGER, begun INTEGER)",
)


class ChangesUnavailable(DataError):
    """The journal of changes cannot be read or written."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The journal of changes {FILE} cannot be read or written: {why}.",
            mend="free some space or mend the folder's rights; no restart is needed. Where the file is broken, delete "
            "it: the next `churn score --all` begins it anew, and readers of changes begin from the beginning.",
        )


class File:
    """The file of one business, made where it is missing. Threads may share it.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._sides = (Side(self.path), Side(self.path))

    @contextmanager
    def session(self, *, writes: bool) -> Iterator[sqlite3.Cursor]:
        """A transaction: one state of the file for who reads, the only one at a time for who writes.

        Raises:
            ChangesUnavailable: SQLite cannot; nothing was changed.
        """
        with self._sides[writes].transaction("BEGIN IMMEDIATE" if writes else "BEGIN") as cursor:
            yield cursor

    def scrub(self) -> None:
        """Leave nothing of deleted rows: not in free pages, not in what is still to be written back."""
        self._sides[1].run("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """End the connections; the next call opens them anew."""
        for side in self._sides:
            side.close()


class Side:
    """One connection, opened where it is needed; one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path, self._one_at_a_time = path, threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self, begin: str) -> Iterator[sqlite3.Cursor]:
        """A transaction, undone where the block fails.

        Raises:
            ChangesUnavailable: SQLite cannot.
        """
        with self._one_at_a_time:
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
                raise ChangesUnavailable(str(error)) from error

    def run(self, *statements: str) -> None:
        """Statements outside of a transaction.

        Raises:
            ChangesUnavailable: SQLite cannot.
        """
        with self._one_at_a_time:
            try:
                for statement in statements:
                    self._opened().execute(statement).fetchall()
            except (sqlite3.Error, OSError) as error:
                self._end()
                raise ChangesUnavailable(str(error)) from error

    def close(self) -> None:
        """End the connection."""
        with self._one_at_a_time:
            self._end()

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
            self._connection = _made(self._path)
            self._inode = _inode(self._path)
        return self._connection


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _made(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        for statement in SCHEMA:
            connection.execute(statement)
        first = "INSERT OR IGNORE INTO state VALUES (1, ?, 0, 0)"
        connection.execute(first, (secrets.token_hex(4),))
    except sqlite3.Error:
        connection.close()
        raise
    return connection
