"""Hidden drafts that killed processes left behind: half-written copies of what forgetting has to reach.

Whoever writes does so beside the place, under `.<name>-<process>` (features/atomic.py, features/shelf.py). The draft of
a process that is no more goes. Start reading at `sweep`.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from features.erasure.store import Erased, Whom
from features.shelf import WORK, workshop


def sweep(folder: Path, whom: Whom) -> Erased:
    """Remove the drafts of processes that are no more.

    Args:
        folder: the artifacts of the business.
        whom: who goes; a draft goes whosever rows it holds.

    Raises:
        Busy: an ingest is under way.
    """
    del whom
    with workshop(folder) as work:
        left = [path for path in drafts(folder) if path.name != work.name]
        for path in left:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return Erased(files=len(left))


def drafts(folder: Path) -> Iterator[Path]:
    """Hidden files and folders that nobody is writing any more, outermost ones only."""
    for root, folders, files in os.walk(folder):
        hidden = [name for name in (*folders, *files) if name.startswith(".") and _is_left(name)]
        folders[:] = [name for name in folders if name not in hidden]
        yield from (Path(root) / name for name in hidden)


def _is_left(name: str) -> bool:
    if name.startswith(WORK):
        return True
    process = name.rpartition("-")[2]
    return process.isdigit() and not _is_alive(int(process))


def _is_alive(process: int) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
