"""The form of each store on disk, in numbers: what an older version wrote is migrated, what a newer one wrote refused.

    stores.json    {"versions": {store: number}}; absent where an ingest has never been or is older than this file

Every command looks at it before it opens a store; imports nothing heavy unless something is to be migrated. Start
reading at `bring_up_to_date`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from churn.errors import DataError

FILE = "stores.json"
VERSIONS = {
    "inbox": 1, "kept live events": 1, "log": 2, "snapshots": 2, "index": 2, "features of now": 2, "on-line store": 2,
    "score log": 1, "batches": 1, "champions": 2, "serving": 2, "archive": 1, "monitoring": 1, "erasure": 1,
    "changes": 1, "webhooks": 1, "tables": 1, "keys": 1, "audit log": 1,
    "audiences": 1,
}  # fmt: skip
OLDEST = 1  # what stores are that have no number


class NewerStore(DataError):
    """A store was written by a newer version of this program."""

    def __init__(self, folder: Path, store: str, *, found: int, known: int) -> None:
        super().__init__(
            f"The {store} in {folder} has form {found}; this version of the program knows forms up to {known}.",
            mend="run the version that wrote it, or put back a backup from before it was upgraded "
            "(docs/operations.md).",
        )


def bring_up_to_date(folder: Path) -> list[str]:
    """Migrate what an older version wrote; what was migrated.

    Args:
        folder: the artifacts of a business.

    Raises:
        NewerStore: a newer version wrote one. Busy: another process is writing; nothing was changed.
    """
    if not folder.is_dir():
        return []
    found = _read(folder)
    for store, known in VERSIONS.items():
        if found.get(store, OLDEST) > known:
            raise NewerStore(folder, store, found=found[store], known=known)
    older = [store for store, known in VERSIONS.items() if found.get(store, OLDEST) < known]
    if not older or not (folder / "snapshots").is_dir():
        return []
    for store in older:
        for version in range(found.get(store, OLDEST), VERSIONS[store]):
            _migration(store, version)(folder)
    write(folder)
    return older


def write(folder: Path) -> None:
    """Say that every store has the form of this version."""
    from features.atomic import write_json

    if _read(folder) != VERSIONS:
        write_json(folder / FILE, {"versions": VERSIONS})


def _migration(store: str, version: int) -> Callable[[Path], Any]:
    from features.migrations import MIGRATIONS

    return MIGRATIONS[store, version]


def _read(folder: Path) -> Mapping[str, int]:
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        return {str(store): int(version) for store, version in json.loads(path.read_text())["versions"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenVersions(path, str(error)) from error


class BrokenVersions(DataError):
    """The file that says which form each store has cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} cannot be read: {why}.",
            mend="put back a copy of it from a backup, or delete it: forms are then found out and migrated anew.",
        )
