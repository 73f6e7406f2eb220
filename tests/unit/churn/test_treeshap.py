"""Exact reasons against LightGBM's own `pred_contrib`, over everything a tree may hold."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from churn import treekernel, treekernel_row, treekernel_rows
from churn.treekernel import FloatArray
from churn.treekernel_points import exact_nodes
from churn.treelayout import TOGETHER
from churn.treeshap import FAST_NODES, TreeShap, WrongRows, warm
from churn.treetext import UnreadableTrees

CATEGORIES = [6, 7]
PARAMS: dict[str, Any] = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "seed": 1}


def customers(n: int = 1500, *, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 8))
    rows[:, 2] = rng.poisson(1.0, n)  # many zeros
    rows[:, 6], rows[:, 7] = rng.integers(0, 60, n), rng.integers(0, 4, n)
    rows[:, :5][rng.random((n, 5)) < 0.3] = np.nan
    odds = np.nan_to_num(rows[:, 0]) + np.isnan(rows[:, 1]) + (rows[:, 2] == 0) * rows[:, 5] + (rows[:, 6] % 3 == 1) - 1
    return rows, (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)


def strange_customers() -> FloatArray:
    """Rows as no training set has them: infinite, tiny, all null, all zero, odd categories."""
    rows = customers(60, seed=9)[0]
    rows[0] = np.nan
    rows[1] = 0.0
    rows[2, :6], rows[3, :6] = np.inf, -np.inf
    rows[4, :6], rows[5, :6], rows[6, :6] = 1e-36, -1e-36, 1e-34
    odd = [-1.0, -0.5, 0.5, 3.999, 59.0, 60.0, 1e6, 2.0**31 - 1, 2.0**31, 1e300, np.inf, -np.inf, np.nan, -1e300]
    rows[10 : 10 + len(odd), 6] = rows[30 : 30 + len(odd), 7] = odd
    return rows


def trained(*, trees: int = 30, **params: Any) -> lgb.Booster:
    rows, churned = customers()
    known = lgb.Dataset(rows, churned, categorical_feature=CATEGORIES)
    return lgb.train({**PARAMS, **params}, known, num_boost_round=trees)


KINDS: dict[str, dict[str, Any]] = {
    "plain": {"num_leaves": 31},
    "zero as missing": {"zero_as_missing": True},
    "nothing missing": {"use_missing": False},
    "two leaves": {"num_leaves": 2},
    "255 leaves": {"num_leaves": 255, "trees": 10, "min_data_in_leaf": 2},
    "dart": {"boosting": "dart", "drop_rate": 0.3},
    "forest": {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7, "feature_fraction": 0.7},
    "goss": {"data_sample_strategy": "goss"},
    "monotone": {"monotone_constraints": [1, 0, -1, 0, 0, 0, 0, 0]},
    "categories one by one": {"max_cat_to_onehot": 100},
    "leaves of nobody": {"min_data_in_leaf": 0, "min_sum_hessian_in_leaf": 0.0, "num_leaves": 63},
}


@pytest.mark.parametrize("kind", KINDS)
def test_equals_pred_contrib_and_raw_score(kind: str) -> None:
    booster = trained(**KINDS[kind])
    text = booster.model_to_string()
    exact, fast = TreeShap.from_text(text), TreeShap.from_text(text, nodes=FAST_NODES)
    for rows in (customers(200, seed=5)[0], strange_customers()):
        theirs = booster.predict(rows, pred_contrib=True)
        raw, ours = exact.explained(rows)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
        quick = fast.contributions(rows)
        np.testing.assert_allclose(quick, theirs, rtol=0, atol=1e-5)
        assert same_five(quick, theirs)
        np.testing.assert_array_equal(raw, booster.predict(rows, raw_score=True))
        np.testing.assert_array_equal(exact.raw(rows), raw)


def same_five(ours: FloatArray, theirs: FloatArray, *, tie: float = 1e-5) -> bool:
    """Whether each row's five strongest features are the same, up to ties."""
    sizes, places = np.abs(theirs[:, :-1]), np.argsort(-np.abs(ours[:, :-1]), axis=1)[:, :5]
    told = np.take_along_axis(sizes, places, axis=1)
    return bool(np.all(np.abs(told - -np.sort(-sizes, axis=1)[:, :5]) <= 2 * tie))


def test_contributions_add_up_to_the_raw_score() -> None:
    reasons = TreeShap.from_text(trained(num_leaves=63).model_to_string())
    rows = strange_customers()
    np.testing.assert_allclose(reasons.contributions(rows).sum(axis=1), reasons.raw(rows), atol=1e-12)


def test_four_nodes_are_nearly_exact_on_deep_trees() -> None:
    text = trained(num_leaves=127, trees=20).model_to_string()
    rows = customers(100, seed=6)[0]
    fast, exact = TreeShap.from_text(text, nodes=4), TreeShap.from_text(text, nodes=8)
    np.testing.assert_allclose(fast.contributions(rows), exact.contributions(rows), atol=1e-5)


@pytest.mark.parametrize(("distinct", "nodes"), [(0, 4), (8, 4), (9, 8), (16, 8), (17, 12), (40, 20)])
def test_as_many_points_as_are_exact(distinct: int, nodes: int) -> None:
    assert exact_nodes(distinct) == nodes


@pytest.mark.parametrize("nodes", [4, 8, 12])
def test_one_row_alone_gives_what_it_gives_among_others(nodes: int) -> None:
    reasons = TreeShap.from_text(trained(num_leaves=63).model_to_string(), nodes=nodes)
    rows = np.vstack([strange_customers(), customers(31, seed=8)[0]])
    raw, together = reasons.explained(rows)
    for count in (1, 2, 5, 8, 11, 13):  # one by one, eight at a time, and eights that are not full
        for first in range(0, len(rows) - count, 7):
            part = slice(first, first + count)
            alone = reasons.explained(rows[part])
            np.testing.assert_array_equal(alone[1], together[part])
            np.testing.assert_array_equal(alone[0], raw[part])


