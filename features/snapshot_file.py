"""A snapshot on disk: one Parquet file whose content names it.

Answers: what number stands for these rows, however they are parted and ordered (`content_of`), how are they laid into
Parquet (`table_of`), part by part (`RowWriter`), and back (`read_rows`, `row_groups`)? The scalars carry
null where a feature is not known; `vector` holds the same row packed, in the order of the feature set, with NaN and
never null inside, because Feast turns a null inside a list into 0. Instants are `timestamp[us, UTC]`: nanoseconds,
pandas' default, join but cannot be materialised. Knows nothing of cohorts.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churn.errors import WrongColumns
from churn.events import FloatArray, micros
from churn.tables import INSTANT, OUTCOMES, SNAPSHOT_KEYS
from features import parquet

VECTOR, STATED = "vector", "stated"
NIGHTLY = "nightly"
LATER = (STATED, NIGHTLY)  # columns of rows of now that files of their first form lack
ROWS_A_GROUP = 65_536
CONTENT_SIZE = 2**256
ROWS_FILE = "snapshot.parquet"
ARROW = {"str": pa.string(), INSTANT: pa.timestamp("us", tz="UTC"), "boolean": pa.bool_()}


def checked(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame itself, when it has the keys of a snapshot, its outcomes where it knows any, and then these features.

    Rows of now may say beside them what customers stated.

    Raises:
        WrongColumns: it has others; the message shows the difference.
    """
    promised = [*told_of(frame.columns), *names]
    if [name for name in frame.columns if name != STATED] != promised:
        raise WrongColumns(SNAPSHOT_KEYS.name, expected=promised, found=[str(name) for name in frame.columns])
    return frame


def told_of(columns: Iterable[str]) -> list[str]:
    """The columns before the features: keys, and OUTCOMES where the first of these is there.

    Rows of now have none, nor have snapshots that were frozen before there were any.
    """
    return [*SNAPSHOT_KEYS.names, *(OUTCOMES.names if OUTCOMES.names[0] in set(columns) else ())]


