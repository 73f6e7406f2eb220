"""Which cutoffs calibrate: those that see a whole lookback, else the newest, else all."""

import numpy as np
import pytest

from churn.calendar import DAY_US
from training.calibrating import HeldOut, calibrate
from training.recipe import Recipe

MONTH_US = 30 * DAY_US


def _held_out(levels: list[float], rows: int = 4000) -> HeldOut:
    """Scores that are right but for the level of their cutoff, which was added to the log-odds of the outcome."""
    random = np.random.default_rng(5)
    raw = random.normal(0, 1.5, (len(levels), rows))
    outcome = random.random(raw.shape) < 1 / (1 + np.exp(-(raw + np.array(levels)[:, None])))
    fold = np.broadcast_to(random.integers(0, 4, rows), raw.shape)
    cutoff_us = np.broadcast_to((np.arange(len(levels)) * MONTH_US)[:, None], raw.shape)
    return HeldOut(raw.ravel(), outcome.ravel().astype(np.float64), fold.ravel(), cutoff_us.ravel())


def _level(levels: list[float], whole_from: int, rows: int = 4000) -> float:
    """The log-odds that a calibrator gives to a raw score of 0."""
    held_out = _held_out(levels, rows)
    middle = calibrate(held_out, Recipe(), whole_from_us=whole_from * MONTH_US).calibrator.probability(np.zeros(1))[0]
    return float(np.log(middle / (1 - middle)))


@pytest.mark.parametrize(
    ("whole_from", "expected"),
    [
        (0, 0.0),  # an old log: the mean of all seasons
        (8, 1.0),  # its first months are cut short: those with a whole lookback
        (99, 1.0),  # a young log: the newest three
    ],
)
def test_cutoffs_with_a_whole_lookback_calibrate_else_the_newest(whole_from: int, expected: float) -> None:
    levels = [-0.5] * 8 + [1.0] * 4
    assert _level(levels, whole_from) == pytest.approx(expected, abs=0.15)


def test_a_single_cutoff_with_a_whole_lookback_is_no_level() -> None:
    """The newest three calibrate, not the one that happens to see a year."""
    assert _level([-0.5] * 9 + [1.0, 1.0, -2.0], whole_from=11) == pytest.approx(0.0, abs=0.15)


def test_too_few_rows_let_all_calibrate() -> None:
    assert _level([-0.5] * 8 + [1.0] * 4, whole_from=11, rows=200) == pytest.approx(0.0, abs=0.25)
