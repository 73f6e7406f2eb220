"""When every answer of a file has become of no use: its horizon is over, and has been for a while.

What an answer said is held against what became of the customer once gap and horizon are over, so none goes before.
Start reading at `over_at`.
"""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from features import parquet
from features.cipher_lines import plain_lines
from serving import batch
from serving.changes.file import FILE as CHANGES
from serving.changes.journal import Journal
from serving.score_log import FOLDER
from serving.webhooks.file import FILE as LETTERS
from serving.webhooks.keeping import Kept

COLUMNS = ["scored_at", "cutoff", "horizon_days", "gap_days"]


class Times(msgspec.Struct):
    """What of an answer tells when it is over; an erased one has no more than when it was given."""

    scored_at: datetime
    cutoff: datetime | None = None
    horizon_days: int | None = None
    gap_days: int | None = None


decode = msgspec.json.Decoder(Times).decode


def segments(folder: Path) -> list[Path]:
    """The segments of the score log."""
    return sorted((folder / FOLDER).glob("*.jsonl"))


def batches(folder: Path) -> list[Path]:
    """The tables of the batches; each may have a sheet for people beside it."""
    return sorted((folder / batch.FOLDER).glob("*.parquet"))


def over_at(path: Path) -> datetime | None:
    """When the horizon of the last answer in a file is over; None for a file without an answer."""
    if path.suffix == ".parquet":
        with parquet.opened(path) as file:
            rows: Iterable[dict[str, Any]] = file.read(COLUMNS).to_pylist()
        return max((_over(Times(**row)) for row in rows), default=None)
    return max((one for line in plain_lines(path) if (one := _of_line(line))), default=None)


def _of_line(line: bytes) -> datetime | None:
    try:
        return _over(decode(line))
    except msgspec.DecodeError:  # torn by a power cut
        return None


def _over(answer: Times) -> datetime:
    begins = answer.cutoff or answer.scored_at
    return begins.astimezone(UTC) + timedelta(days=(answer.horizon_days or 0) + (answer.gap_days or 0))


def prune_changes(folder: Path, before_us: int) -> int:
    """Drop entries of the journal of changes that were told before an instant; how many."""
    if not (folder / CHANGES).exists():
        return 0
    with closing(Journal(folder)) as journal:
        return journal.prune(before_us)


def prune_letters(folder: Path, before_us: int) -> int:
    """Drop dead letters that were queued before an instant; how many."""
    if not (folder / LETTERS).exists():
        return 0
    with closing(Kept(folder)) as kept:
        return kept.prune(before_us)
