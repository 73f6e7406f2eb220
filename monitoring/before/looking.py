"""Looks at answers before their outcomes are known: what is needed, where it is, and what is missing.

Start reading at `look_before`.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from churn.events import FloatArray
from churn.page import Two
from churn.settings import Settings
from features.catalogue import remade
from features.feature_set import FeatureSet
from features.log import LogManifest
from features.parts import log_parts
from features.snapshots import MANIFEST_FILE
from features.tombstones import standing
from monitoring.attempts import Attempts
from monitoring.before.estimates import estimated
from monitoring.before.found import Abstention, Early
from monitoring.before.past import EarlySums, early_weeks
from monitoring.before.signs import judged
from monitoring.budget import weekly_chance
from monitoring.champion import Champion
from monitoring.findings import Findings
from monitoring.reading.newest import Told
from monitoring.reading.windows import SnapshotGone
from monitoring.trees import BOOSTER, trees_of

Say = Callable[[str], None]
WHY_NOT: dict[str, Two] = {
    "no_curve": (
        "The champion does not say when customers come, only whether: train again with a longer log.",
        "当前模型只预测是否、不预测何时活跃：请用更长的日志重新训练。",
    ),
    "no_trees": (
        "The champion's trees are not in the archive; `churn score --all` puts them there.",
        "存档中没有当前模型的树；运行 `churn score --all` 后即有。",
    ),
    "other_features": (
        "The champion's features cannot be computed any more: its snapshot, the definition or [features] changed.",
        "无法再计算当前模型的特征：其快照、流失定义或 [features] 已变。",
    ),
}


def look_before(
    settings: Settings,
    found: Findings,
    told: Told,
    manifest: LogManifest | None,
    now: datetime,
    tried: Attempts,
    progress: Say,
) -> Findings:
    """What else is known of a champion, with estimates and early signs; each is tried by itself.

    Args:
        settings: whose.
        found: what else is known.
        told: its newest answers about customers of now.
        manifest: of the log; None where it cannot be read.
        now: the instant judged.
        tried: keeps what cannot be looked at.
        progress: told what is going on.
    """
    champion, early = found.champion, None
    if manifest is not None:
        signs = partial(early_signs, settings, champion, manifest, now, progress)
        early = tried("early", signs, None, model=champion.model)
    told_of = partial(estimated, found, told.probabilities, settings, now)
    estimate = tried("before", told_of, None, model=champion.model)
    return replace(found, estimate=estimate, early=early, troubles=tried.of(champion.model))


def early_signs(settings: Settings, champion: Champion, manifest: LogManifest, now: datetime, progress: Say) -> Early:
    """The early signs of a champion, or why there are none.

    Args:
        settings: whose.
        champion: whose scores.
        manifest: of the log.
        now: the instant judged.
        progress: told what is going on.

    Raises:
        SnapshotGone: its snapshot is gone. NoLog, BrokenLog: the log cannot be read.
        ChangedTrees: the archived trees are of another model.
    """
    days, bundle = settings.monitoring.early_days, champion.bundle
    if not _reaches(champion, days):
        return _none(days, "no_curve")
    features = _features(settings, champion)
    if features is None:
        return _none(days, "other_features")
    trees = trees_of(settings.folder, champion)
    if trees is None:
        return _none(days, "no_trees")

    def score(vectors: FloatArray) -> FloatArray:
        return bundle.probability(trees.raw(bundle.prepare(vectors)))

    weeks = early_weeks(
        bundle, score, log_parts(settings.folder, taking_back=settings.definition.taking_back), features,
        settings.lifecycle, manifest, days=days, now=min(now, manifest.observed_until),
        cache=_cache(settings, champion), progress=progress,
    )  # fmt: skip
    return judged(weeks, days, weekly_chance(settings.monitoring.false_alarms_per_quarter))


def sums_of(settings: Settings, champion: Champion, manifest: LogManifest, now: datetime) -> EarlySums | None:
    """What looks on where the quiet past is computed, so that early signs need not compute it again.

    Args:
        settings: whose.
        champion: whose scores.
        manifest: of the log.
        now: the instant judged.
    """
    days = settings.monitoring.early_days
    if not _reaches(champion, days) or not (settings.folder / "models" / champion.model_hash / BOOSTER).is_file():
        return None
    return EarlySums(
        champion.bundle, champion.bundle.feature_set_hash, settings.lifecycle, manifest, len(manifest.files),
        days=days, now=min(now, manifest.observed_until), cache=_cache(settings, champion),
    )  # fmt: skip


def _reaches(champion: Champion, days: int) -> bool:
    curve = champion.bundle.outlook.curve if champion.bundle.outlook else None
    return curve is not None and days <= curve.days[-1]


def _cache(settings: Settings, champion: Champion) -> Path:
    return settings.folder / "monitoring" / "cache" / f"early-{champion.model_hash[:12]}.json"


def _none(days: int, code: str) -> Early:
    return Early(days, (), Abstention(code, WHY_NOT[code]))


def _features(settings: Settings, champion: Champion) -> FeatureSet | None:
    """The features that it learned from, made again; None where this version or definition makes others of them."""
    path = standing(champion.snapshot) / MANIFEST_FILE
    if not path.is_file():
        raise SnapshotGone(champion.snapshot)
    learned = json.loads(path.read_text(encoding="utf-8"))["feature_set"]
    features = remade(learned, settings.lifecycle) if "alive" in learned else None
    return features if features and features.hash == champion.bundle.feature_set_hash else None
