"""Answers as arrays: of the files among the scores, one at a time, only what judging needs.

    scores/log/*.jsonl        a line an answer: on-line
    scores/batch/*.parquet    a file a batch

What cannot be read is counted and named, never raised: a torn line, a score without a cutoff, a file that is no
Parquet; everything else is read. Shadows (nobody was told), abstentions and erased lines are no answers here.
Start reading at `read_file`.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churn.calendar import Calendar, Int64Array, to_us
from churn.errors import NaiveTime
from churn.events import BoolArray, FloatArray
from churn.tables import ERASED_LINE, SHADOW_LINE
from features import parquet
from features.cipher_lines import plain_lines
from monitoring.ledger.cohort import Unreadable

COLUMNS = ("customer_id", "model", "model_version", "definition_id", "cutoff", "scored_at", "probability")
NUMBERS = [("cutoff_us", pa.int64()), ("scored_us", pa.int64()), ("probability", pa.float64())]
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS[:4]] + NUMBERS)
LATEST_US = 7_258_118_400_000_000  # the year 2200: later, or before 1970, is no instant of ours
MONDAY = 3  # day 0 of 1970 was a Thursday
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Answers:
    """Answers with a number and a cutoff. Arrays have shape (n,).

    Args:
        customers: distinct ids. customer: index into them, as model, version and definition are into their levels.
        cutoff_us, scored_us: microseconds since 1970 UTC. probability: what was told, in [0, 1].
    """

    customers: pa.Array
    models: tuple[str, ...]
    versions: tuple[str, ...]
    definitions: tuple[str, ...]
    customer: Codes
    model: Codes
    version: Codes
    definition: Codes
    cutoff_us: Int64Array
    scored_us: Int64Array
    probability: FloatArray

    def __len__(self) -> int:
        return len(self.probability)

    def take(self, rows: NDArray[Any]) -> "Answers":
        """These rows, a mask or positions; every level stays."""
        arrays = {one.name: getattr(self, one.name) for one in fields(self)}
        return Answers(**{name: one[rows] if isinstance(one, np.ndarray) else one for name, one in arrays.items()})

    def days(self, calendar: Calendar) -> Int64Array:
        """The local day of each cutoff, since 1970."""
        instants, place = np.unique(self.cutoff_us, return_inverse=True)
        return np.asarray(calendar.days_of(instants)[place])

    def firsts_of_days(self, calendar: Calendar) -> "Answers":
        """Of several answers of a version about a customer and a local day, the first."""
        day = self.days(calendar)
        day -= day.min(initial=0)
        key = (self.customer.astype(np.int64) * (int(day.max(initial=0)) + 1) + day) * max(len(self.models), 1)
        key = (key + self.model) * max(len(self.versions), 1) + self.version
        again = pd.Series(key).duplicated(keep=False).to_numpy()
        if not again.any():
            return self
        several = np.flatnonzero(again)
        several = several[np.lexsort((self.scored_us[several], self.cutoff_us[several], key[several]))]
        later = several[1:][key[several[1:]] == key[several[:-1]]]
        kept = np.ones(len(self), dtype=np.bool_)
        kept[later] = False
        return self.take(kept)


def week_of(day: int) -> int:
    """The week of a local day, Monday to Sunday, counted from that of 1970-01-01."""
    return (day + MONDAY) // 7


def score_files(folder: Path) -> list[Path]:
    """Every file that may hold answers, by name."""
    log, batch = folder / "scores" / "log", folder / "scores" / "batch"
    return [*sorted(log.glob("*.jsonl")), *sorted(batch.glob("*.parquet"))]


def read_file(folder: Path, path: Path) -> tuple[pa.Table, list[Unreadable]]:
    """The answers of one file.

    Args:
        folder: the artifacts of the business.
        path: one of `score_files`.

    Returns:
        Rows in the form of SCHEMA, and what could not be read.

    Raises:
        NoFileKey, WrongFileKey: it is encrypted, and its key is not here.
    """
    name = path.relative_to(folder).as_posix()
    if path.suffix == ".parquet":
        try:
            return _cleaned(_typed(parquet.read_table(path, COLUMNS)), name)
        except (FileNotFoundError, PermissionError):
            return SCHEMA.empty_table(), [Unreadable(name, 0, "no_file")]
        except (OSError, pa.ArrowException, KeyError):
            return SCHEMA.empty_table(), [Unreadable(name, 0, "no_parquet")]
    bad: Counter[str] = Counter()
    try:
        rows = [row for row in _rows(plain_lines(path), bad) if row is not None]
    except OSError:
        return SCHEMA.empty_table(), [Unreadable(name, 0, "no_file")]
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    table = pa.table([pa.array(one, kind) for one, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)
    return table, [Unreadable(name, lines, why) for why, lines in sorted(bad.items())]


def compact(table: pa.Table) -> pa.Table:
    """The same rows with each text once: a quarter of the memory."""
    for place, name in enumerate(SCHEMA.names[:4]):
        table = table.set_column(place, name, pc.dictionary_encode(table[name]))
    return table


def gathered(tables: Sequence[pa.Table]) -> Answers:
    """Rows of several files, all of them compact or none, as arrays with common levels."""
    every = pa.concat_tables(tables or [SCHEMA.empty_table()])
    texts = {name: _coded(every[name]) for name in SCHEMA.names[:4]}
    return Answers(
        customers=texts["customer_id"][1],
        models=tuple(texts["model"][1].to_pylist()),
        versions=tuple(texts["model_version"][1].to_pylist()),
        definitions=tuple(texts["definition_id"][1].to_pylist()),
        customer=texts["customer_id"][0],
        model=texts["model"][0],
        version=texts["model_version"][0],
        definition=texts["definition_id"][0],
        cutoff_us=every["cutoff_us"].to_numpy(),
        scored_us=every["scored_us"].to_numpy(),
        probability=every["probability"].to_numpy(),
    )


def from_frame(frame: pd.DataFrame) -> Answers:
    """Answers that are in memory already. Columns of SCORES."""
    table, _ = _cleaned(_typed(pa.Table.from_pandas(frame[list(COLUMNS)], preserve_index=False)), "")
    return gathered([table])


def _coded(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """A text column as codes into its levels as they come."""
    if not len(column):
        return np.zeros(0, dtype=np.int32), pa.array([], pa.string())
    whole = pc.dictionary_encode(column).unify_dictionaries()
    codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in whole.chunks])
    return codes.astype(np.int32), whole.chunk(0).dictionary


def _typed(table: pa.Table) -> pa.Table:
    """Columns of a batch in the types of SCHEMA, null where they lack a value."""
    columns = [table[name].cast(pa.string()) for name in COLUMNS[:4]]
    instant = pa.timestamp("us", tz="UTC")
    columns += [table[name].cast(instant, safe=False).cast(pa.int64()) for name in ("cutoff", "scored_at")]
    return pa.table([*columns, table["probability"].cast(pa.float64())], schema=SCHEMA)


def _cleaned(table: pa.Table, name: str) -> tuple[pa.Table, list[Unreadable]]:
    """The rows that have a number, without those that nobody could judge."""
    table = table.filter(pc.is_valid(table["probability"]))
    has_cutoff = _all_valid(table, ["cutoff_us"])
    probability = table["probability"].to_numpy()
    sound = has_cutoff & _all_valid(table, [one for one in SCHEMA.names if one != "cutoff_us"])
    sound &= (probability >= 0) & (probability <= 1)
    cutoff_us = table["cutoff_us"].fill_null(-1).to_numpy()
    sound &= (cutoff_us >= 0) & (cutoff_us < LATEST_US)
    bad = {"no_cutoff": int((~has_cutoff).sum()), "wrong_value": int((has_cutoff & ~sound).sum())}
    told = [Unreadable(name, rows, why) for why, rows in bad.items() if rows]
    return (table if sound.all() else table.filter(pa.array(sound))), told


def _all_valid(table: pa.Table, names: Sequence[str]) -> BoolArray:
    valid = np.ones(len(table), dtype=np.bool_)
    for name in names:
        if table[name].null_count:
            valid &= table[name].is_valid().to_numpy()
    return valid


def _rows(lines: Iterable[bytes], bad: Counter[str]) -> Iterator[tuple[Any, ...] | None]:
    """One row an answer of a segment; what cannot be read is counted."""
    erased = ERASED_LINE.encode()
    for line in lines:
        if line.startswith(erased):
            continue
        try:
            told = json.loads(line)
            if told["probability"] is not None and not told.get(SHADOW_LINE):
                yield _row(told, bad)
        except (ValueError, TypeError, KeyError, AttributeError, NaiveTime):
            bad["torn" if line.endswith(b"\n") else "unfinished"] += 1


def _row(told: dict[str, Any], bad: Counter[str]) -> tuple[Any, ...] | None:
    """A line's values in the order of SCHEMA; None where it cannot be judged."""
    if told["cutoff"] is None:
        bad["no_cutoff"] += 1
        return None
    texts = tuple(told[name] for name in COLUMNS[:4])
    probability = float(told["probability"])
    if not (all(isinstance(one, str) for one in texts) and math.isfinite(probability) and 0 <= probability <= 1):
        bad["wrong_value"] += 1
        return None
    cutoff_us, scored_us = (to_us(datetime.fromisoformat(told[name])) for name in ("cutoff", "scored_at"))
    if not 0 <= cutoff_us < LATEST_US:
        bad["wrong_value"] += 1
        return None
    return (*texts, cutoff_us, scored_us, probability)
