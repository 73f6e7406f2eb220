"""Forgotten customers at the door of an ingest: their rows become rejects that name nobody and hold nothing.

Reads and changes the tables of an ingest in DuckDB (features/judging.py). Start reading at `refuse_forgotten`.
"""

import re

import duckdb

from features.erasure.forgotten import Forgotten
from features.id_map import ID_MAP
from features.log import CUSTOMER_NOW
from features.sql_text import literal

REASON = "forgotten"
BETWEEN_FIELDS = re.compile(r"[,;|\t\"']+")


def refuse_forgotten(connection: duckdb.DuckDBPyConnection, forgotten: Forgotten) -> None:
    """Refuse the rows of forgotten customers in `judged` and `unreadable`; unname them where others' rows do.

    Args:
        connection: DuckDB with both tables.
        forgotten: the list.
    """
    if not forgotten:
        return
    connection.execute("CREATE TEMP TABLE hashes AS SELECT unnest($1) AS hash", [list(forgotten.hashes)])
    connection.execute(
        "CREATE TEMP TABLE gone AS SELECT id FROM (SELECT DISTINCT customer_id AS id FROM judged "
        "UNION SELECT DISTINCT related_customer_id FROM judged "
        f"UNION SELECT customer_id FROM {ID_MAP} UNION SELECT source_id FROM {ID_MAP}) "
        f"WHERE sha256({literal(forgotten.salt)} || id) IN (SELECT hash FROM hashes)"
    )
    ids = "(SELECT id FROM gone)"
    theirs, related = f"(customer_id IN {ids} OR {CUSTOMER_NOW} IN {ids})", f"related_customer_id IN {ids}"
    connection.execute(
        f"UPDATE judged SET reason = '{REASON}', customer_id = NULL, {CUSTOMER_NOW} = NULL WHERE {theirs} "
        f"OR (reason IS NOT NULL AND {related})"  # what is refused is kept as it came, so it would still name them
    )
    connection.execute(f"UPDATE judged SET related_customer_id = NULL WHERE {related}")
    lines = connection.execute("SELECT source, file, row_no, line FROM unreadable").fetchall()
    for *place, line in lines:
        if forgotten.among(words(line or "")):
            connection.execute(
                "UPDATE unreadable SET why = '', line = NULL WHERE source = $1 AND file = $2 AND row_no = $3", place
            )
    connection.execute("DROP TABLE gone; DROP TABLE hashes")


def forget_in_map(connection: duckdb.DuckDBPyConnection, forgotten: Forgotten) -> None:
    """Take out of the table `id_map` every id that was ever theirs."""
    ids = connection.execute(f"SELECT source_id FROM {ID_MAP} UNION SELECT customer_id FROM {ID_MAP}").fetchall()
    gone = sorted(forgotten.among(one for (one,) in ids))
    connection.execute(
        f"DELETE FROM {ID_MAP} WHERE (source, source_id) IN (SELECT (source, source_id) FROM {ID_MAP} "
        "WHERE list_contains($1, source_id) OR list_contains($1, customer_id))",
        [gone],
    )


def words(line: str) -> set[str]:
    """What may be a customer's id in a line that is no row."""
    return {part.strip() for part in BETWEEN_FIELDS.split(line)} | {line.strip()}
