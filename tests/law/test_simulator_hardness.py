"""The simulated shop is hard: its true hazards know more than silence, and more than six numbers about orders.

The bars are those the project set itself: the truth's ROC AUC exceeds the silence rule's by 0.05 and that of a
logit on six features by 0.02. The customers are few and the logit is fitted on the test's own rows, which can only
help it.
"""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from features.simulation import Simulation, SimulationSettings, simulate

SETTINGS = SimulationSettings(customers=6_000, seed=11)
CUTOFFS = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))
HORIZON = pd.Timedelta(days=90)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    shop = simulate(SETTINGS)
    truth = shop.true_outcome_probability(CUTOFFS, paths=2)
    return pd.concat([_at(shop, truth, cutoff) for cutoff in CUTOFFS])


def _at(shop: Simulation, truth: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    """The six numbers of the logit, the outcome and the truth of everybody who had ordered by a cutoff."""
    at = pd.Timestamp(cutoff, tz=SETTINGS.timezone)
    events = shop.events[shop.events["ingested_at"] < at]
    orders = events[events["event_type"] == "order"]
    silence = (at - orders["event_timestamp"]) / pd.Timedelta(days=1)
    by_customer = orders.assign(silence=silence).groupby("customer_id")
    six = by_customer.agg(days_since=("silence", "min"), orders=("silence", "size"), amount=("amount", "sum"))
    for days in (90, 365):
        recent = orders["customer_id"][silence <= days].value_counts()
        six[f"orders_{days}d"] = recent.reindex(six.index).fillna(0)
    known = events.groupby("customer_id")["event_timestamp"].min()
    six["tenure"] = (at - known.reindex(six.index)) / pd.Timedelta(days=1)
    later = shop.events[(shop.events["event_type"] == "order") & (shop.events["event_timestamp"] >= at)]
    ahead = later.loc[later["event_timestamp"] < at + HORIZON, "customer_id"]
    true = truth[truth["cutoff"] == at].set_index("customer_id")["silent_probability"]
    return six.assign(silent=~six.index.isin(ahead), truth=true.reindex(six.index))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "low", "high"),
    [("churn", 0.20, 0.45), ("reactivation", 0.05, 0.20)],
)
def test_the_truth_beats_silence_and_the_logit(rows: pd.DataFrame, model: str, low: float, high: float) -> None:
    lapsed = rows["days_since"] >= 90
    cohort = rows[lapsed if model == "reactivation" else ~lapsed]
    silent, truth = cohort["silent"].to_numpy(), cohort["truth"].to_numpy()
    six = StandardScaler().fit_transform(np.log1p(cohort.drop(columns=["silent", "truth"])))
    logit = LogisticRegression(max_iter=1000).fit(six, silent).predict_proba(six)[:, 1]
    ceiling = roc_auc_score(silent, truth)
    assert ceiling >= roc_auc_score(silent, cohort["days_since"]) + 0.05
    assert ceiling >= roc_auc_score(silent, logit) + 0.02
    rate = silent.mean() if model == "churn" else 1 - silent.mean()
    assert low < rate < high
    assert abs(truth.mean() - silent.mean()) < 0.015
