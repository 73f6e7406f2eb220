"""Tiers, who is of high value, and value over cost by channel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from campaigns.value.channels import ALL, UNKNOWN, by_channel, without_cost
from campaigns.value.tiers import fewest_with, parts_of, tiers
from churn.value_sections import Valuing

MONEY = arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1e6))
NONE = np.zeros(6)
NO_WEIGHTS = {"frequency_weight": 0, "amount_weight": 0, "referral_weight": 0}


def test_a_referral_lifts_a_customer_over_an_equal() -> None:
    visits, spend = np.array([1.0, 2, 2, 3, 4, 5]), np.array([10.0, 20, 20, 30, 40, 50])
    alone = tiers(parts_of(visits, spend, NONE, NONE), Valuing(), 6)
    assert list(alone) == ["low", "low", "low", "middle", "high", "high"]
    friends = np.array([0.0, 2, 0, 0, 0, 0])
    lifted = tiers(parts_of(visits, spend, friends, friends * 90), Valuing(), 6)
    assert (lifted[1], lifted[2]) == ("middle", "low")
    most = tiers(parts_of(visits, spend, friends, friends * 90), Valuing(referral_weight=3.0), 6)
    assert (most[1], most[2]) == ("high", "low")


def test_a_log_without_money_is_told_by_the_rest_and_sizes_are_the_users() -> None:
    found = parts_of(np.arange(1.0, 7), NONE, NONE, NONE)
    assert list(found) == ["frequency"]
    assert list(tiers(found, Valuing(tier_sizes=(1, 0, 2)), 6)) == ["low"] * 4 + ["high"] * 2


@given(MONEY, st.floats(0.05, 0.95))
def test_the_fewest_hold_the_share_and_one_fewer_would_not(amounts: np.ndarray, share: float) -> None:
    chosen = fewest_with(amounts, share)
    assert amounts[chosen].sum() >= share * amounts.sum() * (1 - 1e-9)
    assert not chosen[amounts == 0].any()
    if chosen.any():
        least = amounts[chosen].min()
        assert amounts[chosen].sum() - least < share * amounts.sum() * (1 + 1e-9)
        assert (amounts[~chosen] <= least).all()


@given(MONEY)
def test_more_of_everything_is_never_a_lower_tier(amounts: np.ndarray) -> None:
    found = tiers(parts_of(amounts, amounts, amounts, amounts), Valuing(), len(amounts))
    rank = np.array([{"low": 0, "middle": 1, "high": 2}[one] for one in found])
    assert (np.diff(rank[np.argsort(amounts, kind="stable")]) >= 0).all()


def test_value_over_cost_stands_by_channel_and_a_missing_cost_is_named() -> None:
    channel = np.array(["search"] * 40 + ["social"] * 40 + [None] * 5, dtype=object)
    year, early = np.full(85, 2024), np.full(85, 100.0)
    early[:10] = np.nan  # not followed for long enough yet
    rules = Valuing(margin_ratio=0.5, acquisition_costs={"search": 25.0})
    found = by_channel(channel, year, early, np.full(85, 30.0), rules)
    total = {one.channel: one for one in found if one.cohort == ALL}
    search, social, unknown = total["search"], total["social"], total[UNKNOWN]
    assert (search.customers, search.followed, search.margin_amount, search.over_cost) == (40, 30, 50.0, 2.0)
    assert (social.margin_amount, social.over_cost) == (50.0, None)
    assert unknown.margin_amount is None  # five customers make no figure
    assert without_cost(found) == ["social"]
    assert all(one.margin_amount is None for one in by_channel(channel, year, early, early, Valuing()))


@pytest.mark.parametrize("wrong", [{"tier_sizes": (0, 0, 0)}, NO_WEIGHTS])
def test_rules_that_tell_nobody_apart_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="all 0"):
        Valuing(**wrong)  # type: ignore[arg-type]


def test_money_that_comes_later_is_worth_less() -> None:
    assert Valuing().discount == 1.0
    assert Valuing(discount_ratio=0.1).discount == pytest.approx(0.9492, abs=1e-4)  # the mean of .9^t over a year
    assert Valuing().horizon_days == 365