def matrix(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """The features of a frame, one row a customer and cutoff. Shape (n, f), NaN where null."""
    return np.ascontiguousarray(frame[list(names)].to_numpy(dtype=np.float64, na_value=np.nan))


def content_of(frame: pd.DataFrame, names: Sequence[str]) -> int:
    """A number that stands for rows, whatever wrote them and however they are packed: that of all is the sum of parts.

    Each row is hashed, and the hashes are added up modulo 2^256, so that neither order nor parting counts. It tells
    a changed file from an unchanged one; it is no signature against somebody who sets out to forge.

    Args:
        frame: keys of SNAPSHOT, OUTCOMES where it knows them, then the features.
        names: the features, in order.
    """
    rows = matrix(frame, [*told_of(frame.columns)[len(SNAPSHOT_KEYS.names) :], *names])
    rows[np.isnan(rows)] = np.nan  # one NaN: its payload says nothing
    packed, width = (rows + 0.0).tobytes(), rows.shape[1] * rows.itemsize  # and one zero
    total = 0
    for row, key in enumerate(zip(*(_keys(frame, column.name, column.dtype) for column in SNAPSHOT_KEYS), strict=True)):
        text = "".join(f"{len(part)}:{part}" for part in key).encode()
        hashed = hashlib.blake2b(text + packed[row * width : (row + 1) * width], digest_size=32)
        total += int.from_bytes(hashed.digest(), "little")
    return total % CONTENT_SIZE


def _keys(frame: pd.DataFrame, name: str, dtype: str) -> list[str]:
    """A key column as texts; null is one that no value has."""
    values = frame[name]
    if dtype == INSTANT:
        return [str(instant) for instant in micros(values).tolist()]
    return [str(value) for value in values.astype(object).where(values.notna(), "\x01")]


def digest(content: int, rows: int, meaning: Mapping[str, Any]) -> str:
    """SHA-256 of what a snapshot says.

    Args:
        content: stands for its rows.
        rows: how many.
        meaning: definition, feature set, cutoffs: what the rows answer.
    """
    said = {"meaning": meaning, "rows": rows, "content": f"{content:064x}"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def table_of(frame: pd.DataFrame, names: Sequence[str], **beside: pa.Array) -> pa.Table:
    """Keys, scalars and the packed vector as they are laid into Parquet, and then what else stands beside them.

    Raises:
        WrongColumns: the frame is not a snapshot's.
    """
    checked(frame, names)
    rows = matrix(frame, names)
    arrays: dict[str, pa.Array] = {
        column.name: pa.Array.from_pandas(frame[column.name], type=ARROW[column.dtype]) for column in SNAPSHOT_KEYS
    }
    for name in told_of(frame.columns)[len(arrays) :]:
        arrays[name] = pa.array(frame[name].to_numpy(dtype=np.float64, na_value=np.nan), from_pandas=True)
    for index, name in enumerate(names):
        arrays[name] = pa.array(rows[:, index], from_pandas=True)
    offsets = pa.array(np.arange(len(rows) + 1, dtype=np.int32) * len(names))
    arrays[VECTOR] = pa.ListArray.from_arrays(offsets, pa.array(rows.ravel()))
    return pa.table(arrays | beside)


class RowWriter:
    """Writes tables of `table_of` one after the other into one file, small ones together; a context manager.

    Args:
        target: the file.
        names: the features, in order.
    """

    def __init__(self, target: Path, names: Sequence[str]) -> None:
        empty = no_rows(names)
        self._file = parquet.writer(target, empty.schema)
        self._waiting = [empty]

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, *_error: object) -> None:
        self._flush()
        self._file.close()

    def write(self, table: pa.Table) -> None:
        """Write these rows, now or with those that come next."""
        self._waiting.append(table)
        if sum(len(one) for one in self._waiting) >= ROWS_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = pa.concat_tables(self._waiting), self._waiting[:1]
        self._file.write_table(waiting, row_group_size=ROWS_A_GROUP)


def no_rows(names: Sequence[str]) -> pa.Table:
    """The table of nobody: its schema is that of every snapshot with these features."""
    values = pd.DataFrame(np.zeros((0, len(names))), columns=list(names))
    return table_of(pd.concat([SNAPSHOT_KEYS.empty(), OUTCOMES.empty(), values], axis=1), names)


def read_rows(path: Path, names: Sequence[str], *beside: str) -> pd.DataFrame:
    """Read keys and scalars back, and what customers stated where the file is asked and says so.

    The vector says the same again; with what else is beside it, it stays on disk.

    Raises:
        WrongColumns: the file has other columns than its manifest promises.
    """
    groups = list(row_groups(path, names, *beside))
    return pd.concat(groups, ignore_index=True) if len(groups) > 1 else groups[0]


def row_groups(
    path: Path, names: Sequence[str], *beside: str, groups: Sequence[int] | None = None
) -> Iterator[pd.DataFrame]:
    """What `read_rows` reads, a group of rows at a time; one without rows where there are none.

    Args:
        path: the file.
        names: the features, in order.
        beside: further columns that it has.
        groups: these groups alone; all where None.

    Raises:
        WrongColumns: the file has other columns than its manifest promises.
    """
    with parquet.opened(path) as file:
        found = file.schema_arrow.names
        wanted = [*told_of(found), *names]
        promised = [*wanted, VECTOR, *(name for name in beside if name in found or name not in LATER)]
        if found != promised:
            raise WrongColumns(str(path), expected=promised, found=found)
        wanted += [STATED] if STATED in promised else []
        for group in range(file.num_row_groups) if groups is None else groups:
            yield _frame(file.read_row_group(group, columns=wanted), names)
        if not file.num_row_groups:
            yield _frame(file.read(columns=wanted), names)


def some_rows(path: Path, names: Sequence[str], count: int) -> pd.DataFrame:
    """So many rows of the first group of a file, spread over it; fewer where it has fewer.

    Raises:
        WrongColumns: the file has other columns than its manifest promises.
    """
    frame = next(row_groups(path, names))
    chosen = np.unique(np.linspace(0, len(frame) - 1, min(count, len(frame))).astype(np.intp))
    return frame.iloc[chosen].reset_index(drop=True)


def read_columns(path: Path, names: Sequence[str]) -> pd.DataFrame:
    """Some columns of all rows, in the order of the file."""
    table = parquet.read_table(path, columns=list(names))
    found: pd.DataFrame = table.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    return found


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by cutoff and customer, the order in which snapshots are read."""
    keys = pa.table({name: pa.Array.from_pandas(frame[name]) for name in ("event_timestamp", "customer_id")})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names]).to_numpy()
    sorted_already = bool(np.array_equal(order, np.arange(len(order))))
    return frame if sorted_already else frame.take(order).reset_index(drop=True)


def _frame(table: pa.Table, names: Sequence[str]) -> pd.DataFrame:
    keys = {
        column.name: table[column.name].to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
        for column in SNAPSHOT_KEYS
    }
    numbers = [*told_of(table.column_names)[len(keys) :], *names]
    values = np.column_stack([table[name].to_numpy() for name in numbers]) if numbers else np.zeros((len(table), 0))
    beside = {STATED: table[STATED].to_pandas()} if STATED in table.column_names else {}
    return pd.concat([pd.DataFrame(keys), pd.DataFrame(values, columns=numbers), pd.DataFrame(beside)], axis=1)
