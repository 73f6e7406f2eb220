"""From a source's own columns to those of EVENTS: expressions of DuckDB SQL over text columns.

Each mapped column is an expression (`"'order'"`, `"customer_id"`, `"upper(channel)"`); they are tried one by one, so
that a fault names its column, and then laid into the table `staged`, still as text. Attributes of a table of
profiles become events `profile.<attribute>` with their value in `category`, or in `amount` where the expression gives
a number; an empty one takes back what the event of this id said before. Files are out of reach by now: `lock` shuts
them off. Start reading at `stage`.
"""

from collections.abc import Iterator
from difflib import get_close_matches

import duckdb

from churn.errors import DataError, SettingsError
from churn.events import NUMBERS
from churn.tables import EVENTS
from features.birthdays import BIRTHDAY
from features.reading import FILE, ROW, Rows
from features.sql_text import literal, quoted

INSTANTS = ("event_timestamp", "ingested_at")
TEXTS = tuple(name for name in EVENTS.names if name not in (*INSTANTS, *NUMBERS, "customer_id", "event_type"))
PROFILE = "profile."
WITHDRAWN = "withdrawn"  # mapped like a column of EVENTS; says that the event of this id is none any more
STAGED = (*EVENTS.names, WITHDRAWN)
NUMERIC = ("INT", "DOUBLE", "FLOAT", "REAL", "DECIMAL")


class WrongExpression(DataError):
    """An expression of the mapping cannot be worked out."""

    def __init__(self, column: str, expression: str, source: Rows, why: str) -> None:
        missing = next((name for name in _named(why) if name not in source.columns), "")
        near = get_close_matches(missing, source.columns, n=1) if missing else []
        super().__init__(
            f"{column} = {expression!r} of {source.name} cannot be worked out: {why}",
            mend=(f"did you mean {near[0]!r}? " if near else "")
            + f"The source has the columns {', '.join(source.columns)}, all of them text: a constant stands in single "
            "quotes (`\"'order'\"`), and TRY_CAST(x AS DOUBLE) makes a number of a text.",
        )


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Shut off files, network and extensions, and lock it so: an expression sees its own rows only."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def create_staged(connection: duckdb.DuckDBPyConnection) -> None:
    """The empty table `staged`: EVENTS as text, with the place each row came from and the zone of its instants."""
    names = ", ".join(f"{name} VARCHAR" for name in EVENTS.names)
    connection.execute(
        "CREATE TABLE staged (source INTEGER, part INTEGER, file INTEGER, row_no BIGINT, zone VARCHAR, "
        f"{WITHDRAWN} VARCHAR, emptied BOOLEAN DEFAULT false, {names})"
    )


def stage(connection: duckdb.DuckDBPyConnection, rows: Rows) -> int:
    """Append one source to `staged`.

    Returns:
        How many rows of the source were meant (`where`).

    Raises:
        SettingsError: it names neither a kind of event nor attributes.
        WrongExpression: an expression speaks of a column that is not there, is no SQL, or fails on some row.
    """
    source = rows.source
    if source.event_type is None and not source.attributes:
        raise SettingsError(
            f"[[source]] {rows.name} names neither `event_type` nor `attributes`.",
            mend='give `event_type = "\'order\'"`, or for a table of profiles `attributes = { region = "region" }`.',
        )
    expressions = dict(_expressions(rows))
    for column, expression in expressions.items():
        _try(connection, rows, column, f"SELECT (\n{expression}\n) FROM {rows.table} LIMIT 0", expression)
    for part, (mapped, where) in enumerate(_parts(connection, rows)):
        selected = ", ".join(f"CAST((\n{expression}\n) AS VARCHAR)" for expression in mapped.values())
        insert = (
            f"INSERT INTO staged (source, part, file, row_no, zone, {', '.join(mapped)}) "
            f"SELECT {rows.position}, {part}, {FILE}, {ROW}, {_zone(source.timezone)}, {selected} "
            f"FROM {rows.table} WHERE {where}"
        )
        try:
            connection.execute(insert)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            for column, expression in expressions.items():
                _try(connection, rows, column, f"SELECT count(\n{expression}\n) FROM {rows.table}", expression)
            raise
    return int(connection.execute(f"SELECT count(*) FROM {rows.table} WHERE {_where(rows)}").fetchall()[0][0])


