"""Snapshots: cohort x features x labels at their cutoffs, frozen. Nothing trains on a query.

    parts of the log --features/snapshot_rows.py, here or on a cluster--> rows of each part --> one file, one hash

`freeze` asks, for each cutoff, who is in the cohort, what was known about them and what became of them, and writes
the answer once under the hash of its content: the same log, definition, features and cutoffs give the same hash,
however the log is parted. It never holds more than a few parts. `read_snapshot` refuses a changed file. `current` is
the same table as of now, without labels, of some customers; everybody's: features/everybody.py. Start at `freeze`.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from churn.calendar import NEVER, from_us
from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import Events
from churn.stated_text import without_open
from features.atomic import draft_folder, place, write_json
from features.category_words import Tally, add, words_of
from features.feature_set import FeatureSet
from features.parts import HERE, Engine, Part, parts_of
from features.snapshot_file import CONTENT_SIZE, ROWS_FILE, STATED, RowWriter, in_order, read_columns, read_rows
from features.snapshot_hash import asked_manifest, hash_of, named
from features.snapshot_rows import PartRows, Question, part_current, part_rows
from features.tombstones import ErasedSnapshot, standing

MANIFEST_FILE = "manifest.json"
SHORT = 12  # characters of a hash that name a folder


class NoSnapshot(DataError):
    """There is no snapshot where one was looked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no snapshot in {path}.", mend="freeze one with `churn snapshot freeze`.")


class ChangedSnapshot(DataError):
    """The rows of a snapshot are not those that its manifest was written for."""

    def __init__(self, path: Path, *, promised: str, found: str) -> None:
        super().__init__(
            f"The snapshot in {path} was changed after it was frozen: its rows hash to {found[:SHORT]}, "
            f"its manifest says {promised[:SHORT]}.",
            mend="delete that folder and run `churn snapshot freeze` again: the same log gives the same snapshot.",
        )


@dataclass(frozen=True)
class Snapshot:
    """A frozen table and what it says about itself.

    Args:
        manifest: hash, definition, feature_set, cutoffs, observed_until, log_begins, log_hash, rows, made_by.
        path: the folder that holds it and the rows.
    """

    manifest: dict[str, Any]
    path: Path

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Keys of SNAPSHOT, OUTCOMES, then one float64 column a feature (NaN: null). Sorted by cutoff and customer.

        Read when it is first asked for, all of it.
        """
        return in_order(read_rows(self.rows_path, self.feature_names))

    def columns(self, *names: str) -> pd.DataFrame:
        """Some keys or features of all rows, in the order of the file."""
        return read_columns(self.rows_path, names)

    def __len__(self) -> int:
        return int(self.manifest["rows"])

    @property
    def hash(self) -> str:
        """SHA-256 of the content."""
        return str(self.manifest["hash"])

    @property
    def feature_names(self) -> list[str]:
        """The features, in the order of the packed vector."""
        return list(self.manifest["feature_set"]["names"])

    @property
    def log_begins(self) -> datetime:
        """When the first event of its log happened: a lookback cannot reach further."""
        return datetime.fromisoformat(self.manifest["log_begins"])

    @property
    def cutoffs(self) -> list[datetime]:
        """The cutoffs, ascending."""
        return [datetime.fromisoformat(cutoff) for cutoff in self.manifest["cutoffs"]]

    @property
    def observed_until(self) -> datetime:
        """Labels know what had reached us before this instant."""
        return datetime.fromisoformat(self.manifest["observed_until"])

    @property
    def rows_path(self) -> Path:
        """The Parquet file."""
        return self.path / ROWS_FILE


def freeze(
    log: Events | Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    *,
    observed_until: datetime,
    log_hash: str,
    folder: Path,
    engine: Engine = HERE,
) -> Snapshot:
    """Freeze cohort, features and labels at cutoffs, on midnights of the business: `freeze_all` for one snapshot."""
    question = Question(tuple(sorted(set(cutoffs))), observed_until)
    return freeze_all(log, features, lifecycle, [question], log_hash=log_hash, folder=folder, engine=engine)[0]


def freeze_all(
    log: Events | Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    questions: Sequence[Question],
    *,
    log_hash: str,
    folder: Path,
    engine: Engine = HERE,
) -> list[Snapshot]:
    """Freeze several snapshots in one pass over the log. Where the same content was frozen before, that one is given.

    Args:
        log: the whole log: its parts (`features.parts.log_parts`), or all of its events.
        features: what to compute.
        lifecycle: what churn means.
        questions: cutoffs of each snapshot, and until when its labels know.
        log_hash: names the log in the manifest.
        folder: the artifacts of the business; each snapshot goes to `snapshots/<hash12>` in it.
        engine: where the parts are worked on.

    Raises:
        OSError: the disk is full; nothing half-written stays.
    """
    work = partial(part_rows, features=features, lifecycle=lifecycle, questions=questions)
    with ExitStack() as stack:
        places = [folder / "snapshots" / f"new{number or ''}" for number in range(len(questions))]
        drafts = [stack.enter_context(draft_folder(one)) for one in places]
        content, rows, first_us, texts = _written(engine.map(work, parts_of(log)), drafts, features.names)
        told = {"log_begins": from_us(first_us).isoformat(), "log_hash": log_hash}
        asked = [asked_manifest(features, lifecycle, one, count) for one, count in zip(questions, rows, strict=True)]
        found = [one | told | {"words": words_of(tally)} for one, tally in zip(asked, texts, strict=True)]
        return [_placed(*one, folder) for one in zip(drafts, content, found, strict=True)]


def _written(
    parts: Iterable[list[PartRows]], drafts: Sequence[Path], names: Sequence[str]
) -> tuple[list[int], list[int], int, list[Tally]]:
    """Write the rows of each snapshot; gives their content, number and texts, and when the log's first event was."""
    content, rows, first_us = [0] * len(drafts), [0] * len(drafts), NEVER
    texts: list[Tally] = [{} for _ in drafts]
    with ExitStack() as stack:
        files = [stack.enter_context(RowWriter(draft / ROWS_FILE, names)) for draft in drafts]
        for part in parts:
            for number, (file, mine) in enumerate(zip(files, part, strict=True)):
                file.write(mine.table)
                content[number] = (content[number] + mine.content) % CONTENT_SIZE
                rows[number] += len(mine.table)
                first_us = min(first_us, mine.first_us)
                add(texts[number], mine.texts)
    return content, rows, first_us, texts


