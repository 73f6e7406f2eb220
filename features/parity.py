"""Parity: the on-line row is the off-line row, bit by bit, proven by replay.

`prove` takes customers of the on-line store, computes their rows again from the event log as of the instants that
the stored rows name, and compares every bit, stage and model. The proof is a certificate for one feature set, one
definition and one kind of store; promotion asks for it. Knows nothing of Feast or models.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import Events
from features.atomic import write_json
from features.feature_set import FeatureSet
from features.online import OnlineRow, RowStore, canonical, rows_of
from features.provenance import made_by
from features.snapshots import current

Certificate = dict[str, Any]


class NoParity(DataError):
    """On-line and off-line rows differ."""

    def __init__(self, certificate: Certificate) -> None:
        differ, customers = certificate["customers"] - certificate["equal"], certificate["customers"]
        what = ", ".join(f"{name} ({times})" for name, times in certificate["differences"].items())
        super().__init__(
            f"{differ} of {customers} on-line rows differ from the rows computed from the log: {what}.",
            mend="run `churn features materialise` and then `churn features parity` again; if they still differ, the "
            "log was changed, or another process fills the store with another feature set or definition.",
        )


def prove(
    store: RowStore, events: Events, features: FeatureSet, lifecycle: Lifecycle, *, customers: int, kind: str
) -> Certificate:
    """Compare on-line rows with rows computed from the log.

    Args:
        store: the on-line store.
        events: the log that it was filled from.
        features: the feature set it should hold.
        lifecycle: what churn means.
        customers: how many are compared; the same ones for the same log.
        kind: sqlite, redis, postgres or memory.

    Returns:
        feature_set_hash, definition_id, store, customers, equal, passed, differences (what differs: for how many),
        as_of (the instants replayed), made_at, made_by. It names no customer.
    """
    chosen = _chosen(events, customers)
    found = store.rows(chosen)
    instants = sorted({row.as_of for row in found if row})
    wanted = {as_of: _replayed(events.of(chosen), features, lifecycle, as_of) for as_of in instants}
    differences: Counter[str] = Counter()
    equal = 0
    for customer_id, row in zip(chosen, found, strict=True):
        faults = list(_faults(row, wanted, customer_id, features)) if instants else ["nothing on line"]
        differences.update(faults)
        equal += not faults
    return {
        "feature_set_hash": features.hash,
        "definition_id": lifecycle.definition.id,
        "store": kind,
        "customers": len(chosen),
        "equal": equal,
        "passed": bool(chosen) and equal == len(chosen),
        "differences": dict(differences.most_common(10)),
        "as_of": [instant.isoformat() for instant in instants],
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_by": made_by(),
    }


def certificate_path(folder: Path, feature_set_hash: str, definition_id: str, kind: str) -> Path:
    """Where the certificate of a feature set, definition and kind of store lies, in the artifacts of a business."""
    return folder / "features" / f"parity-{feature_set_hash}-{definition_id}-{kind}.json"


def write_certificate(certificate: Certificate, folder: Path) -> Path:
    """Write a certificate to its place."""
    keys = (certificate[name] for name in ("feature_set_hash", "definition_id", "store"))
    path = certificate_path(folder, *keys)
    write_json(path, certificate)
    return path


def _chosen(events: Events, customers: int) -> list[str]:
    """Customers spread over the log by the hash of their id, the same ones every time."""
    ids = [str(customer_id) for customer_id in events.customers]
    return sorted(ids, key=lambda one: hashlib.sha256(one.encode()).digest())[:customers]


def _replayed(events: Events, features: FeatureSet, lifecycle: Lifecycle, as_of: datetime) -> dict[str, OnlineRow]:
    frame = current(events, features, lifecycle, as_of)
    return {row.customer_id: row for row in rows_of(frame, features.names, features.hash)}


def _faults(
    row: OnlineRow | None,
    wanted: Mapping[datetime, Mapping[str, OnlineRow]],
    customer_id: str,
    features: FeatureSet,
) -> Iterator[str]:
    """What differs between the row on line and the one replayed; who had no event by then is on neither side."""
    replayed = wanted[row.as_of if row else max(wanted)].get(customer_id)
    if row is None or replayed is None:
        if row is not replayed:
            yield "not on line" if row is None else "not in the log"
        return
    names = ("feature_set_hash", "stage", "model", "known_at")
    yield from (name for name in names if getattr(row, name) != getattr(replayed, name))
    yield from _unequal(row, replayed, features.names)


def _unequal(row: OnlineRow, replayed: OnlineRow, names: Sequence[str]) -> Iterator[str]:
    if row.vector.shape != replayed.vector.shape:
        yield "length of the vector"
        return
    differs = canonical(row.vector) != canonical(replayed.vector)
    yield from (name for name, unequal in zip(names, differs, strict=True) if unequal)
