"""Where the business says which way a score must go, no two customers alike but for that feature contradict it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.errors import SettingsError
from tests.unit.training.test_learner import drawn
from training.fit import Fitted, fit, raw_scores
from training.monotone import UnknownMonotone, signs_of
from training.plan import known_codes, numbered
from training.recipe import Recipe
from training.rows import Columns

WAYS = {"since": "falling", "noise": "rising", "count": "falling"}  # the truth rises with `since`, falls with `count`
SIGNS = np.array([-1, -1, 1, 0])
QUICK = Recipe(penalty=5.0, min_data_in_leaf=20, lambda_l2=1.0, learning_rate=0.3, feature_fraction=1.0)


@pytest.fixture(scope="module")
def held() -> Fitted:
    rows = drawn()
    signs = signs_of(rows.columns, WAYS, "churn")  # type: ignore[arg-type]  # literals
    return fit(rows, whole_from_us=0, seed=7, threads=1, recipe=QUICK, signs=signs, trees=60)


@given(
    row=st.tuples(*[st.floats(-500, 500) | st.just(float("nan"))] * 3, st.sampled_from([0.0, 1.0, 2.0, 3.0])),
    values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12),
    place=st.sampled_from([0, 1, 2]),
)
@settings(max_examples=60, deadline=None)
def test_the_score_goes_the_way_it_must(held: Fitted, row: tuple[float, ...], values: list[float], place: int) -> None:
    X = np.tile(np.array(row), (len(values), 1))
    X[:, place] = np.sort(values)
    moves = np.diff(raw_scores(held.booster, X)) * SIGNS[place]
    assert (moves >= -1e-9).all()


def test_without_the_rule_the_same_rows_break_it() -> None:
    """The law can fail: a free model follows the truth, which goes the other way."""
    rows = drawn()
    free = fit(rows, whole_from_us=0, seed=7, threads=1, recipe=QUICK, trees=60)
    X = np.tile(numbered(rows, known_codes(rows))[0], (50, 1))
    X[:, 0] = np.linspace(0, 200, 50)
    assert np.diff(raw_scores(free.booster, X)).max() > 0.01


def test_what_must_rise_with_churn_must_fall_with_reactivation() -> None:
    columns = Columns(("since", "region"), ("region",))
    assert signs_of(columns, {"since": "rising"}, "churn").tolist() == [1, 0]
    assert signs_of(columns, {"since": "rising"}, "reactivation").tolist() == [-1, 0]
    assert not signs_of(columns, {}, "churn").any()


def test_unknown_names_and_texts_are_told_together() -> None:
    columns = Columns(("since", "region"), ("region",))
    with pytest.raises(UnknownMonotone) as caught:
        signs_of(columns, {"sinse": "rising", "region": "falling"}, "churn")
    assert isinstance(caught.value, SettingsError)
    assert "did you mean 'since'?" in caught.value.problem
    assert "'region' is a text" in caught.value.problem
    assert "churn features list" in caught.value.mend
