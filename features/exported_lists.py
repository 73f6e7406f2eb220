"""Lists of campaigns that were exported, wherever they lie, as far as they still are what was written.

    campaigns/<id>/exports.json    each writing: its folder ("" for the campaign's own), its files with rows and SHA-256

What somebody edited since is theirs, and left alone. Start reading at `ours`.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churn.errors import DataError
from features.atomic import write_json
from features.treatments import EXPORTS


class BrokenExports(DataError):
    """What was noted of the lists of a campaign cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} cannot be used, and it alone tells where lists of that campaign lie.",
            mend="put it back from a backup, or remove its lists by hand and write [] into it.",
        )


def digest_of(content: bytes) -> str:
    """The SHA-256 by which a list is known again, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def ours(own: Path) -> dict[Path, frozenset[str]]:
    """Every list that was written of a campaign, with the digests it ever had.

    Args:
        own: the folder of the campaign.

    Raises:
        BrokenExports: what was noted cannot be read.
    """
    found: dict[Path, frozenset[str]] = {}
    for line in _noted(own):
        folder = Path(line["folder"]) if line["folder"] else own
        for name, told in line["files"].items():
            found[folder / name] = found.get(folder / name, frozenset()) | {str(told["sha256"])}
    return found


def is_ours(path: Path, digests: frozenset[str]) -> bool:
    """Whether a list is there, and still is what was written."""
    return path.is_file() and digest_of(path.read_bytes()) in digests


def now_reads(own: Path, path: Path, before: str) -> None:
    """Note that a list was written anew without some customers, so that it is known again.

    Args:
        own: the folder of the campaign.
        path: the list.
        before: the digest it had.

    Raises:
        BrokenExports: what was noted cannot be read.
    """
    lines = _noted(own)
    for line in lines:
        told: Mapping[str, Any] = line["files"].get(path.name, {})
        if (Path(line["folder"]) if line["folder"] else own) == path.parent and told.get("sha256") == before:
            line["files"][path.name] = {**told, "sha256": digest_of(path.read_bytes())}
    write_json(own / EXPORTS, lines)


def _noted(own: Path) -> list[dict[str, Any]]:
    path = own / EXPORTS
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []
    except (OSError, ValueError, TypeError) as error:
        raise BrokenExports(path) from error
