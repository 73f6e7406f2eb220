"""The hash of a snapshot: of its rows, however they are parted and ordered, and of what they mean.

Who made a snapshot, from which log, does not belong to it, nor do words. Start reading at `named`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.snapshot_file import CONTENT_SIZE, content_of, digest, row_groups


def named(content: int, manifest: Mapping[str, Any]) -> str:
    """The hash of rows and of what they mean."""
    meaning = {name: manifest[name] for name in ("definition", "cutoffs", "observed_until")}
    return digest(content, manifest["rows"], meaning | {"feature_set_hash": manifest["feature_set"]["hash"]})


def hash_of(rows_path: Path, manifest: Mapping[str, Any]) -> str:
    """The hash that the rows of a file have together with what a manifest says they mean.

    Raises:
        WrongColumns: the file's columns are not those of the manifest.
    """
    names = manifest["feature_set"]["names"]
    content = sum(content_of(group, names) for group in row_groups(rows_path, names)) % CONTENT_SIZE
    return named(content, manifest)
