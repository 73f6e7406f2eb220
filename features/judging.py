"""Which rows are events: types, time zones, and why a row is refused.

Turns the table `staged` (EVENTS as text) into `judged`: typed columns, instants as int64 microseconds UTC, and a
`reason` where a row cannot be an event. The first reason that holds is given. What becomes of rows with one `event_id`
is said in features/versioning.py. Start reading at `judge`.
"""

from collections.abc import Sequence

import duckdb

from churn.errors import NaiveTime
from churn.events import NUMBERS
from churn.orders import LARGEST
from features.birthdays import KIND, month_day_sql
from features.instants import clock_us_sql, has_offset_sql, offset_us_sql
from features.log import CUSTOMER_NOW, SUPERSEDED, bucket_sql
from features.mapping import INSTANTS, TEXTS, WITHDRAWN
from features.reading import Rows
from features.sql_text import literal
from features.versioning import lay_versions

REASONS = {
    "unreadable_line": "the line has too many or too few fields, or is no UTF-8",
    "no_customer_id": "customer_id is empty",
    "no_event_type": "event_type is empty",
    "unparsable_time": "event_timestamp is empty, no date or time, year first, or names its zone by an abbreviation",
    "unparsable_ingested_at": "ingested_at is no date or time, year first, or names its zone by an abbreviation",
    "bad_amount": "amount is no finite number, or beyond a million million",
    "bad_quantity": "quantity is no finite number, or beyond a million million",
    "bad_discount_amount": "discount_amount is no finite number, or beyond a million million",
    "bad_score": "score is no finite number, or beyond a million million",
    "bad_birthday": "profile.birthday tells no month and day, or does not say which part of it is the year",
    "in_the_future": "event_timestamp lies at or after now",
    "known_in_future": "ingested_at lies at or after now, so that nobody would see the event",
    "duplicate_event_id": "this source told the same event before; a correction needs a later ingested_at",
    "told_again": "this source told the same event before, with the same content; it counts once, and this is no fault",
    "bad_withdrawn": "withdrawn is neither true nor false",
    "withdrawn_since_when": "it is withdrawn, but ingested_at does not say since when we knew",
    "withdrawn_without_id": "it is withdrawn, but event_id does not say which event",
    "already_live": "this event came over the service before; that one stays, and this row is no fault",
    "forgotten": "the customer asked to be forgotten (`churn forget`); neither their id nor the row is kept",
}
IS_BIRTHDAY = f"event_type = {literal(KIND)}"
NO_FAULT = ("forgotten", "already_live", "told_again")  # a row is left out though nothing is wrong with it
# How an expression of the mapping reads what was refused for a reason; x stands for a column.
_TIME = (
    "`strptime(x, '%d/%m/%Y %H:%M')` reads a time of another form, `to_timestamp(CAST(x AS DOUBLE))` seconds, "
    "`left(x, 16) || '+08'` says what a zone's abbreviation means"
)
_NUMBER = "`replace(x, ',', '.')` reads a decimal comma, `replace(x, '$', '')` leaves a sign out"
_DAY = "`strftime(strptime(x, '%d/%m/%Y'), '%m-%d')` reads a birthday of another form"
_OTHERS = {"bad_birthday": _DAY, "unparsable_time": _TIME, "unparsable_ingested_at": _TIME}
WAYS = _OTHERS | {f"bad_{name}": _NUMBER for name in NUMBERS}


def judge(
    connection: duckdb.DuckDBPyConnection,
    sources: list[Rows],
    *,
    now_us: int,
    known_us: int,
    buckets: int,
    taking_back: Sequence[str],
) -> int:
    """Turn `staged` into `judged`: EVENTS typed, with `bucket`, the row's place, `superseded_at` and `reason`.

    A row whose reason is null is an event, or an older version of one.

    Args:
        connection: DuckDB with `staged`.
        sources: what was staged, to name a source in an error.
        now_us: an event at or after this instant lies in the future.
        known_us: nobody can have learned of an event at or after this instant.
        buckets: into how many files the log is parted, by hash of the customer.
        taking_back: kinds of event whose amount loses its sign: some logs write a refund as a negative amount.

    Returns:
        How many rows withdraw an event; they are not in `judged` any more.

    Raises:
        NaiveTime: instants without an offset, in a source that names no `timezone`.
    """
    clocks = ", ".join(
        f"{clock_us_sql(name)} AS {name}_clock, {has_offset_sql(name)} AS {name}_told" for name in INSTANTS
    )
    connection.execute(f"CREATE TABLE clocked AS SELECT *, {clocks} FROM staged")
    connection.execute("DROP TABLE staged")
    zones = {name: _offset(connection, sources, name) for name in INSTANTS}
    typed, reason = _typed(sources, buckets, zones, taking_back), _reason(now_us, known_us)
    connection.execute(f"CREATE TABLE judged AS SELECT *, {reason} AS reason FROM ({typed})")
    connection.execute("DROP TABLE clocked")
    return lay_versions(connection)


