"""The journal of changes without some customers. Start reading at `erase_from_changes`."""

from pathlib import Path

from features.erasure.store import NOTHING, Erased, Whom
from serving.changes.file import FILE, File
from serving.changes.journal import Journal


def erase_from_changes(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the journal; cursors stay good.

    Args:
        folder: the artifacts of the business.
        whom: who goes.

    Raises:
        ChangesUnavailable: it cannot be written; forget again when it can.
    """
    if not (folder / FILE).exists():
        return NOTHING
    journal = Journal(folder)
    try:
        found = whom.among(journal.customers())
        rows = journal.erase(sorted(found)) if found else 0
    finally:
        journal.close()
    if not rows:
        return NOTHING
    file = File(folder)
    try:
        file.scrub()
    finally:
        file.close()
    return Erased(rows, 1, (folder / FILE).stat().st_size, frozenset(found))
