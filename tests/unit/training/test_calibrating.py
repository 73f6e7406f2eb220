"""Which cutoffs calibrate: the newest where the level has a trend, all of them where it only swings."""

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


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([-0.2 * month for month in range(12)], -0.2 * 10),  # a trend: the mean level of the newest three
        ([0.8 * np.sin(2 * np.pi * month / 12) for month in range(24)], 0.0),  # a season: the mean of two years
    ],
)
def test_a_trend_is_met_by_the_newest_a_season_by_all(levels: list[float], expected: float) -> None:
    calibrator = calibrate(_held_out(levels), Recipe(), wait_us=3 * MONTH_US).calibrator
    middle = calibrator.probability(np.zeros(1))[0]
    assert np.log(middle / (1 - middle)) == pytest.approx(expected, abs=0.15)


def test_few_cutoffs_all_calibrate() -> None:
    chosen = calibrate(_held_out([0.0, 0.5, 1.0]), Recipe(), wait_us=3 * MONTH_US).calibrator
    middle = chosen.probability(np.zeros(1))[0]
    assert np.log(middle / (1 - middle)) == pytest.approx(0.5, abs=0.15)
