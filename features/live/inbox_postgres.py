"""The inbox in PostgreSQL: tables of one business, `synchronous_commit` as the server has it, but never off."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from features.live.inbox import InboxUnavailable
from features.live.inbox_sql import SqlLedger, going_on, schema
from features.store_limits import connect

ANSWER_S = 10  # of a frozen server, too, which keeps no time itself


class PostgresLedger(SqlLedger):
    """The ledger of one business on a server.

    Args:
        url: postgresql://user@host/database.
        slug: of the business; names its tables.
        begins_after: up to which event the log has those of an inbox before this one.
    """

    def __init__(self, url: str, slug: str, begins_after: int = 0) -> None:
        super().__init__(f"churn_live_{slug.replace('-', '_')}_", "%s", " FOR UPDATE")
        self._url, self._begins_after = url.replace("+psycopg", "", 1), begins_after
        self._connection: Any = None  # psycopg.Connection

    def close(self) -> None:
        """End the connection; the next call opens it anew."""
        with self._one_at_a_time:
            self._end()

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Any]:
        del writes
        import psycopg

        with self._one_at_a_time:
            try:
                connection = self._opened()
                with connection.transaction(), connection.cursor() as cursor:
                    yield cursor
            except (psycopg.Error, OSError) as error:
                self._end()
                raise InboxUnavailable("PostgreSQL", str(error).strip()) from error

    def _opened(self) -> Any:
        if self._connection is None or self._connection.closed:
            connection = connect(self._url, ANSWER_S, autocommit=True)
            self._connection = connection
            if connection.execute("SHOW synchronous_commit").fetchone() == ("off",):
                connection.execute("SET synchronous_commit = on")
            connection.execute(f"SET statement_timeout = '{ANSWER_S}s'")
            with connection.transaction():  # two that make the tables at once would stand in each other's way
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (zlib.crc32(self._prefix.encode()),))
                for statement in schema(self._prefix):
                    connection.execute(statement)
            connection.execute(going_on(self._prefix, self._begins_after))
        return self._connection

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
