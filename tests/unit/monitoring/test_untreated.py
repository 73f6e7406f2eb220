"""The ledger with campaigns in its time: what became of everybody beside what would have become of them alone."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from churn.tables import TREATMENTS
from features.treatments import write_treatments
from monitoring.ledger.cohort_table import untreated_table
from monitoring.ledger.kept import FOLDER
from tests.monitored_shop import Shop
from tests.unit.monitoring.test_ledger import matured, opened

DATES = ("planned_at", "due", "window_end")


def treated(shop: Shop, rows: pd.DataFrame, *, propensity: float = 0.8) -> np.ndarray:
    """A campaign for a third of these, after their cutoff; whom chance did not hold out."""
    some = rows.iloc[::3]
    side = np.random.default_rng(2).random(len(some)) < propensity
    at = rows["event_timestamp"].iloc[0] + timedelta(days=2)
    plan = pd.DataFrame({"campaign": "spring", "customer_id": some["customer_id"], "action": "coupon",
                         "planned_at": at, "window_end": at + timedelta(days=20), "propensity": propensity,
                         "is_treated": side}).reindex(columns=TREATMENTS.names)  # fmt: skip
    plan = plan.astype({name: TREATMENTS[name].dtype for name in DATES})
    write_treatments(shop.settings.folder, "spring", plan)
    return side


def test_without_campaigns_there_is_nothing_beside(shop: Shop) -> None:
    shop.write_scores(matured(shop))
    (ledger,) = opened(shop).ledgers.values()
    assert [one.untreated for one in ledger.cohorts] == [None] * len(ledger.cohorts)
    assert untreated_table(ledger) == ""


def test_the_held_out_stand_for_the_treated_beside_everybody(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    assert opened(shop).ledgers["churn"].cohorts[0].untreated is None
    side = treated(shop, rows)
    (cohort,) = opened(shop).ledgers["churn"].cohorts  # judged again, since a campaign is in its time
    found = cohort.untreated
    assert found is not None
    assert (found.treated, found.held_out, found.unrepresented) == (side.sum(), (~side).sum(), 0)
    times = np.ones(len(rows), dtype=int)
    times[::3] = np.where(side, 0, 5)
    outcome, told = rows["label"].to_numpy(dtype=float), shop.probability(rows)
    assert found.became.n == times.sum()
    assert found.became.figures["actual_rate"].value == pytest.approx(np.average(outcome, weights=times))
    assert found.became.figures["expected_rate"].value == pytest.approx(np.average(told, weights=times))
    assert cohort.became is not None
    assert cohort.became.n == len(rows)
    assert cohort.corrections == ()  # nothing that was said of all of them was wrong
    again = opened(shop).ledgers["churn"]
    assert again.cohorts[0].untreated == found  # as it is kept
    assert "held out" in untreated_table(again)
    (path,) = (shop.settings.folder / FOLDER).glob("*.json")
    assert json.loads(path.read_text())["untreated"]["treated"] == side.sum()


def test_a_campaign_of_another_time_judges_nothing_again(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    opened(shop)
    (path,) = (shop.settings.folder / FOLDER).glob("*.json")
    before = path.stat().st_mtime_ns
    late = rows.assign(event_timestamp=rows["event_timestamp"] + timedelta(days=2000))
    treated(shop, late)
    assert opened(shop).ledgers["churn"].cohorts[0].untreated is None
    assert path.stat().st_mtime_ns == before
