"""Whom to contact with a budget? Uplift against top-risk, random and recency, by what contacting truly earned.

Run: python benchmarks/uplift_shop.py [--customers 20000] [--seeds 4 5 6] [--action reminder] [--futures 16]

The simulated shop learns from its own randomised campaigns: those with the action whose window of 30 days was over.
Then a campaign with a budget for 30 % of who may be contacted (an order so far, the last one within 120 days) is
planned for the day after the log ends. What contacting each would truly earn is the mean over futures, each lived twice
with the same dice, contacted and not, for 60 days: margin .3 of what they spend more, less .2 a contact. Half of the
futures choose for the oracles, the other half pay everybody, so that no oracle is paid for its own luck.

    oracle              knows each customer's hidden type and state, as far as the futures show them
    seen oracle         knows no more than features: a model of the true profits of all, fitted on other customers
    ours                uplift learned from campaigns x own mean order x margin; at random where it is not trusted
    ours, untrusted     the same, used although no claim was made
    top-risk            likeliest to place no order in the next 90 days, by a model of past customers

Seeds 1-3 were used to build it; report others.
"""

import argparse
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns.uplift.gathering import Rows
from campaigns.uplift.judging import judged
from campaigns.uplift.training import trained
from churn.calendar import to_us
from churn.definition import Lifecycle
from churn.events import Events
from churn.metrics_uplift import Trial
from churn.settings import load
from features.catalogue import catalogue
from features.compute import compute
from features.feature_set import FeatureSet
from features.simulated_customers import ACTION_NAMES
from features.simulated_log import customer_ids
from features.simulation import Simulation, SimulationSettings, simulate, step

ROOT = Path(__file__).resolve().parents[1]
WINDOW_DAYS, HORIZON_DAYS, RISK_DAYS = 30, 60, 90
MARGIN, CONTACT, BUDGET, SILENT_TO = 0.3, 0.2, 0.3, 120
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


def learned_from(shop: Shop, action: str, end: object) -> Rows:
    """The shop's own campaigns with an action whose window was over."""
    parts = []
    campaigns = shop.run.campaigns
    for _, planned in campaigns[campaigns["action"] == action].groupby("campaign"):
        day = planned["day"].iloc[0]
        if day + timedelta(days=WINDOW_DAYS) > end:
            continue
        rows = planned.sort_values("customer_id")
        ids = rows["customer_id"].to_numpy(dtype=object)
        X = shop.known(ids, day)
        asked = X[:, shop.names.index("order_days_since")] < SILENT_TO
        sides = rows["treated"].to_numpy(dtype=bool)[asked], rows["propensity"].to_numpy(dtype=float)[asked]
        parts.append((ids[asked], X[asked], shop.came(ids, day, WINDOW_DAYS)[asked], *sides))
    ids, X, came, side, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Rows(ids, tuple(shop.names), X, Trial.of(came, side, chance))


def lived(shop: Shop, state: object, actions: np.ndarray, seed: int) -> np.ndarray:
    """What each customer spends in one future. Shape (customers,)."""
    world, spent = replace(shop.run.shop, seed=seed), np.zeros(shop.run.shop.customers)
    for day in range(HORIZON_DAYS):
        todays = actions if day == 0 else np.zeros_like(actions)
        state, seen = step(world, state, todays)  # type: ignore[arg-type]
        for sighting in seen:
            if sighting.kind == "order":
                np.add.at(spent, sighting.who, np.asarray(sighting.columns["amount"], dtype=float))
    return spent


def truth(shop: Shop, state: object, who: np.ndarray, action: str, futures: int) -> tuple[np.ndarray, np.ndarray]:
    """What contacting each would earn, by one half of the futures and by the other. Shape (n,) each."""
    actions = np.zeros(shop.run.shop.customers, dtype=np.int8)
    nobody = actions.copy()
    actions[who] = ACTION_NAMES.index(action)
    gains = [
        (lived(shop, state, actions, 10**6 + number) - lived(shop, state, nobody, 10**6 + number))[who]
        for number in range(futures)
    ]
    earned = MARGIN * np.array(gains) - CONTACT
    return earned[::2].mean(axis=0), earned[1::2].mean(axis=0)


