"""Half widths hold nine months in ten, whether few or many months said how far they lie."""

import numpy as np
import pytest

from churn.calibration import fit_platt
from training.outlook.band import BINS, Held, _band, _by_fifths, _error, deviations
from training.outlook.spread import half_widths

NONE = np.zeros(BINS)


@pytest.mark.parametrize("months", [4, 12])
def test_nine_months_in_ten_lie_within(months: int) -> None:
    """Over spreads as they are known to be, half normal, 0.5; fifths alike, chance on top."""
    random, held = np.random.default_rng(4), []
    for spread in np.abs(random.normal(0.0, 0.5, 600)):
        noise, error = np.full((months, BINS), 0.15**2), np.full(BINS, 0.05**2)
        off = random.normal(0.0, np.sqrt(spread**2 + noise))
        half = half_widths(off, noise, error, worth=months)
        held.append(np.abs(random.normal(0.0, np.sqrt(spread**2 + error))) <= half)
    assert np.mean(held) == pytest.approx(0.90, abs=0.015)


def test_months_that_chance_explains_do_not_say_that_all_are_alike() -> None:
    noise, error = np.full((4, BINS), 0.2**2), np.full(BINS, 0.05**2)
    few = half_widths(np.zeros((4, BINS)), noise, error, worth=4)
    many = half_widths(np.zeros((40, BINS)), np.full((40, BINS), 0.2**2), error, worth=40)
    assert (few > 1.645 * 0.05).all()
    assert (few > 1.2 * many).all()


def test_months_that_overlap_say_less() -> None:
    off = np.full((9, BINS), 0.3) * np.array([[1], [-1], [1], [-1], [1], [-1], [1], [-1], [1]])
    noise, error = np.full((9, BINS), 0.1**2), np.full(BINS, 0.05**2)
    assert (half_widths(off, noise, error, worth=3) > half_widths(off, noise, error, worth=9)).all()


def test_a_month_far_off_widens_the_interval_and_no_more_than_it_lies_off() -> None:
    calm, far = np.zeros((9, BINS)), np.zeros((9, BINS))
    far[4] = 1.0
    noise, error = np.full((9, BINS), 0.1**2), np.full(BINS, 0.05**2)
    usual, wide = half_widths(calm, noise, error, worth=4), half_widths(far, noise, error, worth=4)
    assert (wide > 1.5 * usual).all()
    assert (wide < 1.0).all()


def test_a_rate_of_few_customers_has_the_variance_of_chance() -> None:
    """Two in a hundred come: log-odds of what came of 80 leap, and their variance would be taken for that of months."""
    random, told = np.random.default_rng(5), np.full(400, 0.02)
    found = np.array([_by_fifths(told, (random.random(400) < told).astype(float)) for _ in range(4000)])
    assert found[:, 1].mean() == pytest.approx(0.0, abs=0.02)
    assert (found[:, 1] ** 2).mean() / found[:, 2].mean() == pytest.approx(1.0, abs=0.05)


def test_a_fifth_of_whom_nobody_is_expected_says_next_to_nothing() -> None:
    told = np.full(500, 1e-6)
    outcome = (np.arange(500) % 100 == 0).astype(float)  # one in each fifth
    _, off, noise = _by_fifths(told, outcome)
    assert (np.abs(off) < 1.1).all()
    assert noise == pytest.approx(np.ones(BINS))


@pytest.mark.parametrize("each", [1, 4])
def test_the_error_of_a_calibrator_is_how_far_calibrators_scatter(each: int) -> None:
    """Rows of one customer come out together: four times as many say no more."""
    random, at, told, errors = np.random.default_rng(6), np.array([-1.0, 0.0, 1.0]), [], []
    for _ in range(300):
        raw, lot = random.normal(size=400), random.random(400)
        outcome = (lot < 1 / (1 + np.exp(-raw))).astype(float)
        held = Held(*(np.repeat(one, each) for one in (raw, outcome, np.zeros(400, np.int64), np.arange(400))))
        found = fit_platt(held.raw, held.outcome)
        told.append(log_odds(found.probability(at)))
        everybody = np.ones(len(held.raw), dtype=np.bool_)
        errors.append(_error(found.probability(held.raw), held, everybody, at))
    np.testing.assert_allclose(np.mean(errors, axis=0), np.var(told, axis=0), rtol=0.2)


def log_odds(probability: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(probability / (1 - probability)))


def test_what_was_told_by_few_rows_is_no_sign_that_months_differ() -> None:
    random, n = np.random.default_rng(7), 4000
    raw = random.normal(0.0, 1.0, n)
    outcome = (random.random(n) < 1 / (1 + np.exp(-raw))).astype(float)
    few = Held(raw, outcome, (np.arange(n) >= 100).astype(np.int64), np.arange(n))  # 100 rows tell of 3,900
    found, _ = deviations(few, 1, 1)
    chance = 1 / (n / BINS * 0.2)
    assert (found.noise > 4 * chance).all()
    assert (np.abs(found.off) < 3 * np.sqrt(found.noise)).all()


def test_who_learned_from_few_months_is_not_held_to_what_many_would_have_told() -> None:
    """Levels of months are drawn anew: what one month tells of the next misses by more than what eleven tell."""
    random, cutoff, first, last = np.random.default_rng(8), np.repeat(np.arange(12), 400), [], []
    for _ in range(150):
        level = random.normal(0.0, 0.4, 12)[cutoff]
        outcome = (random.random(len(cutoff)) < 1 / (1 + np.exp(-level))).astype(float)
        held = Held(random.normal(size=len(cutoff)), outcome, cutoff, np.arange(len(cutoff)))
        off = deviations(held, 1, 1)[0].off.mean(axis=1)
        first.append(off[0])
        last.append(off[-3:])
    assert np.std(first) / np.std(last) == pytest.approx(1.0, abs=0.2), "1.36 where they are not brought to one scale"


def test_few_customers_give_a_wide_interval_however_alike_their_months_are() -> None:
    """The same 200 month after month: months tell nothing apart, and a calibrator of 200 is as far off as before."""
    random, months = np.random.default_rng(9), 30
    raw = random.normal(size=200)
    outcome = (random.random(200) < 1 / (1 + np.exp(-raw))).astype(float)
    held = Held(
        *(np.tile(one, months) for one in (raw, outcome)),
        np.arange(months).repeat(200),
        np.tile(np.arange(200), months),
    )
    told = fit_platt(held.raw, held.outcome).probability(held.raw)
    band = _band(held, told, 1, 1)
    error = _error(told, held, np.ones(len(told), dtype=np.bool_), np.array(band.knots))
    assert (np.array(band.halves) > 1.645 * np.sqrt(error)).all()
