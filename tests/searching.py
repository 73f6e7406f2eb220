"""Who is named where: every file of a business read as what it is, so that an id is found however it is packed."""

import gzip
import html
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq


def naming(folder: Path, customer_id: str) -> set[str]:
    """The files below a folder that name a customer, as paths below it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in files if is_named(path, customer_id)}


def is_named(path: Path, customer_id: str) -> bool:
    """Whether a file names a customer: in its bytes in any spelling, in a column of Parquet, in a table of SQLite."""
    content = path.read_bytes()
    spelt = {customer_id, quote(customer_id), html.escape(customer_id), json.dumps(customer_id)[1:-1]}
    if any(one.encode() in content for one in spelt):
        return True
    if content[:2] == b"\x1f\x8b":
        return customer_id.encode() in gzip.decompress(content)
    if content[:4] == b"PAR1":
        return any(customer_id in text for text in _columns(path))
    if content[:15] == b"SQLite format 3":
        return any(customer_id in text for text in _rows(path))
    return False


def _columns(path: Path) -> Iterator[str]:
    with pq.ParquetFile(path) as file:
        for name in file.schema_arrow.names:
            with suppress(NotImplementedError):
                yield str(file.read([name])[name].unique().to_pylist() if name != "vector" else "")


def _rows(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row)
