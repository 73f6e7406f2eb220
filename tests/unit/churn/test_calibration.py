"""Calibration against scikit-learn, and what happens where fitting goes wrong."""

import numpy as np
import pytest
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from churn.calibration import SMALLEST, Calibrator, FloatArray, choose, fit_beta, fit_isotonic, fit_platt
from churn.metrics import log_loss
from churn.outcomes import OneOutcome


def drawn(n: int = 3000, *, seed: int = 1, slope: float = 1.0, level: float = -2.0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    raw = rng.normal(level, 1.5, n)
    truth = 1 / (1 + np.exp(-(slope * raw + 0.3)))
    return raw, (rng.random(n) < truth).astype(float)


def test_platt_equals_scikit_learn() -> None:
    raw, outcome = drawn()
    theirs = _SigmoidCalibration().fit(raw, outcome)
    np.testing.assert_allclose(fit_platt(raw, outcome).probability(raw), theirs.predict(raw), atol=1e-5)


def test_beta_equals_a_logistic_regression_on_the_two_columns() -> None:
    raw, outcome = drawn(slope=0.6)
    score = 1 / (1 + np.exp(-raw))
    columns = np.column_stack([np.log(score), -np.log1p(-score)])
    n, happened = len(outcome), outcome.sum()
    target = np.where(outcome > 0, (happened + 1) / (happened + 2), 1 / (n - happened + 2))
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(
        np.vstack([columns, columns]), np.repeat([1, 0], n), sample_weight=np.concatenate([target, 1 - target])
    )
    ours = fit_beta(raw, outcome)
    assert ours.kind == "beta"
    np.testing.assert_allclose([ours.params["a"], ours.params["b"]], theirs.coef_[0], rtol=1e-3)
    np.testing.assert_allclose(ours.params["c"], theirs.intercept_[0], rtol=1e-3)


def test_isotonic_equals_scikit_learn() -> None:
    raw, outcome = drawn()
    raw = np.round(raw, 1)  # ties
    theirs = IsotonicRegression(out_of_bounds="clip").fit(raw, outcome)
    grid = np.concatenate([raw, np.linspace(-9, 5, 500)])
    expected = np.clip(theirs.predict(grid), SMALLEST, 1 - SMALLEST)
    np.testing.assert_allclose(fit_isotonic(raw, outcome).probability(grid), expected, atol=1e-12)


def test_scores_that_run_against_the_outcome_say_only_the_base_rate() -> None:
    raw, outcome = drawn()
    for fit in (fit_platt, fit_beta):
        flat = fit(-raw, outcome)
        assert flat.kind == "platt"
        np.testing.assert_allclose(flat.probability(raw), outcome.mean(), atol=1e-3)


def test_classes_that_separate_give_finite_numbers() -> None:
    raw = np.linspace(-5, 5, 40)
    for fit in (fit_platt, fit_beta, fit_isotonic):
        p = fit(raw, (raw > 0).astype(float)).probability(raw)
        assert np.isfinite(p).all()
        assert (np.diff(p) >= 0).all()


@pytest.mark.parametrize("outcome", [np.zeros(5), np.ones(5)])
def test_one_outcome_alone_calibrates_nothing(outcome: FloatArray) -> None:
    for fit in (fit_platt, fit_beta, fit_isotonic):
        with pytest.raises(OneOutcome, match="definition preview"):
            fit(np.arange(5.0), outcome)


@pytest.mark.parametrize(
    "calibrator",
    [
        Calibrator(),
        Calibrator(kind="platt", params={"a": 3.0, "b": 0.0}),
        Calibrator(kind="beta", params={"a": 0.0, "b": 2.0, "c": -1.0}),
        Calibrator(kind="isotonic", knots=((0.0, 0.0), (1.0, 1.0))),
    ],
)
def test_no_calibrator_is_ever_certain_and_null_stays_null(calibrator: Calibrator) -> None:
    p = calibrator.probability(np.array([-1e9, -40.0, 0.3, 40.0, 1e9]))
    assert p.min() >= SMALLEST
    assert p.max() <= 1 - SMALLEST
    assert np.isnan(calibrator.probability(np.array([np.nan]))).all()


def test_choose_leaves_a_calibrated_model_alone_and_mends_a_distorted_one() -> None:
    rng = np.random.default_rng(5)
    raw = rng.normal(-2, 1.5, 4000)
    outcome = (rng.random(4000) < 1 / (1 + np.exp(-raw))).astype(float)
    fold = rng.integers(0, 5, 4000)
    kept = choose(raw, outcome, fold)
    assert kept.log_losses["none"] <= min(kept.log_losses.values()) + 2e-4
    mended = choose(3 * raw + 2, outcome, fold)
    assert mended.calibrator.kind != "none"
    p = mended.calibrator.probability(3 * raw + 2)
    assert log_loss(outcome, p) == pytest.approx(log_loss(outcome, Calibrator().probability(raw)), abs=2e-3)


def test_choose_prefers_the_simpler_of_equals() -> None:
    raw, outcome = drawn()
    fold = np.arange(len(raw)) % 3
    assert choose(raw, outcome, fold, kinds=("platt", "platt")).calibrator.kind == "platt"
    assert set(choose(raw, outcome, fold, kinds=("isotonic",)).log_losses) == {"isotonic"}
