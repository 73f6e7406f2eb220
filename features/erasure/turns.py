"""Forgetting and whatever writes rows of customers take turns, so that neither undoes the other.

    with one_at_a_time(folder)            the one who forgets, or writes
    with without_who_goes(folder, ...)    reads and writes for a while, then drops who was forgotten meanwhile

Start reading at `without_who_goes`.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.erasure.forgotten import FOLDER, Forgotten
from features.erasure.store import Erase, Whom
from features.file_lock import Busy

WAIT_S, PAUSE_S = 30.0, 0.05


@contextmanager
def without_who_goes(folder: Path, *erases: Erase, wait_s: float | None = None) -> Iterator[None]:
    """Drop whoever was forgotten while this block ran: it had read their rows before, and may have written them after.

    Args:
        folder: the artifacts of the business.
        erases: drop customers from what the block writes.
        wait_s: how long to wait for a request to forget that is under way; the usual time where None.

    Raises:
        Busy: that takes too long.
    """
    before = Forgotten.read(folder).hashes
    yield
    if Forgotten.read(folder).hashes.keys() <= before.keys():
        return
    with one_at_a_time(folder, wait_s):  # who forgets at this moment rewrites the same files
        listed = Forgotten.read(folder)
        new = {one: facts for one, facts in listed.hashes.items() if one not in before}
        gone = Whom(listed=Forgotten(listed.salt, new))
        for erase in erases:
            erase(folder, gone)


@contextmanager
def one_at_a_time(folder: Path, wait_s: float | None = None) -> Iterator[None]:
    """One request at a time; the others wait a while.

    Raises:
        Busy: one is taking too long.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
    with (folder / FOLDER / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > until:
                    raise Busy(folder / FOLDER) from error
                time.sleep(PAUSE_S)
        yield
