"""Histograms: where each value is counted, what PSI says, and how much of it is chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.histogram import BadHistogram, Binning, Histogram, noise_floor, psi

NUMBERS = Binning(kind="number", edges=(1.0, 2.0))
CATEGORIES = Binning(kind="category", codes=(3.0, 7.0))


def test_each_number_falls_into_its_bin() -> None:
    values = np.array([-5, 0.99, 1.0, 1.5, 2.0, 99, np.nan, np.nan, np.nan, np.inf, -np.inf])
    assert NUMBERS.count(values).tolist() == [2, 2, 2, 2, 3]  # below, between, above, unseen, null


def test_each_category_falls_into_its_bin() -> None:
    codes = np.array([3.0, 3.0, 7.0, 5.0, 8.0, -1.0, np.inf, np.nan])
    assert CATEGORIES.count(codes).tolist() == [2, 1, 4, 1]


def test_bins_of_a_reference_hold_equally_many() -> None:
    reference = Histogram.of_numbers(np.arange(1000.0))
    assert reference.counts == (*[100] * 10, 0, 0)


def test_equal_quantiles_merge() -> None:
    reference = Histogram.of_numbers(np.array([0.0] * 90 + [5.0] * 10))
    assert reference.binning.edges[0] == 0.0
    assert reference.n == 100
    assert reference.psi(np.array([0.0] * 90 + [5.0] * 10)) == pytest.approx(0.0)


@pytest.mark.parametrize("values", [np.full(20, np.nan), np.full(20, 4.0), np.array([np.inf])])
def test_a_column_without_spread_still_has_a_histogram(values: np.ndarray) -> None:
    for reference in (Histogram.of_numbers(values), Histogram.of_categories(values)):
        assert reference.psi(values) == pytest.approx(0.0)
        assert Histogram.from_json(reference.to_json()) == reference


def test_rare_categories_count_as_unseen_on_both_sides() -> None:
    reference = Histogram.of_categories(np.array([1.0] * 5 + [2.0] * 3 + [9.0]), most=2)
    assert reference.binning.codes == (1.0, 2.0)
    assert reference.counts == (5, 3, 1, 0)


def test_psi_by_hand() -> None:
    p, q = (np.array([30, 10]) + 0.5) / 41, (np.array([10, 30]) + 0.5) / 41
    assert psi(np.array([30, 10]), np.array([10, 30])) == pytest.approx(np.sum((p - q) * np.log(p / q)))


@pytest.mark.parametrize(
    "changed",
    [
        lambda x: x + 2.0,
        lambda x: np.where(np.arange(len(x)) % 3 == 0, np.nan, x),  # a null rate alone is drift
        lambda x: np.where(np.arange(len(x)) % 3 == 0, np.inf, x),
    ],
)
def test_drift_is_seen(changed: object) -> None:
    values = np.random.default_rng(1).normal(size=5000)
    assert callable(changed)
    assert Histogram.of_numbers(values).psi(changed(values)) > 0.25


def test_noise_floor_is_what_chance_shows() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        reference = Histogram.of_numbers(rng.normal(size=20_000))
        found.append(reference.psi(rng.normal(size=2_000)))
    assert np.mean(found) == pytest.approx(reference.noise_floor(2_000), rel=0.15)


@given(counts=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=12))
def test_psi_is_a_distance(counts: list[tuple[int, int]]) -> None:
    left, right = (np.array(side) for side in zip(*counts, strict=True))
    left[0] += 1
    right[0] += 1
    assert psi(left, right) >= 0
    assert psi(left, right) == pytest.approx(psi(right, left))
    assert psi(left, left) == 0


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"binning": {"kind": "number", "edges": [2, 1]}, "counts": [1, 1, 1, 0, 0]}',
        '{"binning": {"kind": "number", "codes": [1]}, "counts": [1, 0, 0]}',
        '{"binning": {"kind": "category", "codes": [1]}, "counts": [1]}',
        '{"binning": {"kind": "category", "codes": [1]}, "counts": [1, -1, 0]}',
    ],
)
def test_a_histogram_that_contradicts_itself_is_refused(text: str) -> None:
    with pytest.raises(BadHistogram) as caught:
        Histogram.from_json(text)
    assert "churn monitor" in caught.value.mend


def test_counts_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(BadHistogram, match="2 and 3 bins"):
        psi(np.ones(2, dtype=int), np.ones(3, dtype=int))
    with pytest.raises(BadHistogram, match="nobody"):
        psi(np.ones(2, dtype=int), np.zeros(2, dtype=int))
    with pytest.raises(BadHistogram, match="nobody"):
        noise_floor(bins=3, reference=0, current=5)
