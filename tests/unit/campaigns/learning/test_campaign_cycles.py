"""The benchmark of campaigns and retrainings: labels that are bent, reduced; and its parts by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.campaign_cycles import Asked, less_naive, run
from benchmarks.cycled.rules import auc, figures
from benchmarks.cycled.world import STRENGTHS, World


def test_expected_auc_is_that_of_outcomes_drawn_many_times() -> None:
    random = np.random.default_rng(3)
    true, told = random.random(300), np.round(random.random(300), 1)
    every = np.concatenate([true, true])
    outcome = np.repeat([1, 0], 300)
    expected = roc_auc_score(outcome, np.concatenate([told, told]), sample_weight=np.where(outcome, every, 1 - every))
    assert auc(told, true) == pytest.approx(expected)
    assert figures(true, true, np.ones(300))["bias"] == 0


def test_moods_come_back_after_a_passing_campaign() -> None:
    worlds = [World(300, 5, 1) for _ in range(2)]
    worlds[0].act(np.arange(300), 0.2, STRENGTHS["passing"], 0)
    for world in worlds:
        world.run(30)
    for mood in ("satisfied", "interest"):
        gap = getattr(worlds[0].state, mood) - getattr(worlds[1].state, mood)
        assert np.median(np.abs(gap)) < 1e-5, mood  # others of those who ordered something else since
    assert worlds[0].state.engaged.mean() > worlds[1].state.engaged.mean()


def test_rules_are_compared_seed_by_seed() -> None:
    rows = [{"seed": seed, "cycle": 4, "rule": rule, "bias": sign * 0.1 * (seed + plus), "bias_top": 0.0, "ece": 0.1,
             "log_loss": 0.5, "auc": 0.8, "profit": 1.0} for seed in (1, 2, 3) for rule, sign, plus in
            (("kept", -1, 1), ("modelled", 1, 0))]  # fmt: skip
    found = less_naive(pd.DataFrame(rows), 3).set_index(["rule", "figure"])
    assert found.loc[("modelled", "bias"), "mean"] == pytest.approx(-0.1)
    assert found.loc[("modelled", "bias"), "high"] == pytest.approx(-0.1)


@pytest.mark.nightly
def test_strong_campaigns_bend_labels_and_modelling_unbends_what_is_told() -> None:
    """On a seed whose bend is clear: that the parts work together; how often it pays is the benchmark's to say."""
    rows = pd.DataFrame(run(Asked(3000, 6, "passing", 0.2, ("kept", "modelled"), (4,)), seed=102))
    assert (rows["high"] < 0).all()  # the labels are bent beyond chance
    bias = rows.set_index("rule")["bias"]
    assert bias["kept"] < -0.02  # naive retraining tells less than is true of whom nobody contacts
    assert abs(bias["modelled"]) < abs(bias["kept"]) / 2
