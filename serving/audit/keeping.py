"""How long audit lines are kept, and how a forgotten customer leaves them.

The hash of a customer is overwritten in place, at the same length: a worker that appends to the same file goes on. The
line stays, and says that somebody asked about a customer who was erased. Start reading at `erase_from_audit`.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from features.erasure.store import NOTHING, Erased, Whom
from serving.audit.lines import ERASED, KEY, hash_of, key_in, segments


def erase_from_audit(folder: Path, whom: Whom) -> Erased:
    """Overwrite the hashes of customers in every file.

    Args:
        folder: the artifacts of the business.
        whom: who goes; those who are known by name.
    """
    if not (folder / KEY).exists():
        return NOTHING
    key = key_in(folder)
    hashes = {hash_of(one, key).encode(): one for one in whom.ids}
    return sum((_overwrite(segment, hashes) for segment in segments(folder)), NOTHING)


def _overwrite(segment: Path, hashes: dict[bytes, str]) -> Erased:
    text, found, rows, blank = segment.read_bytes(), set(), 0, ERASED.encode()
    handle = os.open(segment, os.O_WRONLY)
    try:
        for one, customer_id in hashes.items():
            at = text.find(one)
            while at >= 0:
                os.pwrite(handle, blank, at)
                found.add(customer_id)
                rows, at = rows + 1, text.find(one, at + 1)
        if rows:
            os.fdatasync(handle)
    finally:
        os.close(handle)
    return Erased(rows, int(bool(rows)), rows * len(blank), frozenset(found))


def outlived(folder: Path, days: int, now: datetime) -> Iterator[tuple[Path, datetime]]:
    """Files whose day was over more than so many days ago, and that day.

    Args:
        folder: the artifacts of the business.
        days: how long a day of the log is kept.
        now: aware.
    """
    for segment in segments(folder):
        day = datetime.strptime(segment.name[:8], "%Y%m%d").replace(tzinfo=UTC)
        if day + timedelta(days=days + 1) < now:
            yield segment, day
