"""The calibration band holds for nine in ten: fifths of cohorts to come, in the 95 % interval of that coverage.

By the benchmark's own path: at a cutoff the learner of `churn train` and its outlook, from what had matured then.
Months of one shop that overlap share their fate, of which the interval of a coverage knows nothing: so every third
month of several shops is asked. `pytest -rP` shows the figures; CHURN_TEST_RECORDS names a folder that keeps what
models said, so that another interval is tried without fitting them again.
"""

import os
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bands import figures, of_log, of_simulation
from benchmarks.rolled import Truth, rolled
from churn.settings import Settings
from features.snapshots import Snapshot
from tests.command_line import churn

pytestmark = pytest.mark.nightly

MATHOVERFLOW = Path(__file__).parents[3] / "examples" / "mathoverflow" / "churn.toml"
UNSEEN = (47, 61, 67, 71)  # shops on which nothing was chosen
MODELS = ("churn", "reactivation")
RECORDS = Path(os.environ["CHURN_TEST_RECORDS"]) if "CHURN_TEST_RECORDS" in os.environ else None


def holds(told: dict[str, Any], model: str) -> bool:
    assert told[f"{model}_band_cohorts"] >= 20
    return bool(told[f"{model}_band_coverage_low"] <= 0.90 <= told[f"{model}_band_coverage_high"])


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Settings, Snapshot, Truth]]:
    return [of_simulation(tmp_path_factory.mktemp("shop"), 3000, seed=seed) for seed in UNSEEN]


A_LITTLE_WIDE = pytest.mark.xfail(
    reason="covers .957 (.913 to 1.001): a little too often; docs/outlook.md", strict=False
)


@pytest.mark.parametrize("model", ["churn", pytest.param("reactivation", marks=A_LITTLE_WIDE)])
def test_the_mean_of_true_chances_lies_in_the_band(model: str, shops: list[tuple[Settings, Snapshot, Truth]]) -> None:
    asked = chain.from_iterable(
        rolled(snapshot, model, settings, truth, step=3, records=RECORDS) for settings, snapshot, truth in shops
    )
    told = figures(asked, model, shops[0][0], own=False)
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
    told = figures(rolled(snapshot, model, settings, None, step=2, records=RECORDS), model, settings, own=False)
    sys.stdout.write(f"{told}\n")
    assert holds(told, model), told
