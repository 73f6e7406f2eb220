"""One writer at a time on an on-line store, so that nobody writes between another's look and its write.

SQLite: a file lock beside the database, since all its writers sit on one machine. PostgreSQL: an advisory lock.
Redis: a lock that ends by itself when its holder has died. Held for one batch. Knows nothing of rows.
"""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from churn.sections import Store
from features.store_limits import connect

HOLD_S = 60  # longer than any batch takes


class WriterLock:
    """The lock that all writers of one business's on-line store share.

    Args:
        store: `[store]` of churn.toml.
        path: the file to lock for SQLite.
        name: names the lock on a server; one a business.
    """

    def __init__(self, store: Store, path: Path, name: str) -> None:
        self._store, self._path, self._name = store, path, f"churn-writer-{name}"
        self._postgres_connection: Any = None

    def hold(self) -> AbstractContextManager[Any]:
        """Wait for the lock, hold it for the block."""
        if self._store.online == "sqlite":
            return self._file()
        return self._redis() if self._store.online == "redis" else self._postgres()

    def close(self) -> None:
        """End the connection to the server, if there is one; who holds next opens another."""
        if self._postgres_connection is not None:
            self._postgres_connection.close()
        if "_redis_client" in self.__dict__:
            self._redis_client.close()

    @contextmanager
    def _file(self) -> Iterator[None]:
        with self._path.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def _redis(self) -> AbstractContextManager[Any]:
        lock: AbstractContextManager[Any] = self._redis_client.lock(self._name, timeout=HOLD_S, blocking_timeout=HOLD_S)
        return lock

    @cached_property
    def _redis_client(self) -> Any:  # redis.Redis
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        return Redis.from_url(str(self._store.url), socket_timeout=5, socket_connect_timeout=2, retry=once)

    @contextmanager
    def _postgres(self) -> Iterator[None]:
        from psycopg import OperationalError

        was_open = self._postgres_connection is not None
        try:
            transaction = self._postgres_taken()
        except OperationalError:
            if not was_open or not self._postgres_connection.closed:
                raise
            transaction = self._postgres_taken()  # the server hung up on us: it may have been started anew meanwhile
        with transaction:
            yield

    def _postgres_taken(self) -> Any:  # psycopg.Transaction
        key = (zlib.crc32(self._name.encode()),)
        with ExitStack() as stack:
            connection = self._connection()
            stack.enter_context(connection.transaction())
            connection.execute("SELECT pg_advisory_xact_lock(%s)", key)  # ends with the transaction
            return stack.pop_all()

    def _connection(self) -> Any:  # psycopg.Connection
        if self._postgres_connection is None or self._postgres_connection.closed:
            plain = str(self._store.url).replace("+psycopg", "", 1)
            self._postgres_connection = connect(plain, HOLD_S)
        return self._postgres_connection
