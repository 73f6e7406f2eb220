"""Say of a server that was started as a process of its own when it can be asked, or in few words why it cannot.

Start at `say_when_up`.
"""

import os
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from cli.console import say
from cli.edge import known_as

READY_S = 120
NOT_STARTED = 3  # the exit code by which uvicorn knows a worker that could not start
log = structlog.get_logger("worker")


@contextmanager
def ends_in_words(supervised: str | None) -> Iterator[None]:
    """Where a worker cannot start, say why and how to mend it in a line of its log, and end; no server's traceback.

    Args:
        supervised: whether somebody starts it again: the variable SUPERVISED, as it was set.
    """
    try:
        yield
    except Exception as error:
        known = known_as(error)
        if not supervised or known is None:
            raise
        code, message = known
        problem, _, mend = message.partition("\nTo mend it: ")
        log.error("worker.not_started", code=code, problem=problem, mend=mend)  # noqa: TRY400  # its words suffice
        os._exit(NOT_STARTED)


def say_when_up(
    process: "subprocess.Popen[bytes]", health_url: str, sentence: str, tls: ssl.SSLContext | None = None
) -> None:
    """Say a sentence once the server answers; nothing where it ends before, or takes too long.

    Args:
        process: the server.
        health_url: what answers 200 once it is up.
        sentence: what to say then.
        tls: how to ask it where it speaks TLS.
    """
    threading.Thread(target=_wait, args=(process, health_url, sentence, tls), daemon=True).start()


def _wait(process: "subprocess.Popen[bytes]", health_url: str, sentence: str, tls: ssl.SSLContext | None) -> None:
    deadline = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(health_url, timeout=2, context=tls):
                say(sentence)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
