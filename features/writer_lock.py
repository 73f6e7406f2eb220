"""One writer at a time on an on-line store, so that nobody writes between another's look and its write.

SQLite: a file lock beside the database, since all its writers sit on one machine. PostgreSQL: an advisory lock.
Redis: a lock that ends by itself when its holder has died. Held for one batch. Knows nothing of rows.
"""

import fcntl
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from churn.sections import Store
from features.store_limits import connect

HOLD_S = 60  # longer than any batch takes
AGAIN_S = 0.05  # how often Redis is asked whether others still hold it
LEAST_S = 1.0  # what a server is given to answer, at least: a writer is in less of a hurry than a reader


class WriterLock:
    """The lock that all writers of one business's on-line store share.

    Args:
        store: `[store]` of churn.toml.
        path: the file to lock for SQLite.
        name: names the lock on a server; one a business.
        timeout_s: how long a server may take to answer; that others hold the lock is an answer.
    """

    def __init__(self, store: Store, path: Path, name: str, *, timeout_s: float) -> None:
        self._store, self._path, self._name = store, path, f"churn-writer-{name}"
        self._limit_s = max(timeout_s, LEAST_S)
        self._postgres_connection: Any = None
        self._lost: dict[str, float] = {}  # of Redis: tokens that it may have heard of, though we heard no answer; when

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

    @contextmanager
    def _redis(self) -> Iterator[None]:
        from redis.exceptions import LockNotOwnedError

        lock, token = self._redis_client.lock(self._name, timeout=HOLD_S), uuid.uuid4().hex
        began = time.monotonic()
        self._lost = {one: when for one, when in self._lost.items() if when > began - 2 * HOLD_S} | {token: began}
        self._redis_taken(lock, token)
        try:
            yield
        finally:
            with suppress(LockNotOwnedError):  # it was held for longer than HOLD_S
                lock.do_release(token)
            del self._lost[token]

    def _redis_taken(self, lock: Any, token: str) -> None:
        """Wait for the lock; take it back where a server that was frozen gave it to a writer of ours who had given up.

        Raises:
            LockError: others hold it for too long.
        """
        from redis.exceptions import LockError, LockNotOwnedError

        until = time.monotonic() + HOLD_S
        while not lock.acquire(blocking=False, token=token):
            for lost in self._lost.keys() - {token}:
                with suppress(LockNotOwnedError):
                    lock.do_release(lost)
            if time.monotonic() > until:
                raise LockError(f"others have held its lock for {HOLD_S} s")  # type: ignore[no-untyped-call,unused-ignore]
            time.sleep(AGAIN_S)

    @cached_property
    def _redis_client(self) -> Any:  # redis.Redis
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        limit = self._limit_s
        return Redis.from_url(str(self._store.url), socket_timeout=limit, socket_connect_timeout=limit, retry=once)

    @contextmanager
    def _postgres(self) -> Iterator[None]:
        connection = self._postgres_taken()
        try:
            yield
        finally:
            with self._closed_if_it_fails(connection):
                connection.rollback()  # nothing was written here; the lock ends with the transaction

    def _postgres_taken(self) -> Any:  # psycopg.Connection
        from psycopg import OperationalError

        began, was_open = time.monotonic(), self._postgres_connection is not None
        try:
            return self._postgres_asked()
        except OperationalError:
            if not was_open or time.monotonic() - began > self._limit_s / 2:
                raise
            return self._postgres_asked()  # the server hung up on us: it may have been started anew meanwhile

    def _postgres_asked(self) -> Any:
        """Wait for the lock; the server says now and then that others hold it, or it is not there."""
        from psycopg.errors import LockNotAvailable

        key, until = (zlib.crc32(self._name.encode()),), time.monotonic() + HOLD_S
        while True:
            connection = self._connection()
            with self._closed_if_it_fails(connection):
                connection.execute(f"SET LOCAL lock_timeout = '{self._limit_s * 500:.0f}ms'")
                try:
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", key)
                except LockNotAvailable:
                    connection.rollback()
                    if time.monotonic() > until:
                        raise
                else:
                    return connection

    @contextmanager
    def _closed_if_it_fails(self, connection: Any) -> Iterator[None]:
        """A connection that gave up has a command under way for ever."""
        try:
            yield
        except Exception:
            connection.close()
            raise

    def _connection(self) -> Any:
        if self._postgres_connection is None or self._postgres_connection.closed:
            plain = str(self._store.url).replace("+psycopg", "", 1)
            self._postgres_connection = connect(plain, self._limit_s)
        return self._postgres_connection
