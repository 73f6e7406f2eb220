"""Rows that no learner can learn from: one outcome, an outcome so rare that a fold lacks it, infinity."""

from dataclasses import replace

import numpy as np
import pytest

from churn.outcomes import OneOutcome
from tests.unit.training.test_learner import drawn
from training.fit import Fitted, fit
from training.recipe import Recipe
from training.rows import InfiniteFeatures, Rows

QUICK = Recipe(max_trees=5, patience=2)


def fitted(rows: Rows, recipe: Recipe = QUICK) -> Fitted:
    return fit(rows, whole_from_us=0, seed=7, threads=1, recipe=recipe)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_is_told_before_anything_is_fitted(outcome: float) -> None:
    rows = drawn(400)
    with pytest.raises(OneOutcome) as caught:
        fitted(replace(rows, outcome=np.full(400, outcome)))
    assert "churn definition preview" in caught.value.mend


def test_folds_that_lack_an_outcome_are_told_or_fitted_never_broken() -> None:
    """With a single customer who churned, whoever learns without that customer's fold has one outcome."""
    rows = drawn(400)
    one = np.where(rows.customer == rows.customer[0], 1.0, 0.0)
    with pytest.raises(OneOutcome) as caught:
        fitted(replace(rows, outcome=one))
    assert "both outcomes occur" in caught.value.mend


def test_a_few_of_the_rarer_outcome_are_fitted() -> None:
    rows = drawn(400)
    rare = np.zeros(400)
    rare[::40] = 1.0
    found = fitted(replace(rows, outcome=rare))
    assert np.isfinite(found.held_out).all()
    assert found.held_out.mean() == pytest.approx(0.025, abs=0.02)


def test_a_feature_that_is_always_null_or_always_the_same_changes_nothing_and_breaks_nothing() -> None:
    rows = drawn(400)
    X = rows.X.copy()
    X[:, 1], X[:, 2] = np.nan, 4.0
    found = fitted(replace(rows, X=X))
    assert not {"noise"} & set(found.read)
    assert np.isfinite(found.raw(X)).all()


def test_an_infinite_feature_is_refused_by_name() -> None:
    rows = drawn(400)
    X = rows.X.copy()
    X[7, 1] = np.inf
    with pytest.raises(InfiniteFeatures) as caught:
        fitted(replace(rows, X=X))
    assert "count (1 rows)" in caught.value.problem
