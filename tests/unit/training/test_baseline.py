"""The rivals: simple, fitted to the same rows, and never certain because of one customer."""

import numpy as np

from training.baseline import RecencyRule
from training.rows import Columns, Rows


def _rows(days: list[float], outcome: list[float]) -> Rows:
    size = len(days)
    return Rows(
        columns=Columns(("order_days_since", "order_tenure_days")),
        X=np.array([days, days]).T,
        outcome=np.array(outcome),
        customer=np.array([f"c{number}" for number in range(size)], dtype=object),
        cutoff_us=np.zeros(size, dtype=np.int64),
        stage=np.full(size, "active", dtype=object),
    )


def test_the_recency_rule_speaks_of_whole_days() -> None:
    days = [10.1, 10.2, 10.7, 10.9, 40.0, 40.3, 40.6, 40.9]
    rule = RecencyRule.fit(_rows(days, [0, 0, 0, 1, 1, 1, 1, 0]), "churn")
    told = rule.probability(_rows([10.0, 10.95, 40.99], [0, 0, 0]))
    assert told.round(6).tolist() == [0.25, 0.25, 0.75]


def test_for_reactivation_a_longer_silence_never_makes_a_return_likelier() -> None:
    rule = RecencyRule.fit(_rows([100.0, 100.0, 200.0, 200.0, 300.0], [1, 0, 0, 0, 1]), "reactivation")
    told = rule.probability(_rows([100.0, 200.0, 300.0], [0, 0, 0]))
    assert (np.diff(told) <= 0).all()


def test_the_recency_rule_is_as_certain_as_its_rows_allow() -> None:
    days = [1.0] * 8 + [20.0, 20.0] + [30.0] * 18
    rule = RecencyRule.fit(_rows(days, [0.0] * 8 + [0, 1] + [1.0] * 18), "churn")
    told = rule.probability(_rows([1.0, 20.0, 300.0], [0, 0, 0]))
    assert told.tolist() == [1 / 10, 0.5, 19 / 20]
    once = RecencyRule.fit(_rows([1.0, 2.0], [0.0, 1.0]), "churn").probability(_rows([1.0, 2.0], [0, 0]))
    assert np.allclose(once, [1 / 3, 2 / 3])
