"""The tables beside scores without some customers, and what was sorted from them. Start at `erase_from_tables`."""

from pathlib import Path

from features.erasure.rewriting import parquet_without
from features.erasure.store import NOTHING, Erased, Whom
from serving.tables.indexed import SORTED, SOURCES, read_ids


def erase_from_tables(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the tables that other rooms write; whoever writes them next has to leave them out too.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    return sum((parquet_without(path, whom) for path in sorted((folder / SOURCES).glob("*.parquet"))), NOTHING)


def erase_sorted(folder: Path, whom: Whom) -> Erased:
    """Remove what was sorted from tables that named one of the customers; the service sorts the tables anew.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    erased = NOTHING
    for path in sorted((folder / SORTED).glob("*.arrow")):
        found = whom.among(read_ids(path))
        if found:
            path.unlink(missing_ok=True)
            erased += Erased(1, 1, 0, frozenset(found))
    return erased
