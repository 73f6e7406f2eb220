"""Evidently's report; Evidently is loaded only when one is made (that takes seconds).

A report aborts on a missing column, on text among numbers, on a column without values and on infinity, so it is given
only what `monitoring/data/contract.py` found usable, from a sample of the rows. Its page holds all it needs and opens
off-line; churn/__init__.py switches its usage reports off. Its PSI is on bins of equal width of that sample; the
verdict rests on our own, on all rows.
"""

import gzip
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.errors import DataError
from features.atomic import write_whole

FROM_OUTSIDE = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*[\"']?\s*(?:https?:)?//", re.I)


class NotSelfContained(DataError):
    """A report asks for something from outside."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"The page {path} would load something from outside: {found}",
            mend="pin the version of Evidently that pyproject.toml was tested with.",
        )


@dataclass(frozen=True)
class Page:
    """A report that was made.

    Args:
        path: the page. columns: what is in it.
        left_out: columns that had no values on one side.
        content: the report as Evidently's JSON.
    """

    path: Path
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    content: dict[str, Any]


def report(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    columns: Sequence[str],
    target: Path,
    *,
    rows: int,
    watch: float,
    at: datetime,
    of: Mapping[str, str],
) -> Page:
    """Make Evidently's report of some columns, as a page, as JSON, and beside the page as a snapshot for its UI.

    Args:
        reference: numbers; null is NaN.
        current: likewise.
        columns: what to compare.
        target: the page.
        rows: at most so many a side.
        watch: PSI above which a column is marked.
        at: the instant judged.
        of: what it is of (model, version), for the UI.

    Raises:
        NotSelfContained: the page would need the network.
    """
    sides = [_finite(side, columns, rows) for side in (reference, current)]
    alive = [name for name in columns if all(side[name].notna().any() for side in sides)]
    run = _run(sides[0], sides[1], alive, watch, at, of)

    def fill(draft: Path) -> None:
        run.save_html(str(draft))
        outside = FROM_OUTSIDE.search(draft.read_text(encoding="utf-8"))
        if outside:
            raise NotSelfContained(target, outside.group(0))

    write_whole(target, fill)
    write_whole(snapshot_beside(target), lambda draft: _pack(draft, run.dumps()))
    dead = tuple(name for name in columns if name not in alive)
    return Page(target, tuple(alive), dead, json.loads(run.json()))


def snapshot_beside(page: Path) -> Path:
    """Where the snapshot of a report's page lies."""
    return page.with_suffix(".json.gz")


def _pack(draft: Path, text: str) -> None:
    with gzip.GzipFile(draft, "wb", mtime=0) as packed:
        packed.write(text.encode())


def _finite(side: pd.DataFrame, columns: Sequence[str], rows: int) -> pd.DataFrame:
    some = side[list(columns)]
    some = some.sample(rows, random_state=0) if len(some) > rows else some
    return some.astype(np.float64).replace([np.inf, -np.inf], np.nan).reset_index(drop=True)


def _run(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    columns: list[str],
    watch: float,
    at: datetime,
    of: Mapping[str, str],
) -> Any:  # Evidently's Run
    """Evidently takes the current side first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own code: old names of NumPy, escapes that Python does not know
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import MissingValueCount, ValueDrift

    definition = DataDefinition(numerical_columns=columns)
    metrics = [
        *(ValueDrift(column=name, method="psi", threshold=watch) for name in columns),
        *(MissingValueCount(column=name) for name in columns),
    ]
    now, then = (Dataset.from_pandas(side[columns], data_definition=definition) for side in (current, reference))
    return Report(metrics, metadata=dict(of)).run(now, then, timestamp=at, name=f"{at:%Y-%m-%d %H:%M}")
