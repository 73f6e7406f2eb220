"""How hard is the simulated shop? AUC of the silence rule, a six-feature logit, a quick LightGBM and the truth.

Run: python benchmarks/simulator_hardness.py [--customers 20000] [--seed 7]. Horizon and silence are both 90 days;
test cutoffs are the months of the last year whose labels are mature; whatever is fitted uses labels mature by the
first test cutoff. Prints one row a model, and how much of the gap from rule to truth the LightGBM closes.
"""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from features.simulation import Simulation, SimulationSettings, simulate

DAY_US = 86_400_000_000
HORIZON_DAYS = 90
SILENCE_DAYS = 90
KINDS = (
    *("order", "visit", "email_open", "email_click", "support_ticket", "complaint", "survey", "return"),
    *("points_earned", "points_redeemed", "campaign_contact"),
)
LOGIT = ("order_days_since", "order_count", "order_count_90d", "order_count_365d", "tenure_days", "order_amount")


def months(first: date, last: date) -> list[date]:
    """First days of the months from `first` to `last`, both included."""
    return [stamp.date() for stamp in pd.date_range(first, last, freq="MS")]


def features_at(events: pd.DataFrame, at: int) -> pd.DataFrame:
    """About sixty plain features of every customer who had ordered by `at` (microseconds UTC)."""
    known = events[(events["time"] < at) & (events["known"] < at)]
    out = pd.DataFrame(index=pd.Index(known.loc[known["event_type"] == "order", "customer_id"].unique()))
    out["tenure_days"] = (at - known.groupby("customer_id")["time"].min()) / DAY_US
    for kind in KINDS:
        rows = known[known["event_type"] == kind]
        grouped = rows.groupby("customer_id")
        out[f"{kind}_days_since"] = (at - grouped["time"].max()) / DAY_US
        out[f"{kind}_count"] = grouped.size().reindex(out.index).fillna(0)
        for days in (30, 90, 365):
            window = rows[rows["time"] >= at - days * DAY_US].groupby("customer_id").size()
            out[f"{kind}_count_{days}d"] = window.reindex(out.index).fillna(0)
    orders = known[known["event_type"] == "order"]
    by_customer = orders.groupby("customer_id")
    out["order_amount"] = by_customer["amount"].sum()
    out["discount_share"] = by_customer["discount_amount"].sum() / out["order_amount"]
    gap = by_customer["time"].diff() / DAY_US
    gaps = gap.groupby(orders["customer_id"])
    out["gap_mean"], out["gap_spread"] = gaps.mean(), gaps.std()
    out["silence_against_gap"] = out["order_days_since"] / out["gap_mean"]
    out["gift_share"] = (orders["category"] == "gift").groupby(orders["customer_id"]).mean()
    survey = known[known["event_type"] == "survey"].groupby("customer_id")["score"]
    out["survey_latest"], out["survey_mean"] = survey.last(), survey.mean()
    earned = known[known["event_type"] == "points_earned"].groupby("customer_id")["amount"].sum()
    spent = known[known["event_type"] == "points_redeemed"].groupby("customer_id")["amount"].sum()
    out["points_balance"] = earned.sub(spent.reindex(earned.index).fillna(0))
    out["complaint_share"] = out["complaint_count"] / out["order_count"]
    for name in ("region", "acquisition_channel"):
        rows = known[known["event_type"] == f"profile.{name}"].groupby("customer_id")["category"].last()
        out[name] = rows.reindex(out.index).astype("category").cat.codes
    moment = pd.Timestamp(at, unit="us", tz="Asia/Shanghai")
    out["month"] = moment.month
    return out


def table(simulation: Simulation, cutoffs: list[date]) -> pd.DataFrame:
    """Features, label (silent) and true probability at each cutoff."""
    events = simulation.events.assign(
        time=simulation.events["event_timestamp"].astype("int64"),
        known=simulation.events["ingested_at"].astype("int64"),
    )
    truth = simulation.true_outcome_probability(cutoffs, horizon_days=HORIZON_DAYS)
    parts = []
    for cutoff in cutoffs:
        day = simulation.states[cutoff].day
        at = int(simulation.shop.calendar.midnight_us[day])
        end = int(simulation.shop.calendar.midnight_us[day + HORIZON_DAYS])
        part = features_at(events, at)
        ahead = events[(events["event_type"] == "order") & (events["time"] >= at) & (events["time"] < end)]
        part["silent"] = ~part.index.isin(ahead["customer_id"])
        mine = truth[truth["cutoff"] == pd.Timestamp(at, unit="us", tz="UTC")].set_index("customer_id")
        part["truth"] = mine["silent_probability"].reindex(part.index)
        part["cutoff"] = cutoff
        parts.append(part)
    return pd.concat(parts)


