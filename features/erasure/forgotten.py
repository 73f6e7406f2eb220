"""Who was forgotten: a list of salted hashes, which every way in asks, so that nobody comes back by themselves.

    erasure/forgotten.json    {"version", "salt", "hashes": {sha256(salt, customer_id): {"at", "request"}}}

The list names nobody. Who holds it together with its salt can still test a guess, so it is to be kept as the log is.
Start reading at `is_forgotten`.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from churn.errors import DataError
from features.atomic import write_json

VERSION = 1
FOLDER = "erasure"
LIST = "forgotten.json"
SALT_BYTES = 16


class BrokenForgotten(DataError):
    """The list of forgotten customers cannot be read, so nobody can say who may come in."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The list of forgotten customers {path} cannot be used: {why}.",
            mend="put back a copy of that file from a backup; without it forgotten customers would come back.",
        )


@dataclass(frozen=True)
class Forgotten:
    """The list of who was forgotten.

    Args:
        salt: of this business; hex.
        hashes: of each customer: when (ISO) and by which request.
    """

    salt: str = ""
    hashes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def __contains__(self, customer_id: object) -> bool:
        return bool(self.hashes) and self.hash_of(str(customer_id)) in self.hashes

    def hash_of(self, customer_id: str) -> str:
        """How the list knows a customer."""
        return hashlib.sha256((self.salt + customer_id).encode()).hexdigest()

    def among(self, customer_ids: Iterable[str]) -> set[str]:
        """Those of these customers who were forgotten."""
        return {one for one in customer_ids if one in self} if self.hashes else set()

    def blocking(self, customer_ids: Sequence[str], *, request: str, at: str) -> "Forgotten":
        """The list with these customers on it; who is there already stays as they are."""
        new = {self.hash_of(one): {"at": at, "request": request} for one in customer_ids}
        return Forgotten(self.salt, new | dict(self.hashes))

    def of(self, request: str) -> "Forgotten":
        """Those of one request: also the former ids of a customer, which nobody may be able to name any more."""
        return Forgotten(self.salt, {one: facts for one, facts in self.hashes.items() if facts["request"] == request})

    def letting_back(self, customer_ids: Sequence[str]) -> "Forgotten":
        """The list without these customers."""
        gone = {self.hash_of(one) for one in customer_ids}
        return Forgotten(self.salt, {one: facts for one, facts in self.hashes.items() if one not in gone})

    def write(self, folder: Path) -> None:
        """Put the list in its place, in the artifacts of a business; it survives a power cut."""
        path = folder / FOLDER / LIST
        write_json(path, {"version": VERSION, "salt": self.salt, "hashes": dict(sorted(self.hashes.items()))})
        for entry in (path, path.parent):
            handle = os.open(entry, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    @classmethod
    def new(cls) -> "Forgotten":
        """An empty list with a salt of its own."""
        return cls(secrets.token_hex(SALT_BYTES))

    @classmethod
    def read(cls, folder: Path) -> "Forgotten":
        """The list of a business; empty where nobody was ever forgotten.

        Raises:
            BrokenForgotten: it cannot be read, or a newer version wrote it.
        """
        path = _place(folder)
        try:
            stat = os.stat(path)  # noqa: PTH116  # asked on every request
        except FileNotFoundError:
            return cls()
        return _read(Path(path), stat.st_mtime_ns, stat.st_ino)


def is_forgotten(folder: Path, customer_ids: Iterable[str]) -> set[str]:
    """Those of these customers who were forgotten and may not come in.

    Args:
        folder: the artifacts of the business.
        customer_ids: as events name them.

    Raises:
        BrokenForgotten: the list cannot be read.
    """
    return Forgotten.read(folder).among(customer_ids)


@lru_cache(maxsize=16)
def _place(folder: Path) -> str:
    return str(folder / FOLDER / LIST)


@lru_cache(maxsize=4)
def _read(path: Path, _mtime_ns: int, _inode: int) -> Forgotten:
    """The list as the file had it at this time; asked on every request, read when it has changed."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] > VERSION:
            raise BrokenForgotten(path, f"version {content['version']} of this program wrote it, this is {VERSION}")
        return Forgotten(content["salt"], content["hashes"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenForgotten(path, f"{type(error).__name__} {error}") from error
