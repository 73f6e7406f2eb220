"""Whether the service of this machine or container lives: `python -m serving.alive` ends with 0, or with 1 and why.

It asks `/livez` where `serving/service.json` says that `churn serve` listens, by TLS where that is spoken. A store or
registry that is down does not make it fail: whoever starts a service again mends neither. Standard library alone, for
it is called every few seconds. Start reading at `problem`.
"""

import json
import os
import ssl
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

WITHIN_S = 2.0


def problem(artifacts: Path) -> str | None:
    """Why nobody answers; None where somebody does.

    Args:
        artifacts: below which the businesses have their folders; who started last is asked.
    """
    notes = sorted(artifacts.glob("*/serving/service.json"), key=lambda note: note.stat().st_mtime)
    if not notes:
        return f"no service has started below {artifacts} (is CHURN_ARTIFACTS its folder?)"
    try:
        where = urlsplit(json.loads(notes[-1].read_text(encoding="utf-8"))["url"])
        address = f"{where.scheme}://127.0.0.1:{where.port}/livez"
        by_itself = urllib.request.ProxyHandler({})  # a proxy of the environment is not on the way to ourselves
        ask = urllib.request.build_opener(by_itself, urllib.request.HTTPSHandler(context=_anybody())).open
        with ask(address, timeout=WITHIN_S) as answer:
            answer.read()
    except (OSError, ValueError, KeyError, HTTPException) as error:
        return f"{notes[-1]}: {error}"
    return None


def _anybody() -> ssl.SSLContext:
    """On loopback, and with nothing to keep: the certificate names the service as others call it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


if __name__ == "__main__":
    sys.exit(problem(Path(os.environ.get("CHURN_ARTIFACTS", "artifacts"))))
