"""Whose an event is, as we knew it when: events of ids that changed hands are versions under each id.

An id map says that an id of a source is another customer's from an instant on. That is a correction of *who*, so it
is laid as one (features/versioning.py): under the customer of each stretch of time the event counts from when both
event and stretch were known until the stretch ends. A merge or split therefore changes no cutoff before it, and
nothing that reads the log needs to know of it. `customer_now` names who holds the id today, where that is not who the
row stands under: erasing a person finds those rows by it. Start reading at `give_over`.
"""

from pathlib import Path

import duckdb

from features import parquet
from features.erasure.coming_in import forget_in_map, refuse_forgotten
from features.erasure.forgotten import Forgotten
from features.id_map import ID_MAP
from features.log import CUSTOMER_NOW, ID_MAP_FILE, SUPERSEDED, bucket_sql

NEVER_US = 2**62


def give_over(connection: duckdb.DuckDBPyConnection, log: Path, *, buckets: int, forgotten: Forgotten) -> None:
    """Give events to the customers of the map, refuse those of forgotten ones, keep the map beside the log."""
    rekey(connection, buckets)
    refuse_forgotten(connection, forgotten)
    forget_in_map(connection, forgotten)
    write_map(connection, log)


def rekey(connection: duckdb.DuckDBPyConnection, buckets: int) -> int:
    """Give the events of `judged` to the customers of the map.

    Args:
        connection: DuckDB with `judged` (`origin` is the source of the map) and `id_map`.
        buckets: into how many files the log is parted.

    Returns:
        How many versions stand under an id that somebody else holds today.
    """
    known, last = f"greatest(ingested_at, since_us, {-NEVER_US})", f"coalesce(until_us, {NEVER_US})"
    end = f"least(coalesce({SUPERSEDED}, {NEVER_US}), {last})"
    who = f"last_value(m.customer_id) OVER (PARTITION BY source, source_id ORDER BY since_us {_ALL})"
    connection.execute(
        "CREATE TEMP TABLE rekeyed AS SELECT judged.* REPLACE (m.customer_id AS customer_id, "
        f"{known} AS ingested_at, nullif({end}, {NEVER_US}) AS {SUPERSEDED}, "
        f"nullif(now_id, m.customer_id) AS {CUSTOMER_NOW}, {bucket_sql('m.customer_id', buckets)} AS bucket) "
        f"FROM judged JOIN (SELECT source AS held_by, source_id, m.customer_id, since_us, until_us, {who} AS now_id "
        f"FROM {ID_MAP} m) m ON judged.origin = m.held_by AND judged.customer_id = m.source_id "
        f"WHERE reason IS NULL AND {known} < {end}"
    )
    connection.execute(
        f"DELETE FROM judged WHERE reason IS NULL AND (origin, customer_id) IN (SELECT source, source_id FROM {ID_MAP})"
    )
    connection.execute("INSERT INTO judged BY NAME SELECT * FROM rekeyed")
    connection.execute("DROP TABLE rekeyed")
    count = f"SELECT count(*) FROM judged WHERE reason IS NULL AND {CUSTOMER_NOW} IS NOT NULL"
    return int(connection.execute(count).fetchall()[0][0])


_ALL = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


def write_map(connection: duckdb.DuckDBPyConnection, log: Path) -> None:
    """Keep the map beside the log that was made with it, where there is one."""
    query = (
        f"SELECT source, source_id, customer_id, since_us, until_us FROM {ID_MAP} ORDER BY source, source_id, since_us"
    )
    table = connection.sql(query).to_arrow_table()
    if table.num_rows:
        parquet.write_table(table, log / ID_MAP_FILE)
