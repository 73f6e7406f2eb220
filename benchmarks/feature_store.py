"""What the feature store costs: fill it, read 1, 100 and 1,000 customers, refresh one, ask the past; beside the floor.

The floor of a read is the same bytes from plain SQLite in this process, of history a pandas join on equal keys. SQLite
always; Redis and PostgreSQL where CHURN_TEST_REDIS_URL and CHURN_TEST_POSTGRES_URL name a server. CPU is this
process's. Run `python -m benchmarks.feature_store [--quick]`; quick is 2,000 customers instead of 20,000.
"""

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.definition import Lifecycle
from churn.events import Events
from churn.sections import Business, Store
from churn.settings import Settings
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.snapshots import current, freeze
from features.store import FeatureStore, OnlineStore

NOW = datetime(2025, 7, 1, tzinfo=UTC)
CUTOFFS = [datetime(2025, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
LIFECYCLE = Lifecycle()
WINDOWS = (7, 14, 30, 45, 60, 90, 120, 150, 180, 240, 300, 365)


def shop(customers: int) -> tuple[Events, FeatureSet]:
    """Fifteen events a customer over two years, and 84 features of them."""
    random, rows = np.random.default_rng(7), 15 * customers
    seconds = random.integers(0, 2 * 365 * 86_400, rows)
    log = pd.DataFrame(
        {
            "customer_id": [f"{number:07d}" for number in random.integers(0, customers, rows)],
            "event_type": random.choice(["order", "visit"], rows),
            "event_timestamp": pd.Series(pd.Timestamp("2023-07-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")),
            "amount": random.gamma(2.0, 30.0, rows).round(2),
        }
    )
    order, visit = Kind("order", "order", "下单"), Kind("visit", "visit", "访问")
    counted = [*order.count[WINDOWS], *visit.count[WINDOWS], *order.active_days[WINDOWS], *visit.active_days[WINDOWS]]
    valued = [*order.total[WINDOWS], *order.mean[WINDOWS], *order.peak[WINDOWS]]
    return Events.from_frame(log), FeatureSet(tuple(grouped("rhythm", *counted, *valued)), LIFECYCLE)


def once(act: Callable[[], Any]) -> str:
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return f"{time.perf_counter() - wall:6.2f} s wall {time.process_time() - cpu:6.2f} s CPU"


def often(act: Callable[[], Any], times: int) -> str:
    """Least and middle milliseconds of many calls."""
    act()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - began))
    return f"{min(took):8.3f} ms least {np.median(took):8.3f} ms median"


def floor(path: Path, rows: int) -> None:
    """A plain SQLite read of as many bytes as a row of 84 numbers has."""
    with sqlite3.connect(path) as plain:
        plain.execute("CREATE TABLE packed (id TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        plain.executemany("INSERT INTO packed VALUES (?, ?)", ((f"{n:07d}", os.urandom(84 * 8)) for n in range(rows)))
        ask = "SELECT vector FROM packed WHERE id = ?"
        print("floor: one row, plain SQLite        ", often(lambda: plain.execute(ask, ("0000042",)).fetchone(), 500))
    plain.close()


def measure(store: Store, folder: Path, events: Events, features: FeatureSet) -> None:
    """All figures of one kind of store."""
    settings = Settings(artifacts=folder, business=Business(slug=f"bench-{store.online}"), store=store)
    snapshot = freeze(events, features, LIFECYCLE, CUTOFFS, observed_until=NOW, log_hash="", folder=settings.folder)
    people, filled = current(events, features, LIFECYCLE, NOW), FeatureStore(settings)
    name = f"{store.online:>8}"
    print(f"{name}: register                  ", once(lambda: filled.apply(features, snapshot.rows_path)))
    print(f"{name}: fill {len(people):>6,} customers     ", once(lambda: filled.materialise(people, features)))
    print(f"{name}: fill again                ", once(lambda: filled.materialise(people, features)))
    online, ids = OnlineStore(settings), list(people["customer_id"])
    for count, times in ((1, 500), (100, 50), (1000, 10)):
        print(f"{name}: read {count:>5,}               ", often(lambda: online.rows(ids[:count]), times))  # noqa: B023
    (row,) = online.rows(ids[:1])
    assert row is not None
    print(f"{name}: refresh one               ", often(lambda: online.write([row]), 200))
    asked = snapshot.frame[["customer_id", "event_timestamp"]].sample(1000, random_state=1)
    print(f"{name}: history of 1,000          ", once(lambda: filled.history(asked)))
    keys = list(asked.columns)
    print(f"{name}: floor: join on equal keys ", once(lambda: asked.merge(snapshot.frame, on=keys, how="left")))
    online.close()
    filled._open().teardown()  # noqa: SLF001  # leave the server as it was


def main() -> None:
    """Print the figures."""
    customers = 2_000 if "--quick" in sys.argv else 20_000
    events, features = shop(customers)
    print(f"{customers:,} customers, {len(features)} features")
    print("import feast                        ", once(lambda: __import__("feast")))
    with tempfile.TemporaryDirectory() as folder:
        floor(Path(folder) / "floor.db", customers)
        for kind in ("sqlite", "redis", "postgres"):
            url = os.environ.get(f"CHURN_TEST_{kind.upper()}_URL")
            if kind == "sqlite" or url:
                measure(Store.model_validate({"online": kind, "url": url}), Path(folder), events, features)


if __name__ == "__main__":
    main()
