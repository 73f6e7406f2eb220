"""Everybody's row of now on disk: `features/current.parquet`, what the on-line store was filled from.

It has a snapshot's columns, and beside the vector what the on-line view holds with it, so that Feast's own
`feast materialize` reads it too. Monitoring reads it as the newest features there are.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import micros
from features import parquet
from features.atomic import write_json, write_whole
from features.feature_set import FeatureSet
from features.provenance import made_by
from features.snapshot_file import LATER, NIGHTLY, STATED, read_rows, row_groups, table_of

ROWS_FILE, MANIFEST_FILE = "current.parquet", "manifest.json"
ROWS_A_GROUP = 16_384  # what is read, scored and written to the on-line store together
BESIDE = ("as_of_us", "known_at_us", "feature_set_hash", *LATER)


class NoCurrent(DataError):
    """Nobody wrote the features of now yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"There are no features of now in {folder}.", mend="run `churn features materialise`.")


def write_current(
    frames: pd.DataFrame | Iterable[pd.DataFrame], features: FeatureSet, lifecycle: Lifecycle, folder: Path
) -> Path:
    """Write rows of now and their manifest.

    Args:
        frames: as `features.snapshots.current` gives them, or block by block (`features.everybody`), of one cutoff.
        features: their features.
        lifecycle: what churn meant.
        folder: of the feature store.

    Returns:
        Where the rows lie.

    Raises:
        WrongColumns: they have others; what stood there stays.
    """
    names, written = list(features.names), Written()
    blocks = [frames] if isinstance(frames, pd.DataFrame) else frames
    write_whole(folder / ROWS_FILE, lambda draft: _fill(blocks, names, features.hash, draft, written))
    manifest = {
        "as_of": written.as_of.isoformat() if written.as_of else None,
        "rows": written.rows,
        "definition": lifecycle.as_json(),
        "feature_set": {"hash": features.hash, "names": names, "features": features.as_json()},
        "made_by": made_by(),
    }
    write_json(folder / MANIFEST_FILE, manifest)
    return folder / ROWS_FILE


@dataclass
class Written:
    """How many rows were written, and as of when they are."""

    rows: int = 0
    as_of: datetime | None = None


def _fill(
    blocks: Iterable[pd.DataFrame], names: list[str], feature_set_hash: str, draft: Path, written: Written
) -> None:
    """Write the rows group by group: laid out for the file, all at once would take several times their memory."""
    with ExitStack() as stack:
        file = None
        for frame in _groups(blocks):
            table = table_of(frame, names, **_beside(frame, feature_set_hash))
            file = file or stack.enter_context(parquet.writer(draft, table.schema))
            file.write_table(table)
            written.rows += len(frame)
            if len(frame):
                written.as_of = frame["event_timestamp"].max().to_pydatetime()


def _groups(blocks: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Blocks of at most a group of the file; the first one, as it says what columns there are, also without rows."""
    for frame in blocks:
        for first in range(0, max(len(frame), 1), ROWS_A_GROUP):
            yield frame.iloc[first : first + ROWS_A_GROUP]


def _beside(frame: pd.DataFrame, feature_set_hash: str) -> dict[str, pa.Array]:
    said = frame[STATED] if STATED in frame else np.full(len(frame), None)
    return {
        "as_of_us": pa.array(micros(frame["event_timestamp"])),
        "known_at_us": pa.array(micros(frame["created_timestamp"])),
        "feature_set_hash": pa.array(np.full(len(frame), feature_set_hash, dtype=object), type=pa.string()),
        STATED: pa.array(said, type=pa.string(), from_pandas=True),
        NIGHTLY: pa.nulls(len(frame), pa.string()),
    }


def read_current(folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Everybody's row of now and its manifest.

    Args:
        folder: of the feature store.

    Raises:
        NoCurrent: it was never written.
        WrongColumns: the file's columns are not those of the manifest.
    """
    manifest = read_manifest(folder)
    return read_rows(folder / ROWS_FILE, manifest["feature_set"]["names"], *BESIDE), manifest


def current_groups(folder: Path) -> Iterator[pd.DataFrame]:
    """What `read_current` reads, a group of rows at a time.

    Args:
        folder: of the feature store.

    Raises:
        NoCurrent: it was never written.
        WrongColumns: the file's columns are not those of the manifest.
    """
    names = read_manifest(folder)["feature_set"]["names"]
    return row_groups(folder / ROWS_FILE, names, *BESIDE)


def read_customers(folder: Path) -> pa.ChunkedArray:
    """Who has a row of now, in the order of the file.

    Args:
        folder: of the feature store.

    Raises:
        NoCurrent: it was never written.
    """
    read_manifest(folder)
    return parquet.read_table(folder / ROWS_FILE, ["customer_id"])["customer_id"]


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the rows of now say of themselves: as_of, rows, definition, feature_set, made_by.

    Raises:
        NoCurrent: they were never written.
    """
    if not (folder / MANIFEST_FILE).exists() or not (folder / ROWS_FILE).exists():
        raise NoCurrent(folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    return manifest
