"""Laws of uplift: what a score that says nothing gives, what no order beats, and what changes nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from churn.metrics_uplift import Ranked, Trial, draws_of, effect, qini, uplift_at

seeds = st.integers(0, 10_000)


def trial_of(seed: int, rows: int = 60) -> Trial:
    rng = np.random.default_rng(seed)
    side = rng.permutation(np.arange(rows) % 3 == 0)
    return Trial.of((rng.random(rows) < 0.4).astype(float), side, rng.choice([0.2, 0.5, 0.8], rows))


@given(seeds)
@settings(max_examples=40)
def test_a_score_that_says_nothing_is_worth_nothing(seed: int) -> None:
    trial = trial_of(seed)
    assert_allclose(qini(trial, np.full(len(trial), 3.0)), 0, atol=1e-12)
    assert_allclose(uplift_at(trial, np.full(len(trial), 3.0), 0.3), effect(trial))


@given(seeds)
@settings(max_examples=40)
def test_no_order_beats_the_perfect_one(seed: int) -> None:
    """Treated who came and held out who stayed away first; treated who stayed away and held out who came last."""
    trial = trial_of(seed)
    rng = np.random.default_rng(seed + 1)
    worth = np.where(trial.treated, 1, -1) * trial.weight * trial.outcome
    total = np.where(trial.treated, trial.weight[trial.treated].sum(), trial.weight[~trial.treated].sum())
    perfect = qini(trial, worth / total)
    assert perfect >= qini(trial, rng.random(len(trial))) - 1e-12
    assert perfect >= -qini(trial, -(worth / total)) - 1e-12


@given(seeds)
@settings(max_examples=40)
def test_the_order_of_rows_and_a_rising_change_of_scores_change_nothing(seed: int) -> None:
    trial, rng = trial_of(seed), np.random.default_rng(seed + 2)
    scores = rng.integers(0, 9, len(trial)).astype(float)
    mixed = rng.permutation(len(trial))
    assert_allclose(qini(trial.take(mixed), scores[mixed]), qini(trial, scores), atol=1e-12)
    assert_allclose(qini(trial, np.exp(scores) - 4), qini(trial, scores), atol=1e-12)


@given(seeds)
@settings(max_examples=20)
def test_turning_a_score_round_turns_its_area_round(seed: int) -> None:
    trial, rng = trial_of(seed), np.random.default_rng(seed + 3)
    scores = rng.integers(0, 9, len(trial)).astype(float)
    assert_allclose(qini(trial, -scores), -qini(trial, scores), atol=1e-12)


@given(seeds)
@settings(max_examples=20)
def test_whole_weights_are_rows_told_again(seed: int) -> None:
    trial, rng = trial_of(seed), np.random.default_rng(seed + 4)
    scores, times = rng.random(len(trial)), rng.integers(1, 4, len(trial))
    again = np.repeat(np.arange(len(trial)), times)
    one = Ranked.of(trial, scores, times[:, None].astype(float))
    other = Ranked.of(trial.take(again), scores[again])
    assert_allclose(one.qini(), other.qini(), atol=1e-12)
    assert_allclose(one.uplift_at(0.35), other.uplift_at(0.35), atol=1e-9)


def test_customers_are_drawn_whole() -> None:
    weights = draws_of(np.array(["a", "b", "a"], dtype=object), 5, seed=1)
    assert_allclose(weights[0], weights[2])
    assert not np.allclose(weights[0], weights[1])
