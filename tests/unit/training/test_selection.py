"""Features that survive folds: noise goes, what helps stays, and what is fitted again reads the same ones."""

from dataclasses import replace

import numpy as np

from tests.unit.training.test_learner import drawn
from training.fit import fit
from training.plan import known_codes, numbered
from training.recipe import Recipe
from training.rows import Columns, Rows

QUICK = Recipe(max_trees=30, min_data_in_leaf=50, patience=5)


def noisy(n: int = 2400) -> Rows:
    """Rows with ten features that say nothing, and one that is the same for all."""
    rows = drawn(n)
    more = np.hstack([np.random.default_rng(5).normal(size=(n, 10)), np.full((n, 1), 2.0)])
    names = (*rows.columns.names, *(f"dice_{number}" for number in range(10)), "constant")
    return replace(rows, X=np.hstack([rows.X, more]), columns=Columns(names, rows.columns.categories))


def test_what_helps_survives_and_most_noise_does_not() -> None:
    rows = noisy()
    told: list[str] = []
    found = fit(rows, whole_from_us=0, seed=7, threads=1, recipe=QUICK, select=True, progress=told.append)
    assert {"since", "count", "region"} <= set(found.read)
    assert "constant" not in found.read
    assert sum(name.startswith("dice") for name in found.read) <= 5
    assert any(f"{len(found.read)} of 15 features are read" in text for text in told)
    X = numbered(rows, known_codes(rows))[:100]
    moved = np.abs(found.contributions(X)).max(axis=0)[:-1]
    unread = [place for place, name in enumerate(rows.columns.names) if name not in found.read]
    assert moved[unread].max() == 0
    again = fit(rows, whole_from_us=0, seed=7, threads=1, recipe=QUICK, select=True, only=found.read, trees=found.trees)
    assert again.read == found.read
    assert again.booster == found.booster


def test_without_it_every_feature_that_varies_within_cutoffs_is_read() -> None:
    rows = noisy(800)
    found = fit(rows, whole_from_us=0, seed=7, threads=1, recipe=QUICK)
    assert set(rows.columns.names) - set(found.read) == {"constant"}
