"""Where a run lies: `monitoring/runs/<as_of>/`, pages, verdict and figures; it appears whole or not at all.

A run that judges the same instant again replaces the one before. Start reading at `new_run`.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from features.atomic import draft_folder

RUNS = Path("monitoring") / "runs"
STAMP = "%Y-%m-%dT%H%M%SZ"


def run_folder(folder: Path, as_of: datetime) -> Path:
    """Where the run that judged an instant lies.

    Args:
        folder: the artifacts of the business.
        as_of: the instant.
    """
    return folder / RUNS / as_of.astimezone(UTC).strftime(STAMP)


def runs_of(folder: Path) -> list[tuple[datetime, Path]]:
    """All runs that are kept, oldest first, and the instant that each judged."""
    found = []
    for path in (folder / RUNS).glob("*"):
        try:
            as_of = datetime.strptime(path.name, STAMP).replace(tzinfo=UTC)
        except ValueError:  # a draft, or a stranger's
            continue
        found.append((as_of, path))
    return sorted(found)


def outlived(folder: Path, before: datetime) -> list[tuple[Path, datetime]]:
    """Runs that judged an earlier instant than this, and when; the newest, to which `report.html` leads, stays.

    Args:
        folder: the artifacts of the business.
        before: runs of then or later stay.
    """
    return [(path, as_of) for as_of, path in runs_of(folder)[:-1] if as_of < before]


@contextmanager
def new_run(folder: Path, as_of: datetime) -> Iterator[Path]:
    """A folder to fill, which becomes the run's when the block ends well.

    Raises:
        OSError: it cannot be written; the run before stays.
    """
    target = run_folder(folder, as_of)
    with draft_folder(target) as draft:
        yield draft
        before = target.parent / f".{target.name}-before-{os.getpid()}"
        if target.exists():
            target.rename(before)
        draft.rename(target)
        shutil.rmtree(before, ignore_errors=True)
