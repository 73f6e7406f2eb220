"""The engines by name, and what they make as cells that can be compared.

An engine reads the log in a folder and yields what its library gives: batches, frames or blocks of a cube. `cells_of`
turns that into columns, which is not timed. Start reading at `ENGINES`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.task import FEATURES, LABEL, NAMES, SHOP, horizon_ends

FILLS = [*(f"f{number}" for number in range(len(FEATURES))), "label"]


class Block(NamedTuple):
    """What the kernel makes of one file of the log: ids (c,), features (c, k, f), label (c, k)."""

    customers: NDArray[np.object_]
    cube: NDArray[np.float64]
    label: NDArray[np.bool_]


class Cells(NamedTuple):
    """Cells to compare: customer numbers (n,), cutoffs (n,), and a function that gives a column by its number."""

    customer: NDArray[np.int64]
    cutoff: NDArray[np.int64]
    column: Callable[[int], NDArray[np.float64]]


def kernel(folder: Path, at: list[datetime]) -> Iterator[Block]:
    """The product's own way: one file of the log after the other, sorted as it is."""
    from features.compute import compute
    from features.log import read_log_manifest
    from features.log_reading import read_bucket

    ends = horizon_ends(at)
    for name in sorted(read_log_manifest(folder).files):
        events = read_bucket(folder, name)
        label = compute(events, ends, LABEL, SHOP)[..., 0] > 0
        yield Block(events.customers, compute(events, at, FEATURES, SHOP), label)


def floor(folder: Path, at: list[datetime]) -> Iterator[Any]:
    """Scan, decode and hash once, in DuckDB."""
    from benchmarks.race import sql

    yield from sql.floor(folder, at)


def best_sql(folder: Path, at: list[datetime]) -> Iterator[Any]:
    """DuckDB, one narrow aggregate a kind."""
    from benchmarks.race import sql

    yield from sql.best_sql(folder, at)


def polars_frames(folder: Path, at: list[datetime]) -> Iterator[Any]:
    """Polars, one narrow group-by a kind."""
    from benchmarks.race import frames

    yield from frames.polars_frames(folder, at)


def pandas_loop(folder: Path, at: list[datetime]) -> Iterator[Any]:
    """pandas, cutoff by cutoff."""
    from benchmarks.race import frames

    yield from frames.pandas_loop(folder, at)


Engine = Callable[[Path, list[datetime]], Iterator[Any]]
ENGINES: dict[str, Engine] = {
    "kernel": kernel,
    "floor": floor,
    "duckdb": best_sql,
    "polars": polars_frames,
    "pandas": pandas_loop,
}


def cells_of(made: Any) -> Cells:
    """One thing that an engine yielded, as cells."""
    if isinstance(made, Block):
        people, cutoffs = made.cube.shape[:2]
        return Cells(
            np.repeat(_numbers(made.customers), cutoffs),
            np.tile(np.arange(cutoffs), people),
            lambda column: (made.label if column == len(FEATURES) else made.cube[..., column]).ravel().astype(float),
        )
    if hasattr(made, "index"):  # pandas
        return Cells(
            _numbers(made.index), made["k"].to_numpy(), lambda column: made[FILLS[column]].to_numpy(np.float64)
        )
    table = made if hasattr(made, "get_column") else _polars(made)
    return Cells(
        _numbers(table["customer_id"].to_numpy()),
        table["k"].to_numpy().astype(np.int64),
        lambda column: table[FILLS[column]].cast(float).to_numpy(),
    )


def compared(one: NDArray[np.float64], other: NDArray[np.float64], name: str) -> None:
    """Hold one column of an engine against the kernel's.

    Raises:
        AssertionError: they differ.
    """
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True, err_msg=name)


def _polars(batch: Any) -> Any:
    import polars as pl

    return pl.DataFrame(batch)


def _numbers(ids: Any) -> NDArray[np.int64]:
    return np.array([int(one[1:]) for one in ids], dtype=np.int64)


assert len(FILLS) == len(NAMES)
