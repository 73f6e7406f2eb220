"""Metrics against scikit-learn, by hand where it has none, and every refusal with its mend."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as sk

from churn import metrics
from churn.outcomes import FloatArray, NoChurners, NoStayers, WrongScores

ORACLES: list[tuple[Callable[..., float], Callable[..., float]]] = [
    (metrics.roc_auc, sk.roc_auc_score),
    (metrics.pr_auc, sk.average_precision_score),
    (metrics.log_loss, sk.log_loss),
    (metrics.brier, sk.brier_score_loss),
]


@pytest.mark.parametrize(("ours", "theirs"), ORACLES)
@pytest.mark.parametrize("decimals", [17, 1, 0])  # no ties, many, and scores of 0 and 1 alone
def test_equals_scikit_learn(ours: Callable[..., float], theirs: Callable[..., float], decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    scores = np.round(rng.random(2000), decimals)
    churned = (rng.random(2000) < scores * 0.4).astype(float)
    assert ours(churned, scores) == pytest.approx(theirs(churned, scores), rel=1e-10)


def test_ece_by_hand() -> None:
    churned = np.array([0, 0, 0, 1, 1, 1.0])
    scores = np.array([0.1, 0.1, 0.3, 0.5, 0.8, 0.8])
    found = metrics.ece(churned, scores, bins=3)
    assert [row.n for row in found.bins] == [2, 2, 2]
    assert found.ece == pytest.approx((0.1 + abs(0.4 - 0.5) + 0.2) / 3)


def test_ece_bins_are_of_equal_mass_even_when_all_scores_tie() -> None:
    assert [row.n for row in metrics.ece(np.tile([0.0, 1.0], 50), np.full(100, 0.5)).bins] == [10] * 10
    assert len(metrics.ece(np.array([1.0]), np.array([0.5])).bins) == 1


def test_ece_of_honest_scores_is_small_and_of_shifted_ones_the_shift() -> None:
    rng = np.random.default_rng(2)
    scores = rng.uniform(0.1, 0.5, 20_000)
    churned = (rng.random(20_000) < scores).astype(float)
    assert metrics.ece(churned, scores).ece < 0.01
    assert metrics.ece(churned, scores + 0.2).ece == pytest.approx(0.2, abs=0.01)


def test_lift_by_hand() -> None:
    churned = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0.0])
    assert metrics.lift(churned, np.linspace(1, 0, 10), share=0.2) == pytest.approx(5.0)
    assert metrics.lift(churned, np.linspace(0, 1, 10), share=0.2) == 0.0
    assert metrics.lift(churned, np.full(10, 0.5), share=0.3) == pytest.approx(1.0)  # all tied: chance
    assert metrics.lift(churned, np.linspace(1, 0, 10), share=1.0) == pytest.approx(1.0)


def test_max_profit_by_hand() -> None:
    best = metrics.max_profit(
        np.array([1, 0, 1, 0.0]), np.array([0.9, 0.8, 0.7, 0.1]),
        value_amount=100, offer_amount=10, contact_amount=1, accept_ratio=0.5,
    )  # fmt: skip
    # a churner brings .5 * 90 - 1 = 44, a stayer costs 11: after 1, 2, 3, 4 contacts 44, 33, 77, 66
    assert best == metrics.Profit(per_customer_amount=77 / 4, share=0.75)


def test_where_every_contact_loses_nobody_is_contacted() -> None:
    best = metrics.max_profit(
        np.array([1, 0.0]), np.array([0.9, 0.1]), value_amount=10, offer_amount=9, contact_amount=5, accept_ratio=0.5
    )
    assert best == metrics.Profit(per_customer_amount=0.0, share=0.0)


def test_base_rate() -> None:
    assert metrics.base_rate(np.array([1, 0, 0, 0.0])) == 0.25


NOBODY, ALL, SCORES = np.zeros(4), np.ones(4), np.linspace(0.1, 0.9, 4)


@pytest.mark.parametrize("metric", [metrics.roc_auc, metrics.pr_auc, metrics.lift])
def test_without_churners_there_is_nothing_to_rank(metric: Callable[..., float]) -> None:
    with pytest.raises(NoChurners, match="none of 4 customers") as caught:
        metric(NOBODY, SCORES)
    assert "definition preview" in caught.value.mend
    assert caught.value.exit_code == 10


def test_without_stayers_there_is_no_auc() -> None:
    with pytest.raises(NoStayers, match="definition preview"):
        metrics.roc_auc(ALL, SCORES)
    assert metrics.log_loss(ALL, SCORES) > 0  # one outcome alone still has a log loss
    assert metrics.brier(NOBODY, SCORES) > 0


@pytest.mark.parametrize(
    ("churned", "scores", "fault"),
    [
        (np.ones(3), SCORES, "shape"),
        (np.zeros((2, 2)), np.zeros((2, 2)), "shape"),
        (np.zeros(0), np.zeros(0), "no customers"),
        (np.array([0, 1, np.nan, 1]), SCORES, "neither 0 nor 1"),
        (np.array([0, 1, 2.0, 1]), SCORES, "neither 0 nor 1"),
        (np.array([0, 1, 0, 1.0]), np.array([0.1, np.nan, np.inf, 0.2]), "2 scores are not finite"),
        (np.array([0, 1, 0, 1.0]), SCORES * 2, "outside"),
    ],
)
def test_what_cannot_be_judged_is_refused(churned: FloatArray, scores: FloatArray, fault: str) -> None:
    with pytest.raises(WrongScores, match=fault) as caught:
        metrics.brier(churned, scores)
    assert "immature" in caught.value.mend


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_lift_of_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(WrongScores, match="share"):
        metrics.lift(np.array([0, 1.0]), np.array([0.1, 0.2]), share=share)


def test_base_rate_of_nobody_is_refused() -> None:
    with pytest.raises(WrongScores, match="no customers"):
        metrics.base_rate(np.zeros(0))
