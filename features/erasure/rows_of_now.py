"""Everybody's row of now without some customers: `features/current.parquet`, and the on-line store filled from it.

Start reading at `erase_from_current` and `erase_online`.
"""

import fcntl
import json
from contextlib import closing
from pathlib import Path

from churn.settings import Settings
from features.atomic import write_json
from features.current_file import MANIFEST_FILE, ROWS_FILE
from features.erasure.rewriting import parquet_without
from features.erasure.store import NOTHING, Erased, Whom
from features.staging import clear
from features.store import OnlineStore
from features.store_config import WRITE_TIMEOUT_S, may_be_registered
from features.store_errors import NothingMaterialised


def erase_from_current(folder: Path, whom: Whom) -> Erased:
    """Drop customers from the features of now.

    Args:
        folder: the artifacts of the business.
        whom: who goes.
    """
    path, manifest = folder / "features" / ROWS_FILE, folder / "features" / MANIFEST_FILE
    if not path.exists():
        return NOTHING
    erased = parquet_without(path, whom)
    if erased.rows and manifest.exists():
        told = json.loads(manifest.read_text(encoding="utf-8"))
        write_json(manifest, told | {"rows": told["rows"] - erased.rows})
    return erased


def erase_online(settings: Settings, folder: Path, whom: Whom) -> Erased:
    """Delete the keys of customers from the on-line store, wherever it runs.

    Args:
        settings: of the business.
        folder: its artifacts.
        whom: who goes; a store of keys cannot be searched for those whom nobody names.

    Raises:
        StoreUnavailable: it does not answer; forget again when it does.
    """
    del folder  # the settings know it, and the server
    if not whom.ids or not may_be_registered(settings):
        return NOTHING
    ids = sorted(whom.ids)
    try:
        with closing(OnlineStore(settings, timeout_s=WRITE_TIMEOUT_S)) as store:
            held = [row.customer_id for row in store.rows(ids) if row is not None]
            store.remove(ids)
    except NothingMaterialised:
        return NOTHING
    return Erased(len(held), found=frozenset(held))


def erase_staged(settings: Settings, folder: Path, whom: Whom) -> Erased:
    """Remove what a proof of parity that was killed left in its own store (features/staging.py), whosever it is.

    Args:
        settings: of the business.
        folder: its artifacts.
        whom: who goes.
    """
    del whom
    if not any(folder.glob("staging-*/*")):
        return NOTHING
    with (folder / "staging.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # a proof that is under way ends first
        clear(settings)
    return Erased(files=1)
