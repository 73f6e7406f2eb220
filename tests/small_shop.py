"""A small shop for tests of snapshots and stores: 120 customers, two years of orders, visits and returns, seeded."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from churn.calendar import Calendar
from churn.definition import Lifecycle
from churn.events import Events
from churn.sections import Business, Store
from churn.settings import Settings
from churn.tables import INSTANT
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.snapshots import Snapshot, freeze

FIRST, UNTIL = datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
LIFECYCLE = Lifecycle(calendar=Calendar("Asia/Shanghai"))
CUTOFFS = [LIFECYCLE.calendar.midnight(datetime(2024, month, 1, tzinfo=UTC).date()) for month in (2, 5, 8)]


def log(customers: int = 120, events: int = 2400, seed: int = 7) -> pd.DataFrame:
    """EVENTS of the shop; one event in ten reached us up to three days late."""
    random = np.random.default_rng(seed)
    span_us = int((UNTIL - FIRST).total_seconds()) * 1_000_000
    owner = (customers * random.beta(1, 2, events)).astype(int)
    when = pd.Series(pd.Timestamp(FIRST) + pd.to_timedelta(random.integers(0, span_us, events), unit="us"))
    late = pd.to_timedelta(random.integers(0, 3 * 86_400, events) * (random.random(events) < 0.1), unit="s")
    return pd.DataFrame(
        {
            "customer_id": [f"客 {number:04d}" if number % 2 else f"{number:05d}" for number in owner],
            "event_type": random.choice(["order", "order", "visit", "return"], events),
            "event_timestamp": when.astype(INSTANT),
            "ingested_at": (when + late).astype(INSTANT),
            "amount": np.round(random.gamma(2.0, 30.0, events), 2),
        }
    )


def events(frame: pd.DataFrame | None = None) -> Events:
    """The shop's log as arrays."""
    return Events.from_frame(log() if frame is None else frame)


def features(lifecycle: Lifecycle = LIFECYCLE) -> FeatureSet:
    """Seven features, with nulls among them."""
    order, visit = Kind("order", "order", "下单"), Kind("visit", "visit", "访问")
    chosen = [*order.count[30, 90, 365], *order.total[90, 365], order.mean[90], *visit.count[30,]]
    return FeatureSet(tuple(grouped("rhythm", chosen)), lifecycle)


def settings(folder: Path, store: Store | None = None, slug: str = "small-shop") -> Settings:
    """Settings of the shop, with its artifacts below a folder."""
    business = Business(name="Small shop", slug=slug, timezone="Asia/Shanghai")
    return Settings(artifacts=folder, business=business, store=store or Store())


def frozen(folder: Path, frame: pd.DataFrame | None = None) -> Snapshot:
    """A snapshot of the shop."""
    return freeze(events(frame), features(), LIFECYCLE, CUTOFFS, observed_until=UNTIL, log_hash="a log", folder=folder)
