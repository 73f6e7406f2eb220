"""Snapshots that had to change because a customer is forgotten: where the old one stood, a stone names the new one.

    snapshots/<hash12>.erased.json    {"hash", "successor", "rows", "at"}: rows that went, and where the others are

Models, champions and cards name the snapshot they learned from; `standing` leads from that name to what is left of it.
Where the snapshot itself stands (the customer came back, the same rows were frozen anew) it counts, not the stone.
Reads and writes stones only; features/erasure/snapshots.py makes the new snapshot.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from churn.errors import DataError
from features.atomic import write_json

MANIFEST = "manifest.json"  # of a snapshot that stands
STONE = ".erased.json"


class ErasedSnapshot(DataError):
    """Rows of a snapshot had to go, so under its old hash it is no more."""

    def __init__(self, path: Path, successor: Path) -> None:
        super().__init__(
            f"The snapshot {path.name} is no more: a customer in it was forgotten, or its form is an older one.",
            mend=f"read {successor}, which holds the rows that are left.",
        )


@dataclass(frozen=True)
class Stone:
    """What stands in the place of an erased snapshot.

    Args:
        hash: of the erased one. successor: of the one that holds the other rows.
        rows: how many went. at: when, ISO. why: erased, or migrated where only its hash is another one.
    """

    hash: str
    successor: str
    rows: int
    at: str
    why: str = "erased"

    def write(self, path: Path) -> None:
        """Put it where the snapshot `path` stood."""
        write_json(_stone_of(path), asdict(self))


def stones(folder: Path) -> list[Stone]:
    """All stones of a business."""
    return [_read(path) for path in sorted((folder / "snapshots").glob(f"*{STONE}"))]


def ancestors(hashes: Iterable[str], all_stones: Iterable[Stone]) -> set[str]:
    """These snapshots and all that they are what is left of: who was in one of these was in each of those."""
    before: dict[str, set[str]] = {}
    for stone in all_stones:
        before.setdefault(stone.successor, set()).add(stone.hash)
    found: set[str] = set()
    waiting = list(hashes)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += before.get(one, ())
    return found


def standing(path: Path) -> Path:
    """The folder of a snapshot, or of what is left of it."""
    seen: set[Path] = set()
    while not (path / MANIFEST).exists() and _stone_of(path).exists() and path not in seen:
        seen.add(path)
        path = path.parent / _read(_stone_of(path)).successor[: len(path.name)]
    return path


def _stone_of(path: Path) -> Path:
    return path.with_name(path.name + STONE)


def _read(path: Path) -> Stone:
    return Stone(**json.loads(path.read_text(encoding="utf-8")))
