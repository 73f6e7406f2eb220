"""The columns of a line, made once: the same line as fitted apart, also where curvature comes from some rows."""

import numpy as np
import pandas as pd
import pytest

from churn.errors import DataError
from training import design
from training.design import Design
from training.logistic import Levelled, fit_levelled
from training.rows import Columns, InfiniteFeatures, Rows, refuse_infinite


def drawn(n: int = 6000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = np.column_stack([random.exponential(50, n), random.poisson(2, n), random.normal(size=n), np.full(n, 3.0)])
    X[random.random(n) < 0.2, 0] = np.nan
    X[:, 1] += 0.01 * np.nan_to_num(X[:, 0])  # two that tell in part the same
    group = np.arange(n) % 3
    raw = np.nan_to_num(X[:, 0]) / 40 - 0.5 * X[:, 1] + 0.4 * group
    return X, (random.random(n) < 1 / (1 + np.exp(-raw))).astype(float), group


ALL = np.ones(4, dtype=bool)


def test_it_finds_the_line_that_is_fitted_apart() -> None:
    X, outcome, group = drawn()
    apart = fit_levelled(X, outcome, group, penalty=10.0)
    found = Design.of(X, ALL).fit(np.arange(len(X)), outcome, group, penalty=10.0, weight=np.ones(len(X)))
    np.testing.assert_allclose(found.line.weights, apart.line.weights, atol=2e-5)
    np.testing.assert_allclose(found.levels, apart.levels, atol=2e-5)
    rows = np.array([5, 1, 4000])
    np.testing.assert_allclose(Design.of(X, ALL).raw(found.line, rows), found.line.raw(X[rows]), atol=2e-5)


def test_curvature_of_some_rows_finds_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    X, outcome, group = drawn()
    asked = {"penalty": 10.0, "weight": np.ones(len(X))}
    of_all = Design.of(X, ALL).fit(np.arange(len(X)), outcome, group, **asked)  # type: ignore[arg-type]
    monkeypatch.setattr(design, "CURVATURE_ROWS", 500)
    monkeypatch.setattr(design, "BLOCK", 700)
    of_some = Design.of(X, ALL).fit(np.arange(len(X)), outcome, group, **asked)  # type: ignore[arg-type]
    np.testing.assert_allclose(of_some.line.weights, of_all.line.weights, atol=2e-4)


def test_from_near_it_comes_to_the_same_line_with_fewer_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    X, outcome, group = drawn()
    made, looks, look = Design.of(X, ALL), [0], design._Task._look

    def counted(task: design._Task, *given: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        looks[0] += 1
        return look(task, *given)

    monkeypatch.setattr(design._Task, "_look", counted)

    def line(first: int, group: np.ndarray, near: Levelled | None = None, sign: int = 0) -> Levelled:
        rows, signs = np.arange(first, len(X)), np.array([0, sign, 0, 0])
        weight = np.ones(len(rows))
        return made.fit(rows, outcome[rows], group[rows], penalty=10.0, weight=weight, signs=signs, near=near)

    afresh = line(0, group)
    needed, looks[0] = looks[0], 0
    line(0, group, afresh)
    assert looks[0] < needed
    for near in (line(1000, group), line(1000, np.zeros_like(group))):  # the last knows no levels
        again = line(0, group, near)
        np.testing.assert_allclose(again.line.weights, afresh.line.weights, atol=2e-5)
        np.testing.assert_allclose(again.levels, afresh.levels, atol=2e-5)
    bound = line(0, group, near, sign=1)  # the second falls where it may not
    np.testing.assert_allclose(bound.line.weights, line(0, group, sign=1).line.weights, atol=2e-5)
    assert bound.line.weights[1] == 0


def test_centres_of_some_rows_are_those_of_all_nearly(monkeypatch: pytest.MonkeyPatch) -> None:
    X, _, _ = drawn()
    of_all = Design.of(X, ALL).scaling
    monkeypatch.setattr(design, "SCALE_ROWS", 2000)
    of_some = Design.of(X, ALL).scaling
    np.testing.assert_allclose(of_some.mean, of_all.mean, atol=0.1)
    np.testing.assert_array_equal(of_some.varies, of_all.varies)
    assert (of_some.mean != of_all.mean).any()


def test_rows_out_of_a_frame_whatever_its_types() -> None:
    frame = pd.DataFrame(
        {
            "model": "churn",
            "label": pd.array([True, False, None], dtype="boolean"),
            "customer_id": ["a", "b", "c"],
            "event_timestamp": pd.to_datetime(["2020-01-01"] * 3, utc=True),
            "stage": "active",
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "single": np.array([0.5, np.nan, 1], dtype=np.float32),
        }
    )
    names = Columns(("whole", "flag", "single"))
    found = Rows.of(frame, names, "churn")
    np.testing.assert_array_equal(found.X, [[1, 1, 0.5], [np.nan, 0, np.nan]])
    all_of_them = frame.iloc[:2]
    np.testing.assert_array_equal(Rows.of(all_of_them, names, "churn").X, found.X)
    assert Rows.of(frame, names, "reactivation").X.shape == (0, 3)
    found.X[0, 0] = 7.0
    assert frame["whole"][0] == 1  # rows are a copy


def test_a_row_that_counts_twice_is_two_rows() -> None:
    X, outcome, group = drawn(2000)
    twice = np.concatenate([np.arange(2000), np.arange(500)])
    weight = np.where(np.arange(2000) < 500, 2.0, 1.0)
    made = Design.of(X, ALL)
    heavy = made.fit(np.arange(2000), outcome, group, penalty=5.0, weight=weight)
    again = made.fit(twice, outcome[twice], group[twice], penalty=5.0, weight=np.ones(2500))
    np.testing.assert_allclose(heavy.line.weights, again.line.weights, atol=1e-5)


def test_a_slope_of_the_wrong_sign_is_none() -> None:
    X, outcome, group = drawn()
    signs = np.array([0, 1, 0, 0])  # the truth falls with the second
    found = Design.of(X, ALL).fit(np.arange(len(X)), outcome, group, penalty=1.0, weight=np.ones(len(X)), signs=signs)
    assert found.line.weights[1] == 0
    assert found.line.weights[0] > 0.5
    free = Design.of(X, ALL).fit(np.arange(len(X)), outcome, group, penalty=1.0, weight=np.ones(len(X)), signs=-signs)
    assert free.line.weights[1] < -0.3


def test_infinity_is_told_and_null_is_fine() -> None:
    X = np.zeros((3, 2))
    X[0, 0], X[1, 1], X[2, 1] = np.nan, np.inf, -np.inf
    none = np.array(["a"] * 3, dtype=object)
    rows = Rows(Columns(("quiet", "loud")), X, np.zeros(3), none, np.zeros(3, dtype=np.int64), none)
    with pytest.raises(InfiniteFeatures) as caught:
        refuse_infinite(rows)
    assert isinstance(caught.value, DataError)
    assert "loud (2 rows)" in caught.value.problem
    assert "quiet" not in caught.value.problem
    assert "leave_out" in caught.value.mend
