"""The audit log: one JSON line a request, below `audit/` of the business.

    audit/<time>-<process>.jsonl    {"at", "request_id", "key", "method", "route", "status", "customers", "whose"}
    keys/audit.key                  the secret under which customers stand in `whose`

Customers stand in it as keyed hashes (BLAKE2b): who holds the key can find the lines about one customer, who holds the
lines alone cannot even test a guess. Start reading at `Line`.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from features.signing_key import made_once

FOLDER = "audit"
KEY = Path("keys") / "audit.key"
HASH_BYTES = 12
ERASED = "erased".ljust(16, "-")  # as long as a hash, so that it can stand in its place


class Line(msgspec.Struct, omit_defaults=True):
    """One request, or one act on the keys.

    Args:
        at: when. request_id: also in the answer and in the log of the service.
        key: who: the name of the key, `cli:<account>` for a command; None: nobody who was let in.
        by_page: it was a person who had logged in. address: of somebody who was not let in.
        method, route, status: what, and how it ended; no path, which may name a customer.
        customers: how many it was about. whose: their keyed hashes.
        act: what a command did.
    """

    at: datetime
    request_id: str = ""
    key: str | None = None
    by_page: bool = False
    address: str | None = None
    method: str = ""
    route: str = ""
    status: int = 0
    customers: int = 0
    whose: list[str] = []
    lost: int = 0
    act: str | None = None


encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Line).decode


def key_in(folder: Path) -> bytes:
    """The secret of this business; made where there is none."""
    return made_once(folder / KEY)


def hash_of(customer_id: str, key: bytes) -> str:
    """A customer as lines have them: 16 letters."""
    made = hashlib.blake2b(customer_id.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=HASH_BYTES)
    return base64.urlsafe_b64encode(made.digest()).decode()


def segments(folder: Path) -> list[Path]:
    """The files of a business, oldest first."""
    return sorted((folder / FOLDER).glob("*.jsonl"))


def lines(folder: Path, whose: str | None = None) -> Iterator[Line]:
    """All lines, oldest file first; those about one customer where a hash is given.

    Args:
        folder: the artifacts of the business.
        whose: a hash.
    """
    wanted = f'"{whose}"'.encode() if whose else b""
    for segment in segments(folder):
        with segment.open("rb") as file:
            for line in file:
                if wanted in line and line.endswith(b"\n"):
                    yield decode(line)