def seen_oracle(X: np.ndarray, chooses: np.ndarray) -> np.ndarray:
    """What features can tell of true profits, each fifth by a model of the others. Shape (n,)."""
    fold, told = np.arange(len(X)) % 5, np.empty(len(X))
    for one in range(5):
        mine = fold == one
        model = lgb.LGBMRegressor(
            n_estimators=80, learning_rate=0.05, num_leaves=6, min_child_samples=100, reg_lambda=20, n_jobs=1,
            verbose=-1, random_state=1,
        )  # fmt: skip
        told[mine] = model.fit(X[~mine], chooses[~mine]).predict(X[mine])
    return told


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


def one_seed(customers: int, seed: int, action: str, futures: int) -> dict[str, object]:
    """Profits of one shop, by whom they were chosen."""
    began, shop = time.process_time(), Shop(customers, seed)
    end = shop.run.shop.calendar.first + timedelta(days=max(shop.run.states.values(), key=lambda one: one.day).day)
    state = shop.run.states[end]
    silent = state.day - state.last_order
    who = np.flatnonzero((state.orders > 0) & (silent < SILENT_TO) & np.isin(shop.ids, shop.events.customers))
    X = shop.known(shop.ids[who], end)
    rows = learned_from(shop, action, end)
    made = trained(rows, folds=5, seed=7, threads=1)
    verdict = judged(made, rows.trial, rows.customer, draws=300, confidence=0.95, seed=7)
    chooses, pays = truth(shop, state, who, action, futures)
    order = X[:, shop.names.index("order_mean_365d")]
    worth = MARGIN * np.where(np.isnan(order), np.nanmean(order), order)
    ranked = {
        "oracle": chooses, "seen oracle": seen_oracle(X, chooses), "ours, untrusted": made.model.of(X) * worth,
        "top-risk": risk(shop, X, end), "recency": -silent[who].astype(float),
        "random": None,
    }  # fmt: skip
    reached = int(BUDGET * len(who))
    earned = {
        name: float(pays.mean() * reached if score is None else pays[np.argsort(-score, kind="stable")[:reached]].sum())
        for name, score in ranked.items()
    }
    earned["ours"] = earned["ours, untrusted"] if verdict.is_trusted else earned["random"]
    print(
        f"seed {seed}: {len(rows)} rows of campaigns, effect {verdict.effect.value:.4f} ({verdict.effect.low:.4f} .. "
        f"{verdict.effect.high:.4f}), qini {verdict.qini.value:.5f} ({verdict.qini.low:.5f} .. {verdict.qini.high:.5f})"
        f", {verdict.verdict}, {verdict.learners}; {len(who)} may be contacted, {reached} are; "
        f"{time.process_time() - began:.0f} CPU-s"
    )
    print("   ", "  ".join(f"{name} {value:.0f}" for name, value in earned.items()), flush=True)
    return earned | {"trusted": verdict.is_trusted}


def main() -> None:
    """Simulate, learn, contact, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--customers", type=int, default=20_000)
    options.add_argument("--seeds", type=int, nargs="+", default=[4, 5, 6])
    options.add_argument("--action", default="reminder", choices=ACTION_NAMES[1:])
    options.add_argument("--futures", type=int, default=16)
    given = options.parse_args()
    found = pd.DataFrame([one_seed(given.customers, seed, given.action, given.futures) for seed in given.seeds])
    names = [name for name in found if name not in ("trusted", "oracle")]
    for against in ("oracle", "seen oracle"):
        ratio = found[names].sum() / found[against].sum()
        spread = found[names].div(found[against], axis=0).std(ddof=1) / np.sqrt(len(found))
        told = (f"{name} {ratio[name]:.2f} +- {1.96 * spread[name]:.2f}" for name in names)
        print(f"of the {against}'s profit, {len(found)} seeds:", ", ".join(told))
    print(f"trusted in {int(found['trusted'].sum())} of {len(found)}")


if __name__ == "__main__":
    main()
