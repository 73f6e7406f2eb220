"""Ids of what an ingest has read become pseudonyms, before anything of it is judged or written. Start at `veil`."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from features.id_map import ID_MAP
from features.pseudonyms import Pseudonyms

AT_ONCE = 100_000
TABLES = {"staged": ("customer_id", "related_customer_id"), ID_MAP: ("source_id", "customer_id")}  # columns of ids


def veil(connection: duckdb.DuckDBPyConnection, names: Pseudonyms | None) -> None:
    """Put pseudonyms in the place of the ids of events and of the id map.

    Args:
        connection: DuckDB with `staged` and `id_map`.
        names: what customers are called; None leaves them as they are.
    """
    if names is None:
        return
    for table, columns in TABLES.items():
        _veil(connection, table, columns, names)


def _veil(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], names: Pseudonyms) -> None:
    connection.execute("CREATE TEMP TABLE pseudonym (id VARCHAR, known_as VARCHAR)")
    distinct = " UNION ".join(f"SELECT {column} AS id FROM {table} WHERE {column} IS NOT NULL" for column in columns)
    reader = connection.cursor().sql(distinct).to_arrow_reader(AT_ONCE)
    for batch in reader or ():
        ids = batch.column("id").to_pylist()
        connection.register("coming", pa.table({"id": ids, "known_as": names.all_of(ids)}))
        connection.execute("INSERT INTO pseudonym FROM coming")
        connection.unregister("coming")
    for column in columns:
        connection.execute(f"UPDATE {table} SET {column} = p.known_as FROM pseudonym p WHERE {table}.{column} = p.id")
    connection.execute("DROP TABLE pseudonym")
