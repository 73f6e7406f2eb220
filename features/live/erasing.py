"""How the stores of live events drop a customer: inbox, index and the events that are kept beside the log.

Each rewrites only the keys or the bucket of that customer, and may be run again. Start reading at `STORES`.
"""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.erasure.rewriting import customers_of, parquet_without, rows_of
from features.erasure.store import NOTHING, Erased, Store, Whom
from features.live import index
from features.live.inbox import Ledger
from features.live.inbox_sqlite import SqliteLedger
from features.live.kept import KEPT, rewrite
from features.live.opening import INBOX

RELATED = "related_customer_id"


def erase_from_ledger(ledger: Ledger, whom: Whom) -> Erased:
    """Drop customers from an inbox, wherever it lies."""
    found = whom.among(ledger.customers())
    if not found:
        return NOTHING
    return Erased(ledger.erase(sorted(found)), 1, 0, frozenset(found))


def erase_from_inbox(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the inbox in a file."""
    if not (folder / INBOX).exists():
        return NOTHING
    ledger = SqliteLedger(folder / INBOX)
    try:
        return erase_from_ledger(ledger, whom)
    finally:
        ledger.close()


def erase_from_index(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the index."""
    found = whom.among(index.customers(folder))
    if not found:
        return NOTHING
    return Erased(index.erase(folder, sorted(found)), 1, 0, frozenset(found))


def erase_from_kept(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the live events that are kept; where others' events name them, the name goes."""
    erased = NOTHING
    for path in sorted((folder / KEPT).glob("bucket=*.parquet")):
        erased += parquet_without(path, whom)
        related = whom.among(customers_of(path, RELATED))
        if related:
            rewrite(path, partial(_unrelated, related))
            erased += Erased(0, 1, path.stat().st_size, frozenset(related))
    return erased


def _unrelated(names: set[str], table: pa.Table) -> pa.Table:
    column = table[RELATED]
    named = pc.if_else(rows_of(table, names, RELATED), pa.scalar(None, column.type), column)
    return table.set_column(table.schema.get_field_index(RELATED), table.schema.field(RELATED), named)


STORES = (
    Store(
        name="inbox of live events", what="every event that was acknowledged, until it lies in the log",
        places=("live/inbox.db*",), kept="what tells a duplicate, for ever", erase=erase_from_inbox,
    ),
    Store(
        name="live events", what="accepted live events, for the next ingest to include", places=("live/events/*",),
        kept="as long as the sources", erase=erase_from_kept,
    ),
    Store(
        name="index of customers", what="each customer's rows of the log, for fresh rows at once",
        places=("live/index.db", "live/.index.*"), kept="until the log changes", back_up=False, anew="churn serve",
        erase=erase_from_index,
    ),
    Store(
        name="state of live events", what="locks, and to where live events moved the clock of a log",
        places=("live/clock", "live/.*.lock"), kept="for ever", back_up=False, anew="churn serve",
    ),
)  # fmt: skip
