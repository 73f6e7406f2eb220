"""Looks back and holds now against it: the quiet past of the champions, then each one's drift.

    look_back   once a run: log and cache to the past of every champion
    hold        of each champion: what was counted of now, against that

Start reading at `look_back`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from churn.events import FloatArray
from churn.settings import Settings
from features.catalogue import remade
from features.feature_set import FeatureSet
from features.log import LogManifest
from features.parts import log_parts
from features.snapshots import MANIFEST_FILE
from features.tombstones import standing
from monitoring.budget import weekly_chance
from monitoring.champion import Champion
from monitoring.data.contract import Fault
from monitoring.drift.harm import losses, packed
from monitoring.drift.joint import Joint, columns_of, joint_of
from monitoring.drift.judging import Drift, judged
from monitoring.drift.past import Back, pasts
from monitoring.drift.reference import Reference
from monitoring.drift.shift import FeatureDrift, ScoreDrift
from monitoring.drift.sums import Asked, Watcher
from monitoring.drift.weeks import Past, week_of
from monitoring.reading.customers import UInt64Array, below
from monitoring.reading.newest import Told
from monitoring.reading.seen import Seen
from monitoring.reading.windows import snapshot_cutoffs, snapshot_known_until
from monitoring.trees import trees_of

Say = Callable[[str], None]


@dataclass(frozen=True)
class Before:
    """What there is to hold one champion against: its past, and what is needed to look at now likewise."""

    asked: Asked
    back: Back
    learned: tuple[datetime, datetime]
    known_until: datetime

    def until(self, now: datetime | None) -> Past | None:
        """The weeks before an instant."""
        return self.back.past.before(now) if now else None


class Counted(Protocol):
    """What was counted of one champion's rows of now (`monitoring.findings.Findings`)."""

    @property
    def features(self) -> Sequence[FeatureDrift]:
        """Shifts from what was learned."""
        ...

    @property
    def score(self) -> ScoreDrift | None:
        """Likewise of the scores."""
        ...

    @property
    def faults(self) -> Sequence[Fault]:
        """What is broken."""
        ...


def look_back(
    settings: Settings,
    serving: Sequence[Champion],
    references: Mapping[str, Reference | None],
    manifest: LogManifest,
    *,
    now: datetime,
    progress: Say,
    watchers: Mapping[str, Watcher] | None = None,
) -> dict[str, Before]:
    """The past of every champion whose features can still be computed, by model.

    Args:
        settings: whose.
        serving: the champions.
        references: what they learned, by model; None where nobody knows.
        manifest: of the log.
        now: the instant that the features of now speak of.
        progress: told what is going on.
        watchers: of a model, who looks on where its past is computed.

    Raises:
        DataError: the log, or a champion's trees, are not as promised.
    """
    cache = settings.folder / "monitoring" / "cache"
    sets: dict[str, tuple[FeatureSet, list[Asked]]] = {}
    for champion in serving:
        features, then = _features_of(champion, settings), references.get(champion.model)
        if features is not None and then is not None:
            asked = Asked(champion, then, trees_of(settings.folder, champion))
            sets.setdefault(features.hash, (features, []))[1].append(asked)
    found = {}
    for features, together in sets.values():
        parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
        backs = pasts(
            together, parts, features, settings.lifecycle, manifest, now=now, cache=cache, progress=progress,
            watchers=watchers,
        )  # fmt: skip
        for one in together:
            cutoffs, known_until = snapshot_cutoffs(one.champion), snapshot_known_until(one.champion)
            learned = min(cutoffs), max(cutoffs)
            found[one.champion.model] = Before(one, backs[one.champion.model], learned, known_until)
    return found


def hold(
    settings: Settings,
    before: Before,
    seen: Seen,
    told: Told,
    found: Counted,
    *,
    now: datetime,
) -> Drift:
    """One champion's rows of now against its past.

    Args:
        settings: whose.
        before: see `look_back`.
        seen: all rows of now, counted, and a sample of them.
        told: what the champion last told of them.
        found: shifts from what was learned, and what is broken.
        now: the instant that the rows speak of.
    """
    champion, past, rules = before.asked.champion, before.back.past, settings.monitoring
    sample = seen.sample.loc[np.isin(seen.sample.index.to_numpy(dtype=np.uint64), before.back.customers)]
    broken = {fault.feature for fault in found.faults}
    sample = sample.drop(columns=[name for name in sample if name in broken])
    customers = sample.index.to_numpy(dtype=np.uint64)
    week = week_of(champion.bundle, before.asked.reference, sample, told.about(customers), now)
    columns = {str(name): sample[name].to_numpy(dtype=np.float64) for name in sample}
    cost = None
    if before.asked.trees is not None and len(sample):
        vectors = packed(champion.bundle.features, columns)
        cost = losses(past.moves, champion.bundle, before.asked.trees, vectors)
        cost = {name: one for name, one in cost.items() if name in columns}
    joint = _joint(before, columns, customers, now, rules.false_alarms_per_quarter)
    return judged(
        champion, past, week, found.features, found.score, rules, learned=before.learned,
        known_until=before.known_until, joint=joint, losses=cost,
    )  # fmt: skip


def _joint(
    before: Before, columns: Mapping[str, FloatArray], customers: UInt64Array, now: datetime, budget: float
) -> Joint | None:
    """Whether rows of now can be told from the week before's; None where either is not here."""
    champion, past, rows = before.asked.champion, before.back.past.before(now), before.back.before
    names = [name for name in columns_of(champion.bundle, past) if name in columns]
    if rows is None or not names:
        return None
    some = customers <= below(before.back.joint_share)
    then = rows.vectors[:, [champion.bundle.features.index(name) for name in names]]
    today = np.column_stack([columns[name][some] for name in names]).astype(np.float32)  # as exact as the rows before
    return joint_of(
        then, today.astype(np.float64), names, past, weekly_chance(budget), customers=(rows.customers, customers[some])
    )


def _features_of(champion: Champion, settings: Settings) -> FeatureSet | None:
    """The features that a champion learned from; None where this version or these settings make others."""
    path: Path = standing(champion.snapshot) / MANIFEST_FILE
    if not path.is_file():
        return None
    learned = json.loads(path.read_text(encoding="utf-8"))["feature_set"]
    made = remade(learned, settings.lifecycle) if "alive" in learned else None
    return made if made is not None and made.hash == champion.bundle.feature_set_hash else None
