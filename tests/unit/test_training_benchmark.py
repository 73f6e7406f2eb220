"""benchmarks/training.py: is what it says of winners and losers right, and does it run where a peer is missing?"""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.learners.compare import OURS, Judged, standings
from benchmarks.learners.overhead import CUTOFFS, overhead
from benchmarks.learners.stopwatch import Spent, watched
from benchmarks.learners.table import goals, markdown
from churn.metrics import log_loss, roc_auc

ROOT = Path(__file__).parents[2]
RANDOM = np.random.default_rng(3)
N = 800
LINE = RANDOM.normal(size=N)
OUTCOME = (RANDOM.random(N) < 1 / (1 + np.exp(-LINE))).astype(float)


def said(noise: float) -> np.ndarray:
    """A learner's probabilities: the truth, blurred."""
    return 1 / (1 + np.exp(-LINE - noise * RANDOM.normal(size=N)))


def judged(**probabilities: np.ndarray) -> Judged:
    """Two rows a customer."""
    return Judged(OUTCOME, np.repeat(np.arange(N // 2), 2).astype(str), probabilities, {OURS: 1.0})


def test_metrics_are_those_of_the_kernel_and_a_twin_is_level() -> None:
    p = said(0.5)
    ours, twin = standings([judged(lightgbm=p, twin=p.copy())], seed=1)
    assert ours.roc_auc == pytest.approx(roc_auc(OUTCOME, p), abs=1e-12)
    assert ours.log_loss == pytest.approx(log_loss(OUTCOME, p), abs=1e-12)
    assert (twin.auc_behind, twin.auc_error, twin.loss_behind, twin.loss_error) == (0, 0, 0, 0)
    assert twin.wins == []
    assert twin.keeps_up == ["roc_auc", "log_loss"]


def test_standard_errors_are_paired_and_by_customer() -> None:
    """The same customers judge both, so that their difference wavers less than either; a customer counts as one."""
    p, q = said(0.5), said(0.6)
    (_, behind) = standings([judged(lightgbm=p, other=q)], seed=1, draws=400)
    surprise = [-(OUTCOME * np.log(one) + (1 - OUTCOME) * np.log1p(-one)) for one in (p, q)]
    pairs = (surprise[1] - surprise[0]).reshape(-1, 2).mean(axis=1)
    assert behind.loss_behind == pytest.approx(pairs.mean(), abs=1e-12)
    assert behind.loss_error == pytest.approx(pairs.std() / np.sqrt(len(pairs)), rel=0.15)


def test_several_folds_count_alike() -> None:
    small = Judged(OUTCOME[:200], np.arange(200).astype(str), {OURS: said(1)[:200]}, {})
    large = judged(lightgbm=said(0.2))
    (both,), (one,), (other,) = (standings(folds, seed=1) for folds in ([small, large], [small], [large]))
    assert both.log_loss == pytest.approx((one.log_loss + other.log_loss) / 2, abs=1e-12)


def test_a_rival_that_won_is_named() -> None:
    cells = {("shop", "churn"): standings([judged(lightgbm=said(2.0), catboost=said(0.1), bg_nbd=said(2.0))], seed=1)}
    told = goals(cells)
    assert told["rivals_that_won"] == ["shop churn: catboost is better in roc_auc and log_loss"]
    assert told["classics_not_beaten"][0].startswith("shop churn: bg_nbd is within one standard error of ours in ")
    page = markdown(cells)
    assert "catboost is better in roc_auc and log_loss" in page
    assert "**-0." in page


def test_nothing_is_said_where_the_goal_is_met() -> None:
    cells = {("shop", "churn"): standings([judged(lightgbm=said(0.1), logistic=said(3.0))], seed=1)}
    assert goals(cells) == {"rivals_that_won": [], "classics_not_beaten": []}
    assert "The goal is met" in markdown(cells)


def test_a_watched_function_is_put_back() -> None:
    home, spent = SimpleNamespace(act=lambda x: x + 1), Spent()
    act = home.act
    with watched(home, "act", spent):
        assert home.act(1) == 2
    assert home.act is act
    assert spent.calls == 1


def test_overhead_adds_up() -> None:
    told = overhead(250 * CUTOFFS)
    assert 0 < told["lightgbm_cpu_s"] < told["cpu_s"]
    assert told["around_share_cpu"] == pytest.approx(1 - told["lightgbm_cpu_s"] / told["cpu_s"])


@pytest.mark.nightly  # each of its parts is tried above
def test_it_runs_on_a_small_shop() -> None:
    command = [sys.executable, "benchmarks/training.py", "--json", "--logs", "simulator", "--shop", "500", "3"]
    run = subprocess.run(
        [*command, "--only", "quality", "--seconds", "2"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    figures = json.loads(run.stdout)["figures"]
    assert 0.5 < figures["simulator_churn_lightgbm_roc_auc"] < 1
    for learner in (OURS, "logistic", "recency_rule", "bg_nbd", "pareto_nbd"):
        assert figures[f"simulator_churn_{learner}_cpu_s"] > 0, learner
    assert set(figures["left_out"]) <= {"catboost", "flaml", "xgboost"}
    assert {"rivals_that_won", "classics_not_beaten", "simulator_churn_bg_nbd_log_loss"} <= set(figures)
