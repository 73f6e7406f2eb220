"""Leaks planted in the log of the simulated shop: each as a careless export would make it."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from churn.cutoffs import latest_fold
from churn.events import Events
from churn.settings import Settings
from churn.tables import INSTANT
from features.catalogue import catalogue
from features.feature_set import FeatureSet
from features.parts import InMemory
from features.simulation import Simulation
from training.leaks.hunt import Hunt, hunt

DAY = pd.Timedelta(days=1)


def opened(events: pd.DataFrame, settings: Settings) -> tuple[Events, FeatureSet]:
    """A log that is in memory, and the features that it has."""
    columns = {
        str(kind): {name for name in mine.columns if mine[name].notna().any()}
        for kind, mine in events.groupby("event_type")
    }
    log = Events.from_frame(events, taking_back=settings.definition.taking_back)
    return log, catalogue(list(columns), columns, settings.lifecycle, settings.features)


def look(events: pd.DataFrame, until: datetime, settings: Settings, frozen: pd.DataFrame | None = None) -> Hunt:
    """Hunt in a log that is in memory."""
    log, features = opened(events, settings)
    first = events["event_timestamp"].min().to_pydatetime()
    return hunt(
        [InMemory(log)],
        features,
        settings.lifecycle,
        latest_fold(first, until, settings.lifecycle, settings.training),
        observed_until=until,
        log_hash="0" * 64,
        seed=7,
        frozen=frozen,
        tell_apart=False,
    )


def added(shop: Simulation, rows: pd.DataFrame) -> pd.DataFrame:
    """The shop's log with these rows, of which those not yet recorded by its end are missing."""
    recorded = rows.pop("recorded_at")
    rows = rows[recorded < shop.observed_until].astype({"event_timestamp": INSTANT, "ingested_at": INSTANT})
    return pd.concat([shop.events, rows], ignore_index=True)


def notes_of_the_lost(shop: Simulation, *, silent_days: int = 60, honest: bool) -> pd.DataFrame:
    """Whoever was silent for so many days gets a note, dated back to the day after the last order."""
    orders = shop.events[shop.events["event_type"] == "order"].sort_values(["customer_id", "event_timestamp"])
    then = orders.groupby("customer_id")["event_timestamp"].shift(-1).fillna(pd.Timestamp(shop.observed_until))
    lost = orders[then - orders["event_timestamp"] > silent_days * DAY]
    dated = lost["event_timestamp"] + DAY
    recorded = lost["event_timestamp"] + silent_days * DAY
    rows = pd.DataFrame({"customer_id": lost["customer_id"], "event_type": "retention_note", "event_timestamp": dated})
    known = recorded if honest else dated + timedelta(hours=1)
    return added(shop, rows.assign(ingested_at=known, recorded_at=recorded))


def attribute(shop: Simulation, name: str, values: pd.Series, *, column: str = "category") -> pd.DataFrame:
    """An attribute as a table of customers of today has it, dated back to when each became known."""
    first = shop.events.groupby("customer_id")["event_timestamp"].min()
    rows = pd.DataFrame({"event_type": f"profile.{name}", "event_timestamp": first, "ingested_at": first})
    rows = rows.assign(**{column: values.reindex(first.index)}, recorded_at=first).reset_index()
    return added(shop, rows)


def last_orders(shop: Simulation) -> pd.Series:
    """When each customer who ever ordered last did."""
    return shop.events[shop.events["event_type"] == "order"].groupby("customer_id")["event_timestamp"].max()


def account_closed(shop: Simulation) -> pd.DataFrame:
    """A column that says whether the account is closed today: no order for half a year."""
    silent = last_orders(shop) < pd.Timestamp(shop.observed_until) - 180 * DAY
    return attribute(shop, "account_closed", pd.Series(np.where(silent, "yes", "no"), silent.index))


def segment_of_the_outcome(shop: Simulation, *, share: float = 0.8) -> pd.DataFrame:
    """A segment that an analyst filled from who was still there at the end, right for most."""
    random = np.random.default_rng(5)
    silent = last_orders(shop) < pd.Timestamp(shop.observed_until) - 90 * DAY
    told = np.where(random.random(len(silent)) < share, silent, ~silent)
    return attribute(shop, "segment", pd.Series(np.where(told, "lost", "core"), silent.index))


def numbered_by_last_order(shop: Simulation) -> pd.DataFrame:
    """A number that the table was sorted by: whoever ordered last stands first."""
    return attribute(shop, "row_number", last_orders(shop).rank(ascending=False), column="amount")
