"""Which file holds answers of which day: counts and digests, so that a file is read again only when it is needed.

A *cell* is what one file holds of one model and one local day. Digests add up, whatever the order of rows, so a
segment that grows touches only the weeks that it grows in. Kept in `monitoring/cache/answers.json` by size and time of
each file, unless nothing of it could be read; may be deleted at any time. Start reading at `catalogue`.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from churn.calendar import Calendar
from features.atomic import write_json
from monitoring.ledger.answers import Answers, gathered, read_file, score_files, week_of
from monitoring.ledger.cohort import Unreadable

CACHE = Path("monitoring") / "cache" / "answers.json"
FORM = 2
Digests = NDArray[np.uint64]


@dataclass(frozen=True)
class Given:
    """What one version answered: how many answers, sum of their scores, first and last cutoff, last told."""

    n: int
    told: float
    first_us: int
    last_us: int
    scored_us: int

    def __add__(self, other: "Given") -> "Given":
        return Given(
            self.n + other.n, self.told + other.told, min(self.first_us, other.first_us),
            max(self.last_us, other.last_us), max(self.scored_us, other.scored_us),
        )  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """What a file holds of a model and a local day.

    Args:
        file: below the artifacts. day: since 1970. rows: every answer; digest: of all of them.
        given: by version; of its answers about a customer the first. definitions: of churn, that they speak of.
    """

    file: str
    model: str
    day: int
    rows: int
    digest: int
    given: dict[str, Given]
    definitions: list[str]

    @property
    def week(self) -> int:
        """See `week_of`."""
        return week_of(self.day)

    @property
    def n(self) -> int:
        """How many answers can be judged, as far as this file tells."""
        return sum(one.n for one in self.given.values())


def catalogue(folder: Path, calendar: Calendar) -> tuple[list[Cell], list[Unreadable]]:
    """Every cell of the files among the scores, and what of them cannot be read.

    Args:
        folder: the artifacts of the business.
        calendar: whose weeks.

    Raises:
        NoFileKey, WrongFileKey: a file is encrypted, and its key is not here.
    """
    known = _read(folder, calendar)
    found: dict[str, dict[str, Any]] = {}
    for path in score_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            stat = path.stat()
        except OSError:  # pruned at this moment
            continue
        seen = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        held = known.get(name, {})
        if {key: held.get(key) for key in seen} == seen:
            found[name] = held
            continue
        table, unreadable = read_file(folder, path)
        cells = [asdict(cell) for cell in cells_of(name, table, calendar)]
        found[name] = seen | {"cells": cells, "unreadable": [asdict(one) for one in unreadable]}
    sound = {name: held for name, held in found.items() if all(one["lines"] for one in held["unreadable"])}
    if sound != known:  # what could not be read at all may be mended without a change of size and time
        with suppress(OSError):  # a cache: nothing is lost where it cannot be written
            write_json(folder / CACHE, {"form": FORM, "timezone": calendar.timezone, "files": sound})
    known_cells = [_cell(one) for held in found.values() for one in held["cells"]]
    return known_cells, [Unreadable(**one) for held in found.values() for one in held["unreadable"]]


def cells_of(name: str, table: pa.Table, calendar: Calendar) -> Iterable[Cell]:
    """The cells of a file's answers."""
    answers = gathered([table])
    days, digests = answers.days(calendar), digests_of(answers)
    firsts, first_days = answers, days
    kept = answers.firsts_of_days(calendar)
    if len(kept) < len(answers):
        firsts, first_days = kept, kept.days(calendar)
    for model, day in sorted(set(zip(answers.model.tolist(), days.tolist(), strict=True))):
        rows = (answers.model == model) & (days == day)
        mine = firsts.take((firsts.model == model) & (first_days == day))
        definitions = [answers.definitions[one] for one in np.unique(mine.definition)]
        digest = total(digests[rows])
        yield Cell(name, answers.models[model], day, int(rows.sum()), digest, given_by(mine), definitions)


def given_by(answers: Answers) -> dict[str, Given]:
    """What each version answered."""
    found = {}
    for code in np.unique(answers.version):
        rows = answers.version == code
        cutoffs, told = answers.cutoff_us[rows], answers.probability[rows]
        found[answers.versions[code]] = Given(
            len(told), float(told.sum()), int(cutoffs.min()), int(cutoffs.max()), int(answers.scored_us[rows].max())
        )
    return found


def digests_of(answers: Answers) -> Digests:
    """A number for each answer that changes with whatever judging needs of it. Shape (n,)."""
    mixed = hashed(answers.customers.to_pylist())[answers.customer]
    for levels, codes in ((answers.models, answers.model), (answers.versions, answers.version),
                          (answers.definitions, answers.definition)):  # fmt: skip
        mixed = mix(mixed ^ hashed(levels)[codes])
    for numbers in (answers.cutoff_us, answers.scored_us, answers.probability):
        mixed = mix(mixed ^ numbers.view(np.uint64))
    return mixed


def hashed(texts: Iterable[str]) -> Digests:
    """A number for each text, the same wherever it is asked."""
    levels = np.array([*texts], dtype=object)
    return np.asarray(pd.util.hash_array(levels, categorize=False)) if len(levels) else np.zeros(0, dtype=np.uint64)


def mix(numbers: Digests) -> Digests:
    """Spread every bit over all others. Source: Steele, Lea, Flood (2014), OOPSLA, SplitMix64's finaliser."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def total(digests: Digests) -> int:
    """The digest of rows in any order."""
    return int(np.add.reduce(digests, dtype=np.uint64)) if len(digests) else 0


def _read(folder: Path, calendar: Calendar) -> dict[str, dict[str, Any]]:
    try:
        told = json.loads((folder / CACHE).read_text(encoding="utf-8"))
        files: dict[str, dict[str, Any]] = told["files"]
        return files if (told["form"], told["timezone"]) == (FORM, calendar.timezone) else {}
    except (OSError, ValueError, KeyError, TypeError):  # there is none yet, or half of one
        return {}


def _cell(told: dict[str, Any]) -> Cell:
    return Cell(**{**told, "given": {version: Given(**one) for version, one in told["given"].items()}})
