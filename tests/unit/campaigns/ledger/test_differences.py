"""How far two sides differ: published intervals, coverage by simulation, and what cannot be bounded."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from campaigns.ledger.differences import Difference, adjusted, mean_difference, per_saved, share_difference


def sides(treated: int, held_out: int, chance: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    is_treated = np.r_[np.ones(treated, dtype=bool), np.zeros(held_out, dtype=bool)]
    return is_treated, np.full(treated + held_out, chance)


@pytest.mark.parametrize(
    ("a", "n1", "b", "n0", "low", "high"),  # Newcombe (1998), Statistics in Medicine 17, table II, method 10
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 10, 0.6075, 1.0)],
)
def test_the_published_intervals_of_a_difference_of_shares(
    a: int, n1: int, b: int, n0: int, low: float, high: float
) -> None:
    came = np.r_[np.arange(n1) < a, np.arange(n0) < b]
    found = share_difference(came, *sides(n1, n0))
    assert_allclose((found.value, found.low, found.high), (a / n1 - b / n0, low, high), atol=6e-5)
    assert found.is_clear


def test_welch_by_hand() -> None:
    is_treated, chance = sides(3, 4)
    found = mean_difference(np.array([3.0, 5, 7, 1, 2, 3, 4]), is_treated, chance)
    assert_allclose((found.treated, found.held_out, found.value), (5, 2.5, 2.5))
    assert_allclose(found.high - found.value, 1.322876 * 3.020, rtol=0.02)  # t of 3.4 degrees of freedom


def test_unequal_chances_are_weighed() -> None:
    """Of those likely to be treated all come, of the others none: without weights that would look like an effect."""
    likely = np.r_[np.ones(900), np.zeros(100), np.ones(100), np.zeros(900)].astype(bool)
    is_treated = np.r_[np.ones(1000), np.zeros(1000)].astype(bool)
    chance = np.where(likely, 0.9, 0.1)
    found = share_difference(likely, is_treated, chance)
    assert abs(found.value) < 1e-12
    assert not found.is_clear


def test_intervals_hold_the_truth_as_often_as_they_say_and_adjusting_narrows_them() -> None:
    random, held, held_adjusted, narrower = np.random.default_rng(3), 0, 0, 0
    for _ in range(300):
        is_treated = random.random(400) < 0.8
        known = random.normal(size=400)
        money = np.exp(0.5 * random.normal(size=400) + 0.8 * known) + 0.5 * is_treated
        raw = mean_difference(money, is_treated, np.full(400, 0.8))
        beside = adjusted(money, is_treated, np.full(400, 0.8), np.column_stack([known, known**2]))
        held += raw.low <= 0.5 <= raw.high
        held_adjusted += beside.low <= 0.5 <= beside.high
        narrower += beside.high - beside.low < raw.high - raw.low
    assert held >= 273  # 95 % of 300, less three deviations
    assert held_adjusted >= 270
    assert narrower > 290


def test_money_a_saved_customer_has_no_bound_where_nobody_may_have_been_saved() -> None:
    def told(low: float, value: float, high: float) -> tuple[float | None, float | None, float | None]:
        found = per_saved(100.0, Difference(0, 0, value, low, high, 1, 1))
        return found.value, found.low, found.high

    assert told(5, 10, 20) == (10, 5, 20)
    assert told(-5, 10, 20) == (10, 5, None)
    assert told(-20, -10, 20) == (None, 5, None)
    assert told(-20, -10, -5) == (None, None, None)
