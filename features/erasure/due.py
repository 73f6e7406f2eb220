"""The lists of every day without some customers: who was due, and the sheets that people work through."""

from pathlib import Path

from features.erasure.rewriting import csv_without, parquet_without
from features.erasure.store import NOTHING, Erased, Whom

DUE = Path("campaigns") / "due"
TASKS, SHEETS = "tasks.parquet", "tasks-*.csv"


def erase_from_due(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the lists of every day.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    erased = sum((parquet_without(path, whom) for path in sorted((folder / DUE).glob(f"*/{TASKS}"))), NOTHING)
    return erased + sum((csv_without(path, whom) for path in sorted((folder / DUE).glob(f"*/{SHEETS}"))), NOTHING)
