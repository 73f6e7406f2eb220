"""A snapshot on disk: one Parquet file whose content names it.

Answers: which bytes stand for these rows (`digest`), how are they laid into Parquet (`write_rows`) and back
(`read_rows`)? The scalars carry null where a feature is not known; `vector` holds the same row packed, in the order
of the feature set, with NaN and never null inside, because Feast turns a null inside a list into 0. Instants are
`timestamp[us, UTC]`: nanoseconds, pandas' default, join but cannot be materialised. Knows nothing of cohorts.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churn.errors import WrongColumns
from churn.events import FloatArray, micros
from churn.tables import INSTANT, SNAPSHOT_KEYS

VECTOR = "vector"
ROWS_FILE = "snapshot.parquet"
ARROW = {"str": pa.string(), INSTANT: pa.timestamp("us", tz="UTC"), "boolean": pa.bool_()}


def checked(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame itself, when it has the keys of a snapshot and then these features, in order.

    Raises:
        WrongColumns: it has others; the message shows the difference.
    """
    promised = [*SNAPSHOT_KEYS.names, *names]
    if list(frame.columns) != promised:
        raise WrongColumns(SNAPSHOT_KEYS.name, expected=promised, found=[str(name) for name in frame.columns])
    return frame


def matrix(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """The features of a frame, one row a customer and cutoff. Shape (n, f), NaN where null."""
    return np.ascontiguousarray(frame[list(names)].to_numpy(dtype=np.float64, na_value=np.nan))


def digest(frame: pd.DataFrame, names: Sequence[str], meaning: Mapping[str, Any]) -> str:
    """SHA-256 of what a snapshot says: its meaning and its rows, whatever wrote them and however they are packed.

    Args:
        frame: keys of SNAPSHOT, then the features.
        names: the features, in order.
        meaning: definition, feature set, cutoffs: what the rows answer.
    """
    content = hashlib.sha256(json.dumps(meaning, sort_keys=True, ensure_ascii=False).encode())
    for column in SNAPSHOT_KEYS:
        values = frame[column.name]
        if column.dtype == INSTANT:
            content.update(micros(values).tobytes())
        elif column.dtype == "boolean":
            content.update(values.astype("Int8").fillna(-1).to_numpy(dtype=np.int8).tobytes())
        else:
            content.update("\x00".join(values.astype(object).where(values.notna(), "\x01")).encode())
        content.update(b"\x02")
    rows = matrix(frame, names)
    rows[np.isnan(rows)] = np.nan  # one NaN: its payload says nothing
    content.update((rows + 0.0).tobytes())  # and one zero
    return content.hexdigest()


def write_rows(frame: pd.DataFrame, names: Sequence[str], target: Path, **beside: pa.Array) -> None:
    """Write keys, scalars and the packed vector as Parquet, and then what else stands beside them.

    Raises:
        WrongColumns: the frame is not a snapshot's.
        OSError: the disk is full, or the folder may not be written.
    """
    checked(frame, names)
    rows = matrix(frame, names)
    arrays: dict[str, pa.Array] = {
        column.name: pa.Array.from_pandas(frame[column.name], type=ARROW[column.dtype]) for column in SNAPSHOT_KEYS
    }
    for index, name in enumerate(names):
        arrays[name] = pa.array(rows[:, index], from_pandas=True)
    offsets = pa.array(np.arange(len(rows) + 1, dtype=np.int32) * len(names))
    arrays[VECTOR] = pa.ListArray.from_arrays(offsets, pa.array(rows.ravel()))
    pq.write_table(pa.table(arrays | beside), target, compression="zstd", row_group_size=65_536)


def read_rows(path: Path, names: Sequence[str], *beside: str) -> pd.DataFrame:
    """Read keys and scalars back; the vector says the same again, and with what else is beside it stays on disk.

    Raises:
        WrongColumns: the file has other columns than its manifest promises.
    """
    found = pq.read_schema(path).names
    wanted = [*SNAPSHOT_KEYS.names, *names]
    promised = [*wanted, VECTOR, *beside]
    if found != promised:
        raise WrongColumns(str(path), expected=promised, found=found)
    table = pq.read_table(path, columns=wanted)
    keys = {
        column.name: table[column.name].to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
        for column in SNAPSHOT_KEYS
    }
    values = np.column_stack([table[name].to_numpy() for name in names]) if names else np.zeros((len(table), 0))
    return pd.concat([pd.DataFrame(keys), pd.DataFrame(values, columns=list(names))], axis=1)
