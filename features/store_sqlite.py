"""Rows out of the table that Feast's SQLite store keeps, a customer a row: what serving reads for every answer.

Feast keeps a line a field, reads the time of each and turns every key into a message first; that takes three times as
long. The table is Feast's, and so is every write. Keys are made from one that Feast itself made, as long as its form is
what it was; otherwise it is asked for each. Start reading at `read`.
"""

import mmap
import sqlite3
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from features.online import Fields

SPECIMEN = "a customer"
MOST_SOUGHT = 8  # keys that a file is searched for one by one
FEW = 2  # fields that are picked out of a row, with which its vector is not read; of more, all are read


def read(
    connection: sqlite3.Connection,
    table: str,
    keys: Sequence[bytes],
    names: Sequence[str],
    content: Callable[[Any], Any],
) -> list[Fields | None]:
    """These fields of each key, in their order; None where there is no line of it.

    Args:
        connection: to the file.
        table: Feast's name for it.
        keys: as Feast stores them.
        names: of fields.
        content: turns a value of Feast's into what it says.
    """
    from feast.protos.feast.types.Value_pb2 import Value

    by_key: dict[bytes, dict[str, Any]] = {}
    some = names if len(names) <= FEW else ()
    for key, name, blob in connection.execute(_query(table, len(keys), len(some)), [*keys, *some]):
        if (fields := by_key.get(key)) is None:
            fields = by_key[key] = dict.fromkeys(names)
        if name in fields and blob is not None:
            fields[name] = content(Value.FromString(blob))
    return [by_key.get(key) for key in keys]


@lru_cache(maxsize=128)  # by how many are asked at once: up to 64 of a request
def _query(table: str, keys: int, names: int) -> str:
    asked, wanted = ", ".join("?" * keys), ", ".join("?" * names)
    only = f" AND feature_name IN ({wanted})" if names else ""
    return f'SELECT entity_key, feature_name, value FROM "{table}" WHERE entity_key IN ({asked}){only}'


def quick_key(made: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """What makes a customer's key: by writing the id into Feast's form where that is the known one, else Feast.

    Args:
        made: Feast's own way.
    """
    specimen, end = made(SPECIMEN), _counted(SPECIMEN)
    head = specimen.removesuffix(end)
    if head == specimen or made("客 2") != head + _counted("客 2"):
        return made
    return lambda customer_id: head + _counted(customer_id)


def _counted(text: str) -> bytes:
    letters = text.encode()
    return struct.pack("<I", len(letters)) + letters


def is_left(connection: sqlite3.Connection, keys: Sequence[bytes]) -> bool:
    """Whether the file may still hold one of these keys, which no row has any more.

    SQLite overwrites what it deletes, but a page that was split or rebuilt may keep a copy of a row that moved.

    Args:
        connection: to the file, with nothing left in its log.
        keys: that were deleted; of many it is not looked for each, they may be.
    """
    if len(keys) > MOST_SOUGHT:
        return True
    (path,) = (row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:  # noqa: PTH123
        return any(content.find(key) >= 0 for key in keys)
