"""The file of the queue: its tables, its connection, and what becomes of an error of SQLite's.

Start reading at `QueueFile.session`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import DataError
from serving.durable_file import SCRUB, Connection

FILE = Path("serving") / "webhooks.db"
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
        self._connection = Connection(self.path, SCHEMA, LettersUnavailable)

    def scrub(self) -> None:
        """Leave nothing of deleted letters: not in free pages, not in what is still to be written back."""
        self._connection.run(*SCRUB)

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        self._connection.close()

    @contextmanager
    def session(self) -> Iterator[sqlite3.Cursor]:
        """A transaction, undone where the block fails."""
        with self._connection.transaction("BEGIN IMMEDIATE") as cursor:
            yield cursor

    def erase(self, customer_ids: Iterable[str]) -> int:
        """Remove everything of these customers; how many letters."""
        with self.session() as cursor:
            whom = [(one,) for one in customer_ids]
            return int(cursor.executemany("DELETE FROM letter WHERE customer_id = ?", whom).rowcount) if whom else 0
