"""A small shop, drawn at random with a fixed seed: logs, snapshots and rows that training can be tried on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.bundle import Bundle
from churn.cutoffs import fold_at
from churn.definition import ChurnDefinition
from churn.events import Events
from churn.model_sections import Training
from churn.sections import Business
from churn.settings import Settings
from features.catalogue import catalogue
from features.snapshot_rows import Question
from features.snapshots import Snapshot, freeze_all

START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
TEST = datetime(2023, 11, 1, tzinfo=UTC)
DAY_US = 86_400_000_000


def settings(folder: Path, **training: int) -> Settings:
    return Settings(
        business=Business(slug="made", name="Made-up shop"),
        definition=ChurnDefinition(horizon_days=30, lookback_days=180, lapse={"rule": "silence", "days": 45}),
        training=Training(threads=1, min_rows=100, min_positives=20, **training),
        artifacts=folder,
    )


def log(customers: int = 1500, seed: int = 3) -> pd.DataFrame:
    """Customers who buy at a pace of their own, some of whom stop."""
    random = np.random.default_rng(seed)
    days = (END - START).days
    rows = []
    for number in range(customers):
        pace, stop = random.gamma(2.0, 12.0) + 2, random.exponential(250)
        day = random.uniform(0, 120)
        last = min(days, day + stop)
        while day < last:
            rows.append((f"c{number:04d}", day, round(float(random.lognormal(3, 0.6)), 2)))
            day += random.exponential(pace)
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    instants = pd.to_datetime(
        (frame["day"] * DAY_US).astype("int64") + int(START.timestamp() * 1e6), unit="us", utc=True
    )
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"].astype(object),
            "event_type": "order",
            "event_timestamp": instants.astype("datetime64[us, UTC]"),
            "amount": frame["amount"],
        }
    )


def snapshots(frame: pd.DataFrame, made: Settings, *, test: datetime = TEST) -> tuple[Snapshot, Snapshot]:
    """The two snapshots of the fold whose test cutoff is `test`, frozen into the artifacts of `made`."""
    train, judge, _ = fold(frame, made, test=test)
    return train, judge


def fold(frame: pd.DataFrame, made: Settings, *, test: datetime = TEST) -> tuple[Snapshot, Snapshot, Snapshot]:
    """Those two, and that of the newest six mature cutoffs, labels as known at the log's end."""
    lifecycle = made.lifecycle
    features = catalogue(["order"], {"order": {"amount"}}, lifecycle)
    first = datetime(2023, 4, 1, tzinfo=UTC)
    chosen = fold_at([test], first=first, lifecycle=lifecycle, every_days=30, max_cutoffs=6)
    newest = tuple(datetime(2023, month, 1, tzinfo=UTC) for month in range(6, 12))
    questions = [Question(chosen.train, test), Question(chosen.test, END), Question(newest, END)]
    made.folder.mkdir(parents=True, exist_ok=True)
    events = Events.from_frame(frame)
    train, judge, whole = freeze_all(events, features, lifecycle, questions, log_hash="0" * 64, folder=made.folder)
    return train, judge, whole


def certificate(bundle: Bundle, **changed: Any) -> dict[str, Any]:
    """A certificate of parity for a model."""
    keys = {"feature_set_hash": bundle.feature_set_hash, "definition_id": bundle.definition_id}
    return {**keys, "rows": "staged", "count": 9, "mismatches": 0, "passed": True, "hash": "c" * 64} | changed
