"""Whom an action is for, and what it would earn with them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from campaigns.catalogue.eligible import Known, SegmentsNotEvaluated, eligible, in_words
from campaigns.catalogue.offers import NoValue, Offers, offers_of
from campaigns.people import People, people_of
from campaigns.suppress import Doors, doors_of
from campaigns.worth import IncompleteAction
from churn.action_sections import Action
from churn.settings import Settings
from churn.stages import Stage
from tests.campaign_shop import CALL, COUPON, NOW, event, scored, settings, written

NEWS = COUPON.model_copy(update={"code": "news", "kind": "product_news", "offer_amount": None})


def asked(shop: Settings) -> tuple[People, Doors]:
    people = people_of(shop, NOW)
    return people, doors_of(shop, people, NOW, {})


def offered(shop: Settings, **given: Any) -> Offers:
    return offers_of(shop, *asked(shop), **given)


def test_each_customer_has_the_first_reason_why_not(tmp_path: Path) -> None:
    action = COUPON.model_copy(update={"stages": (Stage.LAPSING,), "segments": ("city",), "reasons": ("price",)})
    people = [
        scored("a", reason_codes="silence price"),
        scored("b", stage="active", reason_codes="price"),
        scored("c", reason_codes="silence"),
        scored("d", reason_codes="price"),
        scored("e", probability=None, abstention="no_model_for_stage", stage="lapsing"),
        scored("f", stage="active", reason_codes="price"),
    ]
    shop = written(settings(tmp_path), people, [event("f", "opt_out", 3)])
    known = Known(members={"city": np.array([True, True, True, False, True, True])})
    found = eligible(*asked(shop), action, known)
    assert list(found) == [None, "other_stage", "other_reason", "other_segment", "no_number", "opted_out"]
    assert in_words("other_reason", "en") != in_words("other_reason", "zh")
    with pytest.raises(SegmentsNotEvaluated, match=r"\[\[segment\]\]"):
        eligible(*asked(shop), action)


def test_news_only_where_there_is_some_and_complaints_only_where_one_waits(tmp_path: Path) -> None:
    shop = written(settings(tmp_path, NEWS, CALL), [scored("a"), scored("b")], complaining=["b"])
    known = Known(has_news=np.array([True, True]))
    assert list(eligible(*asked(shop), NEWS, known)) == [None, "open_complaint"]
    assert list(eligible(*asked(shop), NEWS)) == ["nothing_new", "open_complaint"]
    assert list(eligible(*asked(shop), CALL)) == ["no_complaint", None]


def test_the_table_by_hand(tmp_path: Path) -> None:
    action = COUPON.model_copy(update={"take_up_range": (0.1, 0.3), "taken_anyway_ratio": 0.5})
    people = [scored("a", 0.4, probability_low=0.3, probability_high=0.6), scored("b", None)]
    found = offered(written(settings(tmp_path, action, CALL), people, values={"a": 100.0}))
    assert found.actions == (action,)  # an occasion has no column
    assert_allclose(found.turned[0], [0.08], rtol=1e-6)
    assert_allclose(found.cost[0], [0.1 + 10 * (0.08 + 0.3)], rtol=1e-6)
    assert_allclose(found.profit[0], [8 - 3.9], rtol=1e-6)
    assert np.isnan(found.profit[1]).all()
    assert found.code_of(1, 0) == "no_number"
    low, high = found.between(0)
    worst = 0.03 * 100 - 0.1 - 10 * (0.03 + 0.7 * 0.5)
    best = 0.18 * 100 - 0.1 - 10 * (0.18 + 0.4 * 0.5)
    assert_allclose([low[0], high[0]], [worst, best], rtol=1e-6)
    assert np.isnan([low[1], high[1]]).all()


def test_a_measured_effect_stands_in_place_of_take_up(tmp_path: Path) -> None:
    bare = COUPON.model_copy(update={"take_up_ratio": None})
    shop = written(settings(tmp_path, bare), [scored("a", 0.4)], values={"a": 100.0})
    with pytest.raises(IncompleteAction, match="take_up_ratio"):
        offered(shop)
    found = offered(shop, effects={"coupon": np.array([0.1])})
    assert_allclose(found.profit[0], [10 - 0.1 - 10 * (0.1 + 0.6)], rtol=1e-6)
    assert found.between(0)[0][0] == found.profit[0, 0]


def test_the_actions_own_value_comes_first_and_a_missing_one_is_told(tmp_path: Path) -> None:
    shop = written(settings(tmp_path, COUPON), [scored("a"), scored("b")], values={"a": 100.0})
    with pytest.raises(NoValue, match=r"(?s)value of 1 whom.*\[costs\]"):
        offered(shop)
    own = Action(**COUPON.model_dump(exclude_none=True) | {"value_amount": 70.0})
    assert_allclose(offered(shop.model_copy(update={"action": (own,)})).value[:, 0], [70, 70])
