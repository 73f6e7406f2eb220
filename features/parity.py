"""Parity: the row that was written or served is the row that the log gives, bit by bit, proven by replay.

`prove` takes customers of an on-line store, `compare` any rows (served scores too), computes them again from the
event log as of the instants and with the knowledge that they name, and compares every bit, stage and model. The
proof is a certificate for one feature set, one definition and one kind of store; promotion asks for it. Knows
nothing of Feast or models. Start reading at `compare`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.definition import Lifecycle
from churn.errors import DataError
from churn.events import Events
from features.atomic import write_json
from features.feature_set import FeatureSet
from features.online import OnlineRow, RowStore, canonical
from features.provenance import made_by
from features.replay import Key, replayed

Certificate = dict[str, Any]
Found = tuple[str, OnlineRow | None]
MOST_DIFFERENCES = 10
ASKED_FOR = {"feature_set_hash", "definition_id", "rows", "count", "mismatches", "passed", "hash"}  # by the gate


MENDS = {
    "learned": "train again: `churn train`; the model learned from rows that this log and this version of churn no "
    "longer give. If it comes back, the past of the log changes without saying when (see `ingested_at`).",
    "others": "run `churn features materialise` and then `churn features parity` again; if they still differ, the "
    "log was changed without saying when (see `ingested_at`), or another process fills the store with another "
    "feature set, definition or time zone.",
}


class NoParity(DataError):
    """On-line and off-line rows differ."""

    def __init__(self, certificate: Certificate) -> None:
        what = ", ".join(f"{name} ({times})" for name, times in certificate["differences"].items())
        rows = certificate["rows"]
        super().__init__(
            f"{certificate['mismatches']} of {certificate['count']} rows ({rows}) differ from "
            f"the rows computed from the log: {what or 'there are none to compare'}.",
            mend=MENDS.get(rows, MENDS["others"]),
        )


def prove(
    store: RowStore, events: Events, features: FeatureSet, lifecycle: Lifecycle, *, customers: int, kind: str,
    rows: str = "live",
) -> Certificate:  # fmt: skip
    """Compare on-line rows with rows computed from the log.

    Args:
        store: the on-line store.
        events: the log that it was filled from.
        features: the feature set it should hold.
        lifecycle: what churn means.
        customers: how many are compared; the same ones for the same log.
        kind: sqlite, redis, postgres or memory.
        rows: what they are, for people: live, or staged for this proof.

    Returns:
        See `compare`.
    """
    ids = chosen(events, customers)
    found = list(zip(ids, store.rows(ids), strict=True))
    return compare(found, events, features, lifecycle, kind=kind, rows=rows)


def compare(
    found: Sequence[Found], events: Events, features: FeatureSet, lifecycle: Lifecycle, *, kind: str, rows: str
) -> Certificate:
    """Compare rows that were written or served with rows computed from the log.

    Args:
        found: customers and the row of each; None where there is none, which is right for who had no event by the
            newest instant among the others.
        events: the log.
        features: the feature set they should hold.
        lifecycle: what churn means.
        kind: of the store that they are from.
        rows: live, staged, scores or learned.

    Returns:
        feature_set_hash, definition_id, store, rows, count, mismatches, passed, differences (what differs: for how
        many), hash (over everything compared), as_of and known_at (first and last instant replayed), made_at,
        made_by. It names no customer.
    """
    instants = sorted({row.age for _, row in found if row})
    keys: list[Key] = [(one, row.age if row else instants[-1]) for one, row in found] if instants else []
    wanted = replayed(keys, events, features, lifecycle)
    differences: Counter[str] = Counter()
    digests, mismatches = [], 0
    for (_, row), key in zip(found, keys, strict=bool(keys)):
        faults = list(_faults(row, wanted.get(key), features.names))
        differences.update(faults)
        mismatches += bool(faults)
        digests.append(_digest(row) + _digest(wanted.get(key)))
    if not instants and found:
        differences["nothing on line"] = mismatches = len(found)
    return {
        "feature_set_hash": features.hash,
        "definition_id": lifecycle.definition.id,
        "store": kind,
        "rows": rows,
        "count": len(found),
        "mismatches": mismatches,
        "passed": bool(found) and not mismatches,
        "differences": dict(differences.most_common(MOST_DIFFERENCES)),
        "hash": hashlib.sha256(b"".join(sorted(digests))).hexdigest(),
        "as_of": _span(as_of for as_of, _ in instants),
        "known_at": _span(known_at for _, known_at in instants),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_by": made_by(),
    }


def certificate_path(folder: Path, feature_set_hash: str, definition_id: str, kind: str) -> Path:
    """Where the certificate of a feature set, definition and kind of store lies, in the artifacts of a business."""
    return folder / "features" / f"parity-{feature_set_hash}-{definition_id}-{kind}.json"


def write_certificate(certificate: Certificate, folder: Path) -> Path:
    """Write a certificate to its place; one of served scores beside that of the store."""
    keys = (certificate[name] for name in ("feature_set_hash", "definition_id", "store"))
    path = certificate_path(folder, *keys)
    if certificate["rows"] == "scores":
        path = path.with_stem(f"{path.stem}-scores")
    write_json(path, certificate)
    return path


def read_certificate(folder: Path, feature_set_hash: str, definition_id: str, kind: str) -> Certificate | None:
    """The certificate of a key; None where there is none, or no whole one: then it is to be made again."""
    try:
        found = json.loads(certificate_path(folder, feature_set_hash, definition_id, kind).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and found.keys() >= ASKED_FOR else None


def chosen(events: Events, customers: int) -> list[str]:
    """Customers spread over the log by the hash of their id, the same ones every time."""
    ids = [str(customer_id) for customer_id in events.customers]
    return sorted(ids, key=lambda one: hashlib.sha256(one.encode()).digest())[:customers]


def _span(instants: Iterable[datetime]) -> list[str]:
    """The first and the last, as texts."""
    ordered = sorted(instants)
    return [one.isoformat() for one in (*ordered[:1], *ordered[-1:])]


def _digest(row: OnlineRow | None) -> bytes:
    """What a row says, without whose it is."""
    if row is None:
        return hashlib.sha256(b"none").digest()
    texts = (row.stage, row.model, row.as_of, row.known_at, row.feature_set_hash)
    return hashlib.sha256(repr(texts).encode() + canonical(row.vector).tobytes()).digest()


def _faults(row: OnlineRow | None, replayed: OnlineRow | None, names: Sequence[str]) -> Iterator[str]:
    """What differs between a row and its replay; who had no event by then is on neither side."""
    if row is None or replayed is None:
        if row is not replayed:
            yield "not on line" if row is None else "not in the log"
        return
    yield from (
        name for name in ("feature_set_hash", "stage", "model") if getattr(row, name) != getattr(replayed, name)
    )
    if row.vector.shape != replayed.vector.shape:
        yield "length of the vector"
        return
    differs = canonical(row.vector) != canonical(replayed.vector)
    yield from (name for name, unequal in zip(names, differs, strict=True) if unequal)
