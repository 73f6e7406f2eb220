"""Estimates of a champion that was really trained: told where all is as it was, abstaining where it is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from churn.events import FloatArray
from monitoring.before.estimates import estimated
from monitoring.before.found import Estimated
from monitoring.champion import Champion
from monitoring.drift.reference import Reference
from monitoring.drift.shift import score_drift
from monitoring.findings import Findings
from tests.unit.training import made
from training.challenger import Challenger, train
from training.estimates import pairs

NOW = made.TEST + timedelta(days=365)
Outcome = Callable[[FloatArray], FloatArray]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Challenger, made.Settings]:
    settings = made.settings(tmp_path_factory.mktemp("shop"))
    learn, test = made.snapshots(made.log(), settings)
    return train("churn", learn, test, settings, progress=lambda _text: None), settings


def told(trained: tuple[Challenger, made.Settings], scores: FloatArray, became: Outcome = np.copy) -> Estimated:
    """What is estimated of these scores, had the test come out so."""
    judged, settings = trained
    rows = replace(judged.test_rows, outcome=became(judged.test_rows.outcome))
    kept = pairs("churn", judged.fitted.held, rows, told_of(judged), settings)
    bundle = judged.bundle.model_copy(update={"metrics": {**judged.bundle.metrics, **kept}})
    champion = Champion("churn", "churn-made/1", judged.hash, bundle, Path("nowhere"))
    then = Reference(snapshot_hash="", model="churn", rows=len(scores), features={})
    found = Findings(
        champion=champion, rows=len(scores), min_rows=100, faults=[], feature_set_hash=bundle.feature_set_hash,
        features=[], score=score_drift(champion, then, scores, len(scores)), realised=None,
        age=timedelta(0), max_age=timedelta(hours=36), newer_outcomes=True,
    )  # fmt: skip
    return estimated(found, scores, settings, NOW)


def told_of(judged: Challenger) -> FloatArray:
    """Its scores of the customers of the test."""
    return judged.probabilities[judged.bundle.learner]


def test_where_all_is_as_it_was_the_band_holds_what_comes(trained: tuple[Challenger, made.Settings]) -> None:
    seen = told(trained, told_of(trained[0]))
    assert seen.abstains is None
    for name, came in seen.past[-1].realised.items():
        assert seen.figures[name].low <= came <= seen.figures[name].high, name


def test_it_abstains_of_customers_like_none_that_it_learned_from(trained: tuple[Challenger, made.Settings]) -> None:
    scores = told_of(trained[0])
    lost = np.resize(np.sort(scores)[-len(scores) // 10 :], len(scores))  # everybody is like the tenth most at risk
    seen = told(trained, lost)
    assert (seen.abstains and seen.abstains.code, seen.figures) == ("support_gone", {})


@pytest.mark.parametrize(
    "became",
    [
        lambda outcome: np.random.default_rng(2).permutation(outcome),  # as many as told, but not those
        lambda outcome: np.where(np.arange(len(outcome)) % 5, 0.0, outcome),  # a fifth of what was told
    ],
    ids=["who", "how many"],
)
def test_it_abstains_where_what_matured_came_otherwise(
    trained: tuple[Challenger, made.Settings], became: Outcome
) -> None:
    seen = told(trained, told_of(trained[0]), became)
    assert (seen.abstains and seen.abstains.code, seen.figures) == ("calibration_gone", {})
