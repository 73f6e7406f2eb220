"""The file of the journal: its tables, its connections, and what becomes of an error of SQLite's.

One connection writes and one reads, so that nobody who reads waits for who writes. Start reading at `File.session`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import DataError
from serving.durable_file import SCRUB, Connection

FILE = Path("serving") / "changes.db"
CHECKPOINT_PAGES = 8192  # 32 MB: a batch of everybody waits for the disk less often
PRAGMAS = (f"wal_autocheckpoint = {CHECKPOINT_PAGES}",)
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
FIRST = "SELECT 1 FROM state", "INSERT OR IGNORE INTO state VALUES (1, lower(hex(randomblob(4))), 0, 0)"
READ_WAIT_S, WRITE_WAIT_S = 2.0, 10.0  # who reads waits for nobody who writes, once the file is there


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
        reads, writes = (
            Connection(self.path, SCHEMA, ChangesUnavailable, PRAGMAS, first=FIRST, wait_s=wait_s)
            for wait_s in (READ_WAIT_S, WRITE_WAIT_S)
        )
        self._sides = (reads, writes)

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
        self._sides[1].run(*SCRUB)

    def close(self) -> None:
        """End the connections; the next call opens them anew."""
        for side in self._sides:
            side.close()
