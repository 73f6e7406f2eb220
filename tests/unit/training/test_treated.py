"""What becomes of treated rows: nothing without campaigns; with a hold-out the risk of the untreated comes out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from churn.calendar import DAY_US
from features.parts import Here
from features.touched import Touched
from features.treatments import write_treatments
from tests.unit.features.test_touched import planned
from tests.unit.training import made
from tests.unit.training.drawn_rows import evidence_drawn
from training.boosting import Task
from training.design import Design
from training.recipe import Recipe
from training.rows import Rows
from training.treated import Tally, TreatedOnCluster, by_rule, settled, tallies

RULES = ("kept", "excluded", "weighted", "modelled")


def drawn(seed: int = 3) -> tuple[Rows, Touched, float]:
    """Rows of which the riskier half was planned for and 80 % of these treated, which halves their risk."""
    random = np.random.default_rng(seed)
    rows, n = evidence_drawn()[0].rows, len(evidence_drawn()[0].rows)
    risky = random.random(n) < 0.5  # known after the cutoff alone: no feature tells
    risk = np.where(risky, 0.6, 0.2)
    treated = risky & (random.random(n) < 0.8)
    outcome = (random.random(n) < np.where(treated, risk / 2, risk)).astype(float)
    weight = np.where(risky & ~treated, 5.0, 1.0)
    rows = replace(rows, outcome=outcome, cutoff_us=rows.cutoff_us * 30 * DAY_US)
    return rows, Touched(treated, risky & ~treated, weight, treated & False), 0.4


@pytest.mark.parametrize("rule", RULES)
def test_no_treatment_gives_the_very_rows_back(rule: str) -> None:
    rows, touched, _ = drawn()
    none = Touched(
        touched.is_treated & False, touched.is_held_out & False, np.ones(len(rows)), touched.is_treated & False
    )
    found, told = by_rule(rows, none, rule, heaviest=20, seed=7)
    assert found is rows
    assert tallies({"training": told}) == {}


def test_weights_bring_back_the_risk_of_the_untreated_where_leaving_out_does_not() -> None:
    rows, touched, true = drawn()
    rates = {rule: by_rule(rows, touched, rule, heaviest=20, seed=7)[0].outcome.mean() for rule in RULES}
    assert rates["weighted"] == pytest.approx(true, abs=0.04)
    assert rates["kept"] < true - 0.07
    assert rates["excluded"] < true - 0.07
    assert rates["modelled"] == rates["kept"]  # the same rows, treated ones marked


def test_what_was_done_is_told() -> None:
    rows, touched, _ = drawn()
    found, told = by_rule(rows, touched, "weighted", heaviest=20, seed=7)
    held = int(touched.is_held_out.sum())
    assert told.left == len(found) == len(rows) - told.treated + 4 * held
    assert told.heaviest == 5.0
    assert len(rows) - told.treated > told.effective > held
    assert f"{told.treated:,} of {len(rows):,} rows were treated by campaigns and left out" in told.sentence
    capped = by_rule(rows, touched, "weighted", heaviest=3, seed=7)[1]
    assert (capped.capped, capped.heaviest) == (held, 3.0)
    alone = replace(touched, stands_for_nobody=touched.is_treated)
    assert "so that nobody stands for them" in by_rule(rows, alone, "excluded", heaviest=20, seed=7)[1].sentence


def test_a_weight_between_two_numbers_is_kept_on_average() -> None:
    rows, touched, _ = drawn()
    some = replace(touched, weight=np.where(touched.is_held_out, 2.3, 1.0))
    found = by_rule(rows, some, "weighted", heaviest=20, seed=7)[0]
    expected = 2.3 * touched.is_held_out.sum() + (~touched.is_treated & ~touched.is_held_out).sum()
    assert len(found) == pytest.approx(expected, rel=0.03)


def test_a_treatment_that_is_modelled_gets_a_level_of_its_own() -> None:
    rows, touched, _ = drawn()
    marked = by_rule(rows, touched, "modelled", heaviest=20, seed=7)[0]
    assert len(np.unique(marked.level_us)) == 2 * len(marked.cutoffs)
    weight, signs = np.ones(len(rows)), np.zeros(1, dtype=np.int64)
    task = Task(marked, Design.of(marked.X, np.ones(1, dtype=bool)), weight, signs, Recipe(), {})
    levels = task.line(np.arange(len(rows))).levels  # by cutoff: the others, then the treated
    treated, others = (rows.outcome[one].mean() for one in (touched.is_treated, ~touched.is_treated))
    apart = np.log(treated / (1 - treated)) - np.log(others / (1 - others))
    assert levels[1::2] - levels[::2] == pytest.approx([apart] * 2, abs=0.2)


def test_treatments_are_read_from_the_artifacts_and_test_rows_are_weighted_by_every_rule(tmp_path: Path) -> None:
    rows, _, _ = drawn()
    settings = made.settings(tmp_path)
    assert settled(rows, settings)[0] is rows
    row = planned("c5", made.START, made.END, treated=True)
    write_treatments(settings.folder, row["campaign"].iloc[0], row)
    at = int(made.TEST.timestamp() * 1_000_000) - 200 * DAY_US
    rows = replace(rows, cutoff_us=rows.cutoff_us + at)
    for rule, of_test in (("kept", "kept"), ("excluded", "weighted"), ("modelled", "weighted")):
        mine = settings.model_copy(update={"training": settings.training.model_copy(update={"treated_rows": rule})})
        told: Tally = settled(rows, mine, is_test=True)[1]
        assert (told.rule, told.treated) == (of_test, 2)
    with pytest.raises(TreatedOnCluster) as refused:
        settled(rows, mine, engine=Here())
    assert "train on one node" in refused.value.mend
