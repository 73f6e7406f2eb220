"""Snapshots: cohort x features x labels at their cutoffs, frozen. Nothing trains on a query.

`freeze` asks, for each cutoff, who is in the cohort, what was known about them and what became of them, and writes
the answer once under the hash of its content: the same log, definition, features and cutoffs give the same hash.
`read_snapshot` reads it back and refuses a file that was changed. `current` is the same table for everybody as of
now, without labels: what the on-line store is filled from. Knows nothing of Feast or models. Start at `freeze`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.calendar import from_us, to_us
from churn.cohort import cohort, everyone
from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import Events
from churn.labels import label
from churn.tables import SNAPSHOT_KEYS
from features.atomic import whole_folder, write_json
from features.compute import compute
from features.feature_set import FeatureSet
from features.provenance import made_by
from features.snapshot_file import ROWS_FILE, digest, read_rows, write_rows

MANIFEST_FILE = "manifest.json"
SHORT = 12  # characters of a hash that name a folder


class NoSnapshot(DataError):
    """There is no snapshot where one was looked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no snapshot in {path}.", mend="freeze one with `churn snapshot freeze`.")


class ChangedSnapshot(DataError):
    """The rows of a snapshot are not those that its manifest was written for."""

    def __init__(self, path: Path, *, promised: str, found: str) -> None:
        super().__init__(
            f"The snapshot in {path} was changed after it was frozen: its rows hash to {found[:SHORT]}, "
            f"its manifest says {promised[:SHORT]}.",
            mend="delete that folder and run `churn snapshot freeze` again: the same log gives the same snapshot.",
        )


@dataclass(frozen=True)
class Snapshot:
    """A frozen table and what it says about itself.

    Args:
        frame: keys of SNAPSHOT, then one float64 column a feature (NaN where null). Sorted by cutoff and customer.
        manifest: hash, definition, feature_set, cutoffs, observed_until, log_begins, log_hash, rows, made_by.
        path: the folder that holds both.
    """

    frame: pd.DataFrame
    manifest: dict[str, Any]
    path: Path

    @property
    def hash(self) -> str:
        """SHA-256 of the content."""
        return str(self.manifest["hash"])

    @property
    def feature_names(self) -> list[str]:
        """The features, in the order of the packed vector."""
        return list(self.manifest["feature_set"]["names"])

    @property
    def log_begins(self) -> datetime:
        """When the first event of its log happened: a lookback cannot reach further."""
        return datetime.fromisoformat(self.manifest["log_begins"])

    @property
    def cutoffs(self) -> list[datetime]:
        """The cutoffs, ascending."""
        return [datetime.fromisoformat(cutoff) for cutoff in self.manifest["cutoffs"]]

    @property
    def observed_until(self) -> datetime:
        """Labels know what had reached us before this instant."""
        return datetime.fromisoformat(self.manifest["observed_until"])

    @property
    def rows_path(self) -> Path:
        """The Parquet file."""
        return self.path / ROWS_FILE


