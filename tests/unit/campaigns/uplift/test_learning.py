"""Learned from a trial whose effects are known: found where they are, and not claimed where there are none."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from campaigns.uplift.gathering import TOO_FEW, Refused, Rows, sample
from campaigns.uplift.judging import NO_ORDER, NOT_CALIBRATED, TRUSTED, Judged, judged
from campaigns.uplift.keeping import BrokenUplift, FeaturesMissing, NoCode, file_of, keep, read, uplift_of
from campaigns.uplift.learners import LEARNERS, learn
from campaigns.uplift.page import page
from campaigns.uplift.told import sentences
from campaigns.uplift.training import Shrunk, Trained, fitted, folds_of, line_of, trained
from churn.metrics_uplift import Trial

NOW = datetime(2025, 7, 1, tzinfo=UTC)
N = 6_000


def rows_of(effect_of: float, seed: int = 1, rows: int = N) -> tuple[Rows, np.ndarray]:
    """A trial in which the first feature says whom the action changes, by how much at most; and the true effects."""
    rng = np.random.default_rng(seed)
    X = rng.random((rows, 4))
    chance = np.where(rng.random(rows) < 0.5, 0.5, 0.7)
    side = rng.random(rows) < chance
    effect = effect_of * (X[:, 0] - 0.3)
    came = (rng.random(rows) < 0.3 + 0.2 * X[:, 1] + effect * side).astype(float)
    ids = np.array([f"C{number:05d}" for number in range(rows)], dtype=object)
    return Rows(ids, ("a", "b", "c", "d"), X, Trial.of(came, side, chance), ("spring",)), effect


def made(effect_of: float, seed: int = 1) -> tuple[Rows, Trained, Judged]:
    rows, _ = rows_of(effect_of, seed)
    model = trained(rows, folds=3, seed=7, threads=1)
    return rows, model, judged(model, rows.trial, rows.customer, draws=200, confidence=0.95, seed=7)


@pytest.fixture(scope="module")
def strong() -> tuple[Rows, Trained, Judged]:
    return made(0.5)


def test_an_effect_that_differs_is_found_and_trusted(strong: tuple[Rows, Trained, Judged]) -> None:
    rows, model, found = strong
    assert found.verdict == TRUSTED
    assert found.qini.low > 0
    assert abs(found.effect.value - 0.5 * 0.2) < 0.05
    assert np.corrcoef(model.told, rows.X[:, 0])[0, 1] > 0.8
    assert found.top[0.1].value > found.effect.value
    assert [one.n for one in found.groups] == [N // 5] * 5
    assert found.curve[0][1].value == 0.0
    assert_allclose(found.curve[-1][1].value, found.effect.value)


def test_where_there_is_none_nothing_is_claimed() -> None:
    """A trial in which the action changes nobody."""
    found = made(0.0, 2)[2]
    assert found.verdict == NO_ORDER
    assert found.qini.low < 0 < found.effect.high


def test_what_is_told_wrongly_is_not_trusted(strong: tuple[Rows, Trained, Judged]) -> None:
    rows, model, _ = strong
    loud = Trained(model.model, model.told * 3, model.fold, model.less, model.learners)
    found = judged(loud, rows.trial, rows.customer, draws=200, confidence=0.95, seed=7)
    assert found.verdict == NOT_CALIBRATED
    assert not all(one.holds for one in found.groups)


def test_the_same_again_is_the_same(strong: tuple[Rows, Trained, Judged]) -> None:
    rows, model, found = strong
    again = fitted(rows, seed=7, threads=2)
    assert again == model.model
    assert judged(model, rows.trial, rows.customer, draws=200, confidence=0.95, seed=7) == found


@pytest.mark.parametrize("name", LEARNERS)
def test_each_learner_finds_it(name: str) -> None:
    rows, effect = rows_of(0.6)
    fold = folds_of(rows.customer, 2, 1)
    told = learn(name, rows.X, rows.trial, fold, seed=1, threads=1).of(rows.X)
    assert np.corrcoef(told, effect)[0, 1] > 0.7
    assert_allclose(told.mean(), effect.mean(), atol=0.04)


def test_the_line_keeps_what_held_and_drops_what_did_not() -> None:
    rows, effect = rows_of(0.6, rows=20_000)
    level, slope = line_of(rows.trial, effect * 2)
    assert_allclose(level, effect.mean(), atol=0.03)
    assert 0.3 < slope < 0.7
    assert line_of(rows.trial, -effect)[1] == 0.0
    assert line_of(rows.trial, effect / 9)[1] == 1.0
    assert line_of(rows.trial, np.full(len(rows), 0.1))[1] == 0.0


def test_customers_stay_in_one_fold_and_are_drawn_whole() -> None:
    ids = np.array(["a", "b", "a", "c", "b"] * 400, dtype=object)
    fold = folds_of(ids, 5, 7)
    assert all(len(set(fold[ids == one])) == 1 for one in "abc")
    many = np.array([f"C{number // 2}" for number in range(4_000)], dtype=object)
    drawn = sample(many, 1_000, 7)
    assert_array_equal(drawn[::2], drawn[1::2])
    assert 800 < drawn.sum() < 1_200
    assert not np.array_equal(drawn, sample(many, 1_000, 8))


def test_what_is_kept_tells_the_same(strong: tuple[Rows, Trained, Judged], tmp_path: Path) -> None:
    rows, model, found = strong
    told = keep(tmp_path, "coupon", rows, found, model.model, now=NOW, seed=7)
    assert read(tmp_path, "coupon") == told
    kept = uplift_of(tmp_path, "coupon")
    assert kept is not None
    frame = pd.DataFrame(rows.X, columns=list(rows.names)).assign(other=1.0)[["other", "d", "c", "b", "a"]]
    assert_allclose(kept.effects(frame), model.model.of(rows.X))
    assert kept.known_until == NOW
    assert "C00001" not in file_of(tmp_path, "coupon").read_text()
    with pytest.raises(FeaturesMissing, match="1 of its features") as error:
        kept.effects(frame.drop(columns="a"))
    assert "churn campaign uplift" in error.value.mend


def test_what_is_not_trusted_is_told_and_never_given(strong: tuple[Rows, Trained, Judged], tmp_path: Path) -> None:
    refused = Refused(TOO_FEW, {"treated": 10, "held_out": 4})
    told = keep(tmp_path, "call", refused, None, None, now=NOW, seed=7)
    assert uplift_of(tmp_path, "call") is None
    assert uplift_of(tmp_path, "never_tried") is None
    assert sentences(told, "en")[1] == "10 treated, 4 held out"
    assert "未训练" in sentences(told, "zh")[0]
    rows, model, found = strong
    found = replace(found, verdict=NO_ORDER)
    assert "model" not in keep(tmp_path, "mail", rows, found, model.model, now=NOW, seed=7)


def test_the_page_shows_both_languages(strong: tuple[Rows, Trained, Judged], tmp_path: Path) -> None:
    rows, model, found = strong
    told = keep(tmp_path, "coupon", rows, found, model.model, now=NOW, seed=7)
    drawn = page(told, "zh")
    assert "plans may count on it" in drawn
    assert "计划可以采用" in drawn
    assert drawn.count("<polygon") == 1
    assert "nan" not in drawn.lower().replace("tenant", "")
    refused = keep(tmp_path, "call", Refused(TOO_FEW, {"treated": 10}), None, None, now=NOW, seed=7)
    assert "<polygon" not in page(refused, "en")


def test_a_broken_file_and_a_name_that_leads_elsewhere(tmp_path: Path) -> None:
    path = file_of(tmp_path, "coupon")
    path.parent.mkdir(parents=True)
    for text in ("{", '{"form": 99}', '{"form": 1, "verdict": "trusted"}'):
        path.write_text(text)
        with pytest.raises(BrokenUplift) as error:
            uplift_of(tmp_path, "coupon")
        assert "churn campaign uplift" in error.value.mend
    with pytest.raises(NoCode) as told:
        uplift_of(tmp_path, "../../etc")
    assert "bring the campaign in again" in told.value.mend


def test_a_flat_line_asks_no_model() -> None:
    rows, _ = rows_of(0.0, rows=100)
    flat = Shrunk(learn("t", rows.X, rows.trial, folds_of(rows.customer, 2, 1), seed=1, threads=1), "t", 0.02, 0.0, 0.5)
    assert_allclose(flat.of(rows.X), 0.02)
