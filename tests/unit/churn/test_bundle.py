"""The model format: what is written is read back, and what contradicts itself is refused with a mend."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from churn.bundle import Bundle, BundleError, WrongVectors, model_hash
from tests.bundles import a_bundle


def rewritten(**changes: Any) -> str:
    return json.dumps({**json.loads(a_bundle().to_json()), **changes})


def test_reads_back_what_was_written() -> None:
    bundle = a_bundle()
    assert Bundle.from_json(bundle.to_json()) == bundle
    assert Bundle.from_json(bundle.to_json()).to_json() == bundle.to_json()


def test_categories_become_dense_numbers_and_strangers_null() -> None:
    vectors = np.array([[1.0, 17.0, 2.0], [1.0, 900.0, 2.0], [1.0, 2.0**53, np.nan], [1.0, 5.0, 0.0], [1, np.nan, 0]])
    before = vectors.copy()
    prepared = a_bundle().prepare(vectors)
    np.testing.assert_array_equal(prepared[:, 1], [1.0, 0.0, 2.0, np.nan, np.nan])
    np.testing.assert_array_equal(prepared[:, [0, 2]], before[:, [0, 2]])
    np.testing.assert_array_equal(vectors, before)  # the caller's vectors stay as they were
    alone = [a_bundle().prepare(vectors[i : i + 1])[0] for i in range(len(vectors))]
    np.testing.assert_array_equal(alone, prepared)  # by another way, which is shorter for one


def test_a_category_never_seen_in_training_is_always_null() -> None:
    unseen = a_bundle(categories={"favourite_category": ()})
    for customers in (1, 2):
        assert np.isnan(unseen.prepare(np.array([[1.0, 17.0, 2.0]] * customers))[:, 1]).all()


@pytest.mark.parametrize("shape", [(2, 2), (3,), (1, 4)])
def test_vectors_of_another_width_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(WrongVectors, match="features materialise"):
        a_bundle().prepare(np.zeros(shape))


def test_percentile_is_the_share_scored_no_higher() -> None:
    bundle = a_bundle(percentiles=(0.1,) * 51 + (0.2,) * 49 + (0.9,))
    np.testing.assert_allclose(
        bundle.percentile(np.array([0.05, 0.1, 0.15, 0.2, 0.9, 0.95])), [0, 50, 74.5, 99, 100, 100]
    )


def test_a_bound_belongs_to_the_band_above() -> None:
    bands = a_bundle().band(np.array([0.0, 0.0999, 0.1, 0.2999, 0.3, 1.0]))
    assert bands == ["low", "low", "medium", "medium", "high", "high"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "not JSON"),
        ("[]", "format version None"),
        (rewritten(format_version=2), "format version 2"),
        (json.dumps({k: v for k, v in json.loads(a_bundle().to_json()).items() if k != "features"}), "features: Field"),
        (rewritten(colour="red"), "colour"),
        (rewritten(calibrator={"kind": "platt", "params": {"a": -1.0, "b": 0.0}}), "not monotone"),
        (rewritten(calibrator={"kind": "beta", "params": {"a": 1.0, "b": -0.1, "c": 0.0}}), "not monotone"),
        (rewritten(calibrator={"kind": "isotonic", "knots": [[0, 0.4], [1, 0.3]]}), "not monotone"),
        (rewritten(calibrator={"kind": "isotonic", "knots": [[1, 0.3], [1, 0.4]]}), "rise strictly"),
        (rewritten(calibrator={"kind": "isotonic", "knots": [[0, 0.3], [1, 1.4]]}), r"\[0, 1\]"),
        (rewritten(calibrator={"kind": "isotonic"}), "at least one"),
        (rewritten(calibrator={"kind": "platt", "params": {"a": 1.0}}), "has params"),
        (rewritten(label="reactivated"), "predicts 'churned'"),
        (rewritten(percentiles=[0.5]), "101 ascending"),
        (rewritten(percentiles=[0.5] * 100 + [0.4]), "101 ascending"),
        (rewritten(bands={"low": 0.0, "medium": 0.4, "high": 0.3}), "bands must be"),
        (rewritten(bands={"low": 0.0, "high": 0.3}), "bands must be"),
        (rewritten(features=["a", "a"], categories={}, reasons={}, usual={}), "named twice"),
        (rewritten(usual={"colour": 1.0}), "usual names features"),
        (rewritten(categories={"favourite_category": [1, 1]}), "repeat"),
        (rewritten(trained_at="2025-01-01T00:00:00"), "trained_at"),
    ],
)
def test_a_bundle_that_cannot_be_used_says_why_and_how_to_mend_it(text: str, fault: str) -> None:
    with pytest.raises(BundleError, match=fault) as caught:
        Bundle.from_json(text)
    assert "churn train" in caught.value.mend
    assert caught.value.exit_code == 10


def test_hash_names_the_answers_not_the_occasion() -> None:
    trees = "tree\nTree=0\nleaf_value=1\nend of trees\nparameters:\n[num_threads: 1]\n"
    first = model_hash(a_bundle().to_json(), trees)
    later = a_bundle(trained_at=datetime(2026, 1, 1, tzinfo=UTC), metrics={}).to_json()
    assert model_hash(later, trees.replace("threads: 1", "threads: 2")) == first
    assert model_hash(a_bundle(base_rate=0.13).to_json(), trees) != first
    assert model_hash(a_bundle().to_json(), trees.replace("leaf_value=1", "leaf_value=2")) != first
