"""Which rows are events: types, time zones, and why a row is refused.

Turns the table `staged` (EVENTS as text) into `judged`: typed columns, instants as int64 microseconds UTC, and a
`reason` where a row cannot be an event. The first reason that holds is given. Of events with one `event_id` the first
by time, then by content, stays, so that the order of rows decides nothing. Start reading at `judge`.
"""

import duckdb

from churn.errors import NaiveTime
from churn.events import NUMBERS
from features.instants import local_us_sql, offset_us_sql, offsets
from features.mapping import INSTANTS, TEXTS
from features.reading import Rows

REASONS = {
    "unreadable_line": "the line has too many or too few fields, or is no UTF-8",
    "no_customer_id": "customer_id is empty",
    "no_event_type": "event_type is empty",
    "unparsable_time": "event_timestamp is empty or no ISO date or time",
    "unparsable_ingested_at": "ingested_at is no ISO date or time",
    "bad_amount": "amount is no finite number",
    "bad_quantity": "quantity is no finite number",
    "bad_discount_amount": "discount_amount is no finite number",
    "bad_score": "score is no finite number",
    "in_the_future": "event_timestamp lies at or after now",
    "duplicate_event_id": "another event of this source has the same event_id; the first one stays",
}
# The order of the log: customer, time, then everything else; within a customer the order of `Events`.
ORDER = (
    "customer_id, event_timestamp, event_type, ingested_at, score NULLS LAST, discount_amount NULLS LAST, "
    "quantity NULLS LAST, amount NULLS LAST, reason_code NULLS FIRST, category NULLS FIRST, channel NULLS FIRST, "
    "order_id NULLS FIRST, event_id NULLS FIRST, related_customer_id NULLS FIRST, text NULLS FIRST"
)


def judge(connection: duckdb.DuckDBPyConnection, sources: list[Rows], *, now_us: int | None, buckets: int) -> None:
    """Turn `staged` into `judged`: EVENTS typed, with `bucket`, the row's place, and `reason` (null: it is an event).

    Args:
        connection: DuckDB with `staged`.
        sources: what was staged, to name a source in an error.
        now_us: an event at or after this instant lies in the future; None where nothing does.
        buckets: into how many files the log is parted, by hash of the customer.

    Raises:
        NaiveTime: instants without an offset, in a source that names no `timezone`.
    """
    parsed = ", ".join(
        f"{local_us_sql(name)} AS {name}_local, {offset_us_sql(name)} AS {name}_offset" for name in INSTANTS
    )
    connection.execute(f"CREATE TABLE clocked AS SELECT *, {parsed} FROM staged")
    connection.execute("DROP TABLE staged")
    _refuse_naive(connection, sources)
    _zones(connection)
    connection.execute(f"CREATE TABLE judged AS SELECT *, {_reason(now_us)} AS reason FROM ({_typed(buckets)})")
    connection.execute("DROP TABLE clocked")
    _refuse_duplicates(connection)


def _refuse_naive(connection: duckdb.DuckDBPyConnection, sources: list[Rows]) -> None:
    for name in INSTANTS:
        naive = connection.execute(
            f"SELECT source, count(*), min({name}) FROM clocked "
            f"WHERE zone IS NULL AND {name}_local IS NOT NULL AND {name}_offset IS NULL GROUP BY source ORDER BY source"
        ).fetchall()
        for source, rows, example in naive:
            raise NaiveTime(f"Column {name} of {sources[int(source)].name} ({rows} rows, for instance {example!r})")


def _zones(connection: duckdb.DuckDBPyConnection) -> None:
    """The table `zones`: which offset each zone in use has, by time on its clock."""
    connection.execute("CREATE TABLE zones (zone VARCHAR, since BIGINT, offset_us BIGINT)")
    names = connection.execute("SELECT DISTINCT zone FROM clocked WHERE zone IS NOT NULL ORDER BY zone").fetchall()
    for (name,) in names:
        since, values = offsets(name)
        rows = [(name, int(start), int(value)) for start, value in zip(since, values, strict=True)]
        connection.executemany("INSERT INTO zones VALUES (?, ?, ?)", rows)


def _typed(buckets: int) -> str:
    """SELECT of the columns of EVENTS with their types; whatever cannot be typed is null."""
    texts = ", ".join(f"CASE WHEN trim({name}) = '' THEN NULL ELSE {name} END AS {name}" for name in TEXTS)
    numbers = ", ".join(f"{name} AS {name}_text, {_number(name)} AS {name}" for name in NUMBERS)
    joins = " ".join(
        f"ASOF LEFT JOIN zones z_{name} ON c.zone = z_{name}.zone AND c.{name}_local >= z_{name}.since"
        for name in INSTANTS
    )
    event, known = (f"c.{name}_local - coalesce(c.{name}_offset, z_{name}.offset_us)" for name in INSTANTS)
    blank = "coalesce(trim(ingested_at), '') = ''"
    return (
        "SELECT c.source, part, file, row_no, CASE WHEN trim(customer_id) = '' THEN NULL ELSE customer_id END "
        "AS customer_id, CASE WHEN trim(event_type) = '' THEN NULL ELSE event_type END AS event_type, "
        f"{event} AS event_timestamp, CASE WHEN {blank} THEN {event} ELSE {known} END AS ingested_at, "
        f"NOT {blank} AND {known} IS NULL AS bad_ingested_at, {texts}, {numbers}, "
        f"CAST(CAST('0x' || substr(md5(customer_id), 1, 8) AS UBIGINT) % {buckets} AS INTEGER) AS bucket "
        f"FROM clocked c {joins}"
    )


def _number(name: str) -> str:
    value = f"TRY_CAST(trim({name}) AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} + 0.0 END"  # + 0.0: no negative zero


def _reason(now_us: int | None) -> str:
    """CASE that names the first reason to refuse a row."""
    numbers = "".join(f"WHEN trim({name}_text) <> '' AND {name} IS NULL THEN 'bad_{name}' " for name in NUMBERS)
    future = "" if now_us is None else f"WHEN event_timestamp >= {now_us} THEN 'in_the_future' "
    return (
        "CASE WHEN customer_id IS NULL THEN 'no_customer_id' WHEN event_type IS NULL THEN 'no_event_type' "
        "WHEN event_timestamp IS NULL THEN 'unparsable_time' WHEN bad_ingested_at THEN 'unparsable_ingested_at' "
        f"{numbers}{future}END"
    )


def _refuse_duplicates(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE twice AS SELECT source, part, file, row_no FROM judged "
        "WHERE reason IS NULL AND event_id IS NOT NULL "
        f"QUALIFY row_number() OVER (PARTITION BY source, part, event_id ORDER BY event_timestamp, {ORDER}, "
        "file, row_no) > 1"
    )
    connection.execute(
        "UPDATE judged SET reason = 'duplicate_event_id' FROM twice WHERE judged.source = twice.source "
        "AND judged.part = twice.part AND judged.file = twice.file AND judged.row_no = twice.row_no"
    )
    connection.execute("DROP TABLE twice")
