"""Everybody's row of now on disk: `features/current.parquet`, what the on-line store was filled from.

It has a snapshot's columns, and beside the vector what the on-line view holds with it, so that Feast's own
`feast materialize` reads it too. Monitoring reads it as the newest features there are.
"""

import json
from contextlib import closing
from datetime import datetime
from itertools import chain
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
from features.snapshot_file import LATER, NIGHTLY, ROWS_A_GROUP, STATED, read_rows, table_of

ROWS_FILE, MANIFEST_FILE = "current.parquet", "manifest.json"
BESIDE = ("as_of_us", "known_at_us", "feature_set_hash", *LATER)


class NoCurrent(DataError):
    """Nobody wrote the features of now yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"There are no features of now in {folder}.", mend="run `churn features materialise`.")


def write_current(frame: pd.DataFrame, features: FeatureSet, lifecycle: Lifecycle, folder: Path) -> Path:
    """Write a frame of now and its manifest.

    Args:
        frame: as `features.snapshots.current` gives it.
        features: its features.
        lifecycle: what churn meant.
        folder: of the feature store.

    Returns:
        Where the rows lie.
    """
    names = list(features.names)
    write_whole(folder / ROWS_FILE, lambda draft: _fill(frame, names, features.hash, draft))
    as_of: datetime | None = None if frame.empty else frame["event_timestamp"].max().to_pydatetime()
    manifest = {
        "as_of": as_of.isoformat() if as_of else None,
        "rows": len(frame),
        "definition": lifecycle.as_json(),
        "feature_set": {"hash": features.hash, "names": names, "features": features.as_json()},
        "made_by": made_by(),
    }
    write_json(folder / MANIFEST_FILE, manifest)
    return folder / ROWS_FILE


def _fill(frame: pd.DataFrame, names: list[str], feature_set_hash: str, draft: Path) -> None:
    """Write the rows group by group: laid out for the file, all at once would take several times their memory."""
    starts = range(0, max(len(frame), 1), ROWS_A_GROUP)
    parts = (frame.iloc[first : first + ROWS_A_GROUP] for first in starts)
    tables = (table_of(part, names, **_beside(part, feature_set_hash)) for part in parts)
    first = next(tables)
    with closing(parquet.writer(draft, first.schema)) as file:
        for table in chain([first], tables):
            file.write_table(table, row_group_size=ROWS_A_GROUP)


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


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the rows of now say of themselves: as_of, rows, definition, feature_set, made_by.

    Raises:
        NoCurrent: they were never written.
    """
    if not (folder / MANIFEST_FILE).exists() or not (folder / ROWS_FILE).exists():
        raise NoCurrent(folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    return manifest
