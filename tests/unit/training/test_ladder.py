"""The ladder: who may serve, on which evidence, and that it falls back to the rule."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from churn.calendar import to_us
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import FloatArray
from training.baseline import RecencyRule
from training.btyd.histories import histories
from training.btyd.rival import Known
from training.calibrating import HeldOut
from training.fit import Fitted, fit
from training.ladder import Choice, choose
from training.rows import Columns, Rows
from training.skill import skill_intervals, surprise

LIFECYCLE = Lifecycle(definition=ChurnDefinition(horizon_days=30))
NAMES = ("signal", "order_days_since", "order_tenure_days", "order_gap_mean_ever")
CUTOFFS = [to_us(datetime(2024, month, 1, tzinfo=UTC)) for month in range(1, 7)]


def _rows(customers: int, *, signal: float, cutoffs: list[int], seed: int = 1) -> Rows:
    """Customers at cutoffs; the outcome depends on the silence, and on a feature that neither rule nor BG/NBD reads."""
    random = np.random.default_rng(seed)
    n = customers * len(cutoffs)
    since = random.exponential(30, n)
    X = np.column_stack([random.normal(size=n), since, since + 100, np.full(n, 50.0)])
    raw = since / 30 - 1 + signal * X[:, 0]
    outcome = (random.random(n) < 1 / (1 + np.exp(-raw))).astype(float)
    names = np.tile(np.array([f"c{number}" for number in range(customers)], dtype=object), len(cutoffs))
    return Rows(
        Columns(NAMES), X, outcome, names, np.repeat(np.array(cutoffs), customers), np.full(n, "active", dtype=object)
    )


def _known(rows: Rows) -> Callable[[int], Known]:
    return lambda at: Known(LIFECYCLE.definition, histories(rows.X[rows.cutoff_us == at][:, 1:]), 0, 1)


def _choose(rows: Rows, **changed: str) -> Choice:
    boost = lambda some: fit(some, whole_from_us=0, seed=1, threads=1)  # noqa: E731  # as a caller has it
    return choose(rows, "churn", LIFECYCLE, _known(rows), boost=boost, seed=1, **changed)


def test_the_learner_of_all_features_serves_where_it_has_shown_to_be_better() -> None:
    choice = _choose(_rows(400, signal=2.0, cutoffs=CUTOFFS))
    assert choice.learner == "lightgbm"
    assert choice.judged_on == "later cutoffs, other customers"
    rungs = {rung.learner: rung for rung in choice.rungs}
    low, skill = rungs["lightgbm"].low, rungs["lightgbm"].skill
    assert low is not None
    assert skill is not None
    assert 0 < low < skill
    assert not rungs["bg_nbd"].passes


def test_where_nothing_but_the_silence_matters_the_rule_serves() -> None:
    assert _choose(_rows(150, signal=0.0, cutoffs=CUTOFFS)).learner == "recency_rule"


def test_a_log_too_short_for_a_later_cutoff_is_judged_on_other_customers_alone() -> None:
    choice = _choose(_rows(1200, signal=2.0, cutoffs=CUTOFFS[:1]))
    assert choice.judged_on.startswith("other customers alone")
    assert choice.learner == "lightgbm"


def test_who_is_kept_out_says_why() -> None:
    rows = _rows(60, signal=2.0, cutoffs=CUTOFFS)
    choice = _choose(rows, why_not="360 rows, fewer than 1000")
    assert choice.learner == "recency_rule"
    assert [rung.why_not for rung in choice.rungs if rung.learner == "lightgbm"] == ["360 rows, fewer than 1000"]
    one_outcome = replace(rows, outcome=np.zeros(len(rows)))
    assert {rung.passes for rung in _choose(one_outcome).rungs} == {False}


@pytest.mark.parametrize(("richest", "tried"), [("recency_rule", []), ("bg_nbd", ["bg_nbd"])])
def test_nothing_richer_is_tried_than_may_serve(richest: str, tried: list[str]) -> None:
    choice = _choose(_rows(150, signal=2.0, cutoffs=CUTOFFS), richest=richest)
    assert [rung.learner for rung in choice.rungs] == tried
    assert choice.learner != "lightgbm"


def test_nobody_is_judged_on_a_customer_or_a_day_that_it_learned_from() -> None:
    rows = _rows(200, signal=1.0, cutoffs=CUTOFFS)
    seen: list[Rows] = []

    def boost(some: Rows) -> Fitted:
        seen.append(some)
        held = HeldOut(np.zeros(1), np.zeros(1), np.zeros(1, np.int64), np.zeros(1, np.int64))
        return replace(fit(some, whole_from_us=0, seed=1, threads=1), held=held)

    choice = choose(rows, "churn", LIFECYCLE, _known(rows), boost=boost, seed=1)
    assert choice.customers == 200
    assert sum(200 - len(set(some.customer)) for some in seen) == 200, "each customer is left out once"
    horizon_us = 30 * 86_400_000_000
    assert all(some.cutoff_us.max() + horizon_us <= CUTOFFS[3] for some in seen)


def test_the_interval_of_a_skill_holds_it() -> None:
    random = np.random.default_rng(5)
    held, true = 0, 0.1
    for _ in range(25):
        rule = random.exponential(1.0, 300)
        ours = rule * (1 - true) + random.normal(0, 0.2, 300)
        low, high = skill_intervals([(rule, ours)], [f"c{n % 100}" for n in range(300)], seed=1)[0]
        held += low <= true <= high
    assert 20 <= held <= 25


def test_surprise_is_log_loss_row_by_row() -> None:
    rows = _rows(30, signal=0.0, cutoffs=CUTOFFS[:1])
    told: FloatArray = RecencyRule.fit(rows, "churn").probability(rows)
    assert surprise(rows, told)[0] == pytest.approx(-np.log(told[0] if rows.outcome[0] else 1 - told[0]))
