"""Everybody's row of now in the order of customers, without ever holding all of them.

    parts of the log --standing--> a draft on disk, part by part --frames--> blocks of `AT_ONCE` rows, by customer

A part of the log holds customers drawn by a hash. On-line stores and spreadsheets want them in order: SQLite writes
neighbours to the same page. So each part's rows go to disk as they are made, a few hundred together, and a block reads
back those runs that reach into it. The same rows as `features.snapshots.current`, bit by bit; for some customers that
one is simpler. The draft is encrypted where files are and gone at the end. Start reading at `everybody`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churn.calendar import to_us
from churn.definition import Lifecycle
from churn.stated_text import without_open
from churn.tables import SNAPSHOT_KEYS
from features import parquet
from features.atomic import draft_folder
from features.feature_set import FeatureSet
from features.parts import HERE, Engine, Part
from features.snapshot_file import STATED, VECTOR, in_order, matrix
from features.snapshot_rows import part_current

AT_ONCE = 16_384  # rows of a block
RUN = 512  # rows that lie together: a block reads at most two runs of a part that it does not need whole
TEXTS = ("customer_id", "stage", "model", STATED)
SCHEMA = pa.schema([*((name, pa.string()) for name in TEXTS), (VECTOR, pa.list_(pa.float64()))])
ROWS = "rows.parquet"


@dataclass
class Everybody:
    """Rows of now on disk, in runs that are sorted by customer.

    Args:
        path: where they lie.
        names: the features, in order.
        now: the cutoff.
        ids: customers of each run. reach: the first and the last of them.
        models: how many customers each model is asked about; "none": of no model.
        tells_solutions: whether the log says of any case that it was solved.
        at_once: rows of a block.
    """

    path: Path
    names: Sequence[str]
    now: datetime
    ids: list[pa.Array] = field(default_factory=list)
    reach: list[tuple[str, str]] = field(default_factory=list)
    models: Counter[str] = field(default_factory=Counter)
    tells_solutions: bool = False
    at_once: int = AT_ONCE

    def __len__(self) -> int:
        return sum(map(len, self.ids))

    @property
    def customer_ids(self) -> pa.ChunkedArray:
        """Who has a row, in no order."""
        return pa.chunked_array(self.ids, pa.string())

    def frames(self) -> Iterator[pd.DataFrame]:
        """All rows in the order of customers, a block at a time, as `features.snapshots.current` lays them out.

        One without rows where there are none.
        """
        ordered = pc.take(self.customer_ids, pc.array_sort_indices(self.customer_ids))
        ends = [*range(self.at_once, len(ordered), self.at_once), len(ordered)]
        with parquet.opened(self.path) as file:
            for first, end in zip([0, *ends], ends, strict=False):
                if first < end:
                    yield self._frame(self._rows(file, ordered[first].as_py(), ordered[end - 1].as_py()))
        if not len(ordered):
            yield self._frame(SCHEMA.empty_table())

    def _rows(self, file: Any, first: str, last: str) -> pa.Table:  # pyarrow.parquet.ParquetFile
        """The rows of the customers from one to another, both included."""
        runs = [run for run, (begins, ends) in enumerate(self.reach) if begins <= last and ends >= first]
        rows = file.read_row_groups(runs, use_threads=False)
        mine = pc.and_(pc.greater_equal(rows["customer_id"], first), pc.less_equal(rows["customer_id"], last))
        return rows.filter(mine)

    def _frame(self, rows: pa.Table) -> pd.DataFrame:
        texts = {name: rows[name].to_numpy() for name in TEXTS}
        instant = pd.Series(np.full(len(rows), to_us(self.now), dtype="datetime64[us]")).dt.tz_localize("UTC")
        keys = pd.DataFrame({name: pd.Series(texts[name], dtype=object) for name in TEXTS[:-1]})
        keys = keys.assign(
            event_timestamp=instant, created_timestamp=instant, label=pd.array([pd.NA] * len(keys), dtype="boolean")
        )
        values = rows[VECTOR].combine_chunks().flatten().to_numpy().reshape(len(rows), len(self.names))
        frame = pd.concat([keys[[*SNAPSHOT_KEYS.names]], pd.DataFrame(values, columns=list(self.names))], axis=1)
        said = texts[STATED] if self.tells_solutions else [without_open(text) for text in texts[STATED]]
        frame[STATED] = pd.Series(said, dtype=object)
        return in_order(frame)


@contextmanager
def everybody(
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    now: datetime,
    *,
    folder: Path,
    engine: Engine = HERE,
) -> Iterator[Everybody]:
    """Everybody's row as of now, which can be read until the block ends.

    Args:
        parts: of the log.
        features: what to compute.
        lifecycle: what churn means.
        now: the cutoff; any instant.
        folder: of the feature store, in which the draft lies.
        engine: where the parts are worked on.

    Raises:
        OSError: the disk is full; nothing half-written stays.
    """
    work = partial(part_current, features=features, lifecycle=lifecycle, now=now)
    with draft_folder(folder / "everybody") as draft:
        found = Everybody(draft / ROWS, features.names, now)
        with parquet.writer(found.path, SCHEMA, use_dictionary=["stage", "model"], write_statistics=False) as file:
            for part in engine.map(work, parts):
                _write(part.frame, found, file)
                found.tells_solutions |= part.tells_solutions
        yield found


def _write(frame: pd.DataFrame, found: Everybody, file: Any) -> None:  # pyarrow.parquet.ParquetWriter
    """Add the rows of a part, run by run."""
    found.models.update(frame["model"].fillna("none"))
    for first in range(0, len(frame), RUN):
        some = frame.iloc[first : first + RUN]
        arrays = {name: pa.array(some[name], pa.string(), from_pandas=True) for name in TEXTS}
        values = matrix(some, found.names)
        offsets = pa.array(np.arange(len(values) + 1, dtype=np.int32) * values.shape[1])
        arrays[VECTOR] = pa.ListArray.from_arrays(offsets, pa.array(values.ravel()))
        found.ids.append(arrays["customer_id"])
        found.reach.append((arrays["customer_id"][0].as_py(), arrays["customer_id"][-1].as_py()))
        file.write_table(pa.table(arrays))
