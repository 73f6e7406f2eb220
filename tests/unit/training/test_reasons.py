"""Reasons under test: sums, deletion, stability, hits; what is told of them."""

import json

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.treeshap import TreeShap
from tests.unit.training import made
from training.challenger import Challenger, train
from training.explain import Trees, groups, importances, of_contributions
from training.fit import merged
from training.logistic import fit_line
from training.reasons.counted import Share
from training.reasons.deletion import deletion, lenders, moved
from training.reasons.grouped import Groups, raising, strongest
from training.reasons.hits import CAUSE_GROUPS, hit_rates
from training.reasons.report import Asked
from training.reasons.stability import drawn, few
from training.rows import Columns, Rows
from training.step_trees import blocks_of, trees_of


@pytest.fixture(scope="module")
def challenger(tmp_path_factory: pytest.TempPathFactory) -> Challenger:
    shop = made.settings(tmp_path_factory.mktemp("made"))
    return train("churn", *made.snapshots(made.log(900), shop), shop, progress=lambda _text: None)


@pytest.fixture(scope="module")
def asked(challenger: Challenger) -> Asked:
    return Asked.of(challenger.bundle, challenger.booster, challenger.test_rows)


def four(count: int = 4) -> Groups:
    return Groups(
        tuple(f"g{one}" for one in range(count)), tuple(np.array([one]) for one in range(count)), np.zeros(count)
    )


def linear(weights: list[float]) -> object:
    return lambda X: X @ np.array(weights)


def test_contributions_add_up_to_the_raw_score(asked: Asked) -> None:
    raw = asked.trees.raw(asked.X)
    assert asked.contributions.sum(axis=1) == pytest.approx(raw, abs=1e-9)
    sums = Groups.of(asked.bundle).sums(asked.contributions)
    usual = sum(asked.bundle.usual_moves.values())
    assert usual != 0
    assert sums.sum(axis=1) + usual + asked.contributions[:, -1] == pytest.approx(raw, abs=1e-9)


@pytest.fixture(scope="module")
def text() -> str:
    """A line as trees, with boosted trees on top of it, in one text."""
    random = np.random.default_rng(8)
    X = random.normal(size=(800, 3)) * 20
    X[random.random((800, 3)) < 0.2] = np.nan
    outcome = (np.nan_to_num(X[:, 0]) + random.normal(size=800) * 10 > 0).astype(float)
    grown = lightgbm.train({"objective": "binary", "num_leaves": 7, "verbose": -1}, lightgbm.Dataset(X, outcome), 20)
    text = str(grown.model_to_string())
    return merged(trees_of(fit_line(X, outcome, penalty=1.0), X) + blocks_of(text), text)


@given(
    st.lists(
        st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=3, max_size=3), min_size=1, max_size=8
    )
)
@settings(max_examples=40, deadline=None)
def test_any_row_adds_up_in_both_readers_of_the_trees(text: str, rows: list[list[float]]) -> None:
    X = np.array(rows)
    trees, served = Trees(text), TreeShap.from_text(text)
    raw = trees.raw(X)
    assert trees.contributions(X).sum(axis=1) == pytest.approx(raw, abs=1e-8)
    assert served.contributions(X).sum(axis=1) == pytest.approx(raw, abs=1e-8)
    assert served.raw(X) == pytest.approx(raw, abs=1e-8)


def test_the_top_group_moves_the_score_more_than_a_random_one(asked: Asked) -> None:
    mine = Groups.of(asked.bundle)
    found = deletion(asked.trees.raw, asked.X, mine.sums(asked.contributions), asked.rows.cutoff_us, mine, seed=7)
    assert found.beats_random.share > 0.8
    assert found.move_top > 2 * found.move_random


def test_deletion_knows_a_right_order_from_a_wrong_one() -> None:
    X = np.random.default_rng(5).normal(size=(600, 4))
    weights = [4.0, 1.0, 0.2, 0.1]
    contributions = X * np.array(weights)
    cutoffs = np.zeros(600, dtype=np.int64)
    score = linear(weights)
    right = deletion(score, X, contributions, cutoffs, four(), seed=1)  # type: ignore[arg-type]
    wrong = deletion(score, X, contributions[:, ::-1], cutoffs, four(), seed=1)  # type: ignore[arg-type]
    assert right.passed
    assert right.beats_random.share > 0.95
    assert not wrong.passed
    assert wrong.beats_random.share < 0.3
    assert right.told_passed
    assert right.told_beats_random.n > 500, "hardly anybody has no clear reason"


