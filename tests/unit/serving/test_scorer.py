"""The scorer: alone or among many, first or last, by LightGBM or by us, an answer is the same."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import lightgbm
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.clock import StoppedClock
from features.online import OnlineRow
from serving.abstentions import ABSTENTIONS, abstention
from serving.now import Stops, Watched
from serving.schemas import Score
from tests import tiny_service
from tests.tiny_service import AS_OF, NOW, champion, row, scorer

NUMBERS = st.floats() | st.sampled_from([0.0, 1.0, 3.0, 60.0, *tiny_service.CODES])
VECTORS = st.lists(NUMBERS, min_size=4, max_size=4).map(np.array)


def rows(vectors: list[Any]) -> list[OnlineRow | None]:
    """Customers with these vectors, every third for the other model, every fifth unknown."""
    return [
        None if i % 5 == 4 else row(f"C{i}", vector=vector, model="reactivation" if i % 3 == 2 else "churn")
        for i, vector in enumerate(vectors)
    ]


def plain(score: Score) -> bytes:
    """A score without its own id, as bytes: equal bytes are equal bits."""
    return msgspec.json.encode(msgspec.structs.replace(score, score_id=""))


@settings(max_examples=50)
@given(st.lists(VECTORS, min_size=1, max_size=40))
def test_scoring_one_equals_scoring_it_in_a_batch(vectors: list[Any]) -> None:
    held, ask = rows(vectors), scorer()
    ids = [f"C{i}" for i in range(len(held))]
    together = ask.score(ids, held, language="en", top=10)
    alone = [ask.score([i], [one], language="en", top=10)[0] for i, one in zip(ids, held, strict=True)]
    assert [plain(answer.score) for answer in together] == [plain(answer.score) for answer in alone]


def test_a_probability_is_lightgbms() -> None:
    vectors = tiny_service.vectors(500, seed=5)
    for model in ("churn", "reactivation"):
        held, bundle = champion(model), champion(model).bundle
        booster = lightgbm.Booster(model_str=tiny_service.texts(model)[0])
        raw = booster.predict(bundle.prepare(vectors), raw_score=True, num_threads=1)
        np.testing.assert_array_equal(held.trees.raw(bundle.prepare(vectors)), raw)
        ids = [f"C{i}" for i in range(len(vectors))]
        answers = scorer().score(ids, [row(i, vector=v, model=model) for i, v in zip(ids, vectors, strict=True)],
                                 language="en", top=0)  # fmt: skip
        assert [answer.score.probability for answer in answers] == bundle.probability(raw).tolist()


def test_reasons_are_lightgbms() -> None:
    vectors = tiny_service.vectors(300, seed=6)
    held = champion("churn")
    prepared = held.bundle.prepare(vectors)
    booster = lightgbm.Booster(model_str=tiny_service.texts("churn")[0])
    exact = booster.predict(prepared, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(held.trees.contributions(prepared), exact, atol=3e-6)


@pytest.mark.parametrize(
    ("age", "answered"),
    [(timedelta(hours=36), True), (timedelta(hours=36, microseconds=1), False), (timedelta(minutes=-5), True)],
)
def test_features_are_fresh_up_to_the_limit_and_on_it(age: timedelta, answered: bool) -> None:
    (answer,) = scorer().score(["C1"], [row("C1", as_of=NOW - age)], language="en", top=1)
    assert (answer.score.abstention is None) == answered
    if answered:
        assert answer.score.valid_until == NOW - age + timedelta(hours=36)


def test_a_stopped_model_abstains_until_another_is_promoted(tmp_path: Path) -> None:
    stops = Stops(tmp_path)
    ask = replace(scorer(), stopped=stops)

    def codes() -> list[str | None]:
        held = [row("C1"), row("C2", model="reactivation")]
        answers = ask.score(["C1", "C2"], held, language="en", top=1)
        return [answer.score.abstention.code if answer.score.abstention else None for answer in answers]

    assert codes() == [None, None]
    verdict = tmp_path / "monitoring" / "verdict.json"
    verdict.parent.mkdir()
    held = {"churn": {"verdict": "stop", "version": champion("churn").version}}
    verdict.write_text(json.dumps({"verdict": "stop", "models": held}))
    assert codes() == ["model_stopped", None]
    for spoilt in ('{"models": ', "[]", '{"models": {"churn": 5}}'):  # what cannot be read lifts no stop
        verdict.write_text(spoilt)
        assert codes() == ["model_stopped", None]
    verdict.unlink()  # nor does a file that is gone
    assert codes() == ["model_stopped", None]
    held["churn"]["version"] = "churn-tiny/2"
    verdict.write_text(json.dumps({"verdict": "stop", "models": held}))
    assert codes() == [None, None]


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path, reads = tmp_path / "file", []
    watched = Watched(lambda: path, lambda: reads.append(1) or len(reads))
    assert [watched.content() for _ in range(3)] == [2, 2, 2]
    path.write_text("new")
    assert [watched.content() for _ in range(3)] == [3, 3, 3]


def test_a_clock_that_moves_on_is_noticed() -> None:
    class Moving(StoppedClock):
        def now(self) -> datetime:
            return NOW + timedelta(days=2)

    (answer,) = scorer(clock=Moving(NOW)).score(["C1"], [row("C1")], language="en", top=1)
    assert answer.score.abstention is not None
    assert answer.score.abstention.code == "stale_features"


def test_a_clock_that_stepped_back_is_told_and_one_that_is_a_little_behind_is_not() -> None:
    """Features of the future: their age, and until when a score holds, would be wrong by as much."""
    for behind, code in (
        (timedelta(0), None),
        (timedelta(minutes=5), None),
        (timedelta(minutes=5, microseconds=1), "clock_skew"),
        (timedelta(days=1), "clock_skew"),
    ):
        (answer,) = scorer(clock=StoppedClock(AS_OF - behind)).score(["C1"], [row("C1")], language="en", top=1)
        assert (answer.score.abstention and answer.score.abstention.code) == code
        assert (answer.score.probability is None) == (code is not None)
    (skewed,) = scorer(clock=StoppedClock(AS_OF - timedelta(days=1))).score(["C1"], [row("C1")], language="en", top=1)
    assert skewed.score.abstention is not None
    assert "1440 minutes" in skewed.score.abstention.problem


@pytest.mark.parametrize("code", sorted(ABSTENTIONS))
def test_every_abstention_says_how_to_mend_it(code: str) -> None:
    told = abstention(code, model="churn", version="churn-tiny/3", hours="36", minutes="6")
    assert told.code == code
    assert "{" not in told.problem + told.mend
    assert told.mend


def test_the_reasons_are_as_many_as_asked_for_and_in_the_language() -> None:
    for top in (0, 1, 3):
        (answer,) = scorer().score(["C1"], tiny_service.rows()[:1], language="zh", top=top)
        assert len(answer.score.reasons) <= top
        assert all("可能性相关" in reason.text for reason in answer.score.reasons)
