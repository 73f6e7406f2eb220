"""Plans, lists and treatments of campaigns without some customers; how many there were stays. Start at the function."""

from pathlib import Path

from features.erasure.rewriting import csv_without, parquet_without
from features.erasure.store import NOTHING, Erased, Whom
from features.treatments import FOLDER

TABLES, LISTS = ("treatments.parquet", "decisions.parquet", "listed.parquet", "treatments.aside"), "list-*.csv"


def erase_from_campaigns(folder: Path, whom: Whom) -> Erased:
    """Drop customers from what was planned, exported and held out; effects and counts that were told stay.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    tables = [path for name in TABLES for path in sorted((folder / FOLDER).glob(f"*/{name}"))]
    erased = sum((parquet_without(path, whom) for path in tables), NOTHING)
    lists = sorted((folder / FOLDER).glob(f"*/{LISTS}"))
    return erased + sum((csv_without(path, whom) for path in lists), NOTHING)
