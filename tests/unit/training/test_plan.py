"""Plans and samples: what a cluster's workers make of rows is what is made of them here."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.training import made
from training.plan import known_codes, numbered, start_levels
from training.rows import Columns, Rows
from training.sampling import sampled


def rows(colour: list[float]) -> Rows:
    X = np.column_stack([colour, np.arange(len(colour), dtype=np.float64)])
    nobody = np.array(["x"] * len(colour), dtype=object)
    zeros = np.zeros(len(colour))
    return Rows(Columns(("colour", "age"), ("colour",)), X, zeros, nobody, zeros.astype(int), nobody)


def test_codes_are_numbered_as_a_sample_knew_them() -> None:
    known = known_codes(rows([70.0, 5.0, np.nan, 5.0]))
    assert known == {"colour": (5, 70)}
    found = numbered(rows([5.0, 70.0, 6.0, 99.0, np.nan]), known)
    np.testing.assert_array_equal(found[:, 0], [0, 1, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found[:, 1], np.arange(5))
    assert np.isnan(numbered(rows([5.0]), {"colour": ()})[0, 0])


def test_a_cutoff_that_has_no_level_starts_at_the_mean() -> None:
    levels = start_levels(np.array([10, 20]), np.array([0.5, -0.5]), np.array([20, 10, 30]))
    np.testing.assert_array_equal(levels, [-0.5, 0.5, 0.0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


def test_a_sample_holds_whole_customers_and_the_same_in_every_snapshot(folder: Path) -> None:
    settings = made.settings(folder)
    train, test = made.snapshots(made.log(600), settings)
    whole = sampled(train, "churn", most_rows=len(train), seed=7)
    part = sampled(train, "churn", most_rows=len(train) // 4, seed=7)
    assert 0.1 * len(whole) < len(part) < 0.4 * len(whole)
    of_them = whole.take(np.isin(whole.customer, part.customer))
    np.testing.assert_array_equal(of_them.X, part.X)
    np.testing.assert_array_equal(of_them.cutoff_us, part.cutoff_us)
    assert len(sampled(test, "churn", most_rows=10**9, seed=7)) == len(Rows.of(test.frame, part.columns, "churn"))
