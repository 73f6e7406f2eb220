"""Where a run lies: `monitoring/runs/<as_of>/`, pages, verdict and figures; it appears whole or not at all.

A run that judges the same instant again replaces the one before. Start reading at `new_run`.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from features.atomic import draft_folder, write_text

RUNS = Path("monitoring") / "runs"
STAMP = "%Y-%m-%dT%H%M%SZ"
LINK = re.compile(r'<a href="\.\./([^/"]+)/([^/"]+)">([^<]*)</a>')  # to a page of another run


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


def unlink_gone(folder: Path) -> None:
    """Make plain text of links to pages of runs that are gone, in the pages of those that are left.

    Args:
        folder: the artifacts of the business.
    """

    def kept(link: re.Match[str]) -> str:
        return link[0] if (folder / RUNS / link[1] / link[2]).is_file() else link[3]

    for _, run in runs_of(folder):
        for page in run.glob("history*.html"):
            before = page.read_text(encoding="utf-8")
            after = LINK.sub(kept, before)
            if after != before:
                write_text(page, after)


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