def _expressions(rows: Rows) -> Iterator[tuple[str, str]]:
    """Every expression of a source, by the column it stands for."""
    for name in STAGED:
        expression = getattr(rows.source, name)
        if expression is not None:
            yield name, _sql(rows, expression)
    for attribute, expression in rows.source.attributes.items():
        yield f"attributes.{attribute}", _sql(rows, expression)
    if rows.source.where is not None:
        yield "where", _sql(rows, rows.source.where)


def _sql(rows: Rows, expression: str) -> str:
    """An expression as it stands; the bare name of a column is quoted, for it may be a word of SQL such as `when`."""
    columns = {name.lower(): name for name in rows.columns}
    name = columns.get(expression.strip().lower())
    return expression if name is None else quoted(name)


def _parts(connection: duckdb.DuckDBPyConnection, rows: Rows) -> Iterator[tuple[dict[str, str], str]]:
    """What to select for the events of a source and for each of its attributes: expressions by column, condition."""
    source, where = rows.source, _where(rows)
    mapped = {name: expression for name, expression in _expressions(rows) if name in STAGED}
    if source.event_type is not None:
        yield mapped, where
    of_profile = {name: mapped[name] for name in ("customer_id", *INSTANTS, "event_id", WITHDRAWN) if name in mapped}
    for attribute, given in sorted(source.attributes.items()):
        expression = _sql(rows, given)
        described = connection.execute(f"DESCRIBE SELECT (\n{expression}\n) FROM {rows.table}").fetchall()
        number = attribute != BIRTHDAY and any(kind in str(described[0][1]) for kind in NUMERIC)
        value = {"event_type": literal(PROFILE + attribute), "amount" if number else "category": expression}
        meant = f"({_is_filled(expression)} OR {_is_true(of_profile.get(WITHDRAWN))})"
        told = f"CAST((\n{of_profile.get(WITHDRAWN, 'NULL')}\n) AS VARCHAR)"
        empty = f"CASE WHEN {meant} THEN {told} ELSE 'true' END"
        yield (
            of_profile | value | {WITHDRAWN: empty, "emptied": f"NOT {meant}"},
            f"{where} AND ({meant} OR {_is_dated(of_profile)})",
        )


def _is_filled(expression: str) -> str:
    return f"coalesce(trim(CAST((\n{expression}\n) AS VARCHAR)) <> '', false)"


def _is_true(expression: str | None) -> str:
    if expression is None:
        return "false"
    return f"coalesce(TRY_CAST(trim(CAST((\n{expression}\n) AS VARCHAR)) AS BOOLEAN), false)"


def _is_dated(mapped: dict[str, str]) -> str:
    """Whether a row says of which event it tells and since when we know: only then can it correct one."""
    if not {"event_id", "ingested_at"} <= mapped.keys():
        return "false"
    return f"({_is_filled(mapped['event_id'])} AND {_is_filled(mapped['ingested_at'])})"


def _where(rows: Rows) -> str:
    return "true" if rows.source.where is None else f"(\n{_sql(rows, rows.source.where)}\n)"


def _zone(timezone: str | None) -> str:
    return "NULL" if timezone is None else literal(timezone)


def _try(connection: duckdb.DuckDBPyConnection, rows: Rows, column: str, query: str, expression: str) -> None:
    try:
        connection.execute(query)
    except duckdb.Error as error:
        raise WrongExpression(column, expression, rows, str(error).split("\n", maxsplit=1)[0]) from error


def _named(why: str) -> list[str]:
    """Names in double quotes in a message of DuckDB."""
    return why.split('"')[1::2]
