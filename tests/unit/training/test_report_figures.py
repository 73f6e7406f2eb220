"""Draws and the figures made of them: whole customers, seeds, intervals that hold, verdicts, expected profit."""

import numpy as np
import pytest

from churn.metrics_profit import Stakes
from training.expected_profit import accept_ratios, beta_of, expected_max_profit
from training.report.draws import Draws, interval
from training.report.figures import compare, judge

STAKES = Stakes(value_amount=300.0, offer_amount=30.0, contact_amount=2.0, accept_ratio=0.3)


def made(n: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes of honest probabilities, and three rows a customer."""
    random = np.random.default_rng(seed)
    probability = random.beta(2, 3, n)
    outcome = (random.random(n) < probability).astype(float)
    return outcome, probability, np.array([f"c{one // 3}" for one in range(n)], dtype=object)


def test_whole_customers_are_drawn() -> None:
    _, _, customers = made(30)
    draws = Draws.of(customers, seed=1, draws=50)
    assert draws.weights.shape == (10, 50)
    assert draws.customer.tolist() == [one // 3 for one in range(30)]
    counts = draws.sums(np.zeros(30, dtype=np.int64), 1, np.ones(30))[0]
    assert (counts % 3 == 0).all()
    assert counts.mean() == pytest.approx(30, rel=0.2)


def test_same_seed_same_draws() -> None:
    _, _, customers = made(300)
    one, same, other = (Draws.of(customers, seed=seed, draws=20).weights for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_very_many_customers_are_drawn_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.report.draws.MOST_WEIGHTS", 40_000)
    assert Draws.of(np.arange(300).astype(str), seed=1).weights.shape == (300, 133)
    assert Draws.of(np.arange(3000).astype(str), seed=1).weights.shape == (3000, 100)


def test_a_part_of_the_rows_keeps_its_draws() -> None:
    outcome, _, customers = made(300)
    draws = Draws.of(customers, seed=1, draws=20)
    part = np.arange(300) % 2 == 0
    weights = draws.weights[draws.customer[part]]
    expected = (outcome[part, None] * weights).sum(axis=0) / weights.sum(axis=0)
    assert draws.take(part).means(outcome[part]) == pytest.approx(expected, rel=1e-5)


def test_intervals_of_rows_that_come_in_threes_are_wider_than_rows_would_say() -> None:
    """Three equal rows a customer are one witness, not three."""
    outcome, probability, _ = (np.repeat(one, 3) for one in made(1000))
    by_customer = Draws.of(np.repeat(np.arange(1000).astype(str), 3), seed=1)
    by_row = Draws.of(np.arange(3000).astype(str), seed=1)
    wide, narrow = (np.std(judge(outcome, probability, one).draws["log_loss"]) for one in (by_customer, by_row))
    assert wide / narrow == pytest.approx(np.sqrt(3), rel=0.15)


@pytest.mark.slow
def test_the_truth_lies_in_nine_intervals_of_ten_or_more() -> None:
    """Of honest probabilities; the truth is that of a sample many times as large, and an ECE of 0."""
    large = judge(*made(200_000, seed=99)[:2], Draws.of(np.arange(200_000).astype(str), seed=1, draws=100))
    truths = {name: large.values[name] for name in ("roc_auc", "log_loss", "brier")} | {"ece": 0.0}
    held = dict.fromkeys(truths, 0)
    for seed in range(60):
        outcome, probability, customers = made(1200, seed=seed)
        found = judge(outcome, probability, Draws.of(customers, seed=seed, draws=200)).figures()
        for name, truth in truths.items():
            held[name] += found[name]["low"] <= truth <= found[name]["high"]
    assert min(held.values()) >= 50, held  # fewer of 60 at 95% less than once in a thousand times


def test_what_chance_alone_would_show_is_told_beside_the_calibration_error() -> None:
    outcome, probability, customers = made()
    draws = Draws.of(customers, seed=1)
    honest, shifted = judge(outcome, probability, draws), judge(outcome, np.minimum(probability + 0.1, 0.99), draws)
    assert honest.values["ece"] == pytest.approx(honest.values["ece_by_chance"], rel=0.6)
    assert honest.figures()["ece"]["low"] == 0.0
    assert shifted.figures()["ece"]["low"] > shifted.figures()["ece_by_chance"]["high"]


def test_scores_are_laid_into_levels_without_moving_a_draw() -> None:
    outcome, probability, customers = made(6000)
    judged = judge(outcome, probability, Draws.of(customers, seed=1))
    one_by_one = judged.draws["roc_auc"]
    assert one_by_one.mean() == pytest.approx(judged.values["roc_auc"], abs=0.002)


def test_a_worse_rival_is_beaten_and_a_better_one_is_ahead() -> None:
    outcome, probability, customers = made()
    random, draws = np.random.default_rng(5), Draws.of(made()[2], seed=1)
    noisy = np.clip(probability + random.normal(0, 0.2, len(customers)), 0.01, 0.99)
    honest, worse = judge(outcome, probability, draws), judge(outcome, noisy, draws)
    for metric in ("log_loss", "roc_auc"):
        assert compare(honest, worse)[metric]["verdict"] == "ahead"
        assert compare(honest, worse)[metric]["low"] > 0
        assert compare(worse, honest)[metric]["verdict"] == "behind"
        same = compare(honest, honest)[metric]
        assert (same["verdict"], same["value"], same["standard_error"]) == ("within", 0.0, 0.0)


def test_draws_that_tell_no_number_give_no_interval() -> None:
    assert interval(np.array([np.nan] * 2 + [1.0] * 8)) is None
    assert interval(np.arange(101.0)) == pytest.approx((2.5, 97.5))
    assert interval(np.arange(101.0), around=50.0) == pytest.approx((2.5, 97.5))
    assert interval(np.arange(101.0), around=10.0) == pytest.approx((0.0, 17.5))


def test_the_papers_beta_stands_behind_a_mean_of_three_tenths() -> None:
    assert beta_of(STAKES) == pytest.approx((6.0, 14.0))
    assert np.mean(accept_ratios(STAKES)) == pytest.approx(0.3, abs=0.002)
    nobody = Stakes(value_amount=300.0, offer_amount=30.0, contact_amount=2.0, accept_ratio=0.0)
    assert all(0 < one < 0.2 for one in accept_ratios(nobody))


@pytest.mark.slow
def test_the_kernels_expected_profit_is_that_of_empulse() -> None:
    outcome, probability, customers = made()
    levels = Draws(np.arange(len(customers)), np.ones((len(customers), 1), dtype=np.float32)).levels(
        outcome, probability
    )
    ours = levels.expected_max_profit(STAKES, accept_ratios(STAKES))[0]
    assert ours == pytest.approx(expected_max_profit(outcome, probability, STAKES), rel=0.01)
