"""Rows of a source as text: CSV, gzip CSV, Parquet (a file or a glob) or a database, into a table of DuckDB.

Every column is read as text, so that the id `00001` stays `00001`; Parquet and database types are written out without
loss, instants in ISO form with their offset. A line that is no row of its table (too many or too few fields, no UTF-8)
is set aside as a rejected row. Knows nothing of EVENTS. Start reading at `load`.
"""

import csv
import glob
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from churn.errors import DataError, SettingsError, WrongColumns
from churn.sections import Source
from churn.settings import expand
from features.sql_text import literal, quoted

Progress = Callable[[str], None]
FILE, ROW = "__file", "__row"  # which file of the source, and which row of it, counted from 1
DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 1 << 20


class SourceMissing(DataError):
    """A source names a file that is not there."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"There is no file {path}.",
            mend="correct `path`, or the `url` of an SQLite database, in its [[source]]; it is relative to the folder "
            "of the toml, and a `path` may be a glob such as `orders-*.csv.gz`.",
        )


class UnreadableSource(DataError):
    """A file or database of a source cannot be read."""

    def __init__(self, what: str, why: str, *, mend: str | None = None) -> None:
        super().__init__(
            f"{what} cannot be read: {why}",
            mend=mend
            or "export it again as UTF-8 CSV with a header line, gzip CSV or Parquet; "
            "for a database, check url and access.",
        )


@dataclass(frozen=True)
class Rows:
    """A source as it was read.

    Args:
        position: which [[source]] it is, from 0.
        source: its settings.
        table: the table of DuckDB that holds its rows as text, with `FILE` and `ROW`.
        columns: the source's own columns.
        origins: what was read: name, size and sha256 of each file, or the database without its password.
    """

    position: int
    source: Source
    table: str
    columns: tuple[str, ...]
    origins: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """The source as people know it: its path or database, as the settings give it."""
        return str(self.origins[0]["source"])

    def origin_name(self, index: int) -> str:
        """The file, by its number, or the table of a database."""
        origin = self.origins[index]
        return str(origin.get("file", origin["source"]))


def load(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    position: int,
    *,
    root: Path,
    environ: Mapping[str, str],
    progress: Progress,
) -> Rows:
    """Read one source into the table `raw_<position>`; unreadable lines go to the table `unreadable`.

    Raises:
        SettingsError: it names neither or both of `path` and `url`, or a variable is not set.
        SourceMissing: no such file. UnreadableSource: no such kind of file, or it is broken.
        WrongColumns: two files of one glob have different columns.
    """
    if (source.path is None) == (source.url is None):
        raise SettingsError(
            f"[[source]] number {position + 1} must name a `path` or a `url`, one of them.",
            mend='give `path = "orders.csv.gz"`, or `url = "postgresql://..."` with `table` or `query`.',
        )
    if source.path is None:
        from features.database import load_database

        return load_database(connection, source, position, root=root, environ=environ, progress=progress)
    table, origins = f"raw_{position}", []
    columns: list[str] = []
    for index, path in enumerate(files_of(root, expand(source.path, environ))):
        progress(f"reading {path.name}")
        found = _load_file(connection, path, index, position)
        columns = columns or found
        if sorted(found) != sorted(columns):
            raise WrongColumns(path.name, expected=columns, found=found)
        if index == 0:
            connection.execute(f"ALTER TABLE incoming RENAME TO {table}")
        else:
            connection.execute(f"INSERT INTO {table} BY NAME FROM incoming")
            connection.execute("DROP TABLE incoming")
        origins.append({"source": source.path, "file": path.name} | _fingerprint(path))
    return Rows(position, source, table, tuple(columns), tuple(origins))


def create(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """An empty table of text with these columns."""
    names = "".join(f", {quoted(name)} VARCHAR" for name in columns)
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({FILE} INTEGER, {ROW} BIGINT{names})")


def files_of(root: Path, path: str) -> list[Path]:
    """The files of a path or glob, in order. Raises SourceMissing."""
    wanted = str(root / path)
    found = sorted(glob.glob(wanted, recursive=True)) if glob.has_magic(path) else [wanted]  # noqa: PTH207 (absolute)
    files = [Path(name) for name in found if Path(name).is_file()]
    if not files:
        raise SourceMissing(wanted)
    return files


def _load_file(connection: duckdb.DuckDBPyConnection, path: Path, index: int, position: int) -> list[str]:
    """One file into the table `incoming`; its columns."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
        columns = _load_parquet(connection, path) if magic == b"PAR1" else _load_csv(connection, path, position, index)
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableSource(str(path), str(error).split("\n", maxsplit=1)[0]) from error
    connection.execute(f"ALTER TABLE incoming ADD COLUMN {FILE} INTEGER DEFAULT {index}")
    return columns


def _load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    scan = f"read_parquet({literal(str(path))})"
    columns = [str(name) for name, *_ in connection.execute(f"DESCRIBE FROM {scan}").fetchall()]
    texts = "".join(f", CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in columns)
    connection.execute(f"CREATE TABLE incoming AS SELECT row_number() OVER () AS {ROW}{texts} FROM {scan}")
    return columns


def _load_csv(connection: duckdb.DuckDBPyConnection, path: Path, position: int, index: int) -> list[str]:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    delimiter, columns = _header(path, packed=packed)
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    tag = f"{position}_{index}"
    scan = (
        f"read_csv({literal(str(path))}, columns = {{{types}}}, header = true, auto_detect = false, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', compression = '{'gzip' if packed else 'none'}', "
        f"store_rejects = true, rejects_table = 'lines_{tag}', rejects_scan = 'scans_{tag}')"
    )
    connection.execute(f"CREATE TABLE incoming AS SELECT row_number() OVER () AS {ROW}, * FROM {scan}")
    _set_aside(connection, f"lines_{tag}", position, index)
    return columns


def _header(path: Path, *, packed: bool) -> tuple[str, list[str]]:
    """The delimiter and the columns of a CSV file, from its first line."""
    with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as stream:
        line = stream.readline()
    delimiter = max(DELIMITERS, key=line.count)
    columns = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    lowered = [name.lower() for name in columns]  # SQL names know no case
    if not columns or "" in columns or len(set(lowered)) < len(columns):
        raise UnreadableSource(str(path), f"its first line must name every column once, but it is {line[:200]!r}.")
    return delimiter, columns


def _set_aside(connection: duckdb.DuckDBPyConnection, lines: str, position: int, index: int) -> None:
    """Move unreadable lines to `unreadable`, and count the rows that were read past them."""
    connection.execute(
        f"INSERT INTO unreadable SELECT {position}, {index}, line - 1, first(error_message), first(trim(csv_line)) "
        f"FROM {lines} GROUP BY line"
    )
    counted = (
        "SELECT row_no, row_number() OVER (ORDER BY row_no) AS rank FROM unreadable "
        f"WHERE source = {position} AND file = {index}"
    )
    past = f"SELECT row_no - rank + 1 AS past, max(rank) AS rank FROM ({counted}) GROUP BY past"
    connection.execute(
        f"UPDATE incoming SET {ROW} = incoming.{ROW} + __moved.rank FROM (SELECT i.{ROW}, p.rank FROM incoming i "
        f"ASOF JOIN ({past}) p ON i.{ROW} >= p.past) AS __moved WHERE incoming.{ROW} = __moved.{ROW}"
    )


def _fingerprint(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in _chunks(stream.read):
            digest.update(chunk)
    return {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK_BYTES):
        yield chunk
