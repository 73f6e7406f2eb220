"""From the form in which an older version wrote a store to the form of this one. Each may be run again at any time.

Snapshots, 1 to 2: the hash of a snapshot was one over its columns, so it depended on the order of rows; now it is a
sum over rows (features/snapshot_hash.py). A snapshot whose old hash is right moves to its new name, and a stone leads
there from the old one, which models and champions go on naming. Serving, 1 to 2: copies of models lay in it, and have
a folder of their own. Champions, 1 to 2: they get a signed verdict (features/vouching.py). Start at `MIGRATIONS`.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.events import micros
from churn.tables import INSTANT, SNAPSHOT_KEYS
from features.atomic import place, write_json
from features.shelf import workshop
from features.snapshot_file import ROWS_FILE, matrix, read_rows
from features.snapshot_hash import hash_of
from features.snapshots import MANIFEST_FILE, SHORT
from features.tombstones import Stone
from features.vouching import vouch_for_champions


def rehash_snapshots(folder: Path) -> int:
    """Give every snapshot the name of its new hash; how many moved. One changed by hand stays, to be refused.

    Args:
        folder: the artifacts of the business.

    Raises:
        Busy: another process is writing.
    """
    with workshop(folder):
        return sum(_rehash(manifest.parent) for manifest in sorted((folder / "snapshots").glob(f"*/{MANIFEST_FILE}")))


def _rehash(path: Path) -> bool:
    manifest: dict[str, Any] = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
    name = hash_of(path / ROWS_FILE, manifest)
    if name == manifest["hash"]:
        return False
    frame = read_rows(path / ROWS_FILE, manifest["feature_set"]["names"])
    if digest_1(frame, manifest) != manifest["hash"]:
        return False
    now, new = datetime.now(UTC).isoformat(timespec="seconds"), path.with_name(name[:SHORT])
    write_json(path / MANIFEST_FILE, manifest | {"hash": name})
    place(path, new)
    Stone(manifest["hash"], name, 0, now, why="migrated").write(path)
    return True


def digest_1(frame: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """The hash of a snapshot in its first form: over its columns, in the order of its rows."""
    names = manifest["feature_set"]["names"]
    meaning = {name: manifest[name] for name in ("definition", "cutoffs", "observed_until")}
    meaning |= {"feature_set_hash": manifest["feature_set"]["hash"]}
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
    rows[np.isnan(rows)] = np.nan
    content.update((rows + 0.0).tobytes())
    return content.hexdigest()


def leave_log(_folder: Path) -> None:
    """A log of the first form lacks two columns, which the reader takes as empty; the next ingest writes it anew."""


def archive_models(folder: Path) -> None:
    """Copies of models were thrown away with the next champion; now they lie in an archive of their own."""
    old, new = folder / "serving" / "models", folder / "models"
    for copy in old.iterdir() if old.is_dir() else ():
        new.mkdir(exist_ok=True)
        place(copy, new / copy.name)
    shutil.rmtree(old, ignore_errors=True)


def leave_rows(_folder: Path) -> None:
    """Rows of now of the first form do not say what was stated: `churn features materialise` writes them anew.

    The index says whether solutions are told; one of the first form is made anew by whoever needs it.
    """


MIGRATIONS: Mapping[tuple[str, int], Callable[[Path], object]] = {
    ("champions", 1): vouch_for_champions,
    ("serving", 1): archive_models,
    ("log", 1): leave_log,
    ("snapshots", 1): rehash_snapshots,
    ("index", 1): leave_rows,
    ("features of now", 1): leave_rows,
    ("on-line store", 1): leave_rows,
}
