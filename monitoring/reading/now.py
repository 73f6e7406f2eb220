"""Everybody's features of now, read in blocks: as much memory for a million customers as for a thousand.

    features/current.parquet   first the keys of all rows, then each thread its share of the features, block by block

What is read may be broken; nothing is repaired, `monitoring/data/contract.py` says what is wrong. Writes nothing.
Start reading at `read_now`.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churn.errors import DataError
from churn.events import FloatArray
from churn.stages import Stage
from features import parquet
from features.current_file import MANIFEST_FILE, ROWS_FILE, NoCurrent
from monitoring.drift.reference import Reference
from monitoring.reading.customers import UInt64Array, numbers_of
from monitoring.reading.seen import RowsOfNow, Seen, SeenColumn, Tally, as_numbers

ROWS_A_BLOCK = 65_536
THREADS = 2
NEEDED, STAGE = ("customer_id", "model"), "stage"
Key = tuple[str, str]  # model and feature
Counted = dict[Key, tuple[SeenColumn, FloatArray]]  # what was added up, and the values of the sample


class BrokenRows(DataError):
    """The features of now cannot be read: half a file, another file, a folder that may not be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The features of now in {path} cannot be read: {why}.",
            mend="run `churn features materialise` again; if it says the same, see to the disk and to who may read it.",
        )


@dataclass(frozen=True)
class _Keys:
    """Of every row: the customer's number, and the place of its model among the references. Customers by stage."""

    rows: int
    numbers: UInt64Array
    models: NDArray[np.int8]
    stages: Mapping[str, int]


@dataclass(frozen=True)
class _Asked:
    """One model's rows in the file: their places, those of the sample, and who they are."""

    reference: Reference
    rows: NDArray[np.intp]
    sampled: NDArray[np.intp]
    sampled_customers: UInt64Array
    customers: UInt64Array


def as_of(folder: Path) -> datetime | None:
    """The instant that the features of now speak of; None where nobody says."""
    try:
        return datetime.fromisoformat(json.loads((folder / "features" / MANIFEST_FILE).read_text("utf-8"))["as_of"])
    except (OSError, KeyError, TypeError, ValueError):  # `read_now` says what is wrong
        return None


def read_now(
    folder: Path,
    references: Sequence[Reference],
    *,
    sample_rows: int,
    share: float = 1.0,
    first: Mapping[str, UInt64Array] | None = None,
    threads: int = THREADS,
    rows_a_block: int = ROWS_A_BLOCK,
) -> RowsOfNow:
    """Count everybody's features of now into the bins of the references.

    Args:
        folder: the artifacts of the business.
        references: one a model that is to be judged.
        sample_rows: at most so many rows a model are kept.
        share: of the customers that are looked at, drawn by their numbers.
        first: of a model, numbers of the customers who are kept before all others, ascending.
        threads: that share the columns.
        rows_a_block: read at a time.

    Raises:
        NoCurrent: they were never written. BrokenRows: they cannot be read.
        NoFileKey, WrongFileKey: the file is encrypted, and its key is not here.
    """
    path, told = folder / "features" / ROWS_FILE, folder / "features" / MANIFEST_FILE
    if not path.is_file() or not told.is_file():
        raise NoCurrent(folder / "features")
    with _as_broken(path):
        manifest = json.loads(told.read_text(encoding="utf-8"))
        as_of = datetime.fromisoformat(manifest["as_of"]) if manifest["as_of"] else None
        found = set(parquet.names_of(path))
        if not found.issuperset(NEEDED):
            raise BrokenRows(path, f"it has no {', '.join(name for name in NEEDED if name not in found)}")
        keys = _keys(path, found, references, rows_a_block)
        asked = [
            _asked(place, one, keys, sample_rows, share, (first or {}).get(one.model))
            for place, one in enumerate(references)
        ]
        work = _shares([one for one in asked if len(one.rows)], found, threads)
        with ThreadPoolExecutor(max(len(work), 1)) as pool:
            counted = list(pool.map(lambda names: _count(path, names, asked, rows_a_block), work))
    models = {one.reference.model: _seen(one, counted) for one in asked}
    stages = {one: keys.stages.get(one.value, 0) for one in Stage} if STAGE in found else {}
    promised, features = int(manifest.get("rows", keys.rows)), str(manifest["feature_set"]["hash"])
    return RowsOfNow(as_of, features, promised, keys.rows, stages, models)


@contextmanager
def _as_broken(path: Path) -> Iterator[None]:
    """What cannot be read is told as such, with its mend."""
    try:
        yield
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise BrokenRows(path, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}") from error


