"""The businesses that are served: the fixed model before made-up customers, and the demo with its own champion.

Both have a filled on-line store (SQLite behind Feast), an API key, a rate limit that nobody reaches, score log and
metrics: what a business has. Start reading at `fixed`.
"""

import hashlib
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import fixed_model
from churn.events import Events
from churn.settings import Settings, load
from churn.tables import INSTANT
from features.current_file import read_current
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.snapshots import freeze
from features.store import FeatureStore, OnlineStore
from serving import champion
from serving.app import scorer_of
from serving.nightly import nights as night_rows

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


def nightly(fresh: Business, folder: Path) -> Business:
    """The same business after a night: the answers that a batch gave stand beside the rows."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(fresh.config.parent, folder)
    settings = load(folder / fresh.config.name, environ={})
    scorer = scorer_of(settings, champion.load(settings))
    store = OnlineStore(settings, timeout_s=10.0)
    rows = [row for row in store.rows(fresh.ids) if row]
    told = scorer.score(fresh.ids, rows, language="en", top=TOP)
    store.attach(night_rows(scorer.champions, rows, [one.judged for one in told], scorer.calendar, TOP))
    store.close()
    return replace(fresh, config=folder / fresh.config.name, settings=settings)


def appointed(config: Path, folder: Path, workers: int) -> Business:
    """A business of one's own, copied: whoever its churn model is asked about.

    Args:
        config: its churn.toml, with champions appointed by `churn serve` and a filled on-line store (SQLite).
        folder: where the copy goes.
        workers: of the service.
    """
    held = load(config, environ={})
    copy = folder / "fresh"
    for part in ("features", "serving", "models", "champion", "log"):
        if (held.folder / part).exists():
            shutil.copytree(held.folder / part, copy / "artifacts" / held.business.slug / part, dirs_exist_ok=True)
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    text = TOML.format(slug=held.business.slug, workers=workers, digest=digest, top=TOP)
    (copy / "churn.toml").write_text(text, encoding="utf-8")
    settings = load(copy / "churn.toml", environ={})
    now, _ = read_current(settings.folder / "features")
    ids = now.loc[now["model"] == "churn", "customer_id"].astype(str).tolist()[:CUSTOMERS]
    store = OnlineStore(settings, timeout_s=10.0)
    rows = [row for row in store.rows(ids) if row]
    store.close()
    booster = next((settings.folder / "models").glob(f"{champion.load(settings)['churn'].model_hash}/booster.txt"))
    return Business(copy / "churn.toml", settings, ids, np.vstack([row.vector for row in rows]), booster)


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
