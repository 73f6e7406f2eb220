"""A business to monitor: log, snapshot, features of now, champion and scores, as the stages write them.

The log goes through `ingest`, snapshot and features of now through `features/`, the scores lie in files like those of
the service. The champion's probability is the outcome's rate among customers with so many orders in 90 days.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from churn.bundle import Bundle
from churn.cutoffs import latest_fold
from churn.events import FloatArray
from churn.metrics import roc_auc
from churn.model_sections import Training
from churn.sections import Business, Source
from churn.settings import Settings
from features.current_file import write_current
from features.log import read_log_manifest
from features.log_reading import read_events
from features.snapshots import Snapshot, current, freeze
from features.sources import ingest
from tests import small_shop

HASH = "model-hash"
VERSION = "churn-monitored/1"
CUSTOMERS, EVENTS = 1_500, 40_000


@dataclass(frozen=True)
class Shop:
    """The business and the rule of its champion."""

    settings: Settings
    snapshot: Snapshot
    rates: FloatArray

    @property
    def current_path(self) -> Path:
        return self.settings.folder / "features" / "current.parquet"

    def probability(self, rows: pd.DataFrame) -> FloatArray:
        return probability(self.rates, rows)

    def moved(self, folder: Path) -> "Shop":
        """The same business in a copy of its folder."""
        return Shop(self.settings.model_copy(update={"artifacts": folder}), self.snapshot, self.rates)

    def change_current(self, change: "dict[str, object]") -> None:
        """Overwrite columns of the features of now; None takes a column away."""
        rows = pd.read_parquet(self.current_path)
        for name, values in change.items():
            rows = rows.drop(columns=name) if values is None else rows.assign(**{name: values})
        rows.to_parquet(self.current_path)

    def now(self) -> pd.DataFrame:
        rows = pd.read_parquet(self.current_path)
        return rows[rows["model"] == "churn"].reset_index(drop=True)

    def write_scores(self, rows: pd.DataFrame, told: FloatArray | None = None, name: str = "batch") -> Path:
        """Scores of these rows at their own cutoffs, as the log of the service has them."""
        told = self.probability(rows) if told is None else told
        path = self.settings.folder / "scores" / "log" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            json.dumps(self._score(f"{name}-{place}", row, float(one)))
            for place, (row, one) in enumerate(zip(rows.to_dict("records"), told, strict=True))
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _score(self, score_id: str, row: dict, told: float) -> dict[str, object]:
        instant = row["event_timestamp"].isoformat()
        return {
            "score_id": score_id, "customer_id": row["customer_id"], "model": "churn", "cutoff": instant,
            "horizon_days": 90, "gap_days": 0, "scored_at": instant, "valid_until": instant, "stage": row["stage"],
            "probability": told, "percentile": 50.0, "band": "low", "abstention": None, "model_version": VERSION,
            "model_hash": HASH, "definition_id": self.settings.definition.id, "snapshot_hash": self.snapshot.hash,
            "feature_set_hash": "f", "known_at": instant, "vector": "AAAA",
        }  # fmt: skip


def probability(rates: FloatArray, rows: pd.DataFrame) -> FloatArray:
    return rates[rows["order_count_90d"].fillna(0).to_numpy(dtype=int).clip(0, len(rates) - 1)]


def build(folder: Path) -> Shop:
    """Everything up to the promoted champion; no scores yet."""
    csv = folder / "events.csv"
    small_shop.log(CUSTOMERS, EVENTS).to_csv(csv, index=False)
    source = Source(path=str(csv), **{name: name for name in small_shop.log(2, 2)})
    settings = Settings(
        artifacts=folder / "artifacts",
        business=Business(name="Monitored shop", slug="monitored", timezone="Asia/Shanghai", clock="log"),
        source=(source,),
        training=Training(test_cutoffs=1, max_cutoffs=6),
    )
    ingest(settings, environ={}, progress=lambda *_: None)
    manifest, events, lifecycle = read_log_manifest(settings.folder), read_events(settings.folder), settings.lifecycle
    features = small_shop.features(lifecycle)
    fold = latest_fold(manifest.first_event_at, manifest.observed_until, lifecycle, settings.training)
    snapshot = freeze(
        events, features, lifecycle, fold.train,
        observed_until=fold.test[0], log_hash=manifest.log_hash, folder=settings.folder,
    )  # fmt: skip
    now = current(events, features, lifecycle, manifest.observed_until)
    write_current(now, features, lifecycle, settings.folder / "features")
    rows = snapshot.frame[snapshot.frame["model"] == "churn"]
    counts = rows["order_count_90d"].to_numpy(dtype=int).clip(0, 8)
    outcome = rows["label"].to_numpy(dtype=np.float64)
    rates = np.array([(outcome[counts == n].sum() + 1) / ((counts == n).sum() + 2) for n in range(9)])
    _promote(settings, snapshot, rates)
    return Shop(settings, snapshot, rates)


def _promote(settings: Settings, snapshot: Snapshot, rates: FloatArray) -> None:
    rows = snapshot.frame[snapshot.frame["model"] == "churn"]
    told, outcome = probability(rates, rows), rows["label"].to_numpy(dtype=np.float64)
    bundle = Bundle(
        model="churn", label="churned", business="monitored", features=tuple(snapshot.feature_names),
        feature_set_hash=snapshot.manifest["feature_set"]["hash"],
        percentiles=tuple(np.quantile(told, np.linspace(0, 1, 101))), bands={"low": 0.0, "medium": 0.2, "high": 0.5},
        base_rate=float(outcome.mean()), definition={}, definition_id=settings.definition.id, horizon_days=90,
        gap_days=0, snapshot_hash=snapshot.hash, trained_at=datetime(2025, 1, 1, tzinfo=UTC), trees=1,
        metrics={"lightgbm": {"roc_auc": roc_auc(outcome, told), "n": len(told), "base_rate": float(outcome.mean())}},
    )  # fmt: skip
    champion = {
        "model": "churn", "name": "churn-monitored", "version": 1, "model_hash": HASH, "snapshot_hash": snapshot.hash,
        "snapshot_path": str(snapshot.path.relative_to(settings.folder)), "bundle": json.loads(bundle.to_json()),
    }  # fmt: skip
    path = settings.folder / "champion" / "churn.json"
    path.parent.mkdir()
    path.write_text(json.dumps(champion), encoding="utf-8")