def _keys(path: Path, found: Collection[str], references: Sequence[Reference], rows_a_block: int) -> _Keys:
    """Who stands in each row, and which model is asked about them."""
    names = [name for name in (*NEEDED, STAGE) if name in found]
    numbers, models, stages = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int8)], Counter[str]()
    with parquet.opened(path) as file:
        rows = int(file.metadata.num_rows)
        for block in _blocks(file, names, rows_a_block):
            numbers.append(numbers_of(block["customer_id"]))
            models.append(_which(block["model"].cast(pa.string()), references))
            if STAGE in names:
                told = pc.value_counts(block[STAGE].cast(pa.string()))
                stages.update({str(one["values"]): one["counts"] for one in told.to_pylist()})
    return _Keys(rows, np.concatenate(numbers), np.concatenate(models), stages)


def _blocks(file: Any, names: Sequence[str], rows_a_block: int) -> Iterator[pa.RecordBatch]:
    """Columns of a Parquet file, block by block; group by group, as a reader of all groups keeps what it has read."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(rows_a_block, row_groups=[group], columns=list(names), use_threads=False)


def _which(told: pa.Array, references: Sequence[Reference]) -> NDArray[np.int8]:
    """The place of each row's model among the references; -1 for none of them."""
    which = np.full(len(told), -1, dtype=np.int8)
    for place, reference in enumerate(references):
        which[np.asarray(pc.is_in(told, pa.array([reference.model])))] = place
    return which


def _asked(
    place: int, reference: Reference, keys: _Keys, sample_rows: int, share: float, first: UInt64Array | None
) -> _Asked:
    rows = np.flatnonzero(keys.models == place)
    if share < 1:
        rows = rows[keys.numbers[rows] < np.uint64(share * 2.0**64)]
    mine = keys.numbers[rows]
    half = mine >> np.uint64(1)
    rank = mine if first is None else np.where(np.isin(mine, first), half, half + np.uint64(1 << 63))
    smallest = np.argpartition(rank, sample_rows)[:sample_rows] if len(mine) > sample_rows else np.arange(len(mine))
    sampled = np.sort(rows[smallest])
    return _Asked(reference, rows, sampled, keys.numbers[sampled], np.unique(mine))


def _shares(asked: Sequence[_Asked], found: set[str], threads: int) -> list[list[str]]:
    """The features to read, dealt to the threads."""
    names = list(dict.fromkeys(name for one in asked for name in one.reference.features if name in found))
    return [names[place::threads] for place in range(threads) if names[place::threads]]


def _count(path: Path, names: Sequence[str], asked: Sequence[_Asked], rows_a_block: int) -> Counted:
    """Some columns of all rows: by model and feature, what was added up and the values of the sample."""
    tallies = {
        (one.reference.model, name): Tally(one.reference.features[name])
        for one in asked
        for name in names
        if name in one.reference.features
    }
    drawn: dict[Key, list[FloatArray]] = {key: [np.empty(0)] for key in tallies}
    first = 0
    with parquet.opened(path) as file:
        for block in _blocks(file, names, rows_a_block):
            end = first + len(block)
            within = {one.reference.model: _places(one, first, end) for one in asked}
            for name in names:
                values, strangers = as_numbers(block[name])
                for model, (rows, some) in within.items():
                    if (model, name) in tallies:
                        mine = values if len(rows) == len(values) else values.take(rows)
                        tallies[model, name].add(mine, None if strangers is None else strangers[rows])
                        drawn[model, name].append(values.take(some))
            first = end
    return {key: (tally.result(), np.concatenate(drawn[key])) for key, tally in tallies.items()}


def _places(one: _Asked, first: int, end: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A model's rows of a block, counted from its first, and those of the sample."""
    sides = [(side, *np.searchsorted(side, (first, end))) for side in (one.rows, one.sampled)]
    rows, some = (side[low:high] - first for side, low, high in sides)
    return rows, some


def _seen(one: _Asked, counted: Sequence[Counted]) -> Seen:
    mine = {name: told for part in counted for (model, name), told in part.items() if model == one.reference.model}
    names = [name for name in one.reference.features if name in mine]
    sample = pd.DataFrame({name: mine[name][1] for name in names}, index=one.sampled_customers)
    columns = {name: mine[name][0] for name in names}
    repeated = len(one.rows) - len(one.customers)
    return Seen(one.reference.model, len(one.rows), columns, sample, repeated, one.customers)
