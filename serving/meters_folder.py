"""The folder in which the workers of a service share their meters (PROMETHEUS_MULTIPROC_DIR), where there is one.

A worker's files are mapped into its memory with holes. On a full disk a hole that is written kills the process
(SIGBUS), whatever it was doing; so their room is taken while there is some. Start reading at `take_room`.
"""

import os
from pathlib import Path

import structlog

log = structlog.get_logger("meters")


def take_room() -> None:
    """Take the room that this worker's meters need, once they all exist."""
    for meter in _folder().glob(f"*_{os.getpid()}.db"):
        handle = os.open(meter, os.O_RDWR)
        try:
            os.posix_fallocate(handle, 0, os.fstat(handle).st_size)
        except OSError as error:
            log.warning("meters.no_room", problem=error.strerror)
        finally:
            os.close(handle)


def forget_dead_workers() -> None:
    """Take away what workers that are gone said of now; BentoML's does so by itself. Called as a worker starts."""
    for meter in _folder().glob("gauge_live*_*.db"):
        if not Path(f"/proc/{meter.stem.rpartition('_')[2]}").exists():
            meter.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR") or os.devnull)
