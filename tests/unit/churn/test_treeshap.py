"""Exact reasons against LightGBM's own `pred_contrib`, over everything a tree may hold."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from churn import treekernel
from churn.treekernel import FloatArray
from churn.treeshap import TreeShap, WrongRows, exact_nodes
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
    reasons = TreeShap.from_text(booster.model_to_string())
    for rows in (customers(200, seed=5)[0], strange_customers()):
        theirs = booster.predict(rows, pred_contrib=True)
        np.testing.assert_allclose(reasons.contributions(rows), theirs, rtol=0, atol=1e-11)
        np.testing.assert_allclose(reasons.raw(rows), booster.predict(rows, raw_score=True), rtol=0, atol=1e-13)


def test_contributions_add_up_to_the_raw_score() -> None:
    reasons = TreeShap.from_text(trained(num_leaves=63).model_to_string())
    rows = strange_customers()
    np.testing.assert_allclose(reasons.contributions(rows).sum(axis=1), reasons.raw(rows), atol=1e-12)


def test_four_nodes_are_nearly_exact_on_deep_trees() -> None:
    text = trained(num_leaves=127, trees=20).model_to_string()
    rows = customers(100, seed=6)[0]
    fast, exact = TreeShap.from_text(text, nodes=4), TreeShap.from_text(text, nodes=8)
    np.testing.assert_allclose(fast.contributions(rows), exact.contributions(rows), atol=1e-5)


@pytest.mark.parametrize(("distinct", "nodes"), [(0, 4), (8, 4), (9, 8), (16, 8), (17, 16), (40, 32)])
def test_as_many_points_as_are_exact(distinct: int, nodes: int) -> None:
    assert exact_nodes(distinct) == nodes


def test_one_row_alone_gives_what_it_gives_among_others() -> None:
    reasons = TreeShap.from_text(trained().model_to_string())
    rows = customers(300, seed=8)[0]  # more than one block
    together = reasons.contributions(rows)
    np.testing.assert_array_equal(np.vstack([reasons.contributions(row[None, :]) for row in rows]), together)


def test_threads_do_not_disturb_one_another() -> None:
    reasons = TreeShap.from_text(trained().model_to_string())
    rows = customers(400, seed=8)[0]
    alone = reasons.contributions(rows)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(reasons.contributions, [rows] * 8):
            np.testing.assert_array_equal(found, alone)


def test_the_kernel_is_plain_python_too() -> None:
    """What is compiled and what can be read and stepped through are the same function."""
    reasons = TreeShap.from_text(trained(trees=2).model_to_string())
    trees, rows = reasons.forest.trees, strange_customers()[:20]
    phi, raw = np.zeros((20, 9)), np.zeros(20)
    with np.errstate(over="ignore"):
        treekernel.explain(trees, rows, reasons._points, reasons._scratch(), phi)
        treekernel.sum_leaves(trees, rows, raw)
    np.testing.assert_allclose(phi[:, :-1], reasons.contributions(rows)[:, :-1], atol=1e-13)
    np.testing.assert_array_equal(raw, reasons.raw(rows))


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
