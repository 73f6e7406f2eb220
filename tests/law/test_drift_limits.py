"""Limits learnt from a quiet past: stricter budgets give higher ones, they ring as seldom as they say."""

import numpy as np
import pytest

from monitoring.budget import QUESTIONS, WEEKS_A_QUARTER, weekly_chance
from monitoring.drift.limits import FARTHEST, FEWEST, missing, noise_limit, novelty, predictive_limit
from monitoring.drift.weeks import distance


def test_limits_rise_as_the_budget_falls() -> None:
    random = np.random.default_rng(2)
    quiet = novelty(random.gamma(4.0, 0.02, size=(104, 60)))
    limits = [predictive_limit(quiet, weekly_chance(budget)) for budget in (4.0, 1.0, 0.25)]
    assert limits[0] < limits[1] < limits[2] < FARTHEST  # type: ignore[operator]
    few = predictive_limit(quiet[:20], weekly_chance(1.0))
    assert few is not None
    assert few > limits[1]  # type: ignore[operator]
    assert predictive_limit(quiet[: FEWEST - 1], 0.01) is None


def test_few_unquiet_weeks_do_not_blind_the_limit() -> None:
    quiet = np.random.default_rng(2).lognormal(0.0, 0.1, 104)
    poisoned = quiet.copy()
    poisoned[[20, 50, 80]] = 50.0
    calm, told = (predictive_limit(one, 0.01) for one in (quiet, poisoned))
    assert told == pytest.approx(calm, rel=0.15)


def test_a_limit_holds_for_a_further_week_as_seldom_as_it_says() -> None:
    random, rang, trials = np.random.default_rng(7), 0, 600
    for _ in range(trials):
        weeks = random.lognormal(0.0, 0.15, 61)
        rang += weeks[-1] > predictive_limit(weeks[:-1], 0.02)  # type: ignore[operator]
    assert rang / trials < 0.035


def test_what_few_rows_add_falls_with_them_and_is_nothing_for_the_same_customers() -> None:
    assert missing(1000, 1000) == missing(1200, 1000) == 0
    limits = [noise_limit(10, missing(rows, 10_000), 1e-4) for rows in (100, 1000, 5000)]
    assert limits == sorted(limits, reverse=True)
    assert noise_limit(10, 1 / 500, 0.001) == pytest.approx(27.88 / 500, rel=0.02)  # chi-squared, 9 degrees


def test_the_budget_is_dealt_to_all_questions() -> None:
    assert weekly_chance(1.0) * WEEKS_A_QUARTER * QUESTIONS == pytest.approx(1.0)
    assert weekly_chance(1000.0) == 0.2


def test_a_distance_is_the_root_of_psi_and_unknown_where_nobody_is() -> None:
    then, now = np.array([[50.0, 50.0, 0.0]]), np.array([[80.0, 20.0, 0.0]])
    assert distance(then, now)[0] == pytest.approx(distance(now, then)[0])
    assert distance(then, then)[0] == 0
    assert np.isnan(distance(then, np.zeros((1, 3)))[0])
