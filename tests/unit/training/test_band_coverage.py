"""The calibration band holds for nine in ten: fifths of cohorts to come, in the 95 % interval of that coverage.

By the benchmark's own path: at every cutoff the learner of `churn train` and its outlook, from what had matured then.
`pytest -rP` shows the figures.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bands import figures, of_log, of_simulation
from benchmarks.rolled import rolled
from tests.command_line import churn

pytestmark = pytest.mark.nightly

MATHOVERFLOW = Path(__file__).parents[3] / "examples" / "mathoverflow" / "churn.toml"
UNSEEN = 47  # a shop on which nothing was chosen
MODELS = ("churn", "reactivation")


def holds(told: dict[str, Any], model: str) -> bool:
    assert told[f"{model}_band_cohorts"] >= 20
    return bool(told[f"{model}_band_coverage_low"] <= 0.90 <= told[f"{model}_band_coverage_high"])


@pytest.mark.parametrize("model", MODELS)
def test_the_mean_of_true_chances_lies_in_the_band(model: str, tmp_path: Path) -> None:
    settings, snapshot, truth = of_simulation(tmp_path, 3000, seed=UNSEEN)
    told = figures(rolled(snapshot, model, settings, truth), model, settings, own=False)
    sys.stdout.write(f"{told}\n")
    assert holds(told, model), told


@pytest.mark.shared_data
@pytest.mark.parametrize("model", MODELS)
def test_the_rate_that_came_lies_in_the_band_by_binomial_noise(
    model: str, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every 60 days, before the final test."""
    monkeypatch.setenv("CHURN_DATA", str(data_folder))
    monkeypatch.setenv("CHURN_ARTIFACTS", str(tmp_path))
    assert churn("ingest", config=MATHOVERFLOW).code == 0
    settings, snapshot = of_log(MATHOVERFLOW)
    told = figures(rolled(snapshot, model, settings, None, step=2), model, settings, own=False)
    sys.stdout.write(f"{told}\n")
    assert holds(told, model), told
