"""Value of a business on disk: who serves, who keeps silent and why, what is written."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from campaigns.value.bands import Bands
from campaigns.value.cohorts import Past, cohorts_of
from campaigns.value.coverage import counted, shares
from campaigns.value.judge import judged
from campaigns.value.pasts import pasts_of, spent_in
from campaigns.value.probability_model import ProbabilityModel
from campaigns.value.report import in_words
from campaigns.value.room import valued
from campaigns.value.two_part import TwoPart, folds_of
from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle, StageRules
from churn.events import Events
from churn.settings import Settings
from churn.tables import VALUES
from churn.value_sections import Valuing
from features.parts import InMemory
from serving.tables.indexed import Indexed
from tests.campaign_shop import NOW, event, scored, settings, written
from training.btyd.visits import fit_visits

RIVALS = ("two_part", "bg_nbd_gg")
UTC_DAYS = Lifecycle(ChurnDefinition(qualifying=("order",)), StageRules(), Calendar("UTC"), ())


def orders(*told: tuple[str, float, float]) -> Events:
    """Orders of customers, so many days before now, of so much money."""
    rows = [event(who, "order", days, amount=amount) for who, days, amount in told]
    frame = pd.DataFrame(rows)
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).astype("datetime64[us, UTC]")
    return Events.from_frame(frame)


def test_the_future_is_in_what_was_spent_and_never_in_the_past() -> None:
    log = orders(("a", 30, 5.0), ("a", 20, 7.0), ("a", 10, 11.0), ("b", 5, 3.0))
    then = NOW - timedelta(days=15)
    past = pasts_of(log, UTC_DAYS, then, 10)
    assert list(past.customer_ids) == ["a"]
    assert (past.visits[0], past.spend_amount[0], past.last_amount[0], past.spend_lately_amount[0]) == (2, 12, 7, 7)
    assert (past.known_days[0], past.last_days[0], past.since_days[0], past.early_amount[0]) == (15, 10, 5, 5)
    assert list(spent_in(log, UTC_DAYS, then, NOW, NOW)) == [11.0, 3.0]
    assert list(spent_in(log, UTC_DAYS, then, NOW - timedelta(days=7), NOW)) == [11.0, 0.0]


def made(customers: int, days: int, seed: int, *, priced: float = 1.0) -> Events:
    """Customers who come and leave; those of even number spend ten times as much."""
    random, told = np.random.default_rng(seed), []
    for number in range(customers):
        day, rate = random.uniform(0, days), random.gamma(1.5, 0.02)
        until = min(days, day + random.exponential(250))
        while day < until:
            level = (100.0 if number % 2 else 10.0) * priced
            told.append((f"c{number:04d}", days - day, level * random.gamma(4, 0.25)))
            day += random.exponential(1 / rate)
    return orders(*told)


@pytest.fixture(scope="module")
def past() -> Past:
    log = made(900, 700, seed=1)
    return cohorts_of([InMemory(log)], UTC_DAYS, instant=NOW, observed_until=NOW, horizon_days=120)


def test_what_learns_for_a_cohort_was_over_by_its_instant(past: Past) -> None:
    assert set(past.judged) == {4, 5, 6}
    for k in past.judged:
        for one in past.learned_by(k):
            assert one.instant + timedelta(days=120) <= past.cohorts[k].instant


def test_an_estimator_serves_that_beat_what_was_spent_before(past: Past) -> None:
    choice = judged(past, (TwoPart(), ProbabilityModel(fit_visits, 120)))
    heard = [{one.cutoff for one in choice.judgements if one.estimator == code and not one.why} for code in RIVALS]
    both = set.intersection(*heard)
    losses = {
        code: np.mean([one.loss for one in choice.judgements if one.estimator == code and one.cutoff in both])
        for code in (*RIVALS, "last_year")
    }
    assert choice.estimator == min(RIVALS, key=lambda code: losses[code])
    assert losses[choice.estimator] < losses["last_year"]
    assert choice.tail is not None
    assert np.mean([shares(one.held)[choice.tail] for one in choice.widths]) >= 0.9


def test_the_cohort_of_which_coverage_is_told_had_no_say_in_the_width(past: Past) -> None:
    rivals = (TwoPart(), ProbabilityModel(fit_visits, 120))
    choice = judged(past, rivals)
    assert choice.newest is not None
    assert choice.newest.cutoff == past.cohorts[4].instant.isoformat()
    assert choice.widths
    assert all(one.cutoff < choice.newest.cutoff for one in choice.widths)
    dear = replace(past.cohorts[4], spent=past.cohorts[4].spent * 1.5)  # the width would not have held
    other = judged(replace(past, cohorts={**past.cohorts, 4: dear}), rivals)
    assert other.newest is not None
    assert (other.estimator, other.tail) == (choice.estimator, choice.tail)
    assert [one.cutoff for one in other.widths] == [one.cutoff for one in choice.widths]
    assert shares(other.newest.held)[0] < shares(choice.newest.held)[0]


def test_each_group_of_customers_is_told_apart(past: Past) -> None:
    cohort = past.cohorts[4]
    bands = Bands.of(cohort.pasts.spend_amount, cohort.spent)
    assert bands is not None
    held = counted(bands, cohort.pasts, cohort.pasts.spend_amount, cohort.spent)
    assert sum(one.customers for one in held) == len(cohort)
    once = {one.group: one.customers for one in held if one.group.startswith("once")}
    assert sum(once.values()) == (cohort.pasts.visits == 1).sum()
    silent = cohort.pasts.since_days > UTC_DAYS.definition.lapse.days + 1
    assert cohort.pasts.lapsed[silent].all()
    told = held[0].told(0)
    assert told["low"] <= told["share"] <= told["high"]
    assert told["n"] == held[0].customers


def test_nobody_serves_where_the_log_is_short_or_names_no_money() -> None:
    short = cohorts_of([InMemory(made(300, 100, 2))], UTC_DAYS, instant=NOW, observed_until=NOW, horizon_days=365)
    assert judged(short, (TwoPart(),)).why == "short_past"
    free = cohorts_of(
        [InMemory(made(400, 500, 2, priced=0.0))], UTC_DAYS, instant=NOW, observed_until=NOW, horizon_days=100
    )
    assert judged(free, (TwoPart(), ProbabilityModel(fit_visits, 100))).why == "no_amounts"


def test_no_customer_is_expected_by_trees_that_saw_them(past: Past) -> None:
    ids = past.cohorts[4].pasts.customer_ids
    assert set(folds_of(ids)) == {0, 1, 2}
    assert list(folds_of(ids[::-1])) == list(folds_of(ids))[::-1]


def shop(folder: Path, rules: Valuing, events: Sequence[dict[str, Any]] = ()) -> Settings:
    ids = ("a", "b", "c", "quiet")
    rows = [scored(one, value_expected_amount=40.0) for one in ids[:3]]
    rows.append(scored("quiet", None, abstention="opted_out"))
    return written(settings(folder).model_copy(update={"value": rules}), rows, events)


def test_values_are_written_as_the_service_reads_them(tmp_path: Path) -> None:
    told = [event("b", "order", days, amount=60.0) for days in (9, 40)]
    place = shop(tmp_path, Valuing(margin_ratio=0.25), told)
    found = valued(place, fit_visits)
    held = Indexed(place.folder, VALUES)
    assert held.fault is None
    (row,) = held.rows("b")
    assert (row["expected_value_amount"], row["value_tier"], row["currency"]) == (10.0, "high", place.business.currency)
    assert (row["clv_amount"], row["clv_code"], row["past_value_amount"]) == (None, "short_past", 30.0)
    assert (row["high_value"], row["high_potential"]) == ("yes", None)
    assert held.rows("quiet") == []
    report = json.loads((place.folder / "campaigns" / "value" / "report.json").read_text(encoding="utf-8"))
    assert report == found.report
    assert report["why"] == "short_past"


def test_without_a_margin_no_money_is_told_and_tiers_are(tmp_path: Path) -> None:
    place = shop(tmp_path, Valuing())
    table = valued(place, fit_visits).table
    assert table[["expected_value_amount", "clv_amount", "past_value_amount"]].isna().all().all()
    assert set(table["clv_code"]) == {"no_margin_ratio"}
    assert table["value_tier"].notna().all()
    held = Indexed(place.folder, VALUES)
    assert held.fault is None  # columns that are null throughout are read all the same
    assert held.rows("a")[0]["expected_value_amount"] is None


def test_an_attribute_that_no_profile_has_leaves_all_but_channels_told(tmp_path: Path) -> None:
    place = shop(tmp_path, Valuing(acquisition_attribute="origin"), [event("b", "order", 9, amount=60.0)])
    found = valued(place, fit_visits)
    assert found.table["value_tier"].notna().all()
    assert found.report["channels"] == []
    (notice,) = found.report["notices"]
    assert notice["code"] == "no_acquisition_attribute"
    assert "'origin'" in notice["problem"]
    assert "leave it out" in notice["mend"]
    assert f"Not told: {notice['problem']}" in in_words(found.report)
