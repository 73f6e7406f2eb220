"""A worker ends when the process that watches over it is gone: nobody would end it, or start its siblings again.

A signal that comes with the parent's death exists on Linux alone and is lost when a library starts the process; so a
thread looks who the parent is. Start reading at `end_with`.
"""

import os
import signal
import threading

import structlog

SUPERVISED = "CHURN_SUPERVISED"  # set by `churn serve`: workers were started by somebody who watches
EVERY_S = 1.0
log = structlog.get_logger("orphans")


def end_with(supervised: str | None, *, every_s: float = EVERY_S) -> None:
    """End this process gracefully once its parent is gone; nothing where nobody supervises it.

    Args:
        supervised: the variable SUPERVISED, as it was set.
        every_s: how often to look.
    """
    if not supervised:
        return
    threading.Thread(target=_watch, args=(os.getppid(), every_s), name="orphans", daemon=True).start()


def _watch(parent: int, every_s: float) -> None:
    ended = threading.Event()
    while os.getppid() == parent:
        ended.wait(every_s)
    log.warning("worker.orphaned", parent=parent)
    os.kill(os.getpid(), signal.SIGTERM)
