"""Live events without some customers: the inbox, the index made from the log, and the events that were taken into it.

Start reading at `erase_from_inbox`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from churn.settings import Settings
from features import parquet
from features.atomic import write_whole
from features.erasure.rewriting import RELATED, customers_of, rows_of, unrelated
from features.erasure.store import NOTHING, Erased, Whom
from features.live import index
from features.live.opening import INBOX, has_inbox, ledger_of
from features.shelf import workshop

EVENTS = Path("live") / "events"


def erase_from_inbox(settings: Settings, folder: Path, whom: Whom) -> Erased:
    """Drop customers from the inbox, wherever it lies.

    Args:
        settings: of the business.
        folder: its artifacts.
        whom: who goes.

    Raises:
        InboxUnavailable: it does not answer; forget again when it does.
    """
    if not has_inbox(settings):
        return NOTHING
    with closing(ledger_of(settings)) as ledger:
        found = whom.among(ledger.customers())
        events = ledger.erase(sorted(found))
    if (folder / INBOX).exists():
        _scrub(folder / INBOX)
    return Erased(events, found=frozenset(found))


def erase_from_index(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the index of the log.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    index.drop_draft(folder)
    found = whom.among(index.customers(folder))
    return Erased(index.erase(folder, sorted(found)) if found else 0, found=frozenset(found))


def erase_from_kept(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the live events that were taken into the log.

    Args:
        folder: the artifacts of the business.
        whom: who goes.

    Raises:
        Busy: another process is writing.
    """
    paths = sorted((folder / EVENTS).glob("bucket=*.parquet"))
    if not paths:
        return NOTHING
    with workshop(folder):
        return sum((_without(path, whom) for path in paths), NOTHING)


def _without(path: Path, whom: Whom) -> Erased:
    found, related = whom.among(customers_of(path)), whom.among(customers_of(path, RELATED))
    if not found and not related:
        return NOTHING
    with parquet.opened(path) as file:
        table: pa.Table = file.read()
    theirs = rows_of(table, found)
    kept = unrelated(table.filter(pc.invert(theirs)), related)
    write_whole(path, lambda draft: parquet.write_table(kept.combine_chunks(), draft))
    return Erased(len(table) - len(kept), 1, path.stat().st_size, frozenset(found | related))


def _scrub(path: Path) -> None:
    """Leave nothing of deleted rows in a file of SQLite: not in free pages, not in what is still to be written back."""
    with closing(sqlite3.connect(path, timeout=5.0, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
