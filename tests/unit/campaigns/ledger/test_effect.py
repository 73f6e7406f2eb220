"""What a campaign did: counted from the log by hand, not before its window is over, and no effect without chance."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from numpy.testing import assert_allclose

from campaigns.ledger.effect import Effect, NoCampaign, WindowOpen, effects_of
from campaigns.ledger.figures import BrokenPlan
from churn.settings import Settings
from features.atomic import write_json
from features.parts import log_parts
from features.treatments import read_treatments, treatments_file, write_treatments
from tests.campaign_shop import COUPON, NOW, event, scored, settings, treatments, written

TREATED = [f"t{number:03d}" for number in range(80)]
HELD = [f"h{number:03d}" for number in range(40)]
PRICED = COUPON.model_copy(update={"margin_ratio": 0.5})


def shop(folder: Path, events: Sequence[dict[str, Any]], *, held: Sequence[str] = HELD, **columns: Any) -> Settings:
    business = settings(folder, PRICED)
    people = {**dict.fromkeys(TREATED, True), **dict.fromkeys(held, False)}
    written(business, [scored(one) for one in people], events)
    planned = treatments("autumn", people, days_ago=100, window_days=60, **{"propensity": 2 / 3, **columns})
    write_treatments(business.folder, "autumn", planned)
    return business


def effect_of(business: Settings, campaign: str = "autumn", now: datetime = NOW) -> Effect:
    (found,) = effects_of(business, log_parts(business.folder), [campaign], now)
    return found


def bought(customers: Sequence[str], days_ago: float = 80, amount: float = 60.0) -> list[dict[str, Any]]:
    return [event(one, "order", days_ago, amount=amount) for one in customers]


def test_the_effect_is_counted_from_the_log(tmp_path: Path) -> None:
    events = [
        *bought(TREATED[:40]),
        *bought(HELD[:10]),
        *bought(TREATED[:5], days_ago=39),
        *bought([*TREATED[:18], *HELD[:9]], days_ago=101),
    ]
    business = shop(tmp_path, events)
    found = effect_of(business)
    assert found.is_causal
    assert found.retained is not None
    assert found.revenue is not None
    assert found.profit is not None
    assert found.saved is not None
    assert_allclose((found.retained.treated, found.retained.held_out), (0.5, 0.25))
    assert_allclose((found.revenue.treated, found.revenue.held_out), (30, 15))
    # nobody tells of contacts or responses: all 80 were contacted, all 40 who came took the offer of 10
    assert_allclose(found.cost_amount, 80 * 0.1 + 40 * 10)
    assert (found.money.contacts_by, found.money.offers_by) == ("plan", "orders")
    assert_allclose((found.profit.treated, found.profit.held_out), (15 - 0.1 - 5, 7.5))
    assert_allclose(found.saved.value, 20)
    assert found.per_saved is not None
    assert found.per_saved.value is not None
    assert_allclose(found.per_saved.value, 408 / 20)
    assert found.take_up is not None
    assert_allclose(found.take_up.value, 0.25 / 0.5)
    assert found.reached is None


def test_contacts_and_responses_of_the_log_are_what_it_cost(tmp_path: Path) -> None:
    told = [event(one, "campaign_contact", 99, category="autumn", channel="sms") for one in TREATED[:60]]
    told += [event(one, "campaign_response", 98, category="autumn", channel="sms") for one in TREATED[:12]]
    business = shop(tmp_path, [*bought(TREATED[:40]), *bought(HELD[:10]), *told])
    found = effect_of(business)
    assert_allclose(found.cost_amount, 60 * 0.1 + 12 * 10)
    assert found.reached == 0.75
    assert found.on_reached is not None
    assert_allclose(found.on_reached.value, 0.25 / 0.75)


def test_nothing_is_told_before_the_window_is_over(tmp_path: Path) -> None:
    business = shop(tmp_path, [])
    with pytest.raises(WindowOpen, match="ask again then"):
        effect_of(business, "autumn", NOW - timedelta(days=41))


def test_without_a_hold_out_it_is_no_effect(tmp_path: Path) -> None:
    business = shop(tmp_path, bought(TREATED[:40]), held=(), propensity=1.0)
    found = effect_of(business)
    assert (found.why_not, found.retained, found.saved) == (("no_hold_out",), None, None)
    assert found.cost_amount > 0


def test_a_side_too_small_and_a_draw_that_followed_the_past_are_said(tmp_path: Path) -> None:
    business = shop(tmp_path, bought(TREATED, days_ago=120), held=HELD[:20])
    found = effect_of(business)
    assert set(found.why_not) == {"too_few", "not_alike", "not_as_many"}
    assert not found.is_causal


def test_figures_that_are_missing_are_named_and_there_is_no_profit(tmp_path: Path) -> None:
    business = shop(tmp_path, bought(TREATED[:40]))
    bare = business.model_copy(update={"action": (COUPON.model_copy(update={"offer_amount": None}),)})
    found = effect_of(bare, "autumn")
    assert found.profit is None
    assert found.money.missing == {"coupon": ("offer_amount", "margin_ratio")}


def test_a_campaign_that_nobody_planned(tmp_path: Path) -> None:
    business = shop(tmp_path, [])
    with pytest.raises(NoCampaign, match="name one of autumn"):
        effect_of(business, "spring", NOW)


def test_a_log_of_messages_makes_no_call_free(tmp_path: Path) -> None:
    told = [event(one, "campaign_contact", 99, category="autumn", channel="sms") for one in [*TREATED[:30], *HELD[:2]]]
    business = shop(tmp_path, [*bought(TREATED[:10]), *told])
    call = PRICED.model_copy(update={"code": "call", "kind": "call", "channel": "phone", "contact_amount": 5.0,
                                     "offer_amount": None})  # fmt: skip
    business = business.model_copy(update={"action": (PRICED, call)})
    rows = read_treatments(business.folder, "autumn")
    of_call = rows["customer_id"].isin([*TREATED[40:], *HELD[20:]])
    rows.loc[of_call, ["action", "channel"]] = ["call", "phone"]
    write_treatments(business.folder, "autumn", rows)
    found = effect_of(business)
    assert_allclose(found.cost_amount, 30 * 0.1 + 10 * 10 + 40 * 5.0)  # the held out who had a message cost it nothing
    assert found.money.contacts_by == "in_part"
    assert (found.reached, found.on_reached) == (None, None), "of calls nobody knows"


def test_a_catalogue_that_changes_rewrites_nothing(tmp_path: Path) -> None:
    business = shop(tmp_path, [*bought(TREATED[:40]), *bought(HELD[:10])])
    manifest = treatments_file(business.folder, "autumn").with_name("manifest.json")
    write_json(manifest, {"actions": [PRICED.model_dump(mode="json")], "margin_ratio": None})
    write_json(manifest.with_name("exports.json"), [])
    before = effect_of(business)
    dearer = PRICED.model_copy(update={"contact_amount": 9.0, "offer_amount": 1.0, "margin_ratio": 0.9})
    for actions in ((dearer,), ()):
        after = effect_of(business.model_copy(update={"action": actions}))
        assert (after.cost_amount, after.profit) == (before.cost_amount, before.profit)
    assert_allclose(before.cost_amount, 80 * 0.1 + 40 * 10)
    for text in ("{", "[]", "{}", '{"actions": [{}]}'):
        manifest.write_text(text)
        with pytest.raises(BrokenPlan, match="put it back from a backup"):
            effect_of(business)
