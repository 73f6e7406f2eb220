"""Laws of the metrics over draws: with weight 1 they are the plain metrics, and a weight is a repeated row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn import metrics
from churn.metrics_drawn import Bins, Levels, brier_parts, equal_mass
from churn.metrics_profit import Stakes
from churn.outcomes import FloatArray
from tests.strategies import Judged, judged

STAKES = Stakes(value_amount=90.0, offer_amount=10.0, contact_amount=1.0, accept_ratio=0.4)


def levels(happened: FloatArray, told: FloatArray, weight: FloatArray | None = None) -> Levels:
    weight = np.ones(len(told)) if weight is None else weight
    at = np.unique(told, return_inverse=True)[1]
    return Levels(*(np.bincount(at, weights=weight * one)[:, None] for one in (happened, 1 - happened)))


def bins(happened: FloatArray, told: FloatArray) -> Bins:
    at = equal_mass(told)
    return Bins(*(np.bincount(at, weights=one)[:, None] for one in (np.ones(len(told)), told, happened)))


@given(pair=judged())
def test_with_weight_one_a_metric_is_its_namesake(pair: Judged) -> None:
    happened, told = pair
    laid = levels(happened, told)
    assert laid.roc_auc()[0] == pytest.approx(metrics.roc_auc(happened, told))
    assert laid.pr_auc()[0] == pytest.approx(metrics.pr_auc(happened, told))
    assert laid.lift()[0] == pytest.approx(metrics.lift(happened, told))
    assert bins(happened, told).ece()[0] == pytest.approx(metrics.ece(happened, told).ece)
    best = metrics.max_profit(happened, told, value_amount=90, offer_amount=10, contact_amount=1, accept_ratio=0.4)
    assert laid.max_profit(STAKES)[0] == pytest.approx(best.per_customer_amount)


@given(pair=judged(), seed=st.integers(0, 99))
def test_a_weight_is_a_row_told_so_often(pair: Judged, seed: int) -> None:
    happened, told = pair
    weight = np.random.default_rng(seed).poisson(1.0, len(told)) + 1
    laid, repeated = levels(happened, told, weight.astype(float)), (np.repeat(one, weight) for one in (happened, told))
    many = levels(*repeated)
    for name in ("roc_auc", "pr_auc", "lift"):
        assert getattr(laid, name)()[0] == pytest.approx(getattr(many, name)()[0])


@given(pair=judged())
def test_brier_is_the_sum_of_its_parts(pair: Judged) -> None:
    happened, told = pair
    at = np.unique(told, return_inverse=True)[1]  # a bin a probability: nothing is left within
    exact = brier_parts(happened, told, at)
    assert exact.within == pytest.approx(0.0, abs=1e-12)
    for parts in (exact, brier_parts(happened, told, equal_mass(told, 3))):
        score = parts.reliability - parts.resolution + parts.uncertainty + parts.within
        assert score == pytest.approx(metrics.brier(happened, told))
        assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


@given(pair=judged())
def test_probabilities_that_are_the_rates_of_their_bins_are_reliable(pair: Judged) -> None:
    happened, told = pair
    at = np.unique(told, return_inverse=True)[1]
    rate = (np.bincount(at, weights=happened) / np.bincount(at))[at]
    parts = brier_parts(happened, rate, at)
    assert parts.reliability == pytest.approx(0.0, abs=1e-12)
    assert 0 <= parts.resolution <= parts.uncertainty + 1e-12


@given(pair=judged(), share=st.floats(0.01, 1.0), more=st.floats(0.0, 1.0))
def test_gains_rise_to_everybody(pair: Judged, share: float, more: float) -> None:
    laid = levels(*pair)
    assert laid.found(share)[0] <= laid.found(min(1.0, share + more))[0] + 1e-9
    assert laid.found(1.0)[0] == pytest.approx(1.0)


@given(pair=judged())
def test_expected_profit_is_at_least_that_of_the_expected_share(pair: Judged) -> None:
    """The best cut-off of each share earns at least what one cut-off for all would: Jensen."""
    laid = levels(*pair)
    assert laid.expected_max_profit(STAKES, (0.2, 0.4, 0.6))[0] >= laid.max_profit(STAKES)[0] - 1e-9


def test_a_draw_with_one_outcome_only_is_no_number() -> None:
    happened, others = np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [2.0, 0.0]])
    laid = Levels(happened, others)
    assert np.isnan(laid.roc_auc()[0])
    assert np.isnan(laid.pr_auc()[0])
    assert np.isnan(laid.lift()[0])
    assert np.isfinite(laid.roc_auc()[1])
