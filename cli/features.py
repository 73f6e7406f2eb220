"""`churn features list | materialise`: the catalogue, and everybody's features of now in the on-line store."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import progress, step, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from churn.settings import Settings


def catalogue(settings: "Settings") -> Outcome:
    """The features that this log has, in two languages; how many customers have each, once they are materialised."""
    from cli.opened import features_of
    from features.current_file import NoCurrent, current_groups
    from features.log import read_log_manifest

    features = features_of(settings, read_log_manifest(settings.folder))
    try:
        known = _known(current_groups(settings.folder / "features"))
    except NoCurrent:
        known = {}
    rows = [
        {
            "name": one.name,
            "unit": one.unit,
            "reason": one.group,
            "known": known.get(one.name),
            "en": one.en,
            "zh": one.zh,
        }
        for one in features
    ]
    text = f"{table(rows)}\n\n{len(rows)} features, feature set {features.hash}; known: share of customers who have it."
    return Outcome(text=text, as_json={"feature_set_hash": features.hash, "features": rows})


def _known(groups: "Iterable[pd.DataFrame]") -> dict[str, float]:
    """The share of rows in which each column is not null."""
    have, rows = Counter[str](), 0
    for group in groups:
        have.update({str(name): int(count) for name, count in group.notna().sum().items()})
        rows += len(group)
    return {name: count / rows for name, count in have.items()} if rows else {}


def missing(settings: "Settings") -> Outcome:
    """The features that the catalogue knows and this log has not, each with what it waits for."""
    from features.catalogue.missing import missing as lacking
    from features.log import read_log_manifest

    manifest = read_log_manifest(settings.folder)
    found = lacking(list(manifest.kinds), manifest.columns, settings.lifecycle, settings.wanted)
    rows = [
        {
            "name": one.feature.name,
            "reason": one.feature.group,
            "waits_for": one.waits_for,
            "en": one.feature.en,
            "zh": one.feature.zh,
        }
        for one in found
    ]
    said = f"{len(rows)} features wait for events, columns or settings; docs/event-kinds.md names them all."
    return Outcome(text=f"{table(rows)}\n\n{said}", as_json={"missing": rows})


def _differs(today: "Sequence[str]", served: "Sequence[str]") -> str:
    """What the log of today has that champions do not read, and what they read that it would not give."""
    more, gone = len(set(today) - set(served)), len(set(served) - set(today))
    told = []
    if gone:
        told.append(
            f"The champions read {gone} features that log and settings no longer give: they are made of what is left. "
            "Put the source or column back and ingest; how to go on without: docs/gate.md, `features_lost`."
        )
    if more:
        told.append(f"The log has {more} features that the champions do not know: `churn retrain` learns from them.")
    if not told:
        told.append("Features mean something else now than the champions learned: `churn retrain`.")
    return "".join(f"\n{one}" for one in told)


def materialise(settings: "Settings") -> Outcome:
    """Write everybody's features of now to the on-line store."""
    from cli.opened import open_log
    from features.engines import engine_of
    from features.everybody import everybody
    from features.store import FeatureStore

    with step("reading the event log"):
        log = open_log(settings)
    folder = settings.folder / "features"
    with ExitStack() as stack:
        with (
            step(f"computing {len(log.served)} features of {log.manifest.customers:,} customers"),
            engine_of(settings) as engine,
        ):
            made = everybody(log.parts, log.served, log.lifecycle, log.as_of, folder=folder, engine=engine)
            people = stack.enter_context(made)
        with step("opening the feature store"):
            store = FeatureStore(settings)
            store.apply(log.served, _history(settings.folder, log.served.hash))
        with step("writing to the on-line store"):
            dropped = _drop(settings, people.customer_ids, log.as_of)
            written = store.materialise(people.frames(), log.served, progress=progress)
            _drop_forgotten(settings, people.customer_ids)
    models = dict(people.models.most_common())
    counted = ", ".join(f"{model} {rows:,}" for model, rows in models.items())
    others = _trained_on_others(settings.folder, log.served.hash)
    warning = f"\n{' and '.join(others)} learned from other features than these: `churn retrain`." if others else ""
    if not others and log.features.hash != log.served.hash:
        warning = _differs(log.features.names, log.served.names)
    return Outcome(
        text=f"{len(people):,} customers as of {log.as_of:%Y-%m-%d %H:%M} UTC ({counted}); {written:,} rows written to "
        f"{settings.store.online}, {len(people) - written:,} were newer there"
        f"{f', {dropped:,} dropped of ids that belong to nobody now' if dropped else ''}.{warning}",
        as_json={
            "customers": len(people), "written": written, "dropped": dropped, "as_of": log.as_of.isoformat(),
            "models": models, "feature_set_hash": log.served.hash, "store": settings.store.online, "retrain": others,
        },
    )  # fmt: skip


def _drop(settings: "Settings", now: "pa.ChunkedArray", as_of: datetime) -> int:
    """Drop the rows of ids that are nobody's any more."""
    from features.departed import departed, drop_departed
    from features.store import OnlineStore

    gone = departed(settings.folder, now)
    if not gone:
        return 0
    with closing(OnlineStore(settings)) as store:
        return drop_departed(store, gone, as_of)


def _drop_forgotten(settings: "Settings", written: "pa.ChunkedArray") -> None:
    """Drop the rows of those who were forgotten while they were made: the log that was read still knew them."""
    from features.erasure.forgotten import Forgotten
    from features.erasure.rows_of_now import erase_from_current, erase_online
    from features.erasure.store import Whom

    listed = Forgotten.read(settings.folder)
    if gone := frozenset(listed.among(written.to_pylist() if listed else ())):
        erase_from_current(settings.folder, Whom(gone, listed))
        erase_online(settings, settings.folder, Whom(gone, listed))


def on_line(settings: "Settings") -> str | None:
    """The hash of the feature set that was materialised last; None where none was."""
    from features.current_file import NoCurrent, read_manifest

    try:
        return str(read_manifest(settings.folder / "features")["feature_set"]["hash"])
    except NoCurrent:
        return None


def _history(folder: Path, feature_set_hash: str) -> Path:
    """Where the feature store's history lies: the newest snapshot of this feature set, else the rows of now."""
    manifests = sorted((folder / "snapshots").glob("*/manifest.json"), key=lambda path: path.stat().st_mtime)
    for manifest in reversed(manifests):
        if json.loads(manifest.read_text(encoding="utf-8"))["feature_set"]["hash"] == feature_set_hash:
            return manifest.with_name("snapshot.parquet")
    return folder / "features" / "current.parquet"


def _trained_on_others(folder: Path, feature_set_hash: str) -> list[str]:
    """The champions that cannot score these rows, since they learned from another feature set."""
    champions = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("champion/*.json")}
    return sorted(model for model, one in champions.items() if one.get("feature_set_hash") != feature_set_hash)
