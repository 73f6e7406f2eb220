"""Uplift by hand, as pylift and scikit-uplift define it, and what is no trial."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from churn.metrics_uplift import Ranked, Trial, WrongTrial, draws_of, effect, qini, rank_within, uplift_at

# highest score first:            T  T  C  C  T  C  T  C
SIDE = np.array([1, 1, 0, 0, 1, 0, 1, 0], dtype=bool)
CAME = np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=float)
SCORE = np.arange(8, 0, -1, dtype=float)
TRIAL = Trial.of(CAME, SIDE, np.full(8, 0.5))


def test_the_curve_by_hand() -> None:
    share, gain = (one[:, 0] for one in Ranked.of(TRIAL, SCORE).curve())
    assert_allclose(share, np.arange(9) / 8)
    assert_allclose(gain, [0, 0.25, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0])  # of 4 treated and 4 held out
    assert_allclose(qini(TRIAL, SCORE), (0.25 + 0.5 + 0.5 + 0.25 * 4) / 8 - 0.0)


def test_the_area_is_that_of_pylift() -> None:
    """`Q_qini` of pylift/eval.py: 1/2 (next + last) / N summed, less half of the overall lift."""
    rng = np.random.default_rng(1)
    side, came, score = rng.random(500) < 0.3, (rng.random(500) < 0.2).astype(float), rng.random(500)
    order, area, last = np.argsort(-score), 0.0, 0.0
    treated = held = 0.0
    for place in order:
        treated += came[place] * side[place] / side.sum()
        held += came[place] * ~side[place] / (~side).sum()
        area += (treated - held + last) / 2 / 500
        last = treated - held
    trial = Trial.of(came, side, np.full(500, 0.3))
    assert_allclose(qini(trial, score), area - 0.5 * (came[side].mean() - came[~side].mean()))


def test_uplift_at_a_share_is_that_of_scikit_uplift() -> None:
    assert_allclose(uplift_at(TRIAL, SCORE, 0.5), 1.0 - 0.5)  # overall: T T C C
    assert_allclose(uplift_at(TRIAL, SCORE, 0.5, by_side=True), 1.0 - 0.5)  # by_group: T T and C C
    assert_allclose(uplift_at(TRIAL, SCORE, 0.75, by_side=True), 2 / 3 - 1 / 3)
    assert_allclose(uplift_at(TRIAL, SCORE, 1.0), effect(TRIAL))


def test_campaigns_with_other_chances_lie_together() -> None:
    """Two campaigns of one effect: pooled without weights, the one that treats more of the eager would look better."""
    came = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0], dtype=float)
    side = np.array([1, 1, 1, 1, 0, 1, 0, 0, 0, 0], dtype=bool)
    chance = np.array([0.8] * 5 + [0.2] * 5)
    trial = Trial.of(came, side, chance)
    weighted = (3 / 0.8 + 1 / 0.2) / (4 / 0.8 + 1 / 0.2) - (1 / 0.2) / (1 / 0.2 + 4 / 0.8)
    assert_allclose(effect(trial), weighted)


def test_what_was_to_be_expected_taken_off_changes_nothing_but_the_noise() -> None:
    rng = np.random.default_rng(3)
    eager = rng.random(20_000)
    side = rng.random(20_000) < 0.5
    came = (rng.random(20_000) < eager * 0.8 + 0.1 * side).astype(float)
    trial = Trial.of(came, side, np.full(20_000, 0.5))
    less = trial.less(eager * 0.8 + 0.1, eager * 0.8)
    weights = draws_of(np.arange(20_000), 200, seed=1)
    plain, fine = (Ranked.of(one, np.zeros(20_000), weights).effect() for one in (trial, less))
    assert_allclose(fine.mean(), 0.1, atol=0.02)
    assert fine.std() < 0.95 * plain.std()


def test_ranks_are_of_ones_own_fold() -> None:
    rank = rank_within(np.array([5.0, 6.0, 0.1, 0.2]), np.array([0, 0, 1, 1]))
    assert_allclose(rank, [0.25, 0.75, 0.25, 0.75])


@pytest.mark.parametrize(
    ("trial", "why"),
    [
        ((CAME, SIDE, np.full(8, 1.0)), "a propensity is 0 or 1"),
        ((CAME, np.ones(8, dtype=bool), np.full(8, 0.5)), "everybody was treated"),
        ((CAME, np.zeros(8, dtype=bool), np.full(8, 0.5)), "nobody was treated"),
        ((CAME * np.nan, SIDE, np.full(8, 0.5)), "not finite"),
        ((CAME[:4], SIDE, np.full(8, 0.5)), "differ in number"),
    ],
)
def test_what_is_no_trial(trial: tuple[np.ndarray, ...], why: str) -> None:
    with pytest.raises(WrongTrial, match=why) as told:
        Trial.of(*trial)
    assert "nobody was chosen by chance" in told.value.mend


def test_scores_and_shares_that_cannot_be() -> None:
    with pytest.raises(WrongTrial, match="one finite score a row"):
        qini(TRIAL, SCORE[:3])
    with pytest.raises(WrongTrial, match="a share of 0"):
        uplift_at(TRIAL, SCORE, 0)
