"""A place that a person named to write to: where nothing can be written, they are told, not shown a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churn.errors import SettingsError
from cli.edge import DISK_FULL


class NotWritable(SettingsError):
    """Nothing can be written where a person said."""

    def __init__(self, place: Path, why: str) -> None:
        super().__init__(
            f"Nothing can be written to {place} ({why}).",
            mend="name another place with `--out`, such as one in your home folder, in which you may write.",
        )


@contextmanager
def writing_to(place: Path | None) -> Iterator[None]:
    """Tell what keeps a command from writing to a place that was named; where none was, errors pass.

    Args:
        place: that was named with `--out`.

    Raises:
        NotWritable: it cannot be written to. A full disk is told as everywhere.
    """
    try:
        yield
    except OSError as error:
        if place is None or error.errno in DISK_FULL:
            raise
        raise NotWritable(place, error.strerror or type(error).__name__) from error
