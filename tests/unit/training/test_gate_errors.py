"""The gate's promises, counted: equal ones stay out, better ones come in, bad ones are stopped by every rule.

By the benchmark's own path, in a shop on which nothing was chosen; figures of more trials stand in docs/gate.md.
"""

from typing import Any

import pytest

from benchmarks.gate import figures, trials
from benchmarks.gating.trial import RULES

pytestmark = pytest.mark.nightly

UNSEEN, TRIALS = 41, 30
BAD = (
    "labels shuffled",
    "leaking feature",
    "better, but pushed",
    "better, but its largest stage at random",
    "better, but another stage at random",
)


@pytest.fixture(scope="module")
def counted() -> dict[str, dict[str, Any]]:
    return figures(trials(UNSEEN, TRIALS, customers=30_000, models=8, records=None))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("challenger", BAD)
def test_bad_ones_are_stopped(challenger: str, rule: str, counted: dict[str, dict[str, Any]]) -> None:
    told = counted[f"{challenger}, {rule}"]
    assert (told["passed"], told["trials"]) == (0, TRIALS)


def test_equal_ones_do_not_replace_a_champion(counted: dict[str, dict[str, Any]]) -> None:
    assert counted["equal, replace"]["low"] <= 0.05


def test_good_ones_come_in_first_and_better_ones_replace(counted: dict[str, dict[str, Any]]) -> None:
    assert counted["equal, first"]["high"] == pytest.approx(1)
    assert counted["better by 0.06, replace"]["share"] >= 0.8
    assert counted["better by 0.12, replace"]["high"] == pytest.approx(1)


def test_a_run_that_was_cut_goes_on(tmp_path: Any) -> None:
    """With so few models and customers that it takes a moment, and is no witness of anything else."""
    records = tmp_path / "records.jsonl"
    size = {"customers": 24_000, "models": 4, "records": records}
    first = trials(43, 1, **size)
    assert trials(43, 1, **size) == first
    assert len(trials(43, 2, **size)) == 2 * len(first)
