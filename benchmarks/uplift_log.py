"""A simulated shop as it knows itself: its log, features as of a day, and its own campaigns as trials.

For the benchmarks of uplift; reads no truth. Start reading at `Shop`.
"""

import sys
from datetime import timedelta
from pathlib import Path

import lightgbm as lgb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns.uplift.gathering import Rows
from churn.calendar import to_us
from churn.definition import Lifecycle
from churn.events import Events
from churn.metrics_uplift import Trial
from churn.settings import load
from features.catalogue import catalogue
from features.compute import compute
from features.feature_set import FeatureSet
from features.simulated_log import customer_ids
from features.simulation import Simulation, SimulationSettings, simulate

ROOT = Path(__file__).resolve().parents[1]
WINDOW_DAYS, HORIZON_DAYS, RISK_DAYS, SILENT_TO = 30, 60, 90, 120
COLUMNS = ("amount", "quantity", "discount_amount", "score", "channel", "category", "reason_code")


class Shop:
    """A simulated shop with its log laid out, and the features that it has."""

    def __init__(self, customers: int, seed: int) -> None:
        settings = load(ROOT / "churn.toml", {})
        self.run: Simulation = simulate(SimulationSettings(customers=customers, seed=seed))
        self.lifecycle: Lifecycle = settings.lifecycle
        frame = self.run.events
        columns = {
            str(kind): {name for name in COLUMNS if rows[name].notna().any()}
            for kind, rows in frame.groupby("event_type")
        }
        found = catalogue(sorted(columns), columns, self.lifecycle, settings.wanted)
        self.plain = [place for place, name in enumerate(found.names) if name not in found.categories]
        self.features: FeatureSet = found
        self.names = [found.names[place] for place in self.plain]
        self.events = Events.from_frame(frame, taking_back=self.lifecycle.definition.taking_back)
        self.ids = customer_ids(customers)

    def at(self, day: object) -> int:
        """The local midnight of a day, microseconds."""
        return to_us(self.lifecycle.calendar.midnight(day))  # type: ignore[arg-type]

    def known(self, ids: np.ndarray, day: object) -> np.ndarray:
        """Features of customers as of a day's midnight. Shape (n, f)."""
        some = self.events.of(ids)
        cube = compute(some, [self.lifecycle.calendar.midnight(day)], self.features, self.lifecycle)  # type: ignore[arg-type]
        return cube[np.searchsorted(some.customers, ids), 0][:, self.plain]

    def came(self, ids: np.ndarray, day: object, days: int) -> np.ndarray:
        """Whether customers ordered within so many days from a day on. Shape (n,)."""
        first, last = self.at(day), self.at(day + timedelta(days=days))  # type: ignore[operator]
        inside = self.events.is_kind("order") & (self.events.time_us >= first) & (self.events.time_us < last)
        counts = np.bincount(self.events.customer[inside], minlength=len(self.events.customers))
        return (counts[np.searchsorted(self.events.customers, ids)] > 0).astype(float)

    def spent(self, ids: np.ndarray, day: object, days: int) -> np.ndarray:
        """What customers spent within so many days from a day on. Shape (n,)."""
        first, last = self.at(day), self.at(day + timedelta(days=days))  # type: ignore[operator]
        inside = self.events.is_kind("order") & (self.events.time_us >= first) & (self.events.time_us < last)
        sums = np.bincount(self.events.customer[inside], self.events.amount[inside], len(self.events.customers))
        return sums[np.searchsorted(self.events.customers, ids)]


def learned_from(shop: Shop, action: str, end: object, *, spend: bool = False) -> Rows:
    """The shop's own campaigns with an action whose window was over; the outcome: who came, or what they spent."""
    days, became = (HORIZON_DAYS, shop.spent) if spend else (WINDOW_DAYS, shop.came)
    parts = []
    campaigns = shop.run.campaigns
    for _, planned in campaigns[campaigns["action"] == action].groupby("campaign"):
        day = planned["day"].iloc[0]
        if day + timedelta(days=days) > end:
            continue
        rows = planned.sort_values("customer_id")
        ids = rows["customer_id"].to_numpy(dtype=object)
        X = shop.known(ids, day)
        asked = X[:, shop.names.index("order_days_since")] < SILENT_TO
        sides = rows["treated"].to_numpy(dtype=bool)[asked], rows["propensity"].to_numpy(dtype=float)[asked]
        parts.append((ids[asked], X[asked], became(ids, day, days)[asked], *sides))
    ids, X, came, side, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Rows(ids, tuple(shop.names), X, Trial.of(came, side, chance))


def risk(shop: Shop, X: np.ndarray, end: object) -> np.ndarray:
    """The chance of no order within 90 days, by a model of customers of a past day. Shape (n,)."""
    day = end - timedelta(days=RISK_DAYS)  # type: ignore[operator]
    past = shop.known(shop.events.customers, day)
    asked = past[:, shop.names.index("order_days_since")] < SILENT_TO
    silent = 1 - shop.came(shop.events.customers, day, RISK_DAYS)[asked]
    model = lgb.LGBMClassifier(
        n_estimators=150, learning_rate=0.05, num_leaves=15, min_child_samples=100, n_jobs=1, verbose=-1, random_state=1
    )
    return model.fit(past[asked], silent).predict_proba(X)[:, 1]
