"""Rows out of Feast's SQLite table: whichever fields are asked for, of whomever, in their order."""

import sqlite3

import pytest

from features.store_errors import quiet
from features.store_sqlite import FEW, read

NAMES = ("as_of_us", "known_at_us", "stage", "vector")
KEYS = (b"one", b"two", b"three")


@pytest.mark.parametrize("count", range(1, len(NAMES) + 1))
def test_fields_that_are_asked_for_are_those_of_each_key(count: int) -> None:
    with quiet():
        from feast.protos.feast.types.Value_pb2 import Value

    said: list[str] = []
    connection = sqlite3.connect(":memory:")
    columns = "entity_key BLOB, feature_name TEXT, value BLOB, PRIMARY KEY(entity_key, feature_name)"
    connection.execute(f"CREATE TABLE t ({columns})")
    connection.executemany(
        "INSERT INTO t VALUES (?, ?, ?)",
        [
            (key, name, Value(string_val=f"{key!r} {name}").SerializeToString())
            for key in KEYS[:2]
            for name in NAMES
            if (key, name) != (b"two", "as_of_us")
        ],
    )
    connection.set_trace_callback(said.append)
    found = read(connection, "t", KEYS[::-1], NAMES[:count], lambda value: value.string_val)
    wanted = {name: f"{b'two'!r} {name}" for name in NAMES[:count]} | {"as_of_us": None}
    assert found[2] == {name: f"{b'one'!r} {name}" for name in NAMES[:count]}
    assert found[1] == (None if count == 1 else wanted)
    assert found[0] is None
    assert ("feature_name IN" in said[-1]) == (count <= FEW), "an age is read without the vector beside it"
