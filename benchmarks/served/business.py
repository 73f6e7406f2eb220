"""The businesses that are served: the fixed model before made-up customers, and the demo with its own champion.

Both have a filled on-line store (SQLite behind Feast), an API key, a rate limit that nobody reaches, score log and
metrics: what a business has. Start reading at `fixed`.
"""

import hashlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import fixed_model
from churn.events import Events
from churn.settings import Settings, load
from churn.tables import INSTANT
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.snapshots import freeze
from features.store import FeatureStore, OnlineStore

KEY = "of-the-benchmark"
CUSTOMERS = 2_000
TOP = 5
TOML = """
artifacts = "artifacts"
[business]
name = "Fixed model"
slug = "{slug}"
clock = "wall"
[serving]
workers = {workers}
api_keys = ["bench:score+read+events:{digest}"]
rate_limit_per_minute = 100000000
max_feature_age_hours = 1e6
top_reasons = {top}
"""


@dataclass(frozen=True)
class Business:
    """Where it is configured, what is asked of it, and the model that answers.

    Args:
        config: its churn.toml.
        settings: the same, read.
        ids: customers that the churn model is asked about.
        vectors: their features as the store packs them. Shape (n, f).
        booster: the text of its trees.
    """

    config: Path
    settings: Settings
    ids: list[str]
    vectors: np.ndarray
    booster: Path


def fixed(folder: Path, *, workers: int, customers: int = CUSTOMERS) -> Business:
    """The fixed seeded model (500 trees x 63 leaves x 80 features) and so many customers.

    Args:
        folder: kept: a second call is quick.
        workers: of the service.
        customers: in the on-line store.
    """
    config = folder / "churn.toml"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    config.write_text(TOML.format(slug=fixed_model.SLUG, workers=workers, digest=digest, top=TOP), encoding="utf-8")
    settings = load(config, environ={})
    fixed_model.appointed(settings.folder)
    rows = fixed_model.rows(customers, as_of=datetime.now(UTC) - timedelta(hours=1))
    _register(settings)
    store = OnlineStore(settings, timeout_s=10.0)
    store.write(rows)
    store.close()
    vectors = np.vstack([row.vector for row in rows])
    booster = settings.folder / "fixed_model.txt"
    return Business(config, settings, [row.customer_id for row in rows], vectors, booster)


def _register(settings: Settings) -> None:
    """Views in Feast's registry: of any feature set, since rows carry the model's own hash."""
    order = Kind("order", "order", "下单")
    features = FeatureSet(tuple(grouped("rhythm", *order.count[30, 90])), settings.lifecycle)
    at = pd.Timestamp("2024-01-01", tz="UTC")
    log = pd.DataFrame(
        {
            "customer_id": ["C1"], "event_type": ["order"], "event_timestamp": pd.Series([at]).astype(INSTANT),
            "ingested_at": pd.Series([at]).astype(INSTANT), "amount": [1.0],
        }
    )  # fmt: skip
    cutoffs = [datetime(2024, 2, 1, tzinfo=UTC)]
    until = datetime(2025, 1, 1, tzinfo=UTC)
    shutil.rmtree(settings.folder / "snapshots", ignore_errors=True)
    snapshot = freeze(
        Events.from_frame(log), features, settings.lifecycle, cutoffs, observed_until=until, log_hash="made up",
        folder=settings.folder,
    )  # fmt: skip
    FeatureStore(settings).apply(features, snapshot.rows_path)
