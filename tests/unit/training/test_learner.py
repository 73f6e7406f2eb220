"""The learner: a line, its steps as trees, boosted trees on top; the rows it reads."""

import lightgbm
import numpy as np
import pytest

from churn.metrics import log_loss, roc_auc
from churn.treeshap import TreeShap
from training.fit import fit, merged, raw_scores
from training.logistic import fit_line, fit_ridge
from training.recipe import Recipe
from training.rows import Columns, Rows, fold_of
from training.step_trees import blocks_of, trees_of


def drawn(n: int = 2000, seed: int = 1) -> Rows:
    random = np.random.default_rng(seed)
    X = np.column_stack(
        [random.exponential(50, n), random.poisson(2, n), random.normal(size=n), random.integers(0, 4, n)]
    )
    X[random.random(n) < 0.2, 0] = np.nan
    raw = np.nan_to_num(X[:, 0]) / 40 - 0.5 * X[:, 1] + (X[:, 3] == 2) * 1.5
    outcome = (random.random(n) < 1 / (1 + np.exp(-raw))).astype(float)
    X[:, 3] = np.array([1_000_003, 17, 900_001, 5])[X[:, 3].astype(int)]  # hash codes of texts
    customers = np.array([f"c{number % 500}" for number in range(n)], dtype=object)
    columns = Columns(("since", "count", "noise", "region"), ("region",))
    cutoffs = np.repeat(np.arange(4), n // 4).astype(np.int64) * 86_400_000_000
    return Rows(columns, X, outcome, customers, cutoffs, np.full(n, "active", dtype=object))


def test_the_ridge_equals_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(0)
    columns = np.column_stack([random.normal(size=(500, 3)), np.ones(500)])
    outcome = (random.random(500) < 1 / (1 + np.exp(-columns[:, 0] - 0.3))).astype(float)
    oracle = linear_model.LogisticRegression(C=1 / 7.0, tol=1e-10, max_iter=1000).fit(columns[:, :3], outcome)
    found = fit_ridge(columns, outcome, penalty=7.0)
    np.testing.assert_allclose(found, [*oracle.coef_[0], oracle.intercept_[0]], atol=1e-5)


def test_the_ridge_finds_a_rare_outcome_that_newton_alone_overshoots() -> None:
    random = np.random.default_rng(0)
    columns = np.column_stack([random.lognormal(0, 2, size=(20_000, 4)), np.ones(20_000)])
    outcome = (random.random(20_000) < 0.004 + 0.5 * (columns[:, 0] > 60)).astype(float)
    weights = fit_ridge(columns, outcome, penalty=0.01)
    base = float(outcome.mean())
    told = 1 / (1 + np.exp(-(columns @ weights)))
    assert log_loss(outcome, told) < log_loss(outcome, np.full(20_000, base))


def test_the_steps_follow_the_line() -> None:
    rows = drawn()
    X = rows.X[:, :3]
    line = fit_line(X, rows.outcome, penalty=10.0)
    one = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, rows.outcome), 1)
    text = merged(trees_of(line, X) + blocks_of(one.model_to_string()), one.model_to_string())
    steps = lightgbm.Booster(model_str=text)
    found = steps.predict(X, raw_score=True, num_iteration=steps.num_trees() - 1)
    assert np.abs(found - line.raw(X)).mean() < 0.03
    far = np.array([[1e5, 0.0, 0.0], [np.nan, 0.0, 0.0], [np.inf, 0.0, 0.0]])
    assert np.isfinite(steps.predict(far, raw_score=True)).all()


def test_reasons_are_exact_for_line_and_trees_together() -> None:
    rows = drawn()
    fitted = fit(rows, whole_from_us=0, seed=7, threads=1)
    from training.plan import known_codes, numbered

    X = numbered(rows, known_codes(rows))[:200]
    np.testing.assert_allclose(TreeShap.from_text(fitted.booster).contributions(X), fitted.contributions(X), atol=1e-8)
    np.testing.assert_allclose(fitted.contributions(X).sum(axis=1), fitted.raw(X), atol=1e-8)


def test_it_learns_what_a_line_cannot() -> None:
    rows, later = drawn(seed=1), drawn(seed=2)
    fitted = fit(rows, whole_from_us=0, seed=7, threads=1, recipe=Recipe(min_data_in_leaf=50))
    from training.plan import known_codes, numbered

    X = numbered(later, known_codes(later))
    line = fit_line(later.X[:, :3], later.outcome, penalty=1.0)
    assert roc_auc(later.outcome, fitted.raw(X)) > roc_auc(later.outcome, line.raw(later.X[:, :3])) + 0.01
    assert fitted.categories == {"region": (5, 17, 900_001, 1_000_003)}


def test_threads_and_repetition_change_no_bit() -> None:
    rows = drawn()
    texts = {
        fit(rows, whole_from_us=0, seed=7, threads=threads).booster.partition("\nend of trees")[0] for threads in (1, 2)
    }
    assert len(texts) == 1
    assert raw_scores(fit(rows, whole_from_us=0, seed=8, threads=1).booster, rows.X[:5]).shape == (5,)


def test_a_feature_that_all_customers_of_a_cutoff_share_is_left_alone() -> None:
    rows = drawn()
    season = np.sin(rows.cutoff_us / 86_400_000_000)
    X = rows.X.copy()
    X[:, 2] = season
    from dataclasses import replace

    told = fit(replace(rows, X=X), whole_from_us=0, seed=7, threads=1).contributions(X[:50])
    assert np.abs(told[:, 2]).max() == 0


def test_a_customer_is_in_one_fold_whatever_the_company() -> None:
    alone = fold_of(["ann"], 4, seed=7)
    assert fold_of(["bob", "ann", "ann"], 4, seed=7)[1:].tolist() == [alone[0]] * 2
    assert fold_of([str(number) for number in range(4000)], 4, seed=7).tolist().count(0) == pytest.approx(1000, rel=0.1)
