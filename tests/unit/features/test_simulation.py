"""The simulated shop: its log has the promised shape, follows its seed, and keeps its truth apart."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.tables import EVENTS, check
from features.simulated_customers import COUPON, NO_ACTION
from features.simulation import Simulation, SimulationSettings, simulate, step, write_demo_log

SMALL = SimulationSettings(customers=1_500, years=2, seed=3)


@pytest.fixture(scope="module")
def shop() -> Simulation:
    return simulate(SMALL)


def test_the_log_has_the_columns_of_events(shop: Simulation) -> None:
    events = check(EVENTS, shop.events)
    for name in ("event_timestamp", "ingested_at"):
        assert str(events[name].dtype) == "datetime64[us, UTC]"
    for column in EVENTS:
        if not column.nullable:
            assert events[column.name].notna().all(), column.name
    assert events["event_id"].is_unique
    assert not events["amount"].lt(0).any()
    assert events.loc[events["event_type"] == "survey", "score"].between(1, 5).all()


def test_the_log_lies_within_its_days_and_knows_only_what_reached_it(shop: Simulation) -> None:
    events = shop.events
    first = pd.Timestamp(SMALL.start, tz=SMALL.timezone)
    assert events["event_timestamp"].min() >= first
    assert events["ingested_at"].max() < shop.observed_until
    assert shop.observed_until == pd.Timestamp("2025-01-01", tz=SMALL.timezone)
    delay = events["ingested_at"] - events["event_timestamp"]
    assert delay.min() == pd.Timedelta(0)
    assert 0.02 < (delay > pd.Timedelta(hours=1)).mean() < 0.04


def test_the_same_seed_gives_the_same_log_and_another_another() -> None:
    small = SimulationSettings(customers=300, years=1, seed=5)
    once, again = simulate(small), simulate(small)
    pd.testing.assert_frame_equal(once.events, again.events)
    pd.testing.assert_frame_equal(once.truth, again.truth)
    other = simulate(SimulationSettings(customers=300, years=1, seed=6))
    assert len(other.events) != len(once.events)


def test_returns_name_an_order_that_was_placed_before(shop: Simulation) -> None:
    events = shop.events
    orders = events[events["event_type"] == "order"].set_index("order_id")
    back = events[events["event_type"] == "return"]
    assert len(back) > 50
    placed = orders.loc[back["order_id"]]
    assert orders.index.is_unique
    assert (placed["customer_id"].to_numpy() == back["customer_id"].to_numpy()).all()
    assert (placed["event_timestamp"].to_numpy() < back["event_timestamp"].to_numpy()).all()
    assert (back["amount"].to_numpy() <= placed["amount"].to_numpy() + 0.01).all()


def test_points_never_fall_below_zero(shop: Simulation) -> None:
    events = shop.events[shop.events["event_type"].isin(["points_earned", "points_redeemed"])]
    signed = events["amount"].where(events["event_type"] == "points_earned", -events["amount"])
    day = events["event_timestamp"].dt.tz_convert(SMALL.timezone).dt.floor("D")
    daily = signed.groupby([events["customer_id"], day]).sum()
    assert daily.groupby(level=0).cumsum().min() > -100  # a late arrival cut off at the end may be missing
    assert (events["event_type"] == "points_redeemed").sum() > 50


def test_the_shop_looks_like_a_shop(shop: Simulation) -> None:
    orders = shop.events[shop.events["event_type"] == "order"].groupby("customer_id").size()
    assert 0.30 < (orders == 1).mean() < 0.50
    kinds = set(shop.events["event_type"])
    assert {"visit", "email_open", "complaint", "support_ticket", "survey", "referral", "profile.region"} <= kinds
    local = shop.events["event_timestamp"].dt.tz_convert(SMALL.timezone).dt.hour
    assert (local == 20).sum() > 5 * (local == 3).sum()


def test_hold_outs_are_random(shop: Simulation) -> None:
    campaigns = shop.campaigns
    contacted = shop.events[shop.events["event_type"] == "campaign_contact"]
    assert abs(campaigns["treated"].mean() - campaigns["propensity"].mean()) < 0.02
    assert len(contacted) >= 0.98 * campaigns["treated"].sum()
    known = campaigns.merge(shop.truth.drop_duplicates("customer_id", keep="last"), on="customer_id")
    means = known.groupby("treated")["satisfied"].mean()
    spread = known["satisfied"].std() * np.sqrt(4 / len(known))
    assert abs(means[True] - means[False]) < 4 * spread


def test_the_truth_is_a_table_of_its_own(shop: Simulation) -> None:
    hidden = {"engaged", "interest", "satisfied", "grievance", "lapse_hazard", "response", "silent_probability"}
    assert not hidden & set(shop.events.columns)
    assert not any(str(kind).startswith("truth") for kind in shop.events["event_type"].unique())
    assert hidden - {"silent_probability"} <= set(shop.truth.columns)


def test_true_probabilities_come_true(shop: Simulation) -> None:
    cutoff = date(2024, 6, 1)
    truth = shop.true_outcome_probability([cutoff]).set_index("customer_id")["silent_probability"]
    at = pd.Timestamp(cutoff, tz=SMALL.timezone)
    events = shop.events[shop.events["event_type"] == "order"]
    ahead = events[(events["event_timestamp"] >= at) & (events["event_timestamp"] < at + pd.Timedelta(days=90))]
    silent = ~truth.index.isin(ahead["customer_id"])
    noise = np.sqrt((truth * (1 - truth)).sum()) / len(truth)
    assert abs(truth.mean() - silent.mean()) < 4 * noise
    assert truth[silent].mean() > truth[~silent].mean() + 0.15


def test_a_longer_horizon_is_never_likelier_to_stay_silent(shop: Simulation) -> None:
    cutoff = [date(2024, 6, 1)]
    short = shop.true_outcome_probability(cutoff, horizon_days=30, paths=2)["silent_probability"]
    long = shop.true_outcome_probability(cutoff, horizon_days=90, paths=2)["silent_probability"]
    assert (long <= short + 1e-9).all()


def test_runs_that_differ_in_actions_are_paired(shop: Simulation) -> None:
    """Customers whom nobody contacts live the same day to day in both worlds; persuadable ones order more."""
    start = shop.states[date(2024, 6, 1)]
    before = {f.name: np.copy(getattr(start, f.name)) for f in fields(start)}
    nobody = np.full(shop.shop.customers, NO_ACTION, dtype=np.int8)
    half = nobody.copy()
    half[::2] = COUPON
    left, right = start, start
    for day in range(30):
        left, _ = step(shop.shop, left, nobody)
        right, _ = step(shop.shop, right, half if day == 0 else nobody)
    untouched, touched = slice(1, None, 2), slice(0, None, 2)
    assert (left.orders[untouched] == right.orders[untouched]).all()
    assert (left.interest[untouched] == right.interest[untouched]).all()
    assert right.orders[touched].sum() > left.orders[touched].sum()
    for name, value in before.items():
        assert np.array_equal(value, getattr(start, name)), name


def test_the_demo_files_hold_the_whole_log_and_nothing_hidden(tmp_path: Path) -> None:
    settings = SimulationSettings(customers=300, years=1, seed=5)
    events = simulate(settings).events
    files = write_demo_log(tmp_path / "source", settings)
    orders = pd.read_csv(files["orders"], dtype=str)
    activity = pd.read_parquet(files["activity"])
    profiles = pd.read_csv(files["profiles"], dtype=str)
    placed = pd.to_datetime(orders["placed_at"]).dt.tz_localize(settings.timezone)
    expected = events[events["event_type"] == "order"]
    assert (placed.to_numpy() == expected["event_timestamp"].to_numpy()).all()
    assert orders["total"].astype(float).tolist() == expected["amount"].tolist()
    is_profile = events["event_type"].str.startswith("profile.")
    assert len(orders) + len(activity) + is_profile.sum() == len(events)
    assert len(profiles) == events.loc[is_profile, "customer_id"].nunique()
    assert set(profiles.columns) == {"customer", "known_since", "recorded_at", "region", "acquisition_channel"}


def test_the_demo_files_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    settings = SimulationSettings(customers=100, years=1)
    once, again = write_demo_log(tmp_path / "a", settings), write_demo_log(tmp_path / "b", settings)
    for name, path in once.items():
        assert path.read_bytes() == again[name].read_bytes(), name
