"""Folders that are replaced as a whole: written beside their place, made durable, then put there in one go.

Whatever happens before the last step (a fault, a full disk, a machine that goes down), the folder that stood there
stays as it was. Knows nothing of what lies in it. Start reading at `workshop`.
"""

import errno
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from churn.errors import DataError
from features.atomic import flush
from features.file_lock import Busy

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FULL_WORDS = ("No space left", "File too large", "Disk quota")
WORK = ".work-"


class DiskFull(DataError):
    """There was no room to write."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The disk is full: {folder} could not be written. What stood there before is unchanged.",
            mend="free some space or set `artifacts` to another disk, then run the same command again.",
        )


class TooLittleMemory(DataError):
    """What sorting may take of memory is less than the least it needs."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Sorting needs more memory than it may take: {why}",
            mend="raise [ingest] memory_gb; 1 will do for most logs, the rest goes to disk.",
        )


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """An empty folder inside `folder` to work in, gone afterwards; one process at a time.

    Raises:
        DiskFull: there is no room. Busy: another process works there. TooLittleMemory: sorting may take too little.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            _take(lock.fileno(), folder)
            for left in folder.glob(f"{WORK}*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            work = Path(tempfile.mkdtemp(prefix=WORK, dir=folder))
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if error.errno in FULL or any(words in str(error) for words in FULL_WORDS):
            raise DiskFull(folder) from error
        raise
    except duckdb.Error as error:
        if any(words in str(error) for words in FULL_WORDS):
            raise DiskFull(folder) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise TooLittleMemory(str(error).split("\n", maxsplit=1)[0]) from error
        raise


def replace_folder(new: Path, place: Path, aside: Path) -> None:
    """Put a finished folder in the place of another one; readers look `aside` where a machine went down in between."""
    for path in (*sorted(new.rglob("*")), new):
        flush(path)
    if place.exists():
        shutil.rmtree(aside, ignore_errors=True)
        place.replace(aside)
    new.replace(place)
    flush(place.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _take(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Busy(folder) from error
