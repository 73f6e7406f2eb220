"""SQLite's log ahead of the file (WAL): how a connection gets there when others open the same new file at once.

SQLite does not wait for a lock there: of two that turn one file to WAL at the same moment it refuses one at once with
"database is locked", however long its timeout, since waiting could be a deadlock. So we ask again. Reads nothing else;
start reading at `write_ahead`.
"""

import random
import sqlite3
import time

LEAST_S, MOST_S = 0.001, 0.02


def write_ahead(connection: sqlite3.Connection, wait_s: float) -> None:
    """Turn a connection's file to WAL, which it stays for everyone.

    Args:
        connection: of a file.
        wait_s: how long to go on asking while others hold the file.

    Raises:
        sqlite3.Error: it cannot be, or not in time.

    Source: SQLite, "Result and Error Codes", SQLITE_BUSY; "Write-Ahead Logging", section 2.
    """
    until = time.monotonic() + wait_s
    while not _asked(connection, last=time.monotonic() > until):
        time.sleep(random.uniform(LEAST_S, MOST_S))


def _asked(connection: sqlite3.Connection, *, last: bool) -> bool:
    """Whether it is WAL now; not where another connection held the file, if this was not the last try."""
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # BUSY, in whichever of its kinds
            raise
        return False
    return True
