"""Plans, lists and treatments of campaigns without some customers; how many there were stays. Start at the function."""

from pathlib import Path

from features.erasure.rewriting import csv_without, parquet_without
from features.erasure.store import NOTHING, Erased, Whom
from features.exported_lists import digest_of, is_ours, now_reads, ours
from features.treatments import FOLDER

TABLES, LISTS = ("treatments.parquet", "decisions.parquet", "listed.parquet"), "list-*.csv"


def erase_from_campaigns(folder: Path, whom: Whom) -> Erased:
    """Drop customers from what was planned, exported and held out; effects and counts that were told stay.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    tables = [path for name in TABLES for path in sorted((folder / FOLDER).glob(f"*/{name}"))]
    erased = sum((parquet_without(path, whom) for path in tables), NOTHING)
    return erased + sum((_lists_without(own, whom) for own in sorted((folder / FOLDER).glob("*/"))), NOTHING)


def _lists_without(own: Path, whom: Whom) -> Erased:
    """Drop customers from the lists of a campaign: those in its folder, and those elsewhere that nobody edited."""
    noted = ours(own)
    inside = {*own.glob(LISTS)}
    erased = NOTHING
    for path in sorted(inside | {one for one in noted if is_ours(one, noted[one])}):
        before = digest_of(path.read_bytes())
        done = csv_without(path, whom)
        if done.files and before in noted.get(path, ()):
            now_reads(own, path, before)
        erased += done
    return erased