def _offset(connection: duckdb.DuckDBPyConnection, sources: list[Rows], name: str) -> str:
    """SQL for how far `<name>_clock` is from UTC, by the zone of its source; refuses what has neither."""
    naive = connection.execute(
        f"SELECT zone, min(source), count(*), min({name}), min({name}_clock), max({name}_clock) FROM clocked "
        f"WHERE {name}_clock IS NOT NULL AND NOT {name}_told GROUP BY zone ORDER BY zone NULLS FIRST"
    ).fetchall()
    cases = ""
    for zone, source, rows, example, first_us, last_us in naive:
        if zone is None:
            raise NaiveTime(f"Column {name} of {sources[source].name} ({rows} rows, for instance {example!r})")
        cases += f"WHEN zone = {literal(zone)} THEN {offset_us_sql(f'{name}_clock', zone, first_us, last_us)} "
    return f"CASE WHEN {name}_told THEN 0 {cases}ELSE 0 END"


def _typed(sources: list[Rows], buckets: int, offsets: dict[str, str], taking_back: Sequence[str]) -> str:
    """SELECT of the columns of EVENTS with their types; whatever cannot be typed is null."""
    filled = {name: f"CASE WHEN trim({name}) <> '' THEN {name} END" for name in TEXTS}
    day = f"coalesce({filled['category']}, amount)"  # 19900504 is a number
    filled["category"] = f"CASE WHEN {IS_BIRTHDAY} THEN {month_day_sql(day)} ELSE {filled['category']} END"
    texts = ", ".join(f"{value} AS {name}" for name, value in filled.items())
    values = {name: _number(name) for name in NUMBERS}
    takes = f"event_type IN ({', '.join(map(literal, taking_back)) or 'NULL'})"
    plain = values["amount"]
    values["amount"] = f"CASE WHEN {IS_BIRTHDAY} THEN NULL WHEN {takes} THEN abs({plain}) ELSE {plain} END"
    wrong = f"{IS_BIRTHDAY} AND trim({day}) <> '' AND {month_day_sql(day)} IS NULL"
    numbers = ", ".join(f"{name} AS {name}_text, {value} AS {name}" for name, value in values.items())
    event, known = (f"{name}_clock - ({offsets[name]})" for name in INSTANTS)
    told = "coalesce(trim(ingested_at) <> '', false)"
    flag = f"TRY_CAST(trim({WITHDRAWN}) AS BOOLEAN)"
    return (
        f"SELECT source, {_origin(sources)} AS origin, {_attribute(sources)} AS attribute, part, file, row_no, "
        "CASE WHEN trim(customer_id) <> '' THEN customer_id END AS customer_id, "
        f"CASE WHEN trim(event_type) <> '' THEN event_type END AS event_type, {event} AS event_timestamp, "
        f"CASE WHEN {told} THEN {known} ELSE {event} END AS ingested_at, "
        f"{told} AS told, {told} AND ingested_at_clock IS NULL AS bad_ingested_at, {texts}, {numbers}, "
        f"coalesce({wrong}, false) AS bad_birthday, "
        f"coalesce({flag}, false) AS withdrawn, trim({WITHDRAWN}) <> '' AND {flag} IS NULL AS bad_withdrawn, emptied, "
        f"CAST(NULL AS BIGINT) AS {SUPERSEDED}, "
        f"CAST(NULL AS VARCHAR) AS {CUSTOMER_NOW}, {bucket_sql('customer_id', buckets)} AS bucket "
        "FROM clocked"
    )


def _origin(sources: list[Rows]) -> str:
    """SQL for whose ids they are: the name of the source, which others may share, or its number."""
    cases = "".join(f"WHEN {rows.position} THEN {literal(rows.source.name)} " for rows in sources if rows.source.name)
    number = "'#' || CAST(source AS VARCHAR)"
    return f"CASE source {cases}ELSE {number} END" if cases else number


def _attribute(sources: list[Rows]) -> str:
    """SQL for which attribute of a profile a row tells, '' for an event: both may have the same ids."""
    telling_events = ", ".join(str(rows.position) for rows in sources if rows.source.event_type is not None)
    is_event = f"part = 0 AND source IN ({telling_events})" if telling_events else "false"
    return f"CASE WHEN {is_event} THEN '' ELSE event_type END"


def _number(name: str) -> str:
    value = f"TRY_CAST(trim({name}) AS DOUBLE)"
    return f"CASE WHEN abs({value}) <= {LARGEST:.0f} THEN {value} + 0.0 END"  # + 0.0: no negative zero


def _reason(now_us: int, known_us: int) -> str:
    """CASE that names the first reason to refuse a row."""
    numbers = "".join(
        f"WHEN trim({name}_text) <> '' AND {name} IS NULL AND NOT coalesce({IS_BIRTHDAY}, false) THEN 'bad_{name}' "
        for name in NUMBERS
    )
    future = f"WHEN event_timestamp >= {now_us} THEN 'in_the_future' "
    known = f"WHEN ingested_at >= {known_us} THEN 'known_in_future' "
    withdrawal = (
        "CASE WHEN bad_ingested_at THEN 'unparsable_ingested_at' WHEN NOT told THEN 'withdrawn_since_when' "
        f"WHEN event_id IS NULL THEN 'withdrawn_without_id' {known}END"
    )
    return (
        f"CASE WHEN bad_withdrawn THEN 'bad_withdrawn' WHEN withdrawn THEN {withdrawal} "
        "WHEN customer_id IS NULL THEN 'no_customer_id' WHEN event_type IS NULL THEN 'no_event_type' "
        "WHEN event_timestamp IS NULL THEN 'unparsable_time' WHEN bad_ingested_at THEN 'unparsable_ingested_at' "
        f"{numbers}WHEN bad_birthday THEN 'bad_birthday' {future}{known}END"
    )
