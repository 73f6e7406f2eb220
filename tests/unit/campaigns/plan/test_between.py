"""The intervals of a plan whose actions are of very different size: an error that all share does not cancel out."""

import numpy as np
import pytest

from campaigns.catalogue.offers import OPEN, Offers
from campaigns.plan.between import between
from campaigns.plan.problem import IntArray
from campaigns.worth import Stake
from churn.action_sections import Action

CODES = ("letter", "call")


def offers_of(count: int) -> Offers:
    """A customer's profit depends on nothing but the score: no take-up range, chances from .3 to .7."""
    cell = np.full((count, len(CODES)), 10.0, dtype=np.float32)
    chance = np.full(count, 0.5)
    return Offers(
        actions=tuple(Action(code=code, kind="personal", en=code, zh=code, channel="email") for code in CODES),
        stakes=tuple(Stake(0.0, 0.0, 0.5, 0.0) for _ in CODES),
        turnable=chance, turnable_low=chance - 0.2, turnable_high=chance + 0.2,
        value=cell, turned=cell / 40, cost=cell * 0, profit=cell / 4, refused=np.full(cell.shape, OPEN, dtype=np.int8),
        measured=frozenset(),
    )  # fmt: skip


def width(offers: Offers, choice: IntArray) -> float:
    found = between(offers, choice, seed=11)
    return found.expected_high - found.expected_low


@pytest.mark.parametrize("many", [1_500, 2_500])  # below and above the size from which an action is drawn coarsely
def test_an_error_of_the_scores_is_the_same_for_a_small_action_beside_a_large_one(many: int) -> None:
    few = 1_500
    offers = offers_of(many + few)
    letter, call = np.full(many + few, -1), np.full(many + few, -1)
    letter[:many], call[many:] = 0, 1
    both = np.where(letter == 0, 0, 1)
    whole = width(offers, both)
    assert whole == pytest.approx((many + few) * 0.4 * 0.5 * 10, rel=0.12)
    assert whole == pytest.approx(width(offers, letter) + width(offers, call), rel=0.12)  # not the root of squares
