"""The index of one customer's rows: made from the log, made anew whenever it is broken."""

from pathlib import Path

import pytest

from features.online import MemoryOnlineStore
from tests import live_shop
from tests.live_shop import event, ingested, intake, settings


def test_an_index_of_two_logs_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is replaced while its index is made: the draft is dropped, the next step makes another."""
    from features.live import index
    from features.log import BrokenLog

    held = settings(tmp_path)
    ingested(held)
    other = live_shop.settings(tmp_path, events=500)
    real = index._by_customer

    def replaced(rows: object) -> object:
        ingested(other)
        return real(rows)

    with monkeypatch.context() as patch:
        patch.setattr(index, "_by_customer", replaced)
        with pytest.raises(BrokenLog, match="replaced while"):
            index.build(held.folder)
    assert index.Index(held.folder).facts() is None
    assert index.build(held.folder)
    assert index.Index(held.folder).is_current()


def test_a_broken_index_is_made_anew(tmp_path: Path) -> None:
    from features.live.index import INDEX, IndexUnavailable

    held = settings(tmp_path)
    ingested(held)
    store = MemoryOnlineStore()
    opened = intake(held, store)
    path = held.folder / INDEX
    broken = bytearray(path.read_bytes())
    broken[8192:] = b"\xff" * (len(broken) - 8192)
    path.write_bytes(bytes(broken))
    committed = opened.append([event("1", "00004")]).result()
    assert not opened.refresh(committed, ["00004"])
    assert opened.keeper.step() == 1
    assert store.rows(["00004"])[0] is not None
    opened.close()
    assert "by itself" in IndexUnavailable(path, "why").mend


@pytest.mark.parametrize(
    "broken", ["UPDATE history SET rows = zeroblob(400)", "UPDATE facts SET columns = zeroblob(400)"]
)
def test_an_index_of_broken_rows_is_made_anew(tmp_path: Path, broken: str) -> None:
    """A database that SQLite can read, with rows or columns that Arrow cannot."""
    import sqlite3
    from contextlib import closing

    from features.live.index import INDEX

    held = settings(tmp_path)
    ingested(held)
    store = MemoryOnlineStore()
    opened = intake(held, store)
    with closing(sqlite3.connect(held.folder / INDEX, isolation_level=None)) as connection:
        connection.execute(broken)
    committed = opened.append([event("1", "00004")]).result()
    assert not opened.refresh(committed, ["00004"])
    assert opened.keeper.step() == 1
    assert store.rows(["00004"])[0] is not None
    opened.close()


def test_an_index_that_cannot_be_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from features.live import index

    held = settings(tmp_path)
    ingested(held)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(index, "_fill", full)
    with pytest.raises(index.IndexUnavailable, match="disk is full"):
        index.build(held.folder)
    assert index.Index(held.folder).facts() is None
