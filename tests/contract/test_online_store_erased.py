"""What an on-line store forgets is not in its files either, nor what its pages keep of rows that moved."""

import random

from features.online import MemoryOnlineStore, RowStore
from tests.contract import test_online_store as contract
from tests.contract.test_online_store import row

opened, ids = contract.opened, contract.ids  # fixtures


def test_nothing_of_the_removed_is_left_in_the_files(opened: list[RowStore], ids: list[str]) -> None:
    store = opened[0]
    files = [] if isinstance(store, MemoryOnlineStore) else list(store.folder.glob("online.db*"))
    store.write([row(one) for one in ids])
    assert store.remove(ids) == len(ids)
    assert [path.name for path in files for one in ids if one.encode() in path.read_bytes()] == []


def test_no_page_keeps_a_copy_of_rows_that_moved(opened: list[RowStore]) -> None:
    """Where pages are split while others write, and another process removes."""
    writer, remover = opened
    files = [] if isinstance(writer, MemoryOnlineStore) else list(writer.folder.glob("online.db*"))
    seeded = random.Random(7)
    every = [f"{seeded.getrandbits(128):032x}" for _ in range(1200)]
    for first in range(0, len(every), 6):
        writer.write([row(one) for one in every[first : first + 6]])
    gone = every[::3]
    assert remover.remove(gone) == len(gone)
    held = [path.read_bytes() for path in files]
    assert [one for one in gone for content in held if one.encode() in content] == []
    remover.remove(every)