def freeze(
    events: Events,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    *,
    observed_until: datetime,
    log_hash: str,
    folder: Path,
) -> Snapshot:
    """Freeze cohort, features and labels at cutoffs. Where the same content was frozen before, that one is given.

    Args:
        events: the whole log.
        features: what to compute.
        lifecycle: what churn means.
        cutoffs: aware instants, on midnights of the business.
        observed_until: labels know what had reached us before it; a cutoff that is immature by then has null labels.
        log_hash: names the log in the manifest.
        folder: the artifacts of the business; the snapshot goes to `snapshots/<hash12>` in it.

    Raises:
        OSError: the disk is full; nothing half-written stays.
    """
    cutoffs = sorted(set(cutoffs))
    cohorts = [_labelled(events, lifecycle, cutoff, observed_until) for cutoff in cutoffs]
    frame = _with_features(cohorts, events, features, lifecycle, cutoffs)
    manifest: dict[str, Any] = {
        "rows": len(frame),
        "definition": lifecycle.as_json(),
        "feature_set": {
            "hash": features.hash,
            "names": list(features.names),
            "alive": dict(features.alive),
            "features": features.as_json(),
        },
        "cutoffs": [cutoff.isoformat() for cutoff in cutoffs],
        "observed_until": observed_until.isoformat(),
        "log_begins": from_us(int(events.time_us.min())).isoformat(),
        "log_hash": log_hash,
        "made_by": made_by(),
    }
    content = _digest(frame, manifest)
    path = folder / "snapshots" / content[:SHORT]
    if (path / MANIFEST_FILE).exists():
        return read_snapshot(path)
    manifest = json.loads(json.dumps({"hash": content, **manifest}))  # as it will be read
    with whole_folder(path) as draft:
        write_rows(frame, features.names, draft / ROWS_FILE)
        write_json(draft / MANIFEST_FILE, manifest)
    return Snapshot(frame, manifest, path)


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot and hold its rows to its hash.

    Raises:
        NoSnapshot: the folder or its manifest is missing.
        WrongColumns: the file's columns are not those of the manifest.
        ChangedSnapshot: the rows are not those that were frozen.
    """
    if not (path / MANIFEST_FILE).exists() or not (path / ROWS_FILE).exists():
        raise NoSnapshot(path)
    manifest = json.loads((path / MANIFEST_FILE).read_text(encoding="utf-8"))
    names = manifest["feature_set"]["names"]
    frame = read_rows(path / ROWS_FILE, names)
    found = _digest(frame, manifest)
    if found != manifest["hash"]:
        raise ChangedSnapshot(path, promised=manifest["hash"], found=found)
    return Snapshot(frame, manifest, path)


def current(events: Events, features: FeatureSet, lifecycle: Lifecycle, now: datetime) -> pd.DataFrame:
    """Everybody's row as of now: stage, model (null where no model is asked) and features, without labels.

    Args:
        events: the whole log, or the events of some customers.
        features: what to compute.
        lifecycle: what churn means.
        now: the cutoff; any instant.

    Returns:
        Keys of SNAPSHOT, then the features, sorted by customer; `model` may be null here, `label` always is.
    """
    people = everyone(events, lifecycle, now)[["customer_id", "stage", "model"]]
    people = people.assign(label=pd.array([pd.NA] * len(people), dtype="boolean"))
    return _with_features([people], events, features, lifecycle, [now])


def last_midnight(lifecycle: Lifecycle, now: datetime) -> datetime:
    """The cutoff of a batch: the newest local midnight that is not after now."""
    return lifecycle.calendar.midnight(lifecycle.calendar.day_of(now))


def _digest(frame: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """The hash of rows and of what they mean; who made them, from which log, does not belong to it, nor do words."""
    meaning = {name: manifest[name] for name in ("definition", "cutoffs", "observed_until")}
    features = manifest["feature_set"]
    return digest(frame, features["names"], meaning | {"feature_set_hash": features["hash"]})


def _labelled(events: Events, lifecycle: Lifecycle, cutoff: datetime, observed_until: datetime) -> pd.DataFrame:
    """Who is asked about at a cutoff, and what became of them."""
    asked = cohort(events, lifecycle, cutoff)
    outcome = label(asked, events, lifecycle, cutoff=cutoff, observed_until=observed_until)
    return asked[["customer_id", "stage", "model"]].assign(label=outcome.astype("boolean"))


def _with_features(
    cohorts: Sequence[pd.DataFrame],
    events: Events,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
) -> pd.DataFrame:
    """Lay keys and features side by side, cutoff by cutoff."""
    cube = compute(events, cutoffs, features, lifecycle)
    keys, rows = [], []
    for index, (members, cutoff) in enumerate(zip(cohorts, cutoffs, strict=True)):
        people = members.sort_values("customer_id", kind="stable", ignore_index=True)
        instant = pd.Series(np.full(len(people), to_us(cutoff), dtype="datetime64[us]")).dt.tz_localize("UTC")
        keys.append(people.assign(event_timestamp=instant, created_timestamp=instant)[SNAPSHOT_KEYS.names])
        position = np.searchsorted(events.customers, people["customer_id"].to_numpy(dtype=object))
        rows.append(cube[position, index])
    shape = np.zeros((0, len(features.names)))
    values = pd.DataFrame(np.concatenate([shape, *rows]), columns=list(features.names))
    table = pd.concat(keys, ignore_index=True) if keys else SNAPSHOT_KEYS.empty()
    return pd.concat([_typed(table), values], axis=1)


def _typed(keys: pd.DataFrame) -> pd.DataFrame:
    """Keys in the types of their table; texts as plain objects, null as None."""
    texts = {
        column.name: keys[column.name].astype(object).where(keys[column.name].notna(), None)
        for column in SNAPSHOT_KEYS
        if column.dtype == "str"
    }
    return keys.assign(**texts, label=keys["label"].astype("boolean"))
