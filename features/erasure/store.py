"""A store of ours: what it keeps, where, for how long, in which version, and how it drops one customer.

Each room offers the stores it writes; cli/stores.py lists them all, and a test finds no file of a business that none
of them owns. `erase` rewrites only what holds one of the customers, and may be run again at any time. Start reading
at `Store`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.erasure.forgotten import Forgotten


@dataclass(frozen=True)
class Whom:
    """Whose rows are to go: named, or only known to be on the list of the forgotten.

    Args:
        ids: those who are named.
        listed: whoever is on this list goes too; after a backup came back nobody can name them any more.
    """

    ids: frozenset[str] = frozenset()
    listed: Forgotten = field(default_factory=Forgotten)

    def among(self, customer_ids: Iterable[Any]) -> set[str]:
        """Those of these customers whose rows are to go."""
        held = {one for one in customer_ids if isinstance(one, str)}
        return (held & self.ids) | self.listed.among(held - self.ids)

    def and_also(self, customer_ids: Iterable[str]) -> "Whom":
        """With these, who have become known meanwhile."""
        return Whom(self.ids | frozenset(customer_ids), self.listed)


@dataclass(frozen=True)
class Erased:
    """What erasing from a store did.

    Args:
        rows: rows, lines or keys that are gone.
        files: files that were written anew. bytes_written: how much of them.
        found: customers of whom something was there.
    """

    rows: int = 0
    files: int = 0
    bytes_written: int = 0
    found: frozenset[str] = frozenset()

    def __add__(self, other: "Erased") -> "Erased":
        return Erased(
            self.rows + other.rows,
            self.files + other.files,
            self.bytes_written + other.bytes_written,
            self.found | other.found,
        )

    def as_json(self) -> Mapping[str, int]:
        """For the receipt, which names nobody."""
        return {"rows": self.rows, "files": self.files, "bytes_written": self.bytes_written}


NOTHING = Erased()
Erase = Callable[[Path, Whom], Erased]  # the artifacts of a business, and who goes


@dataclass(frozen=True)
class Store:
    """Files of one kind among the artifacts of a business, or keys on a server.

    Args:
        name: for the receipt.
        what: a sentence for people.
        places: globs below the artifacts of the business.
        kept: how long: a setting of [retention], or in words.
        back_up: whether it is to be backed up; otherwise `anew` makes it again, where it is needed at all.
        anew: the command that makes it from what was backed up.
        version: of its form; what a newer version wrote is refused.
        erase: drops customers; None where it never holds one.
        is_door: something may be on its way in while the others forget, so that it is looked at again at the end.
    """

    name: str
    what: str
    places: tuple[str, ...]
    kept: str
    back_up: bool = True
    anew: str = ""
    version: int = 1
    erase: Erase | None = None
    is_door: bool = False

    def files(self, folder: Path) -> list[Path]:
        """What of it is there."""
        return sorted({path for place in self.places for path in folder.glob(place) if path.is_file()})