def test_threads_do_not_disturb_one_another() -> None:
    reasons = TreeShap.from_text(trained().model_to_string())
    rows = customers(400, seed=8)[0]
    alone = reasons.contributions(rows)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(reasons.contributions, [rows] * 8):
            np.testing.assert_array_equal(found, alone)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_the_kernel_is_plain_python_too() -> None:
    """What is compiled and what can be read and stepped through are the same function, and give the same bits."""
    reasons = TreeShap.from_text(patchwork().model_to_string())
    rows = strange_customers()[:20]
    raw, told = reasons.explained(rows)
    widest, lanes = reasons.forest.sizes.widest, reasons._lanes
    phi, sums = np.zeros((20, 9)), np.zeros(20)
    treekernel_rows.explain_rows(reasons.packed(8), widest, lanes, rows, 20, phi, sums)
    np.testing.assert_array_equal(phi[:, :-1], told[:, :-1])
    np.testing.assert_array_equal(sums, raw)
    alone, sums = np.zeros((5, 9)), np.zeros(5)
    treekernel_row.explain_each(reasons.packed(1), widest, lanes, rows[:5], 2, alone, sums)
    np.testing.assert_array_equal(alone[2:, :-1], told[2:5, :-1])
    np.testing.assert_array_equal(sums, [0.0, 0.0, *raw[2:5]])
    sums = np.zeros(20)
    treekernel.sum_leaves(reasons.packed(0), widest, rows, sums)
    np.testing.assert_array_equal(sums, raw)


def patchwork() -> lgb.Booster:
    """Trees of one feature, of one leaf, small ones and a large one, in turns."""
    rows, churned = customers()
    booster = trained(trees=1, num_leaves=2)
    only: dict[str, Any] = {"feature_fraction": 1e-9, "num_leaves": 9}
    each = (only, {"min_data_in_leaf": 1400}, {"num_leaves": 4}, {"num_leaves": 150, "min_data_in_leaf": 2}, only)
    for params in (*each, {"num_leaves": 3}, {"num_leaves": 5}, {"min_data_in_leaf": 1400}):
        known = lgb.Dataset(rows, churned, categorical_feature=CATEGORIES, free_raw_data=False)
        booster = lgb.train({**PARAMS, **params}, known, num_boost_round=2, init_model=booster)
    return booster


def test_trees_of_all_sizes_stand_in_blocks_and_are_summed_in_their_order() -> None:
    booster = patchwork()
    reasons = TreeShap.from_text(booster.model_to_string())
    trees, sizes = reasons.forest.trees, reasons.forest.sizes
    swept = np.diff(trees.blocks)
    assert 0 < trees.blocks[0] < len(trees.turns), "some trees ask of one feature alone, others do not"
    assert swept.max() > 2
    assert sizes.widest > TOGETHER > np.diff(trees.block_splits).min()
    assert trees.turns.tolist() != sorted(trees.turns.tolist())
    rows = np.vstack([strange_customers(), customers(60, seed=8)[0]])
    theirs = booster.predict(rows, pred_contrib=True)
    np.testing.assert_allclose(reasons.contributions(rows), theirs, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(reasons.raw(rows), booster.predict(rows, raw_score=True))
    alone = np.vstack([reasons.contributions(rows[i : i + 1]) for i in range(len(rows))])
    np.testing.assert_array_equal(alone, reasons.contributions(rows))


def test_warm_compiles_what_serves() -> None:
    warm()


def test_a_model_that_never_split_has_a_base_value_and_no_reasons() -> None:
    rows, churned = customers(100)
    booster = lgb.train({**PARAMS, "min_data_in_leaf": 1000}, lgb.Dataset(rows, churned), num_boost_round=1)
    reasons = TreeShap.from_text(booster.model_to_string())
    np.testing.assert_allclose(reasons.contributions(rows), booster.predict(rows, pred_contrib=True), atol=1e-15)
    assert reasons.contributions(rows[:0]).shape == (0, 9)


@pytest.mark.parametrize("shape", [(2, 7), (8,), (1, 9)])
def test_rows_of_another_width_are_refused(shape: tuple[int, ...]) -> None:
    reasons = TreeShap.from_text(trained(trees=1).model_to_string())
    with pytest.raises(WrongRows, match=r"Bundle\.prepare"):
        reasons.contributions(np.zeros(shape))


def damaged() -> list[tuple[str, str]]:
    text = trained(trees=2).model_to_string()
    return [
        (text.replace("left_child=", "left_child=0 ", 1).replace("left_child=0 1", "left_child=0"), "come after"),
        ("", "not LightGBM's text"),
        ("tree\nversion=v4\n", "not LightGBM's text"),
        (text.replace("num_tree_per_iteration=1", "num_tree_per_iteration=3"), "3 trees an iteration"),
        (text.replace("is_linear=0", "is_linear=1"), "linear"),
        (text.replace("left_child=", "left_child=1 "), "differ in length"),
        (text.replace("num_leaves=", "leaves="), "num_leaves"),
        (text.replace("leaf_value=", "leaf_value=x"), "could not convert"),
    ]


@pytest.mark.parametrize(("text", "fault"), damaged())
def test_what_cannot_be_evaluated_exactly_is_refused(text: str, fault: str) -> None:
    with pytest.raises(UnreadableTrees, match=fault) as caught:
        TreeShap.from_text(text)
    assert "linear_tree = false" in caught.value.mend
