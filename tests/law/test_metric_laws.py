"""Laws of the metrics and of calibration: what no order of rows and no relabelling of scores may change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn import metrics
from churn.calibration import fit_beta, fit_isotonic, fit_platt
from tests.strategies import Judged, judged


@given(pair=judged(), seed=st.integers(0, 999))
def test_the_order_of_rows_changes_nothing(pair: Judged, seed: int) -> None:
    churned, scores = pair
    order = np.random.default_rng(seed).permutation(len(churned))
    for metric in (metrics.roc_auc, metrics.pr_auc, metrics.log_loss, metrics.brier, metrics.lift):
        assert metric(churned[order], scores[order]) == pytest.approx(metric(churned, scores), rel=1e-9)


@given(pair=judged())
def test_what_ranks_sees_the_order_of_scores_alone(pair: Judged) -> None:
    churned, scores = pair
    for metric in (metrics.roc_auc, metrics.pr_auc, metrics.lift):
        assert metric(churned, np.exp(3 * scores) - 7) == pytest.approx(metric(churned, scores), rel=1e-12)


@given(pair=judged())
def test_turning_scores_round_turns_auc_round(pair: Judged) -> None:
    churned, scores = pair
    assert metrics.roc_auc(churned, -scores) == pytest.approx(1 - metrics.roc_auc(churned, scores))


@given(pair=judged(), share=st.floats(0.01, 1.0))
def test_lift_lies_between_nothing_and_its_ceiling(pair: Judged, share: float) -> None:
    churned, scores = pair
    assert 0 <= metrics.lift(churned, scores, share=share) <= 1 / churned.mean() + 1e-9


@given(pair=judged())
def test_no_constant_beats_the_base_rate(pair: Judged) -> None:
    churned, scores = pair
    rate, other = np.full(len(churned), churned.mean()), np.full(len(churned), scores[0])
    assert metrics.log_loss(churned, rate) <= metrics.log_loss(churned, other) + 1e-12
    assert metrics.brier(churned, rate) <= metrics.brier(churned, other) + 1e-12


@given(pair=judged())
def test_catching_one_more_churner_never_lowers_profit_when_saving_pays(pair: Judged) -> None:
    churned, scores = pair
    missed = int(np.flatnonzero(churned > 0)[np.argmin(scores[churned > 0])])
    caught = scores.copy()
    caught[missed] = scores.max() + 1
    costs = {"value_amount": 100.0, "offer_amount": 10.0, "contact_amount": 1.0, "accept_ratio": 0.5}
    before, after = (metrics.max_profit(churned, s, **costs).per_customer_amount for s in (scores, caught))
    assert after >= before - 1e-9


@given(pair=judged())
def test_calibrating_never_reorders_customers(pair: Judged) -> None:
    churned, scores = pair
    raw = 8 * scores - 4
    grid = np.linspace(-9, 9, 101)
    for fit in (fit_platt, fit_beta, fit_isotonic):
        assert (np.diff(fit(raw, churned).probability(grid)) >= 0).all()
