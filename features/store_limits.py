"""A connection to PostgreSQL that waits no longer than it was told, whatever the server does.

A frozen server sends nothing, so no time-out of its own helps, and Feast hands psycopg none. psycopg waits for the
socket in short steps; here each wait has an end. Redis has its time-outs in its URL (features/store_config.py).
"""

import time
from collections.abc import Generator
from functools import cache
from typing import Any

STEP_S = 0.05  # how often a wait is looked at


def limited_connection(config: Any, timeout_s: float) -> Any:
    """The connection that Feast would open, with an end to every wait.

    Args:
        config: Feast's `online_store` of kind postgres.
        timeout_s: for connecting, and for every statement.

    Returns:
        A psycopg.Connection. A wait that takes longer raises psycopg.OperationalError; then close it.
    """
    from feast.infra.utils.postgres import connection_utils

    conninfo, rest = connection_utils._get_conninfo(config), connection_utils._get_conn_kwargs(config)
    return connect(conninfo, timeout_s, client_encoding="utf8", **rest)  # a database without one would send bytes


def connect(conninfo: str, timeout_s: float, **options: Any) -> Any:
    """A psycopg.Connection with an end to every wait.

    Args:
        conninfo: as libpq reads it, a URL too.
        timeout_s: for connecting, and for every statement.
        options: of psycopg.connect.
    """
    return _connection_class(timeout_s).connect(conninfo, connect_timeout=max(2, round(timeout_s)), **options)


@cache
def _connection_class(timeout_s: float) -> Any:
    import psycopg

    class Limited(psycopg.Connection[Any]):
        """A connection that gives up."""

        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            """Wait in short steps, and not for ever."""
            kwargs["interval"] = min(STEP_S, timeout_s)
            return super().wait(_limited(gen, timeout_s), *args[1:], **kwargs)

        @classmethod
        def _connect_gen(cls, *args: Any, **kwargs: Any) -> Any:  # libpq's own least is two seconds
            return _limited(super()._connect_gen(*args, **kwargs), timeout_s)

    return Limited


def _limited(waiting: Generator[Any, Any, Any], timeout_s: float) -> Generator[Any, Any, Any]:
    """The same generator of psycopg's; told that nothing came, it waits on until its time is over."""
    from psycopg import OperationalError

    until = time.monotonic() + timeout_s
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready:
                if time.monotonic() >= until:
                    raise OperationalError(f"no answer within {timeout_s:g} s")
                continue
            wanted = waiting.send(ready)
    except StopIteration as end:
        return end.value
    finally:
        waiting.close()
