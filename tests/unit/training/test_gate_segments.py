"""A segment that is scored by chance: who is stopped for it, and who is not; and one look for several rules."""

from dataclasses import replace

import numpy as np
import pytest

from churn.events import FloatArray
from churn.model_sections import Gate
from tests.unit.training.drawn_rows import evidence_drawn, judged, sigmoid, towards
from training.evidence import Evidence, Rival
from training.gate import judge, look, verdict


@pytest.fixture(scope="module")
def by_chance() -> tuple[Evidence, FloatArray]:
    """One that scores the new ones by chance, as good there as rule and base rate; and one that is better elsewhere."""
    evidence, truth = evidence_drawn()
    random, found, mine = np.random.default_rng(4), towards(evidence, truth, 0.2), evidence.rows.stage == "new"
    rate = float(evidence.rows.outcome[mine].mean())
    found[mine] = sigmoid(np.log(rate / (1 - rate)) + 0.4 * random.normal(size=int(mine.sum())))
    rivals = {name: np.where(mine, 0.7 * rate, told) for name, told in evidence.rivals.items()}
    nearer = np.where(mine, found, towards(evidence, truth, 0.9))
    return replace(evidence, probability=found, rivals=rivals), nearer


def test_who_tells_customers_of_a_segment_apart_by_chance_is_stopped_at_a_first_promotion_too(
    by_chance: tuple[Evidence, FloatArray],
) -> None:
    verdict = judged(by_chance[0], by_chance[0].probability, champion=None)
    assert verdict.failed == ["ranking"]
    (told,) = (one for one in verdict.checks if one.name == "ranking")
    assert "not there in stage new (" in told.why
    assert "stage new" in told.why_zh


def test_a_fault_that_the_champion_has_too_stops_nobody(
    by_chance: tuple[Evidence, FloatArray],
) -> None:
    evidence, better = by_chance
    assert judged(evidence, better, champion=None).failed == ["ranking"]
    verdict = judged(evidence, better, champion=Rival("version 1", evidence.probability))
    assert verdict.passed, verdict.reasons
    assert judged(evidence, better, champion=None, learner="recency_rule").passed  # there is nothing simpler


def test_verdicts_by_several_rules_may_share_one_look(by_chance: tuple[Evidence, FloatArray]) -> None:
    """As benchmarks/gate.py does."""
    evidence, better = by_chance
    seen = look(replace(evidence, probability=better), Gate(), seed=7)
    assert isinstance(evidence.champion, Rival)
    for champion in (None, evidence.champion, replace(evidence.champion, age_days=200.0)):
        asked = replace(seen.evidence, champion=champion)
        assert verdict(replace(seen, evidence=asked)).failed == judge(asked, Gate(), seed=7).failed
