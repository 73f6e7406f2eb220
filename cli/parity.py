"""`churn features parity`: proof that what is on line, was served or is to be promoted is what the log gives.

Rows are replayed: the live ones of the on-line store; those of served scores, from the score log; and, before a
challenger is promoted, rows that it learned from, and rows of its features written apart from the live ones. Each proof
is a certificate on disk; promotion asks for that of the challenger's features.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from churn.errors import DataError
from cli.console import step
from cli.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from churn.settings import Settings
    from cli.opened import OpenLog
    from features.feature_set import FeatureSet
    from features.online import OnlineRow
    from features.parity import Certificate


@dataclass(frozen=True)
class Challenger:
    """What a version that does not serve learned from: its features, and the rows of its snapshot."""

    features: "FeatureSet"
    snapshot: Path


class NothingServed(DataError):
    """No score in the log was made from the features that are served."""

    def __init__(self) -> None:
        super().__init__(
            "The score log has no score with the features that are served now.",
            mend="ask for some with `churn score --ids ...` or over HTTP, or prove the on-line store instead: "
            "`churn features parity`.",
        )


class LostFeatures(DataError):
    """The features of a challenger cannot be made again."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(
            f"{name} version {version} learned from features that this version of churn, with these settings, "
            "would compute otherwise.",
            mend="train again: `churn train`.",
        )


def parity(settings: "Settings", customers: int, scores: int | None = None) -> Outcome:
    """Prove what is served: the rows on line, or so many served scores; and the features of who may serve next.

    Raises:
        NoParity: they differ from what the log gives. NothingMaterialised: there is nothing on line to prove.
    """
    from cli.opened import open_log
    from features.parity import Certificate
    from features.store_errors import NothingMaterialised

    log = open_log(settings)
    if scores is not None:
        return _told([_scores(settings, log, scores)], settings)
    proofs, lost = list[Certificate](), None
    try:
        proofs += [_staged(settings, log, one, customers) for one in _challengers(settings)]
    except LostFeatures as error:  # no reason not to prove what serves
        lost = error
    try:
        proofs.append(_live(settings, log, customers))
    except NothingMaterialised as error:
        if not proofs:
            raise lost or error from None
    outcome = _told(proofs, settings)
    return replace(outcome, text=f"{outcome.text}\n{lost}") if lost else outcome


def challengers(settings: "Settings", customers: int) -> Outcome:
    """Prove the features of the newest versions that do not serve, apart from the live rows.

    Raises:
        NoParity: they come back from the store otherwise than they were written.
        LostFeatures: they cannot be made again.
    """
    from cli.opened import open_log

    sets = _challengers(settings)
    if not sets:
        return Outcome("No challenger waits for a proof.", [])
    log = open_log(settings)
    return _told([_staged(settings, log, one, customers) for one in sets], settings)


def _live(settings: "Settings", log: "OpenLog", customers: int) -> "Certificate":
    from contextlib import closing

    from features.parity import prove
    from features.store import OnlineStore

    with closing(OnlineStore(settings)) as store, step(f"replaying {customers} customers of the on-line store"):
        return prove(
            store, log.some(customers), log.served, log.lifecycle, customers=customers, kind=settings.store.online
        )  # fmt: skip


def _staged(settings: "Settings", log: "OpenLog", challenger: "Challenger", customers: int) -> "Certificate":
    """What was learned is what is computed, and what is computed is what comes back from the store."""
    from features.staging import prove_apart

    features = challenger.features
    learned = _learned(settings, log, challenger, customers)
    if not learned["passed"]:
        return learned
    with step(f"writing {customers} customers' {len(features)} features apart, and replaying them"):
        events = log.some(customers)
        staged = prove_apart(settings, events, features, log.lifecycle, as_of=log.as_of, customers=customers)
    return staged | {"learned": {name: learned[name] for name in ("count", "mismatches", "hash", "as_of")}}


