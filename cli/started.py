"""Say of a server that was started as a process of its own when it can be asked. Start at `say_when_up`."""

import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

from cli.console import say

READY_S = 120


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