def _placed(draft: Path, content: int, manifest: dict[str, Any], folder: Path) -> Snapshot:
    """Give written rows their name and place; what stands there already is given instead."""
    name = named(content, manifest)
    path = folder / "snapshots" / name[:SHORT]
    if (path / MANIFEST_FILE).exists():
        return read_snapshot(path)
    write_json(draft / MANIFEST_FILE, {"hash": name, **manifest})
    place(draft, path)
    return Snapshot({"hash": name, **manifest}, path)


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot and hold its rows to its hash.

    Raises:
        NoSnapshot: the folder or its manifest is missing. ErasedSnapshot: it was, for a customer who is forgotten.
        WrongColumns: the file's columns are not those of the manifest.
        ChangedSnapshot: the rows are not those that were frozen.
    """
    if not (path / MANIFEST_FILE).exists() or not (path / ROWS_FILE).exists():
        if standing(path) != path:
            raise ErasedSnapshot(path, standing(path))
        raise NoSnapshot(path)
    manifest = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
    found = hash_of(path / ROWS_FILE, manifest)
    if found != manifest["hash"]:
        raise ChangedSnapshot(path, promised=manifest["hash"], found=found)
    return Snapshot(manifest, path)


def current(
    log: Events | Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    now: datetime,
    *,
    engine: Engine = HERE,
    tells_solutions: bool = False,
) -> pd.DataFrame:
    """Everybody's row as of now: stage, model (null where no model is asked) and features, without labels.

    Args:
        log: parts of the log, all events, or the events of some customers.
        features: what to compute.
        lifecycle: what churn means.
        now: the cutoff; any instant.
        engine: where the parts are worked on.
        tells_solutions: whether the log is known to say of cases that they were solved, maybe of others than these.

    Returns:
        Keys of SNAPSHOT, the features, what each stated (`churn.stated_text`); sorted by customer, `model` may be null.
    """
    frames, tells = [], tells_solutions
    for part in engine.map(partial(part_current, features=features, lifecycle=lifecycle, now=now), parts_of(log)):
        frames.append(part.frame)
        tells |= part.tells_solutions
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    frames.clear()  # two copies are enough
    if not tells:
        frame[STATED] = frame[STATED].map(without_open)
    return in_order(frame)


def last_midnight(lifecycle: Lifecycle, now: datetime) -> datetime:
    """The cutoff of a batch: the newest local midnight that is not after now."""
    return lifecycle.calendar.midnight(lifecycle.calendar.day_of(now))