def ece(label: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error, 10 equal-mass bins."""
    order = np.argsort(probability)
    return float(
        sum(abs(label[b].mean() - probability[b].mean()) * len(b) for b in np.array_split(order, 10)) / len(label)
    )


def learner() -> lgb.LGBMClassifier:
    """A quick LightGBM, its parameters untuned."""
    return lgb.LGBMClassifier(
        n_estimators=250, learning_rate=0.04, num_leaves=15, min_child_samples=200, subsample=0.5, subsample_freq=1,
        colsample_bytree=0.3, reg_lambda=20, n_jobs=1, verbose=-1, random_state=1,
    )  # fmt: skip


def calibrated(X: pd.DataFrame, label: np.ndarray, train: np.ndarray, newest: np.ndarray) -> np.ndarray:
    """Platt-scaled probabilities: a third of the customers calibrates, on the newest training cutoffs."""
    mine = np.array([int(name[-2:]) % 3 == 0 for name in X.index])
    odds = learner().fit(X[train & ~mine], label[train & ~mine]).predict(X, raw_score=True).reshape(-1, 1)
    platt = LogisticRegression(C=1e6).fit(odds[newest & mine], label[newest & mine])
    return platt.predict_proba(odds)[:, 1]


def compare(rows: pd.DataFrame, test_from: date, name: str) -> dict[str, float]:
    """Print the comparison for one cohort; the label is silence (churn) or an order (reactivation)."""
    inverse = name == "reactivation"
    last_train = (pd.Timestamp(test_from) - pd.Timedelta(days=HORIZON_DAYS)).date()
    label = rows["silent"].to_numpy() ^ inverse
    truth = rows["truth"].to_numpy()
    truth = 1 - truth if inverse else truth
    train, test = (rows["cutoff"] <= last_train).to_numpy(), (rows["cutoff"] >= test_from).to_numpy()
    X = rows.drop(columns=["silent", "truth", "cutoff"])
    sign = -1 if inverse else 1
    logit = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    short = np.log1p(X[list(LOGIT)].clip(lower=0))
    logit.fit(short[train], label[train])
    booster = learner().fit(X[train], label[train])
    scores = {
        "rule": sign * X["order_days_since"].to_numpy()[test],
        "logit": logit.predict_proba(short[test])[:, 1],
        "lightgbm": booster.predict_proba(X[test])[:, 1],
        "truth": truth[test],
    }
    auc = {who: float(roc_auc_score(label[test], score)) for who, score in scores.items()}
    auc["closed"] = (auc["lightgbm"] - auc["rule"]) / (auc["truth"] - auc["rule"])
    auc["base_rate"] = float(label[test].mean())
    auc["base_rate_train"] = float(label[train].mean())
    auc["bias"] = float(scores["lightgbm"].mean() - label[test].mean())
    newest = train & (rows["cutoff"] >= (pd.Timestamp(last_train) - pd.DateOffset(months=4)).date()).to_numpy()
    auc["ece_calibrated"] = ece(label[test], calibrated(X, label, train, newest)[test])
    auc["ece_lightgbm_raw"] = ece(label[test], scores["lightgbm"])
    auc["ece_truth"] = ece(label[test], scores["truth"])
    print(f"{name:13s}", f"n={test.sum()}", "  ".join(f"{who} {value:.4f}" for who, value in auc.items()))
    monthly = rows.assign(label=label).groupby("cutoff")["label"].agg(["mean", "size"])
    print("   per cutoff", " ".join(f"{c:%y%m}:{r['mean']:.3f}/{r['size']:.0f}" for c, r in monthly.iterrows()))
    gain = pd.Series(booster.booster_.feature_importance("gain"), X.columns).sort_values(ascending=False)
    print("   gain      ", " ".join(f"{n}:{g / gain.sum():.2f}" for n, g in gain.head(14).items()))
    return auc


def main() -> None:
    """Simulate, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--customers", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    began = time.process_time()
    simulation = simulate(SimulationSettings(customers=given.customers, seed=given.seed))
    orders = simulation.events[simulation.events["event_type"] == "order"].groupby("customer_id").size()
    print(
        f"{len(simulation.events)} events in {time.process_time() - began:.1f} CPU-s, {orders.sum()} orders, "
        f"one-time buyers {np.mean(orders == 1):.2f}"
    )
    print(simulation.events["event_type"].value_counts().to_dict())
    end = simulation.shop.calendar.first.replace(year=simulation.shop.calendar.first.year + 3)
    test_from = end.replace(year=end.year - 1)
    last = (pd.Timestamp(end) - pd.Timedelta(days=HORIZON_DAYS)).date()
    rows = table(simulation, months((pd.Timestamp(test_from) - pd.DateOffset(months=15)).date(), last))
    lapsed = rows["order_days_since"] >= SILENCE_DAYS
    compare(rows[~lapsed], test_from, "churn")
    compare(rows[lapsed], test_from, "reactivation")


if __name__ == "__main__":
    main()
