"""Who alone may do this on one machine: a lock on a file, which the system frees with its holder. Start at `alone`."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import DataError


class Busy(DataError):
    """Another process writes the same folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another process is writing into {folder} at this moment.",
            mend="wait until it is done, then run the same command again.",
        )


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether this process alone holds the file for the block; nobody is waited for.

    Args:
        path: the file to lock; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
