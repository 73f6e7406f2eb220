"""The best choice under limits: against every choice there is, and against HiGHS on the whole."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from campaigns.plan import by_states
from campaigns.plan.highs import best_of_few
from campaigns.plan.problem import NONE, FloatArray, Limit, Problem
from campaigns.plan.solve import Solution, prices_of, solve

AMOUNTS = st.integers(-5, 30)


@st.composite
def choices(draw: st.DrawFn) -> tuple[FloatArray, FloatArray, float, list[Limit]]:
    """Five customers, two actions, a budget and two capacities."""
    cells = [[(draw(AMOUNTS), draw(st.integers(1, 20))) for _ in range(2)] for _ in range(5)]
    table = np.array(cells, dtype=np.float64) / 7
    limits = [Limit("a", (0,), draw(st.integers(0, 3))), Limit("all", (0, 1), draw(st.integers(0, 5)))]
    return table[..., 0], table[..., 1], draw(st.integers(0, 60)) / 7, limits[: draw(st.integers(0, 2))]


def exhausted(problem: Problem) -> float:
    """The most that any choice earns, by trying all."""
    count, width = problem.profit.shape
    tried = (np.array(one) for one in product(range(-1, width), repeat=count))
    return max(problem.earned(one) for one in tried if np.isfinite(problem.earned(one)) and problem.fits(one))


def checked(problem: Problem) -> Solution:
    found = solve(problem)
    assert problem.fits(found.choice)
    assert_allclose(problem.earned(found.choice), found.profit, atol=1e-9)
    assert found.bound >= found.profit
    return found


@settings(max_examples=120, deadline=None)
@given(choices())
def test_it_is_the_best_of_all_choices_and_proven(drawn: tuple[FloatArray, FloatArray, float, list[Limit]]) -> None:
    problem = Problem.of(*drawn)
    found = checked(problem)
    assert_allclose(found.profit, exhausted(problem), atol=1e-7)
    assert found.gap < 1e-6


@settings(max_examples=60, deadline=None)
@given(choices(), st.integers(0, 40))
def test_more_budget_never_lowers_the_profit(
    drawn: tuple[FloatArray, FloatArray, float, list[Limit]], more: int
) -> None:
    profit, cost, budget, limits = drawn
    less = checked(Problem.of(profit, cost, budget, limits))
    assert checked(Problem.of(profit, cost, budget + more / 7, limits)).profit >= less.profit - 1e-7


@settings(max_examples=60, deadline=None)
@given(choices(), st.integers(0, 4), st.floats(0, 1), st.floats(0, 1))
def test_one_more_who_would_leave_never_lowers_the_profit(
    drawn: tuple[FloatArray, FloatArray, float, list[Limit]], who: int, chance: float, later: float
) -> None:
    """More of them would leave, and whoever stays anyway takes the offer: it earns more and costs no more."""
    profit, cost, budget, limits = drawn
    low, high = sorted((chance, later))
    take_up, value, offer, contact = 0.3, 50.0, 2.0, 0.5
    found = []
    for turnable in (low, high):
        mine, theirs = profit.copy(), cost.copy()
        theirs[who] = contact + offer * (turnable * take_up + 1 - turnable)
        mine[who] = turnable * take_up * value - theirs[who]
        found.append(checked(Problem.of(mine, theirs, budget, limits)).profit)
    assert found[1] >= found[0] - 1e-4  # costs are counted in hundredths of a cent


def shop(count: int, seed: int, *, alike: bool = False) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    turnable, value = rng.beta(1, 3, (count, 1)), rng.gamma(2, 40, (count, 1))
    if alike:
        turnable, value = np.round(turnable, 1), np.full((count, 1), 80.0)
    take_up, offer, contact = rng.uniform(0.05, 0.3, 6), rng.choice([0, 5, 10.0], 6), rng.choice([0.1, 1, 5.0], 6)
    cost = contact + offer * (1 - turnable * (1 - take_up))
    profit = turnable * take_up * value - cost
    profit[rng.random(profit.shape) < 0.3] = np.nan
    return profit, cost


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("limits", [[], [Limit("a", (0, 1), 9), Limit("all", tuple(range(6)), 40)]])
def test_it_agrees_with_highs_on_everybody(limits: list[Limit], alike: bool) -> None:
    problem = Problem.of(*shop(250, 3, alike=alike), 40.0, limits)
    assert_allclose(checked(problem).profit, problem.earned(best_of_few(problem).choice), rtol=1e-9)


NARROW = ((40, 2e5),)  # a search so short that plans often stay unproven


def told(count: int, seed: int, budget: float, limits: list[Limit]) -> Solution:
    return checked(Problem.of(*shop(count, seed), budget, limits))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(200, 3_000), st.integers(0, 99), st.floats(1, 2_000), st.floats(0.1, 900), st.booleans())
def test_more_budget_in_a_crowd_loses_no_more_than_the_gap_told(
    monkeypatch: pytest.MonkeyPatch, count: int, seed: int, budget: float, more: float, short: bool
) -> None:
    monkeypatch.setattr(by_states, "SEARCHES", NARROW)
    limits = [Limit("a", (0, 1), 9), Limit("all", tuple(range(6)), count // 10)] if short else []
    less, found = (told(count, seed, one, limits) for one in (budget, budget + more))
    assert found.bound >= less.profit - 1e-7
    assert found.profit >= less.profit - found.gap - 1e-7
    assert less.gap <= np.nanmax(shop(count, seed)[0]), "less than what one customer earns at most"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(200, 3_000), st.integers(0, 99), st.floats(1, 900), st.integers(1, 40), st.floats(0, 0.5))
def test_more_in_a_crowd_who_would_leave_lose_no_more_than_the_gap_told(
    monkeypatch: pytest.MonkeyPatch, count: int, seed: int, budget: float, people: int, more: float
) -> None:
    """Where saving pays: whoever is likelier to leave earns more with every action, and costs no more."""
    rng = np.random.default_rng(seed)
    before = rng.uniform(0, 0.5, (count, 1))
    after = before.copy()
    after[rng.permutation(count)[:people]] += more
    value, take_up, offer = rng.gamma(2, 40, (count, 1)), rng.uniform(0.05, 0.3, 4), rng.choice([0, 5, 10.0], 4)
    monkeypatch.setattr(by_states, "SEARCHES", NARROW)
    found = []
    for turnable in (before, after):
        cost = 0.5 + offer * (1 - turnable * (1 - take_up))
        found.append(checked(Problem.of(turnable * take_up * value - cost, cost, budget)))
    assert found[1].profit >= found[0].profit - found[1].gap - 1e-4 * count  # costs are counted in 1/100 of a cent


def test_a_crowd_is_within_a_thousandth_of_a_percent_of_the_bound() -> None:
    assert told(12_000, 5, 900.0, [Limit("a", (0,), 100)]).gap < 1e-5 * 900.0


def test_the_price_of_money_is_exact_where_many_share_one_cheap_action() -> None:
    """Hundreds of thousands who take what costs next to nothing: prices by samples never settled there."""
    rng = np.random.default_rng(1)
    cost = np.tile([0.05, 9.0], (100_000, 1))
    found = checked(Problem.of(rng.gamma(2, 3, (100_000, 2)) + np.array([0, 3]), cost, 6_000.0))
    assert found.gap < 1.0, "less than what a single one of them earns on average"


def test_a_thousand_equals_are_no_thousand_cases() -> None:
    problem = Problem.of(np.full((20_000, 1), 2.0), np.full((20_000, 1), 1.0), 100.5)
    found = checked(problem)
    assert (found.choice != NONE).sum() == 100
    assert found.profit == 200.0


def test_a_limit_has_the_price_of_what_it_keeps_from_being_earned() -> None:
    problem = Problem.of(np.array([[5.0], [3.0], [2.0]]), np.ones((3, 1)), None, [Limit("a", (0,), 1)])
    assert 3.0 <= prices_of(problem)[1] <= 5.0
    assert checked(problem).choice.tolist() == [0, NONE, NONE]


def test_nobody_is_chosen_where_nothing_earns_its_cost_or_nothing_may_be_spent() -> None:
    assert solve(Problem.of(np.array([[-1.0], [np.nan]]), np.ones((2, 1)), 9.0)).choice.tolist() == [NONE, NONE]
    assert solve(Problem.of(np.array([[1.0]]), np.ones((1, 1)), 0.0)).choice.tolist() == [NONE]
    assert solve(Problem.of(np.zeros((2, 0)), np.zeros((2, 0)), 1.0)).profit == 0.0
