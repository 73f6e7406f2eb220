"""Profit by hand: what a contact is worth, when it pays, and what a fixed rule earns."""

import numpy as np
import pytest

from churn.metrics import max_profit
from churn.metrics_profit import Stakes, contact_profits
from churn.model_sections import Costs
from churn.outcomes import WrongScores

STAKES = Stakes(value_amount=100.0, offer_amount=10.0, contact_amount=2.0, accept_ratio=0.5)


def test_what_a_contact_is_worth() -> None:
    assert STAKES.saved_amount == pytest.approx(43.0)  # half of them bring 90, all cost 2
    assert STAKES.wasted_amount == pytest.approx(12.0)
    assert STAKES.break_even == pytest.approx(12 / 55)


def test_at_break_even_a_contact_earns_nothing_on_average() -> None:
    p = STAKES.break_even
    assert p * STAKES.saved_amount - (1 - p) * STAKES.wasted_amount == pytest.approx(0.0)


def test_costs_that_are_not_set_are_no_stakes() -> None:
    assert Stakes.of(Costs()) is None
    whole = Costs(value_amount=100.0, offer_amount=10.0, contact_amount=2.0, accept_ratio=0.5)
    assert Stakes.of(whole) == STAKES


def test_only_those_at_or_above_break_even_are_contacted() -> None:
    churned, told = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.1, 12 / 55, 0.0])
    assert contact_profits(churned, told, STAKES) == pytest.approx([43.0, 0.0, -12.0, 0.0])


def test_nobody_is_contacted_where_saving_does_not_pay() -> None:
    dear = Stakes(value_amount=100.0, offer_amount=100.0, contact_amount=2.0, accept_ratio=1.0)
    assert not contact_profits(np.array([1.0, 0.0]), np.array([1.0, 1.0]), dear).any()


def test_a_rule_fixed_beforehand_earns_no_more_than_hindsight() -> None:
    random = np.random.default_rng(3)
    told = random.uniform(size=500)
    churned = (random.uniform(size=500) < told).astype(float)
    most = max_profit(churned, told, value_amount=100, offer_amount=10, contact_amount=2, accept_ratio=0.5)
    earned = contact_profits(churned, told, STAKES).mean()
    assert 0.9 * most.per_customer_amount < earned <= most.per_customer_amount


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(WrongScores, match="outside"):
        contact_profits(np.array([1.0, 0.0]), np.array([2.0, 0.0]), STAKES)
