"""Which sources have their rows refused of late: of the rows that are new since an earlier run, how many were.

`churn ingest` stops where too many rows of all are bad; a file of three years hides a week in which half are. Reads
what earlier runs kept of each source; no file. Start reading at `refused_since`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 20  # rows refused, below which nobody is told
ROWS, REFUSED = "churn_monitor_source_rows", "churn_monitor_source_refused_rows"


@dataclass(frozen=True)
class Refused:
    """Rows of a source that are new, how many of them were refused as faulty, and the share that may be."""

    source: str
    rows: int
    refused: int
    limit: float

    @property
    def share(self) -> float:
        """Of the new rows."""
        return min(self.refused / max(self.rows, 1), 1.0)


def refused_since(
    now: Mapping[str, tuple[int, int]], before: Sequence[Mapping[str, float]], limit: float
) -> tuple[Refused, ...]:
    """The sources more of whose new rows were refused than may be, the worst first.

    Args:
        now: rows and refused rows, by source.
        before: figures of earlier runs, oldest first, as Prometheus writes them.
        limit: share of rows that may be bad.
    """
    found = []
    for source, (rows, refused) in now.items():
        then = next((one for one in (_of(source, run) for run in reversed(before)) if one and one[0] != rows), None)
        if then is None:
            continue
        is_added = rows > then[0] and refused >= then[1]  # else it is another file, all of which is new
        new = (rows - then[0], refused - then[1]) if is_added else (rows, refused)
        one = Refused(source, *new, limit)
        if one.refused >= FEWEST and one.share > limit:
            found.append(one)
    return tuple(sorted(found, key=lambda one: -one.share))


def _of(source: str, run: Mapping[str, float]) -> tuple[int, int] | None:
    label = f"{{source='{source}'}}"
    if ROWS + label not in run:
        return None
    return int(run[ROWS + label]), int(run.get(REFUSED + label, 0))
