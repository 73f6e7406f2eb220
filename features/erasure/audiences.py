"""Audiences that were exported: the record of each, and how the forgotten leave the files that went out.

    campaigns/audiences/<export>/manifest.json      when, for whom, how many, the digest of each file and where it lies
    campaigns/audiences/<export>/members.parquet    who is on it, by id; no detail, no digest

The files themselves lie elsewhere, plain, for an upload by hand. A list that names somebody forgotten is void as a
whole: its files are deleted, where they still are what was written, and its record says that the audience at the
platform is to be replaced. Start reading at `erase_from_audiences`.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.errors import DataError
from features.atomic import write_json
from features.erasure.rewriting import customers_of, parquet_without
from features.erasure.store import NOTHING, Erased, Whom

FOLDER, MANIFEST, MEMBERS = Path("campaigns") / "audiences", "manifest.json", "members.parquet"


class BrokenRecord(DataError):
    """The record of an audience cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The record {path} of an audience cannot be used: {why}.",
            mend="put it back from a backup; or delete its folder, the files of that audience, and the audience at the "
            "platform, as nobody can say any longer who is on it.",
        )


def read_record(path: Path) -> dict[str, Any]:
    """The manifest of an export.

    Args:
        path: of the manifest.

    Raises:
        BrokenRecord: it cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return dict(found) if found["files"] is not None else {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenRecord(path, type(error).__name__) from error


def records(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every export, oldest first: the folder of its record, and its manifest."""
    for path in sorted((folder / FOLDER).glob(f"*/{MANIFEST}")):
        yield path.parent, read_record(path)


def erase_from_audiences(folder: Path, whom: Whom) -> Erased:
    """Void every audience that holds one of the customers, and drop them from its record.

    Args:
        folder: the artifacts of the business.
        whom: who goes.

    Raises:
        BrokenRecord: a record cannot be read. OSError: a file cannot be deleted; ask again.
    """
    erased = NOTHING
    for members in sorted((folder / FOLDER).glob(f"*/{MEMBERS}")):
        if not whom.among(customers_of(members)):
            continue
        manifest = read_record(members.with_name(MANIFEST))
        gone = remove_files(members.parent)
        void = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "why": "a customer on it was forgotten"}
        write_json(members.with_name(MANIFEST), manifest | {"void": void})
        erased += Erased(files=gone) + parquet_without(members, whom)
    return erased


def remove_files(record: Path) -> int:
    """Delete the files of an export that still are what was written, its manifest beside them too; how many.

    Args:
        record: the folder of its record.

    Raises:
        BrokenRecord: its manifest cannot be read.
    """
    manifest = read_record(record / MANIFEST)
    place, gone = Path(manifest["folder"]), 0
    for one in (*manifest["files"], {"name": manifest["beside"]}):
        path = place / str(one["name"])
        if not path.is_file():
            continue
        wanted = one.get("sha256")
        if wanted is None or hashlib.sha256(path.read_bytes()).hexdigest() == wanted:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def outlived(folder: Path, now: datetime) -> Iterator[tuple[Path, datetime]]:
    """Records whose files are to be gone by now, with that day.

    Args:
        folder: the artifacts of the business.
        now: by the clock on the wall.
    """
    for path, manifest in records(folder):
        until = datetime.fromisoformat(str(manifest["delete_after"]))
        if until < now:
            yield path, until
