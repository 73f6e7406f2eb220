"""The file of the queue: its tables, its connection, and what becomes of an error of SQLite's.

Start reading at `QueueFile.session`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import DataError

FILE = Path("serving") / "webhooks.db"
WAIT_S = 10.0
OF_A_RECEIVER = (
    "id TEXT PRIMARY KEY, journal TEXT, seq INTEGER, failing INTEGER, open_us INTEGER, gone INTEGER, "
    "taken_us INTEGER, problem TEXT"
)
OF_A_LETTER = (
    "receiver TEXT, customer_id TEXT, seq INTEGER, news TEXT, id TEXT, attempts INTEGER, due_us INTEGER, "
    "queued_us INTEGER, dead INTEGER, problem TEXT, PRIMARY KEY (receiver, customer_id)"
)
SCHEMA = (
    f"CREATE TABLE IF NOT EXISTS receiver ({OF_A_RECEIVER}) WITHOUT ROWID",
    f"CREATE TABLE IF NOT EXISTS letter ({OF_A_LETTER}) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS letter_due ON letter (receiver, dead, due_us, seq)",
    "CREATE INDEX IF NOT EXISTS letter_id ON letter (receiver, id)",
)


class LettersUnavailable(DataError):
    """The queue of letters cannot be read or written."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The queue of webhooks {FILE} cannot be read or written: {why}.",
            mend="free some space or mend the folder's rights; no restart is needed. Where the file is broken, delete "
            "it: receivers are told of what changes from then on.",
        )


class QueueFile:
    """The file of one business, made where it is missing. One thread uses it.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._connection: sqlite3.Connection | None = None

    def scrub(self) -> None:
        """Leave nothing of deleted letters: not in free pages, not in what is still to be written back."""
        try:
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                self._opened().execute(statement).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise LettersUnavailable(str(error)) from error

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def session(self) -> Iterator[sqlite3.Cursor]:
        """A transaction, undone where the block fails."""
        try:
            cursor = self._opened().cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                cursor.connection.rollback()
                raise
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise LettersUnavailable(str(error)) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            made = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                made.execute(f"PRAGMA {pragma}")
            for statement in SCHEMA:
                made.execute(statement)
            self._connection = made
        return self._connection

    def erase(self, customer_ids: Iterable[str]) -> int:
        """Remove everything of these customers; how many letters."""
        with self.session() as cursor:
            whom = [(one,) for one in customer_ids]
            return int(cursor.executemany("DELETE FROM letter WHERE customer_id = ?", whom).rowcount) if whom else 0
