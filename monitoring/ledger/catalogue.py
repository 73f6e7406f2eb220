"""Which file holds answers of which week: counts and digests, so that a file is read again only when it is needed.

A *cell* is what one file holds of one model and one local week. Digests add up, whatever the order of rows, so a
segment that grows touches only the weeks that it grows in. Kept in `monitoring/cache/answers.json` by size and time of
each file; may be deleted at any time. Start reading at `catalogue`.
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
from monitoring.ledger.answers import Answers, gathered, read_file, score_files, weeks_of
from monitoring.ledger.cohort import Unreadable

CACHE = Path("monitoring") / "cache" / "answers.json"
FORM = 1
Digests = NDArray[np.uint64]


@dataclass(frozen=True)
class Given:
    """What one version answered in a cell: how many answers, sum of their scores, first and last cutoff, last told."""

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
    """What a file holds of a model and a week.

    Args:
        file: below the artifacts. week: see `weeks_of`. digest: of its rows.
        given: by version. definitions: answers under each definition of churn.
    """

    file: str
    model: str
    week: int
    digest: int
    given: dict[str, Given]
    definitions: dict[str, int]

    @property
    def n(self) -> int:
        """How many answers."""
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
        stat, name = path.stat(), path.relative_to(folder).as_posix()
        seen = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        held = known.get(name, {})
        if {key: held.get(key) for key in seen} == seen:
            found[name] = held
            continue
        table, unreadable = read_file(folder, path)
        cells = [asdict(cell) for cell in cells_of(name, table, calendar)]
        found[name] = seen | {"cells": cells, "unreadable": [asdict(one) for one in unreadable]}
    if found != known:
        with suppress(OSError):  # a cache: nothing is lost where it cannot be written
            write_json(folder / CACHE, {"form": FORM, "timezone": calendar.timezone, "files": found})
    known_cells = [_cell(one) for held in found.values() for one in held["cells"]]
    return known_cells, [Unreadable(**one) for held in found.values() for one in held["unreadable"]]


def cells_of(name: str, table: pa.Table, calendar: Calendar) -> Iterable[Cell]:
    """The cells of a file's answers."""
    answers = gathered([table])
    weeks, digests = weeks_of(answers.days(calendar)), digests_of(answers)
    for model, week in sorted(set(zip(answers.model.tolist(), weeks.tolist(), strict=True))):
        rows = np.flatnonzero((answers.model == model) & (weeks == week))
        mine = answers.take(rows)
        by = pd.DataFrame(
            {"version": mine.version, "told": mine.probability, "cutoff": mine.cutoff_us, "scored": mine.scored_us}
        ).groupby("version")
        sums = by.agg(
            n=("told", "size"), told=("told", "sum"), first_us=("cutoff", "min"), last_us=("cutoff", "max"),
            scored_us=("scored", "max"),
        )  # fmt: skip
        given = {
            answers.versions[int(version)]: Given(int(n), float(told), int(first), int(last), int(scored))
            for version, n, told, first, last, scored in sums.itertuples()
        }
        under = np.bincount(mine.definition, minlength=len(answers.definitions)).tolist()
        definitions = {one: count for one, count in zip(answers.definitions, under, strict=True) if count}
        yield Cell(name, answers.models[model], week, total(digests[rows]), given, definitions)


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
