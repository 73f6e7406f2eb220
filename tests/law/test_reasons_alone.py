"""Law: a customer's raw score and reasons are the same, bit by bit, alone and among any others, in any order."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny_service import champion, vectors


@cache
def _everybody() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    model = champion("churn")
    prepared = model.bundle.prepare(vectors(100, seed=12))
    return prepared, *model.trees.explained(prepared)


@settings(max_examples=60, deadline=None)
@given(chosen=st.lists(st.integers(0, 99), max_size=40))
def test_nobody_else_changes_a_customer_s_score_or_reasons(chosen: list[int]) -> None:
    prepared, raw, contributions = _everybody()
    found = champion("churn").trees.explained(prepared[chosen])
    np.testing.assert_array_equal(found[0], raw[chosen])
    np.testing.assert_array_equal(found[1], contributions[chosen])
