"""Plans of a small business: who is in, who is out and why, what is written, and who is never chosen."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from campaigns.catalogue.offers import offers_of
from campaigns.hold_out import kept_out_for_good
from campaigns.people import People, people_of
from campaigns.plan.between import between
from campaigns.plan.limits import StrangeCapacity
from campaigns.plan.page import frontier, page
from campaigns.plan.planning import Asked, Plan, plan
from campaigns.plan.told import outcome
from campaigns.plan.writing import AlreadyPlanned, check_new, write
from campaigns.suppress import doors_of
from campaigns.worth import IncompleteAction
from churn.settings import Settings
from features.treatments import read_treatments
from tests.campaign_shop import CALL, COUPON, NOW, event, scored, settings, written

MESSAGE = COUPON.model_copy(
    update={"code": "message", "kind": "personal", "offer_amount": 0.0, "contact_amount": 1.0, "take_up_ratio": 0.1}
)
RANGED = COUPON.model_copy(update={"take_up_range": (0.1, 0.3)})


def planned(shop: Settings, **asked: Any) -> tuple[People, Plan]:
    people = people_of(shop, NOW)
    doors = doors_of(shop, people, NOW, {})
    return people, plan(shop, people, offers_of(shop, people, doors), Asked(asked.pop("campaign", "spring"), **asked))


def shop_of(folder: Path, count: int = 30, **limits: Any) -> Settings:
    folder.mkdir(exist_ok=True)
    shop = settings(folder, RANGED, CALL, MESSAGE, **{"hold_out_ratio": 0.2, **limits})
    people = [
        scored(f"c{number:02}", 0.02 + 0.03 * number, probability_low=0.01, probability_high=0.99)
        for number in range(count)
    ]
    come_back = scored("back", 0.1, model="reactivation", stage="lapsed")
    worth = {row["customer_id"]: 100.0 for row in (*people, come_back)}
    return written(shop, [*people, come_back, scored("silent", None)], values=worth)


def codes(found: Plan) -> dict[str, str]:
    return dict(zip(found.decisions["customer_id"], found.decisions["code"], strict=True))


def test_everybody_has_a_code_and_a_sentence_with_its_numbers(tmp_path: Path) -> None:
    _, found = planned(shop_of(tmp_path), budget=20.0)
    told = found.decisions.set_index("customer_id")
    assert len(told) == 32
    assert told.loc["silent", "code"] == "no_number"
    assert told.loc["c00", "code"] == "costs_more_than_brings"
    assert "would lose" in told.loc["c00", "why_en"]
    assert told.loc["back", "code"] == "planned"
    assert "chance to stay away 90%" in told.loc["back", "why_en"]
    assert {"budget", "planned"} <= set(told["code"])
    assert "the last money spent earns" in told.loc[told["code"] == "budget", "why_en"].iloc[0]
    assert told["why_zh"].notna().all()


def test_budget_and_capacities_hold_for_all_chosen_however_chance_falls(tmp_path: Path) -> None:
    _, found = planned(shop_of(tmp_path), budget=40.0, capacities=("5",))
    assert (found.solution.choice >= 0).sum() == 5
    assert codes(found)["c10"] == "capacity"
    _, found = planned(shop_of(tmp_path / "b"), budget=24.0)
    assert found.problem.most[0] == 24.0
    assert found.totals()["expected_cost_amount"] <= found.problem.used(found.solution.choice)[0] <= 24.0


def test_a_strange_capacity_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(StrangeCapacity, match="coupon"):
        planned(shop_of(tmp_path), capacities=("fax=3",))


def test_a_plan_for_one_model_leaves_the_others_alone(tmp_path: Path) -> None:
    _, found = planned(shop_of(tmp_path), only="reactivation")
    assert codes(found)["c29"] == "other_model"
    assert set(found.decisions.loc[found.decisions["is_in"], "customer_id"]) == {"back"}


def test_nobody_is_contacted_where_nothing_pays_and_the_best_loss_is_told(tmp_path: Path) -> None:
    shop = settings(tmp_path, COUPON)
    _, found = planned(written(shop, [scored("a", 0.1)], values={"a": 20.0}))
    en, zh = outcome(found, "EUR")
    assert "Contact nobody: nothing earns its cost. The best candidate would lose" in en
    assert "不联系任何人" in zh


def test_an_action_without_its_figures_is_named(tmp_path: Path) -> None:
    shop = settings(tmp_path, COUPON.model_copy(update={"take_up_ratio": None}))
    with pytest.raises(IncompleteAction, match="coupon lacks take_up_ratio"):
        planned(written(shop, [scored("a")], values={"a": 20.0}))


def test_what_is_written_is_the_ledger_everybodys_reason_and_a_manifest(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    people, found = planned(shop, budget=40.0)
    manifest = json.loads(write(shop, people, found, NOW, by="ann").read_text())
    rows = read_treatments(shop.folder, "spring")
    assert len(rows) == manifest["totals"]["chosen"]
    assert set(rows["propensity"]) == {0.8}
    assert (~rows["is_treated"]).sum() == manifest["totals"]["held_out"] > 0
    assert manifest["planned_by"] == "ann"
    assert sum(manifest["by_reason"].values()) == 32
    assert len(pd.read_parquet(shop.folder / "campaigns" / "spring" / "decisions.parquet")) == 32
    assert rows["window_end"].min() > rows["due"].max() > rows["planned_at"].max()
    assert "polyline" in page(found, shop, NOW)


def test_a_curve_drawn_from_a_sample_says_so_and_ends_where_money_earns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(tmp_path)
    _, found = planned(shop, budget=40.0, capacities=("5",))
    whole = frontier(found.problem)
    assert whole.looked_at == whole.customers
    assert whole.points[-1, 1] > whole.points[-2, 1] - 1e-9
    assert "Drawn from" not in page(found, shop, NOW)
    monkeypatch.setattr("campaigns.plan.page.SAMPLE", 10)
    sampled = frontier(found.problem)
    assert sampled.looked_at <= 10 < sampled.customers
    assert f"Drawn from {sampled.looked_at} of {sampled.customers} customers" in page(found, shop, NOW)


def test_an_id_is_planned_once_and_anew_only_before_its_export(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    people, found = planned(shop)
    manifest = write(shop, people, found, NOW)
    with pytest.raises(AlreadyPlanned, match="--replace"):
        check_new(shop.folder, "spring", replace=False)
    check_new(shop.folder, "spring", replace=True)
    (manifest.parent / "exports.json").write_text("[]")
    with pytest.raises(AlreadyPlanned, match="take another id"):
        check_new(shop.folder, "spring", replace=True)


def test_nobody_held_out_of_a_campaign_is_in_the_next_one(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, hold_out_ratio=0.4)
    people, first = planned(shop, campaign="a", capacities=("12",))
    write(shop, people, first, NOW)
    ledger = read_treatments(shop.folder, "a")
    held = set(ledger.loc[~ledger["is_treated"], "customer_id"])
    _, second = planned(shop, campaign="b")
    told = second.decisions.set_index("customer_id")
    assert held
    assert set(told.loc[sorted(held), "code"]) == {"held_out"}
    assert told["is_in"].any()


def test_what_comes_of_a_plan_is_less_certain_than_what_is_expected(tmp_path: Path) -> None:
    _, found = planned(shop_of(tmp_path))
    got = found.interval
    assert got.realised_low < got.expected_low < got.expected < got.expected_high < got.realised_high
    assert set(got.leaves_out) == {
        "value",
        "take_up",
        "probability",
        "same_take_up",
    }  # the message has no range, `back` no band
    assert between(found.offers, found.treated, seed=7) == got


@how(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_nobody_who_may_not_be_contacted_is_ever_chosen(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Four hundred customers, most of whom may not, for reasons of their own, often for several."""
    random = Random(seed)
    names = [f"c{number:03}" for number in range(400)]
    kinds = ("contact", "sms", None, "scoring")
    gone, refuse, busy = ({one for one in names if random.random() < 0.25} for _ in range(3))
    shop = settings(tmp_path_factory.mktemp("shop"), MESSAGE, max_contacts=1, permanent_hold_out_ratio=0.3)
    events = [event(who, "opt_out", 5, category=random.choice(kinds)) for who in sorted(gone)]
    events += [event(who, "campaign_contact", 3, channel="email") for who in sorted(busy)]
    scores = [scored(one, 0.5 + random.random() / 2) for one in names]
    written(shop, scores, events, values=dict.fromkeys(names, 90.0), refuse=sorted(refuse))
    kept = {name for name, out in zip(names, kept_out_for_good(shop, names), strict=True) if out}
    may = set(names) - gone - refuse - busy - kept
    for budget in (None, 2.0, 50.0):
        _, found = planned(shop, budget=budget)
        chosen = set(found.decisions.loc[found.decisions["is_in"], "customer_id"])
        assert chosen == may if budget is None else chosen < may


def test_few_held_out_are_told_with_the_share_that_would_do(tmp_path: Path) -> None:
    _, found = planned(shop_of(tmp_path), budget=40.0)
    en, zh = outcome(found, "CNY")
    assert found.totals()["chosen"] < 60
    assert "cannot be told afterwards" in en
    assert "事后无法得知效果" in zh
