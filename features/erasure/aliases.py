"""Under which other ids a customer stood before an id map made one of them: snapshots and scores still say those.

An id counts as theirs alone when every row under it belongs to them today; one under which somebody else has rows too
is that person's. Asked before anything is erased, since the log alone can tell. Start reading at `aliases_of`.
"""

from pathlib import Path

import pyarrow.compute as pc

from features import parquet
from features.erasure.rewriting import KEY
from features.log import CUSTOMER_NOW, NoLog, log_folder, read_log_manifest


def aliases_of(folder: Path, customer_ids: frozenset[str]) -> frozenset[str]:
    """Ids under which these customers alone stood once.

    Args:
        folder: the artifacts of the business.
        customer_ids: as they are called today.

    Raises:
        BrokenLog: the log cannot be read.
    """
    try:
        manifest, log = read_log_manifest(folder), log_folder(folder)
    except NoLog:
        return frozenset()
    if not manifest.rekeyed:
        return frozenset()
    found: set[str] = set()
    for name in manifest.files:
        if CUSTOMER_NOW in parquet.names_of(log / name):
            found |= _in_bucket(log / name, customer_ids)
    return frozenset(found) - customer_ids


def _in_bucket(bucket: Path, customer_ids: frozenset[str]) -> set[str]:
    """All rows under one id lie in one bucket."""
    with parquet.opened(bucket) as file:
        table = file.read([KEY, CUSTOMER_NOW]).group_by([KEY, CUSTOMER_NOW]).aggregate([])
    now = pc.coalesce(table[CUSTOMER_NOW], table[KEY]).to_pylist()
    holders: dict[str, set[str]] = {}
    for named, holder in zip(table[KEY].to_pylist(), now, strict=True):
        holders.setdefault(named, set()).add(holder)
    return {named for named, holding in holders.items() if holding <= customer_ids}
