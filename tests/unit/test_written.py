"""A place that was named and cannot be written to is told, with its mend."""

import errno
from pathlib import Path

import pytest

from cli.written import NotWritable, writing_to
from features.atomic import write_text


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "list.csv", Path("/proc/x/list.csv")):
        with pytest.raises(NotWritable, match="name another place with `--out`"), writing_to(place):
            write_text(place, "a")


def test_a_full_disk_and_places_of_our_own_are_told_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"), writing_to(tmp_path):
        raise OSError(errno.ENOSPC, "No space left")
    with pytest.raises(OSError, match="not there"), writing_to(None):
        raise OSError(errno.ENOENT, "not there")
