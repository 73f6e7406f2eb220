"""What an action earns with a customer: by hand, by the arithmetic of the back-test, and what is missing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from campaigns.worth import IncompleteAction, Stake, missing_of, turnable_of
from churn.metrics_profit import Stakes
from tests.campaign_shop import COUPON


def test_a_profit_by_hand() -> None:
    stake = Stake(contact_amount=1.0, offer_amount=10.0, take_up_ratio=0.2, taken_anyway_ratio=0.5)
    # of ten who would leave at .4: .08 turned bring 100 each; .3 of those who stay take the offer, and so do the turned
    assert_allclose(stake.profit(np.array([0.4]), np.array([100.0])), [0.08 * 100 - 1 - 10 * (0.08 + 0.3)])


def test_it_is_the_arithmetic_of_the_back_test_where_everybody_takes_the_offer() -> None:
    stakes = Stakes(value_amount=300.0, offer_amount=30.0, contact_amount=2.0, accept_ratio=0.3)
    stake = Stake.of(COUPON.model_copy(update={"contact_amount": 2.0, "offer_amount": 30.0, "take_up_ratio": 0.3}))
    leave = np.linspace(0, 1, 11)
    by_hand = leave * stakes.saved_amount - (1 - leave) * stakes.wasted_amount
    assert_allclose(stake.profit(leave, np.full(11, 300.0)), by_hand)


def test_who_is_driven_away_costs_their_value_and_takes_no_offer() -> None:
    stake = Stake(contact_amount=1.0, offer_amount=10.0, take_up_ratio=0.2, taken_anyway_ratio=0.0)
    assert_allclose(stake.profit(np.array([0.4]), np.array([100.0]), turned=np.array([-0.05])), [-5.0 - 1.0])


def test_whom_an_action_can_turn() -> None:
    model = np.array(["churn", "reactivation", None], dtype=object)
    assert_allclose(turnable_of(model, np.array([0.3, 0.1, np.nan])), [0.3, 0.9, np.nan])


def test_money_that_is_not_said_is_asked_for_by_name() -> None:
    bare = COUPON.model_copy(update={"contact_amount": None, "offer_amount": None, "take_up_ratio": None})
    assert missing_of(bare) == ["contact_amount", "offer_amount", "take_up_ratio"]
    with pytest.raises(IncompleteAction, match="coupon lacks contact_amount, offer_amount, take_up_ratio") as told:
        Stake.of(bare)
    assert "your own figures" in told.value.mend
    assert missing_of(bare.model_copy(update={"kind": "call", "contact_amount": 2.0})) == ["take_up_ratio"]
