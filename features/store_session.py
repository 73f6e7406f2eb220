"""One connection to an on-line store: fields in and out by customer, each call within its time limit.

Feast reads and writes; what it cannot do is done beside it, on its own connection: deleting a customer's keys, and
giving up on a server that is slow or frozen (features/store_limits.py). Rows, ages and locks are features/store.py's.
Start reading at `Session`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np

from features import store_sqlite
from features.online import Fields
from features.store_config import Address
from features.store_errors import StoreUnavailable, quiet, told
from features.store_limits import limited_connection

PACKED: Final = b"\n"  # what stands before the numbers of a DoubleList: field 1, a length, then as IEEE has them
Coming = tuple[str, Fields, datetime, datetime]  # whose, what, as of when, known when


class Session:
    """Feast's store of one kind, opened when it is asked. One that failed is opened anew the next time.

    Args:
        config: Feast's RepoConfig.
        view: the on-line view.
        address: where the store is, for what is told.
        business: whose it is.
        timeout_s: how long a server may take to answer.
    """

    def __init__(self, config: Any, view: Any, address: Address, *, business: str, timeout_s: float) -> None:
        self._config, self._view, self._timeout_s = config, view, timeout_s
        self._address, self._business = address, business
        self._one_at_a_time = threading.Lock()  # Feast's stores hold one connection
        self._store: Any = None

    def read(self, customer_ids: Sequence[str], names: Sequence[str]) -> list[Fields | None]:
        """These fields of each customer, in their order.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        began, was_open = time.monotonic(), self._store is not None
        try:
            return self._read(customer_ids, names)
        except StoreUnavailable:
            if not was_open or time.monotonic() - began > self._timeout_s / 2:
                raise
            return self._read(customer_ids, names)  # the server hung up on us: it may have been started anew meanwhile

    def write(self, rows: Sequence[Coming]) -> None:
        """Write the fields of each customer over those that are there.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        batch = [
            (_key(customer_id), {name: _value(content) for name, content in fields.items()}, as_of, known_at)
            for customer_id, fields, as_of, known_at in rows
        ]
        with self._opened() as store:
            store.online_write_batch(self._config, self._view, batch, None)

    def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete everything under the keys of these customers; Feast has no call for it.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        keys = [self._stored_key(one) for one in customer_ids]
        delete = {"sqlite": self._remove_sqlite, "redis": self._remove_redis, "postgres": self._remove_postgres}
        with self._opened() as store:
            if keys:
                delete[self._address.kind](store, keys)

    def drop(self) -> None:
        """Delete the view's table in PostgreSQL. SQLite's goes with its file; Redis has none.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        if self._address.kind == "postgres":
            with self._opened() as store:
                store.teardown(self._config, [self._view], [])

    def close(self) -> None:
        """End the connection; the next call opens one anew."""
        with self._one_at_a_time:
            store, self._store = self._store, None
            _end(store)

    def _read(self, customer_ids: Sequence[str], names: Sequence[str]) -> list[Fields | None]:
        with self._opened() as store:
            if not customer_ids:
                return []
            if self._address.kind == "sqlite":
                keys = [self._stored_key(one) for one in customer_ids]
                return store_sqlite.read(store._get_conn(self._config), self._table, keys, names, _content)
            keys = [_key(one) for one in customer_ids]
            answers = store.online_read(self._config, self._view, keys, list(names))
        return [values and {name: _content(value) for name, value in values.items()} for _, values in answers]

    def _remove_sqlite(self, store: Any, keys: Sequence[bytes]) -> None:
        connection = store._get_conn(self._config)
        with connection:
            connection.executemany(
                f'DELETE FROM "{self._table}" WHERE entity_key = ?',  # Feast's name for its table
                [(key,) for key in keys],
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if store_sqlite.is_left(connection, keys):
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _remove_redis(self, store: Any, keys: Sequence[bytes]) -> None:
        project = self._config.project.encode()  # as Feast makes a key of Redis of an entity's key
        store._get_client(self._config.online_store).delete(*(key + project for key in keys))

    def _remove_postgres(self, store: Any, keys: Sequence[bytes]) -> None:
        from psycopg import sql

        delete = sql.SQL("DELETE FROM {} WHERE entity_key = ANY(%s)").format(sql.Identifier(self._table))
        with store._get_conn(self._config, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(delete, (list(keys),))

    @cached_property
    def _stored_key(self) -> Callable[[str], bytes]:
        """What makes a customer's id the key that a store keeps."""
        from feast.infra.key_encoding_utils import serialize_entity_key

        version = self._config.entity_key_serialization_version
        return store_sqlite.quick_key(
            lambda one: bytes(serialize_entity_key(_key(one), entity_key_serialization_version=version))
        )

    @cached_property
    def _table(self) -> str:
        """Feast's name for the table of the view."""
        from feast.infra.online_stores.helpers import compute_table_id

        versioned = self._config.registry.enable_online_feature_view_versioning
        return str(compute_table_id(self._config.project, self._view, versioned))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        if not self._one_at_a_time.acquire(timeout=self._timeout_s):
            raise StoreUnavailable(self._address.shown, reason="others wait for it", mend=self._address.mend)
        try:
            with told(self._address, self._business):
                store, self._store = self._store or self._open(), None
                try:
                    yield store
                    self._store = store
                finally:
                    if self._store is None:
                        _end(store)
        finally:
            self._one_at_a_time.release()

    def _open(self) -> Any:
        with quiet():
            from feast.infra.online_stores.helpers import get_online_store_from_config

        store = get_online_store_from_config(self._config.online_store)
        if self._address.kind == "postgres":
            store._conn = limited_connection(self._config.online_store, self._timeout_s)
        elif self._address.kind == "sqlite":
            connection = store._get_conn(self._config)
            connection.execute(f"PRAGMA busy_timeout = {self._timeout_s * 1000:.0f}")
            connection.execute("PRAGMA secure_delete = ON")  # what is deleted is not to be found in the file either
        return store


def _end(store: Any) -> None:
    """Close what a store of Feast's has open: its own `close` ends only what its asynchronous readers opened."""
    for name in ("_conn", "_client"):
        opened = getattr(store, name, None)
        if opened is not None:
            opened.close()


def _key(customer_id: str) -> Any:  # EntityKey
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey

    return EntityKey(join_keys=["customer_id"], entity_values=[_value(customer_id)])


def _value(content: Any) -> Any:  # Value: numbers, a number, a text, bytes or nothing
    from feast.protos.feast.types.Value_pb2 import Value

    if isinstance(content, np.ndarray):
        value, numbers = Value(), content.astype("<f8").tobytes()
        value.double_list_val.MergeFromString(PACKED + _varint(len(numbers)) + numbers)  # number by number takes longer
        return value
    if isinstance(content, bytes):
        return Value(bytes_val=content)
    return Value(int64_val=content) if isinstance(content, int) else Value(string_val=content)  # of None: nothing


def _content(value: Any) -> Any:  # and back
    kind = value.WhichOneof("val")
    if kind == "double_list_val":
        packed = value.double_list_val.SerializeToString()
        return np.frombuffer(packed, "<f8", offset=len(packed) - 8 * len(value.double_list_val.val)).astype(np.float64)
    return getattr(value, kind) if kind else None


def _varint(number: int) -> bytes:
    """A length as protocol buffers write it: seven bits a byte, the lowest first."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
