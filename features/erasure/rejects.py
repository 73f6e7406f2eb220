"""Refused rows without some customers: what they held goes, that there was a row stays. Start at `rejects_without`."""

import json
import os
from collections import Counter
from pathlib import Path

import pyarrow as pa

from features import parquet
from features.atomic import write_whole
from features.erasure.coming_in import REASON, words
from features.erasure.rewriting import KEY
from features.erasure.store import NOTHING, Erased, Whom
from features.judging import REASONS
from features.log import REJECTS, log_folder
from features.shelf import workshop
from features.writing import ROWS_A_GROUP


def rejects_without(old: Path, new: Path, whom: Whom) -> Erased:
    """Write refused rows anew, theirs as an ingest has them that refuses them; linked where none is theirs.

    Args:
        old: the file as it is; it may be missing.
        new: where it is to be.
        whom: who goes.
    """
    if not old.exists():
        return NOTHING
    with parquet.opened(old) as file:
        table = file.read()
    rows, found, count = table.to_pylist(), set[str](), 0
    for row in rows:
        theirs = whom.among({row[KEY], *_named(row["raw"])})
        if theirs:
            own = {KEY: None if row[KEY] in theirs else row[KEY]}
            row.update(own, reason=REASON, why=REASONS[REASON], raw=None)
            found, count = found | theirs, count + 1
    if not count:
        os.link(old, new)
        return NOTHING
    parquet.write_table(pa.Table.from_pylist(rows, schema=table.schema), new, row_group_size=ROWS_A_GROUP)
    return Erased(count, 1, new.stat().st_size, frozenset(found))


def empty_rejects(folder: Path) -> None:
    """Take away what refused rows held and whose they were; that they were refused, and why, stays.

    Args:
        folder: the artifacts of the business.

    Raises:
        Busy: an ingest is under way.
    """
    with workshop(folder):
        path = log_folder(folder) / REJECTS
        with parquet.opened(path) as file:
            table = file.read()
        for name in (KEY, "raw"):
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(name), pa.nulls(len(table), table.schema.types[place]))
        write_whole(path, lambda draft: parquet.write_table(table, draft))


def _named(raw: str | None) -> set[str]:
    """What in a refused row may be a customer's id."""
    if raw is None:
        return set()
    values = [str(value) for value in json.loads(raw).values() if value is not None]
    return {word for value in values for word in (value, *words(value))}


def reasons_of(rejects: Path) -> dict[str, int]:
    """How many rows were refused, by reason."""
    if not rejects.exists():
        return {}
    with parquet.opened(rejects) as file:
        counted = Counter[str](file.read(["reason"])["reason"].to_pylist())
    return dict(sorted(counted.items()))
