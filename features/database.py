"""Rows of a database as text: a table or a query behind an SQLAlchemy URL, read in chunks.

The one file that speaks SQLAlchemy. Passwords stay out of manifests and messages. Start reading at `load_database`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from churn.errors import DataError, SettingsError
from churn.sections import Source
from churn.settings import expand
from features.reading import FILE, ROW, Progress, Rows, SourceMissing, UnreadableSource, create
from features.tls import tls_mend

ROWS_A_CHUNK = 50_000


class UnknownTable(DataError):
    """A database has no table of that name."""

    def __init__(self, table: str, url: str, tables: list[str]) -> None:
        near = get_close_matches(table, tables, n=1)
        super().__init__(
            f"The database {url} has no table {table!r}.",
            mend=(f"did you mean {near[0]!r}? " if near else "") + f"It has: {', '.join(tables) or 'none'}.",
        )


def load_database(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    position: int,
    *,
    root: Path,
    environ: Mapping[str, str],
    progress: Progress,
) -> Rows:
    """Read a table or a query of a database into `raw_<position>`, every value as text.

    Raises:
        SettingsError: neither `table` nor `query`, or both; the URL is none, or its driver is not installed.
        SourceMissing: no such file of SQLite. UnknownTable: no such table.
        UnreadableSource: no such database, or a query that fails.
    """
    if (source.table is None) == (source.query is None):
        raise SettingsError(
            f"[[source]] number {position + 1} has a `url` and must name a `table` or a `query`, one of them.",
            mend='give `table = "orders"`, or `query = "SELECT ..."`.',
        )
    engine, shown = _engine(expand(source.url or "", environ), root)
    progress(f"reading {source.table or 'a query'} of {shown}")
    try:
        with engine.connect() as database:
            select = _select_table(database, source.table, shown) if source.table else sa.text(source.query or "")
            result = database.execution_options(stream_results=True).execute(select)
            columns = tuple(str(name) for name in result.keys())  # noqa: SIM118 (no mapping)
            rows = _copy(connection, result, columns, f"raw_{position}")
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).split("\n", maxsplit=1)[0]
        raise UnreadableSource(shown, why, mend=tls_mend(why)) from error
    finally:
        engine.dispose()
    origin = {"source": f"{shown} {source.table or source.query}", "rows": rows}
    return Rows(position, source, f"raw_{position}", columns, (origin,))


def _engine(url: str, root: Path) -> tuple[sa.Engine, str]:
    """The database, and its URL as it was given, without the password."""
    try:
        given = sa.make_url(url)
        return sa.create_engine(_from_root(given, root)), given.render_as_string(hide_password=True)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise SettingsError(
            f"The `url` of a [[source]] cannot be used: {error}",
            mend="give an SQLAlchemy URL, for instance postgresql+psycopg://user@host/database or sqlite:///shop.db, "
            "and install its driver.",
        ) from error


def _from_root(url: sa.URL, root: Path) -> sa.URL:
    """A relative file of SQLite starts where `path` does; one that is not there is refused, as SQLite would make it."""
    name = url.database or ":memory:"
    if url.get_backend_name() != "sqlite" or name == ":memory:" or name.startswith("file:"):
        return url
    if not (root / name).is_file():
        raise SourceMissing(str(root / name))
    return url.set(database=str(root / name))


def _select_table(database: sa.Connection, name: str, shown: str) -> sa.Select[Any]:
    """Everything of a table, which may be given as `schema.table`."""
    schema, _, table = name.rpartition(".")
    inspector = sa.inspect(database)
    tables = [*inspector.get_table_names(schema=schema or None), *inspector.get_view_names(schema=schema or None)]
    if table not in tables:
        raise UnknownTable(name, shown, sorted(tables))
    found = inspector.get_columns(table, schema=schema or None)
    columns: list[sa.ColumnClause[Any]] = [sa.column(str(column["name"])) for column in found]
    return sa.select(*columns).select_from(sa.table(table, schema=schema or None))


def _copy(
    connection: duckdb.DuckDBPyConnection, result: sa.CursorResult[Any], columns: tuple[str, ...], table: str
) -> int:
    create(connection, table, columns)
    rows = 0
    schema = pa.schema([(FILE, pa.int32()), (ROW, pa.int64()), *((name, pa.string()) for name in columns)])
    for chunk in result.partitions(ROWS_A_CHUNK):
        texts = [pa.array([_text(value) for value in values], pa.string()) for values in zip(*chunk, strict=True)]
        place = [pa.array([0] * len(chunk), pa.int32()), pa.array(range(rows + 1, rows + len(chunk) + 1), pa.int64())]
        connection.register("chunk", pa.table([*place, *texts], schema=schema))
        connection.execute(f"INSERT INTO {table} FROM chunk")
        connection.unregister("chunk")
        rows += len(chunk)
    return rows


def _text(value: Any) -> str | None:  # whatever a driver returns
    """A value as text without loss: instants in ISO form with their offset, numbers with every digit."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
