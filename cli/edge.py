"""The one edge of the command line at which errors become a message with its mend and an exit code."""

import errno
from typing import Any

import typer
from typer.core import TyperGroup

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Edge(TyperGroup):
    """The one edge at which errors become a message with its mend and an exit code; what we do not know is raised."""

    def invoke(self, ctx: Any) -> Any:  # the context class is private to Typer
        """Run a command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise _told(
                "disk_full",
                f"{error}\nTo mend it: free some space, then run the command again; nothing half-written was kept.",
                10,
            ) from error
        except Exception as error:
            from churn.errors import ChurnError

            if not isinstance(error, ChurnError):
                raise
            raise _told(error.code, str(error), error.exit_code) from error


def _told(code: str, message: str, exit_code: int) -> typer.Exit:
    """Print what a person can act on; the exit code is what a scheduler acts on."""
    typer.echo(f"{code}: {message}", err=True)
    return typer.Exit(exit_code)
