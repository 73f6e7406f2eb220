"""The service's log: one JSON object a line on stdout, as log collectors read it, in which nobody is named.

A traceback stays inside its line, and has neither local values nor what the error said: both may name a customer. A
line that cannot be written, because stdout leads to a full disk, is lost and stops nobody.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

FROM_OUTSIDE = ("exc_value", "exc_notes", "syntax_error")  # of a structured traceback: may hold what a caller wrote


def log_as_json() -> None:
    """Have every line written so, and none by a server that was started by hand: its lines hold paths."""
    logging.getLogger("uvicorn.access").disabled = True
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            without_values,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=_lines,
        cache_logger_on_first_use=True,
    )


class Lines:
    """Writes lines to stdout."""

    def msg(self, message: str) -> None:
        """Write one, or lose it."""
        with suppress(OSError, ValueError):  # full, or closed
            sys.stdout.write(f"{message}\n")
            sys.stdout.flush()

    log = debug = info = warn = warning = error = critical = exception = fatal = msg


def _lines(*_: Any) -> Lines:  # structlog gives the names of loggers
    return Lines()


def without_values(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line whose tracebacks say which error came where, and not what it said."""
    if isinstance(line.get("exception"), list):
        line["exception"] = [_bare(one) for one in line["exception"]]
    return line


def _bare(told: dict[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in told.items() if name not in FROM_OUTSIDE}
    return left | {"exceptions": [[_bare(one) for one in group] for group in told.get("exceptions") or ()]}
