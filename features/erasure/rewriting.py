"""Files without some customers: Parquet and CSV, written beside their place and put there in one step.

A file that holds none of the customers is read in one column and left alone. Start reading at `parquet_without`.
"""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features import parquet
from features.atomic import write_whole
from features.erasure.store import NOTHING, Erased, Whom

KEY = "customer_id"
RELATED = "related_customer_id"


def customers_of(path: Path, column: str = KEY) -> set[str]:
    """The customers that a column of a Parquet file names."""
    with parquet.opened(path) as file:
        found: set[str] = set()
        for group in range(file.num_row_groups):
            found.update(pc.unique(file.read_row_group(group, [column])[column]).to_pylist())
    return found - {None}


def rows_of(table: pa.Table, customers: set[str], column: str = KEY) -> pa.ChunkedArray:
    """Which rows of a table are of these customers."""
    return pc.is_in(table[column], value_set=pa.array(sorted(customers), type=table.schema.field(column).type))


def unrelated(table: pa.Table, related: set[str]) -> pa.Table:
    """A table of events in which nobody names these customers as related; the events stay."""
    if not related:
        return table
    column = table[RELATED]
    named = pc.if_else(rows_of(table, related, RELATED), pa.scalar(None, column.type), column)
    return table.set_column(table.schema.get_field_index(RELATED), table.schema.field(RELATED), named)


def parquet_without(path: Path, whom: Whom) -> Erased:
    """Drop customers from a Parquet file.

    Raises:
        OSError: the disk is full; the file stays as it was.
    """
    found = whom.among(customers_of(path))
    if not found:
        return NOTHING
    rows: list[int] = []
    write_whole(path, lambda draft: rows.append(fill_without(path, draft, found)))
    return Erased(sum(rows), 1, path.stat().st_size, frozenset(found))


def fill_without(path: Path, draft: Path, customers: set[str]) -> int:
    """Write a Parquet file's rows but those of some customers, group by group; how many these were."""
    rows = 0
    with parquet.opened(path) as file, parquet.writer(draft, file.schema_arrow) as kept:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            theirs = rows_of(table, customers)
            rows += pc.sum(theirs).as_py() or 0
            kept.write_table(table.filter(pc.invert(theirs)))
    return rows


def csv_without(path: Path, whom: Whom) -> Erased:
    """Drop customers from a CSV file with a head line, as spreadsheets read it."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    found = whom.among(name for line in lines for name in _names(line[KEY]))
    if not found:
        return NOTHING
    kept = [line for line in lines if not found.intersection(_names(line[KEY]))]

    def fill(draft: Path) -> None:
        with draft.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, fieldnames=list(lines[0]))
            writer.writeheader()
            writer.writerows(kept)

    write_whole(path, fill)
    return Erased(len(lines) - len(kept), 1, path.stat().st_size, frozenset(found))


def _names(cell: str) -> set[str]:
    """Whom a cell may name: where it looks like a formula, an apostrophe was put before the id (churn/cells.py)."""
    return {cell, cell.removeprefix("'")}
