"""The gate on drawn rows: who is let in, who is not, by which rule, and in which words."""

from dataclasses import replace

import numpy as np
import pytest

from churn.events import FloatArray
from churn.model_sections import Gate
from tests.unit.training.drawn_rows import STAKES, N, evidence_drawn, judged, sigmoid, towards
from training.evidence import Evidence, Footprint, Rival, Unlike
from training.gate import judge, rule_of
from training.gate_verdict import LOST, Check
from training.paired import drawn_means
from training.rows import Columns, Rows


@pytest.fixture(scope="module")
def drawn() -> tuple[Evidence, FloatArray]:
    return evidence_drawn()


def test_a_challenger_that_is_better_beyond_doubt_passes(drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, truth = drawn
    verdict = judged(evidence, towards(evidence, truth, 0.7))
    assert verdict.passed, verdict.reasons
    assert verdict.rule == "replace"
    assert all(one.why and one.why_zh and one.why != one.why_zh for one in verdict.checks)


def test_an_equal_one_and_one_a_little_better_stay_out(drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, truth = drawn
    random = np.random.default_rng(1)
    equal = sigmoid(np.log(evidence.probability / (1 - evidence.probability)) + 0.05 * random.normal(size=N))
    for probability in (evidence.probability, equal, towards(evidence, truth, 0.03)):
        assert judged(evidence, probability).failed == ["against_champion"]


def test_an_old_champion_yields_to_one_that_is_no_worse_but_not_to_a_worse_one(
    drawn: tuple[Evidence, FloatArray],
) -> None:
    evidence, _ = drawn
    old = Rival("version 1", evidence.probability, age_days=180)
    assert judged(evidence, evidence.probability, champion=old).rule == "renew"
    assert judged(evidence, evidence.probability, champion=old).passed
    worse = sigmoid(0.5 * np.log(evidence.probability / (1 - evidence.probability)))
    assert "against_champion" in judged(evidence, worse, champion=old).failed
    young = replace(old, age_days=179.9)
    assert judged(evidence, evidence.probability, champion=young).failed == ["against_champion"]


def test_a_champion_with_other_features_yields_to_one_that_is_no_worse_but_not_to_a_worse_one(
    drawn: tuple[Evidence, FloatArray],
) -> None:
    evidence, _ = drawn
    other = Rival("version 1", evidence.probability, reads_others=True)
    verdict = judged(evidence, evidence.probability, champion=other)
    assert (verdict.passed, verdict.rule) == (True, "features_changed")
    told = {one.name: one for one in verdict.checks}["against_champion"]
    assert "which reads other features" in told.why
    assert "特征不同的现任" in told.why_zh
    worse = sigmoid(0.5 * np.log(evidence.probability / (1 - evidence.probability)))
    assert "against_champion" in judged(evidence, worse, champion=other).failed


@pytest.mark.parametrize("champion", ["serves", "old", "nobody"])
def test_bad_ones_are_stopped_under_every_rule(champion: str, drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, truth = drawn
    random, better = np.random.default_rng(3), towards(drawn[0], truth, 0.5)
    serves = Rival("version 1", evidence.probability, age_days=180.0 * (champion == "old"))
    against = None if champion == "nobody" else serves
    broken = better.copy()
    mine = np.flatnonzero(evidence.rows.stage == "new")
    broken[mine] = random.permutation(broken[mine])
    bad = {
        "beats_recency_rule": random.permutation(evidence.probability),
        "calibration": sigmoid(1.2 * np.log(better / (1 - better)) - 1.2),
        "segments": broken,
        "ranking": broken,
    }
    for name, probability in bad.items():
        assert name in judged(evidence, probability, champion=against).failed
    leak = Check("parity", "failed", "9 of 9 rows differ", "9 行不一致")
    known = np.clip(0.05 * better + 0.95 * evidence.rows.outcome, 0.01, 0.99)
    assert "parity" in judged(evidence, known, champion=against, others=(leak,)).failed


def test_less_profit_is_told_and_stops(drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, truth = drawn
    better = towards(evidence, truth, 0.7)
    told = {one.name: one for one in judged(evidence, better).checks}
    assert told["profit"].state == "passed"
    assert {one.name: one for one in judged(evidence, better, stakes=None).checks}["profit"].state == "not_required"
    coarse = np.where(better < STAKES.break_even, np.minimum(better, 0.2), better)
    flat = np.clip(coarse * 0 + evidence.rows.outcome.mean(), 0.01, 0.99)
    assert {"profit", "against_champion"} <= set(judged(evidence, flat).failed)


def test_heavy_slow_and_large_models_stay_out(drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, truth = drawn
    better = towards(evidence, truth, 0.7)
    for heavy in (Footprint(9_999, 1, 1.0), Footprint(1, 90_000_000, 1.0), Footprint(1, 1, 99.0)):
        assert judged(evidence, better, footprint=heavy).failed == ["footprint"]


def test_each_case_has_its_rule(drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, _ = drawn
    gone = Unlike("its features are gone", "特征已消失", is_other_question=False, reads_others=True)
    asks = replace(gone, is_other_question=True, reads_others=False)
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"champion": None}, "first", "not_required"),
        ({"champion": asks}, "first", "not_required"),
        ({"champion": gone}, "features_changed", "not_required"),
        ({"champion": replace(gone, reads_others=False)}, "replace", "failed"),
        ({"champion": replace(gone, lost=("visits",))}, "features_changed", "not_required"),
        ({"champion": gone, "is_afresh": True}, "afresh", "not_required"),
        ({"champion": None, "is_champion": True}, "again", "not_required"),
    ]
    for changes, rule, state in cases:
        verdict = judged(evidence, evidence.probability, **changes)
        assert rule_of(replace(evidence, **changes), Gate()) == verdict.rule == rule  # type: ignore[arg-type]
        assert {one.name: one.state for one in verdict.checks}["against_champion"] == state


def test_features_that_the_log_lost_stop_a_challenger_that_is_judged_as_first(
    drawn: tuple[Evidence, FloatArray],
) -> None:
    evidence, truth = drawn
    names = ("visit_count_30d", "visit_count_90d", "visit_days_since", "visit_count_ever")
    gone = Unlike("gone", "已消失", is_other_question=False, reads_others=True, lost=names)
    better = towards(evidence, truth, 0.7)
    verdict = judged(evidence, better, champion=gone)
    assert verdict.failed == [LOST]
    (told,) = (one for one in verdict.checks if one.name == LOST)
    assert "visit_count_30d, visit_count_90d, visit_days_since (+1)" in told.why
    assert "visit_days_since" in told.why_zh
    assert "churn promote --afresh" in told.why_zh
    assert judged(evidence, better, champion=gone, is_afresh=True).passed
    assert judged(evidence, better, champion=replace(gone, lost=())).passed


def test_the_rule_itself_need_not_beat_itself(drawn: tuple[Evidence, FloatArray]) -> None:
    evidence, _ = drawn
    verdict = judged(evidence, evidence.rivals["recency_rule"], champion=None, learner="recency_rule")
    assert verdict.passed, verdict.reasons


@pytest.mark.parametrize("n", [17, 30, 60])
def test_few_rows_do_not_make_a_calibrated_model_look_wrong(n: int) -> None:
    """Ten bins of one or two rows refused the true probabilities of 17 rows three times in four."""
    random, refused = np.random.default_rng(n), 0
    for _ in range(60):
        truth = random.beta(1.2, 1.8, n)
        outcome = (random.random(n) < truth).astype(float)
        rows = Rows(
            Columns(()), np.zeros((n, 0)), outcome, np.arange(n).astype(object), np.zeros(n, dtype=np.int64),
            np.full(n, "active", dtype=object),
        )  # fmt: skip
        verdict = judge(Evidence(rows, truth, {"base_rate": np.full(n, 0.4)}, "recency_rule"), Gate(), seed=7)
        refused += "calibration" in verdict.failed
    assert refused <= 3


def test_equal_challengers_pass_no_more_often_than_is_allowed() -> None:
    """The bare test without a margin holds its level: the margin only makes it stricter."""
    random, passed = np.random.default_rng(0), 0
    for turn in range(200):
        p = random.uniform(0.2, 0.8, 400)
        ours, theirs = np.clip(p + 0.03 * random.normal(size=(2, 400)), 0.05, 0.95)
        loss = -p * np.log(ours / theirs) - (1 - p) * np.log((1 - ours) / (1 - theirs))
        outcome = (random.random(400) < p).astype(float)
        told = np.where(outcome > 0, -np.log(ours / theirs), -np.log((1 - ours) / (1 - theirs))) - loss.mean()
        _, high = drawn_means([(told, np.ones(400, dtype=bool))], np.arange(400), seed=turn).interval(0, 0.05)
        passed += high < 0
    assert passed <= 14  # 2.5% of 200 is 5; P(> 14) is below one in a thousand
