"""The one edge of the command line at which errors become a message with its mend and an exit code."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_FULL_WORDS = tuple(os.strerror(number) for number in sorted(DISK_FULL))  # MLflow keeps no more than the words
SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}  # the second over a quota


class Edge(TyperGroup):
    """The one edge at which errors become a message with its mend and an exit code; what we do not know is raised."""

    def invoke(self, ctx: Any) -> Any:  # the context class is private to Typer
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from churn.errors import ChurnError

            full = [cause for cause in _causes(error) if _is_disk_full(cause)]
            if isinstance(error, ChurnError) and (not full or error.code == "disk_full"):
                raise _told(error.code, str(error), error.exit_code) from error
            if not full:
                raise
            mend = "free some space, then run the command again; nothing half-written was kept."
            raise _told("disk_full", f"The disk is full: {full[-1]}.\nTo mend it: {mend}", 10) from error


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


def _told(code: str, message: str, exit_code: int) -> typer.Exit:
    """Print what a person can act on; the exit code is what a scheduler acts on."""
    typer.echo(f"{code}: {message}", err=True)
    return typer.Exit(exit_code)
