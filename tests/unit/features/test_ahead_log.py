"""A new file becomes WAL though another connection reads it just then: SQLite itself would not wait."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from features.ahead_log import write_ahead


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, sqlite3.Connection]]:
    """A file in the mode of new files, and a connection in the midst of reading it."""
    path = tmp_path / "file.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader:
        reader.execute("CREATE TABLE one (a)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM one").fetchall()
        yield path, reader


def test_who_comes_meanwhile_gets_there_when_the_other_ends(held: tuple[Path, sqlite3.Connection]) -> None:
    path, reader = held
    end = threading.Timer(0.1, reader.execute, ["COMMIT"])
    end.start()
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        write_ahead(connection, 5.0)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    end.join()


def test_an_end_to_waiting(held: tuple[Path, sqlite3.Connection]) -> None:
    path, _ = held
    with (
        closing(sqlite3.connect(path, timeout=0)) as late,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        write_ahead(late, 0.05)


def test_another_fault_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_bytes(b"no database at all" * 100)
    with (
        closing(sqlite3.connect(tmp_path / "file.db")) as connection,
        pytest.raises(sqlite3.DatabaseError, match="not a"),
    ):
        write_ahead(connection, 60.0)
