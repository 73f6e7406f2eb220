"""Expected visits, expected money, and the interval: against published figures and customers whose truth is known."""

import numpy as np
import pytest

from campaigns.value.bands import Bands
from campaigns.value.gamma_gamma import fit_gamma_gamma, log_likelihood
from training.btyd.bg_nbd import expected_visits
from training.btyd.histories import Histories
from training.btyd.visits import fit_visits


def test_expected_visits_are_those_of_the_paper() -> None:
    """Fader, Hardie, Lee (2005), sec. 4: x = 2, t_x = 30.43, T = 38.86 weeks are expected 1.226 times in 39 weeks."""
    one = Histories(*(np.array([number]) for number in (2.0, 30.43, 38.86, 1.0)))
    parameters = np.array([0.243, 4.414, 0.793, 2.426])
    assert expected_visits(parameters, one, days=39, modified=False)[0] == pytest.approx(1.226, abs=1e-3)


def test_expected_visits_are_few_after_a_long_silence_and_grow_with_the_horizon() -> None:
    fitted = fit_visits(np.tile([0.0, 3, 8], 60), np.tile([0.0, 60, 160], 60), np.tile([200.0, 200, 200], 60))
    assert fitted is not None
    fresh, silent, once = fitted(np.array([8.0, 8, 0]), np.array([195.0, 60, 0]), np.array([200.0, 200, 200]), 100)
    assert fresh > silent > 0
    assert once > 0
    assert fitted(np.array([8.0]), np.array([195.0]), np.array([200.0]), 200)[0] > fresh


def test_gamma_gamma_finds_the_parameters_that_made_the_money() -> None:
    random = np.random.default_rng(3)
    visits = random.integers(1, 12, 8000).astype(float)
    rate = random.gamma(4.0, 1 / 15.0, 8000)
    mean = random.gamma(6.0 * visits, 1 / (rate * visits))
    found = fit_gamma_gamma(visits, mean)
    assert found is not None
    assert (found.p, found.q, found.gamma) == pytest.approx((6.0, 4.0, 15.0), rel=0.25)  # p and gamma trade places
    own = log_likelihood(np.array([found.p, found.q, found.gamma]), visits, mean).sum()
    truth = log_likelihood(np.array([6.0, 4.0, 15.0]), visits, mean).sum()
    assert -0.01 < own - truth < 8  # the most likely, and no farther from the truth than chance has it


def test_who_came_once_is_drawn_to_the_mean_and_who_came_often_is_believed() -> None:
    random = np.random.default_rng(3)
    visits = random.integers(1, 12, 2000).astype(float)
    found = fit_gamma_gamma(visits, random.gamma(6.0 * visits, 1 / (random.gamma(4.0, 1 / 15.0, 2000) * visits)))
    assert found is not None
    once, often = found.expected(np.array([1.0, 50.0]), np.array([200.0, 200.0]))
    assert 30 < once < often < 200


def test_money_all_alike_gives_no_parameters() -> None:
    assert fit_gamma_gamma(np.full(100, 1.0), np.full(100, 25.0)) is None


def made(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Expectations, and what such customers spent: mostly nothing."""
    random = np.random.default_rng(seed)
    expected = random.lognormal(3, 1, size)
    return expected, np.where(random.random(size) < 0.4, expected / 0.4 * random.gamma(2, 0.5, size), 0.0)


@pytest.mark.parametrize("tail", [0, 2])
def test_intervals_hold_what_they_promise_of_others(tail: int) -> None:
    bands = Bands.of(*made(6000, seed=1))
    assert bands is not None
    expected, spent = made(20_000, seed=2)
    low, high = bands.interval(expected, tail)
    assert ((low <= expected) & (expected <= high)).all()
    promised = (0.9, 0.98)[tail // 2]
    assert abs(((spent >= low) & (spent <= high)).mean() - promised) < 0.012  # 20,000 customers: s.e. 0.002


def test_beyond_the_best_group_the_interval_grows_with_the_expectation() -> None:
    bands = Bands.of(*made(6000, seed=1))
    assert bands is not None
    top = float(bands.knots[-1])
    high = bands.interval(np.array([top, 3 * top]))[1]
    assert high[1] == pytest.approx(3 * high[0])


def test_too_few_customers_give_no_interval() -> None:
    assert Bands.of(*made(199, seed=1)) is None