def _learned(settings: "Settings", log: "OpenLog", challenger: "Challenger", rows: int) -> "Certificate":
    """Hold rows of the snapshot that a challenger learned from to what the log and the code of today give."""
    from features.online import rows_of
    from features.parity import compare
    from features.snapshot_file import some_rows

    features = challenger.features
    with step(f"replaying {rows} rows that were learned from"):
        frame = some_rows(challenger.snapshot, features.names, rows)
        found = [(row.customer_id, row) for row in rows_of(frame, features.names, features.hash)]
        events = log.of({customer_id for customer_id, _ in found})
        return compare(found, events, features, log.lifecycle, kind=settings.store.online, rows="learned")


def _scores(settings: "Settings", log: "OpenLog", scores: int) -> "Certificate":
    from features.parity import compare
    from serving.score_log import read

    with step("reading the score log"):
        served = read(settings.folder)
        mine = served[served["vector"].notna() & (served["feature_set_hash"] == log.served.hash)]
    if mine.empty:
        raise NothingServed
    order = mine["score_id"].map(lambda one: hashlib.sha256(str(one).encode()).hexdigest()).sort_values()
    rows = [_row(score) for _, score in mine.loc[order.index[:scores]].iterrows()]
    found = [(row.customer_id, row) for row in rows]
    with step(f"replaying {len(rows):,} of {len(served):,} scores"):
        events = log.of({customer_id for customer_id, _ in found})
        return compare(found, events, log.served, log.lifecycle, kind=settings.store.online, rows="scores")


def _row(score: "pd.Series") -> "OnlineRow":
    """The row that a score was made from, as the score log kept it."""
    import pandas as pd

    from features.online import OnlineRow
    from serving.score_log import unpacked

    return OnlineRow(
        customer_id=str(score["customer_id"]),
        vector=unpacked(str(score["vector"])),
        stage=str(score["stage"]),
        model=None if pd.isna(score["model"]) else str(score["model"]),
        as_of=score["cutoff"].to_pydatetime(),
        known_at=score["known_at"].to_pydatetime(),
        feature_set_hash=str(score["feature_set_hash"]),
    )


def _challengers(settings: "Settings") -> "list[Challenger]":
    """What the newest versions that do not serve learned from: each feature set and snapshot once."""
    from features.registry_place import may_exist

    if not may_exist(settings):
        return []
    from churn.cohort import MODELS
    from cli.opened import feature_set_of
    from features.snapshot_file import ROWS_FILE
    from features.tombstones import standing
    from training.promote import newest_or_none
    from training.registry import MlflowRegistry

    with step("reading the model registry"):
        registry = MlflowRegistry(settings)
        versions = [newest_or_none(model, registry, settings) for model in MODELS]
    found: dict[tuple[str, Path], Challenger] = {}
    for version in versions:
        if version is None or version.version == registry.champion(version.name):
            continue
        snapshot = version.learned_snapshot
        features = feature_set_of(settings, snapshot, version.bundle.feature_set_hash)
        if features is None:
            raise LostFeatures(version.name, version.version)
        rows = standing(settings.folder / snapshot) / ROWS_FILE
        found[features.hash, rows] = Challenger(features, rows)
    return list(found.values())


def _told(certificates: "list[Certificate]", settings: "Settings") -> Outcome:
    """Write the certificates and say what they say.

    Raises:
        NoParity: one of them found a difference.
    """
    from features.parity import NoParity, write_certificate

    told = []
    for one in sorted(certificates, key=lambda one: not one["passed"]):  # of two with one key, a difference stands
        path = write_certificate(one, settings.folder)
        told.append(
            f"{one['count'] - one['mismatches']} of {one['count']} rows ({one['rows']}) equal the replayed ones, "
            f"bit by bit. Certificate: {path}"
        )
    for one in certificates:
        if not one["passed"]:
            raise NoParity(one)
    return Outcome(text="\n".join(told), as_json=certificates[-1] if len(certificates) == 1 else certificates)
