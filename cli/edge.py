"""The one edge of the command line at which errors become a message with its mend and an exit code.

Ours say both themselves. Of others, however a vendor wraps them, three are told here because any command may meet
them: a full disk, a place that may not be used, a database that is none. What we do not know is raised.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import typer
from typer.core import TyperGroup

EXIT_CODE = 10
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_FULL_WORDS = tuple(os.strerror(number) for number in sorted(DISK_FULL))  # MLflow keeps no more than the words
SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}  # the second over a quota
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR}
SQLITE_BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


class Edge(TyperGroup):
    """The one edge at which errors become a message with its mend and an exit code; what we do not know is raised."""

    def invoke(self, ctx: Any) -> Any:  # the context class is private to Typer
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            known = known_as(error)
            if known is None:
                raise
            is_ours = getattr(error, "code", None) == known[0]
            raise _told(*known, getattr(error, "exit_code", EXIT_CODE) if is_ours else EXIT_CODE) from error


def known_as(error: Exception) -> tuple[str, str] | None:
    """Code and message of an error of ours, or of what any command may meet; None for what we do not know."""
    from churn.errors import ChurnError

    known = _known(error)
    if isinstance(error, ChurnError) and (known is None or error.code == "disk_full"):
        return error.code, str(error)
    return known


def _known(error: BaseException) -> tuple[str, str] | None:
    """Code and message of what any command may meet; None for what we do not know."""
    causes = list(_causes(error))
    for code, is_this, problem, mend in KNOWN:
        found = [cause for cause in causes if is_this(cause)]
        if found:
            return code, f"{problem}: {found[-1]}.\nTo mend it: {mend}"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from: Feast and MLflow wrap those of SQLite in others."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in DISK_FULL
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in SQLITE_FULL
    return any(words in str(error) for words in DISK_FULL_WORDS)


def _is_forbidden(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in FORBIDDEN and error.filename is not None


def _is_broken_database(error: BaseException) -> bool:
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) in SQLITE_BROKEN


KNOWN: tuple[tuple[str, Callable[[BaseException], bool], str, str], ...] = (
    (
        "disk_full", _is_disk_full, "The disk is full",
        "free some space, then run the command again; nothing half-written was kept.",
    ),
    (
        "place_not_usable", _is_forbidden, "A file or folder cannot be used",
        "see that it is what it should be and that you may write there, or set `artifacts` to another folder.",
    ),
    (
        "broken_database", _is_broken_database, "A database among the artifacts (mlflow.db, features/*.db) is broken",
        "put back a copy of it, or move it away and run `churn run`, which makes it anew.",
    ),
)  # fmt: skip


def _told(code: str, message: str, exit_code: int) -> typer.Exit:
    """Print what a person can act on; the exit code is what a scheduler acts on."""
    typer.echo(f"{code}: {message}", err=True)
    return typer.Exit(exit_code)
