"""Snapshots without some customers: a new one under its own hash, and a stone where the old one stood.

The rows that stay are those that a freeze gives after the log dropped the customers, since no row depends on anybody
else's; so the new hash is the one that such a freeze has. Start reading at `erase_from_snapshots`.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from features.atomic import draft_folder, place, write_json
from features.erasure.rewriting import customers_of, fill_without
from features.erasure.store import NOTHING, Erased, Whom
from features.snapshot_file import ROWS_FILE
from features.snapshot_hash import hash_of
from features.snapshots import MANIFEST_FILE, SHORT, Snapshot, read_snapshot
from features.tombstones import Stone


def erase_from_snapshots(folder: Path, whom: Whom) -> Erased:
    """Drop customers from every snapshot of a business.

    Args:
        folder: the artifacts of the business.
        whom: who goes.

    Raises:
        ChangedSnapshot: one was changed by hand. OSError: the disk is full; that snapshot stays as it was.
    """
    erased = NOTHING
    for manifest in sorted((folder / "snapshots").glob(f"*/{MANIFEST_FILE}")):
        found = whom.among(customers_of(manifest.with_name(ROWS_FILE)))
        if found:
            erased += _succeed(read_snapshot(manifest.parent), found)
    return erased


def _succeed(old: Snapshot, found: set[str]) -> Erased:
    """Write what is left of a snapshot, put a stone in its place, and only then take it away."""
    with draft_folder(old.path.parent / "left") as draft:
        rows = fill_without(old.rows_path, draft / ROWS_FILE, found)
        manifest = old.manifest | {"rows": len(old) - rows, "left_of": old.hash}
        manifest["hash"] = hash_of(draft / ROWS_FILE, manifest)
        write_json(draft / MANIFEST_FILE, manifest)
        successor = old.path.parent / manifest["hash"][:SHORT]
        place(draft, successor)
    Stone(old.hash, manifest["hash"], rows, datetime.now(UTC).isoformat(timespec="seconds")).write(old.path)
    gone = old.path.with_name(f".{old.path.name}-0")  # a kill leaves a hidden folder, which is swept
    shutil.rmtree(gone, ignore_errors=True)
    old.path.rename(gone)
    shutil.rmtree(gone)
    return Erased(rows, 1, (successor / ROWS_FILE).stat().st_size, frozenset(found))
