"""Corrections: rows of one event, told at different times, become versions of it; or one of them stays.

Rows of one source (or of sources of one `name`) with one `event_id` are one event. Where each of them says when it
reached us, and they differ, they are its *versions*: each counts until the next one was known, or a withdrawal. The
same content told again counts once. Where a row does not say when it reached us, nobody can say who knew what when:
the first row by time, then by content, stays. So the order of rows decides nothing. Works on the table `judged` of
features/judging.py. Start reading at `lay_versions`.
"""

import duckdb

from churn.tables import EVENTS
from features.log import CUSTOMER_NOW, SUPERSEDED

# The order of events in the log: customer, time, then everything else; within a customer the order of `Events`.
ORDER = (
    "customer_id, event_timestamp, event_type, ingested_at, score NULLS LAST, discount_amount NULLS LAST, "
    "quantity NULLS LAST, amount NULLS LAST, reason_code NULLS FIRST, category NULLS FIRST, channel NULLS FIRST, "
    "order_id NULLS FIRST, event_id NULLS FIRST, related_customer_id NULLS FIRST, text NULLS FIRST"
)
LOG_ORDER = f"{ORDER}, {SUPERSEDED} NULLS LAST, {CUSTOMER_NOW} NULLS LAST"
_EVENT = "origin, attribute, event_id"
_PLACE = ("source", "part", "file", "row_no")
_FIRST = f"event_timestamp NULLS FIRST, {ORDER}, {', '.join(_PLACE)}"
_SAYS = ", ".join(name for name in EVENTS.names if name not in ("ingested_at", "event_id"))


def lay_versions(connection: duckdb.DuckDBPyConnection) -> int:
    """Give rows of `judged` their `superseded_at`, and duplicates their reason; take withdrawals out.

    Args:
        connection: DuckDB with `judged`: EVENTS typed, `origin` (whose ids they are), `attribute` (of a profile; ''),
            `told` (the source says when the row reached us), `withdrawn`, `emptied` (an attribute that is empty takes
            back what it said), `reason`, and `superseded_at`, empty.

    Returns:
        How many rows of sources were withdrawals.
    """
    connection.execute(
        f"CREATE TABLE repeated AS SELECT {_EVENT}, bool_and(told) AS all_told FROM judged "
        "WHERE reason IS NULL AND event_id IS NOT NULL GROUP BY ALL HAVING count(*) > 1"
    )
    if connection.execute("SELECT count(*) FROM repeated").fetchall() == [(0,)]:
        return _take_out_withdrawals(connection)
    mine = f"FROM judged JOIN repeated USING ({_EVENT}) WHERE reason IS NULL"
    _mark(connection, "'duplicate_event_id'", "reason", _later(mine))
    first = f"withdrawn AND NOT emptied DESC, emptied, {_FIRST}"
    at_once = f"row_number() OVER (PARTITION BY {_EVENT}, ingested_at ORDER BY {first}) > 1"
    _mark(connection, "'duplicate_event_id'", "reason", f"SELECT {_places()} {mine} AND all_told QUALIFY {at_once}")
    says = f"CASE WHEN NOT withdrawn THEN row({_SAYS}) END AS says"
    told = f"SELECT {_places()}, ingested_at, {_EVENT}, {says} {mine} AND all_told"
    in_turn = f"OVER (PARTITION BY {_EVENT} ORDER BY ingested_at)"
    again = f"row_number() {in_turn} > 1 AND lag(says) {in_turn} IS NOT DISTINCT FROM says"
    _mark(connection, "'told_again'", "reason", f"SELECT {_places()} FROM ({told}) AS judged QUALIFY {again}")
    newer = f"SELECT {_places()}, lead(ingested_at) OVER (PARTITION BY {_EVENT} ORDER BY ingested_at) AS since"
    _mark(connection, "found.since", SUPERSEDED, f"SELECT * FROM ({newer} {mine} AND all_told) WHERE since IS NOT NULL")
    return _take_out_withdrawals(connection)


def _later(mine: str) -> str:
    """All but the first row of each event of which somebody did not say when it reached us."""
    nth = f"row_number() OVER (PARTITION BY {_EVENT} ORDER BY emptied, {_FIRST})"
    return f"SELECT {_places()} {mine} AND NOT all_told QUALIFY {nth} > 1"


def _places() -> str:
    return ", ".join(f"judged.{name}" for name in _PLACE)


def _mark(connection: duckdb.DuckDBPyConnection, value: str, column: str, query: str) -> None:
    """Set a column of the rows that a query finds."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS {query}")
    same = " AND ".join(f"judged.{name} = found.{name}" for name in _PLACE)
    connection.execute(f"UPDATE judged SET {column} = {value} FROM found WHERE {same}")


def _take_out_withdrawals(connection: duckdb.DuckDBPyConnection) -> int:
    gone = "FROM judged WHERE reason IS NULL AND withdrawn AND NOT emptied"
    counted = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT source, file, row_no {gone})").fetchall()
    connection.execute(f"DELETE {gone}")
    connection.execute("DELETE FROM judged WHERE emptied")
    return int(counted[0][0])
