"""The shop of the live tests with models of its own features, for tests that make answers of the past again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from churn.bundle import Bundle, Text, model_hash
from churn.calibration import Calibrator
from churn.clock import StoppedClock
from churn.sections import Features
from churn.settings import Settings
from cli.opened import features_of
from features.feature_set import FeatureSet
from features.log import read_log_manifest
from features.log_reading import read_events
from features.online import OnlineRow, rows_of
from features.snapshots import current, freeze
from serving import archive
from serving.champion import read_champion
from serving.score_log import ScoreLog
from serving.scorer import Answer, Scorer
from serving.seal import Seal
from tests import live_shop

AS_OF = datetime(2025, 2, 28, 16, tzinfo=UTC)  # a midnight in Shanghai
SCORED = AS_OF + timedelta(hours=9)


@dataclass(frozen=True)
class Trained:
    """A model that was archived as promotion and fetching would do it."""

    version: str
    hash: str
    features: FeatureSet


def trained(held: Settings, number: int = 1) -> Trained:
    """A model of the features that the log has by the settings, on a snapshot of its own, in the archive."""
    features = features_of(held, read_log_manifest(held.folder))
    events = read_events(held.folder)
    snapshot = freeze(
        events, features, held.lifecycle, [AS_OF - timedelta(days=180 + number)], observed_until=AS_OF, log_hash="log",
        folder=held.folder,
    )  # fmt: skip
    booster, bundle = fitted(held, features, snapshot.manifest["hash"], number)
    made = Trained(f"churn-{held.business.slug}/{number}", model_hash(bundle, booster), features)
    archive.keep(held, made.version, made.hash, booster, bundle)
    return made


def fitted(held: Settings, features: FeatureSet, snapshot_hash: str, seed: int) -> tuple[str, str]:
    """Trees on the rows of now with labels at random: what they say means nothing, and is theirs alone."""
    random, names = np.random.default_rng(seed), features.names
    rows = np.vstack([row.vector for row in rows_at(held, features, AS_OF)])
    label = random.random(len(rows)) < 0.4
    bundle = Bundle(
        model="churn", label="churned", business=held.business.slug, features=names, feature_set_hash=features.hash,
        calibrator=Calibrator(), percentiles=tuple(np.linspace(0, 1, 101)),
        bands={"low": 0.0, "medium": 0.3, "high": 0.6}, base_rate=0.4, definition={"horizon_days": 90},
        definition_id=held.definition.id, horizon_days=90, gap_days=0, snapshot_hash=snapshot_hash,
        trained_at=datetime(2025, 1, 1, tzinfo=UTC), trees=20, reasons=dict.fromkeys(names, "rhythm"),
        texts={name: Text(en=name, zh=name) for name in names}, usual=dict.fromkeys(names, 1.0),
    )  # fmt: skip
    params = {"verbosity": -1, "num_threads": 1, "seed": seed, "min_data_in_leaf": 2, "objective": "binary"}
    dataset = lightgbm.Dataset(rows, label, feature_name=list(names), params=params)
    return lightgbm.train(params, dataset, 20).model_to_string(), bundle.to_json()


def rows_at(
    held: Settings, features: FeatureSet, as_of: datetime, known_at: datetime | None = None, asked: str | None = "churn"
) -> list[OnlineRow]:
    """Everybody's row of whom this model is asked, or any, as a batch or a refresh would write it."""
    frame = current(read_events(held.folder), features, held.lifecycle, as_of)
    rows = [one for one in rows_of(frame, features.names, features.hash) if asked is None or one.model == asked]
    return [replace(one, known_at=known_at or one.known_at) for one in rows]


def answered(held: Settings, model: Trained, rows: Sequence[OnlineRow], **how: Any) -> list[Answer]:
    """What the model answers about rows, logged and sealed as the service does it."""
    champion = read_champion(archive.folder_of(held.folder, model.hash), version=model.version, model_hash=model.hash)
    scorer = Scorer(
        {"churn": champion}, StoppedClock(how.pop("now", SCORED)), held.business.clock, timedelta(hours=36),
        held.definition.id, calendar=held.lifecycle.calendar, **how,
    )  # fmt: skip
    told = scorer.score([row.customer_id for row in rows], rows, language="en", top=3)
    log = ScoreLog(held.folder, Seal.of(held))
    log.append([one.log_row() for one in told]).result(timeout=10)
    log.close()
    return told


def shop(folder: Path, **wanted: Any) -> Settings:
    """Settings of the shop with its log ingested."""
    folder.mkdir(exist_ok=True)
    held = live_shop.settings(folder)
    live_shop.ingested(held)
    return held.model_copy(update={"features": Features(**wanted)}) if wanted else held


def rewritten(held: Settings, old: str, new: str) -> None:
    """Change a text of the score log, once."""
    segments = (held.folder / "scores" / "log").glob("*.jsonl")
    (segment,) = (one for one in segments if old in one.read_text(encoding="utf-8"))
    segment.write_text(segment.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
