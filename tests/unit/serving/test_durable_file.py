"""Who reads waits for nobody who writes, and who has to wait does not wait behind everybody else who does."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from churn.errors import DataError
from serving.changes.file import ChangesUnavailable, File
from serving.changes.journal import Journal
from serving.durable_file import Connection
from tests.webhook_receiver import state, tell


def wrong(why: str) -> ChangesUnavailable:
    return ChangesUnavailable(why)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Another process writes meanwhile."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_who_opens_the_journal_to_read_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    tell(tmp_path, state("C1"))
    with written(File(tmp_path).path):
        began = time.monotonic()
        journal = Journal(tmp_path)
        assert journal.page(None, 10).customer_ids == ["C1"]
        assert time.monotonic() - began < 1
        journal.close()


def test_threads_that_have_to_wait_do_so_side_by_side(tmp_path: Path) -> None:
    """And are told so: not one after the other, each for as long."""
    path = tmp_path / "a.db"
    shared = Connection(path, ["CREATE TABLE IF NOT EXISTS t (x)"], wrong, wait_s=0.3)
    with shared.transaction("BEGIN"):
        pass
    seen = list[DataError]()

    def write() -> None:
        try:
            with shared.transaction("BEGIN IMMEDIATE"):
                pass
        except DataError as error:
            seen.append(error)

    with written(path):
        began, threads = time.monotonic(), [threading.Thread(target=write) for _ in range(12)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert time.monotonic() - began < 2, "twelve times 0.3 s and more, one after the other"
    assert len(seen) == 12
    with shared.transaction("BEGIN IMMEDIATE") as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    shared.close()


def test_what_fails_in_a_transaction_is_undone_and_leaves_the_file_to_others(tmp_path: Path) -> None:
    shared = Connection(
        tmp_path / "a.db",
        ["CREATE TABLE IF NOT EXISTS t (x)"],
        wrong,
        first=("SELECT 1 FROM t", "INSERT INTO t VALUES (0)"),
    )

    def fail() -> None:
        with shared.transaction("BEGIN IMMEDIATE") as cursor:
            cursor.execute("INSERT INTO t VALUES (1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    shared.close()
    with shared.transaction("BEGIN") as cursor:
        assert cursor.execute("SELECT x FROM t").fetchall() == [(0,)], "the first row once"
    shared.close()