def test_values_are_lent_within_a_cutoff_and_only_in_the_group() -> None:
    cutoffs = np.array([1] * 30 + [2] * 30)
    X = np.column_stack([cutoffs.astype(float), np.arange(60.0)])
    rows = np.arange(60)
    lent = lenders(cutoffs, rows, np.random.default_rng(1))
    assert (cutoffs[lent] == cutoffs[:, None]).all()
    moves = moved(linear([1.0, 0.0]), X, rows, lent, four(2))  # type: ignore[arg-type]
    assert moves == pytest.approx(np.zeros((60, 2))), "all of a cutoff share the first, the second has no weight"


def test_strongest_and_raising() -> None:
    sums = np.array([[0.2, -0.9, 0.1], [-1.0, -0.2, -0.1]])
    assert strongest(sums).tolist() == [1, 0]
    assert raising(sums).tolist() == [0, -1]
    assert raising(sums, np.array([False, True, True])).tolist() == [2, -1]


def test_hits_are_counted_beside_random_and_commonest() -> None:
    mine = Groups(("service", "price", "silence"), (np.array([0]), np.array([1]), np.array([2])), np.zeros(3))
    sums = np.array([[0.5, 0.1, 0.9], [0.1, 0.5, 0.9], [0.1, 0.5, 0.2], [-0.1, -0.5, -0.2]])
    found = hit_rates(sums, mine, ["anger", "sales", "anger", "anger"], CAUSE_GROUPS, spread=np.array([0.1, 1.0, 1.0]))
    assert found.top.hits == 0, "silence twice, then price twice, and each time it was something else"
    assert (found.top_raising.hits, found.top_cause.hits) == (0, 2)
    assert found.unusual.hits == 2, "service is named each time but the last, where nothing raises"
    assert found.random == pytest.approx(1 / 3)
    assert found.random_cause == pytest.approx(1 / 2)
    assert (found.commonest_group, found.commonest.hits) == ("service", 3)
    assert (found.commonest_named_group, found.commonest_named.hits) == ("price", 1)
    assert found.causes == {"anger": 3, "sales": 1}
    json.dumps(found.as_json())


def test_a_share_has_an_interval() -> None:
    one = Share(95, 100)
    assert one.interval == pytest.approx((0.8882, 0.9785), abs=1e-4)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share.of(np.array([True, False])).as_json()["n"] == 2


def test_importances_tell_direction_and_gain(challenger: Challenger, asked: Asked) -> None:
    found = importances(challenger.fitted, challenger.bundle, challenger.test_rows)
    assert sum(one.share for one in found) == pytest.approx(1.0)
    assert 0.99 < sum(one.gain for one in found) <= 1.0 + 1e-9 or challenger.bundle.trees < 2
    since = next(one for one in found if one.feature == "order_overdue_ratio" or one.feature.endswith("days_since"))
    assert since.direction is not None
    assert since.direction > 0.5, "the longer the silence, the likelier to stay away"
    assert sum(groups(found, challenger.bundle.reasons).values()) == pytest.approx(1.0)


def test_direction_is_of_ranks_and_none_where_nothing_varies(asked: Asked) -> None:
    bundle = asked.bundle
    X = np.ones((50, len(bundle.features)))
    X[:, 0] = np.arange(50)
    moved_by = np.zeros_like(X)
    moved_by[:, 0] = -np.exp(np.arange(50.0) / 10)
    moved_by[:, 1] = 0.5
    found = of_contributions(moved_by, X, bundle, np.zeros(len(bundle.features)))
    assert [one.direction for one in found] == [pytest.approx(-1.0), None]


def test_whole_customers_are_drawn_again() -> None:
    customers = np.repeat([f"c{one:03d}" for one in range(200)], 3).astype(object)
    rows = Rows(
        columns=Columns(("a",)), X=np.arange(600.0)[:, None], outcome=np.zeros(600), customer=customers,
        cutoff_us=np.tile([1, 2, 3], 200), stage=np.full(600, "active", dtype=object),
    )  # fmt: skip
    again = drawn(rows, np.random.default_rng(3))
    counts = pd.Series(again.customer).value_counts()
    assert (counts % 3 == 0).all()
    assert len(counts) < 200
    assert set(few(rows, 7).customer) == set(customers)


def test_one_group_alone_is_held_against_nothing() -> None:
    X = np.random.default_rng(5).normal(size=(50, 1))
    found = deletion(linear([1.0]), X, X, np.zeros(50, dtype=np.int64), four(1), seed=1)  # type: ignore[arg-type]
    assert (found.beats_random.n, found.passed) == (0, True)
