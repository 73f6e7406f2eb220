"""`churn features parity`: proof that what is on line, was served or is to be promoted is what the log gives.

Three kinds of rows are replayed: the live ones of the on-line store; those of served scores, from the score log; and,
before a challenger is promoted, rows of its features that are written apart from the live ones. Each proof is a
certificate on disk; promotion asks for that of the challenger's features.
"""

import hashlib
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
    others, proofs = _challengers(settings), list[Certificate]()
    try:
        proofs.append(_live(settings, log, customers))
        others = [one for one in others if one.hash != log.served.hash]
    except NothingMaterialised:
        if not others:
            raise
    return _told([*(_staged(settings, log, one, customers) for one in others), *proofs], settings)


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


def _staged(settings: "Settings", log: "OpenLog", features: "FeatureSet", customers: int) -> "Certificate":
    from features.staging import prove_apart

    with step(f"writing {customers} customers' {len(features)} features apart, and replaying them"):
        events = log.some(customers)
        return prove_apart(settings, events, features, log.lifecycle, as_of=log.as_of, customers=customers)


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


def _challengers(settings: "Settings") -> "list[FeatureSet]":
    """The feature sets of the newest versions that do not serve, each once."""
    if not (settings.folder / "mlflow.db").exists():
        return []
    from churn.cohort import MODELS
    from cli.opened import feature_set_of
    from training.promote import newest_or_none
    from training.registry import MlflowRegistry

    with step("reading the model registry"):
        registry = MlflowRegistry(settings)
        versions = [newest_or_none(model, registry, settings) for model in MODELS]
    found: dict[str, FeatureSet] = {}
    for version in versions:
        if version is None or version.version == registry.champion(version.name):
            continue
        features = feature_set_of(settings, version.facts["train_snapshot"], version.bundle.feature_set_hash)
        if features is None:
            raise LostFeatures(version.name, version.version)
        found[features.hash] = features
    return list(found.values())


def _told(certificates: "list[Certificate]", settings: "Settings") -> Outcome:
    """Write the certificates and say what they say.

    Raises:
        NoParity: one of them found a difference.
    """
    from features.parity import NoParity, write_certificate

    told = []
    for one in certificates:
        path = write_certificate(one, settings.folder)
        told.append(
            f"{one['count'] - one['mismatches']} of {one['count']} rows ({one['rows']}) equal the replayed ones, "
            f"bit by bit. Certificate: {path}"
        )
    for one in certificates:
        if not one["passed"]:
            raise NoParity(one)
    return Outcome(text="\n".join(told), as_json=certificates[-1] if len(certificates) == 1 else certificates)
