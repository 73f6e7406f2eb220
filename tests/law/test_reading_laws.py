"""Counted in blocks is counted at once: whatever the blocks, the threads, the columns and the types."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.events import FloatArray
from churn.histogram import Binning, Histogram
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.reading.customers import numbers_of
from monitoring.reading.now import read_now
from monitoring.reading.seen import Seen, seen_of

VALUES = st.one_of(
    st.sampled_from([0.0, 1.0, -0.0, np.nan, np.inf, -np.inf, 1e308]), st.floats(-5, 5), st.integers(-3, 9).map(float)
)


def searched(binning: Binning, values: FloatArray) -> list[int]:
    """Counts by a search a value: the same by another way."""
    if binning.kind == "number":
        place = np.where(np.isinf(values), binning.bins - 2, np.searchsorted(binning.edges, values, side="right"))
    else:
        place = np.array([binning.codes.index(one) if one in binning.codes else binning.bins - 2 for one in values])
    return np.bincount(np.where(np.isnan(values), binning.bins - 1, place).astype(int), minlength=binning.bins).tolist()


@given(st.lists(VALUES, max_size=60), st.lists(VALUES, min_size=1, max_size=40))
def test_comparing_counts_what_searching_finds(now: list[float], then: list[float]) -> None:
    for made in (Histogram.of_numbers(np.array(then)), Histogram.of_categories(np.array(then))):
        assert made.binning.count(np.array(now)).tolist() == searched(made.binning, np.array(now))


@given(st.lists(st.one_of(st.text(max_size=6), st.none()), max_size=30), st.integers(1, 7))
def test_a_customers_number_rests_on_the_id_alone(ids: list[str | None], size: int) -> None:
    whole = numbers_of(pa.array(ids, pa.string()))
    parts = [numbers_of(pa.array(ids, pa.string())[first : first + size]) for first in range(0, len(ids), size)]
    assert np.concatenate([np.empty(0, np.uint64), *parts]).tolist() == whole.tolist()
    assert numbers_of(pa.array(ids, pa.string()).dictionary_encode()).tolist() == whole.tolist()
    known = dict(zip(["" if one is None else one for one in ids], whole.tolist(), strict=True))
    assert len(set(known.values())) == len(known)


def drawn(seed: int, rows: int) -> pd.DataFrame:
    """Rows of two models: numbers, few values, codes, nulls, infinities, text, a column of integers."""
    random = np.random.default_rng(seed)
    numbers_ = random.lognormal(0, 2, rows)
    numbers_[random.random(rows) < 0.1] = np.nan
    numbers_[random.random(rows) < 0.02] = np.inf
    return pd.DataFrame(
        {
            "customer_id": [f"C{n % 97:05d}" if n % 50 == 0 else f"C{n:07d}" for n in range(rows)],
            "model": random.choice(["churn", "reactivation"], rows), "stage": random.choice(["new", "active"], rows),
            "amount": numbers_, "few": random.integers(0, 3, rows).astype(float), "whole": random.integers(0, 99, rows),
            "code": random.integers(0, 6, rows).astype(float), "text": random.choice(["1", "x", "2.5"], rows),
        }
    )  # fmt: skip


def of_model(model: str) -> Reference:
    """What the rows looked like, of another seed; `gone` is a feature that they lack now."""
    then, features = drawn(1, 400), {}
    for name in ("amount", "few", "whole", "code", "text"):
        values = pd.to_numeric(then[name], errors="coerce").to_numpy(dtype=float)
        features[name] = FeatureReference.of(values, np.zeros(400), is_category=name == "code")
    return Reference(snapshot_hash="s", model=model, rows=400, features={**features, "gone": features["few"]})


def written(folder: Path, frame: pd.DataFrame, group: int) -> Path:
    (folder / "features").mkdir(parents=True, exist_ok=True)
    frame.to_parquet(folder / "features" / "current.parquet", row_group_size=group)
    manifest = {"as_of": "2026-01-01T00:00:00+00:00", "rows": len(frame), "feature_set": {"hash": "f"}}
    (folder / "features" / "manifest.json").write_text(json.dumps(manifest))
    return folder


def same(one: Seen, other: Seen) -> None:
    assert (one.model, one.rows, dict(one.columns), one.repeated) == (
        other.model, other.rows, dict(other.columns), other.repeated
    )  # fmt: skip
    assert one.customers.tolist() == other.customers.tolist()
    pd.testing.assert_frame_equal(one.sample.sort_index(), other.sample.sort_index())


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 99), rows=st.integers(1, 700), group=st.integers(1, 900), block=st.integers(1, 300),
    threads=st.integers(1, 3), sample=st.sampled_from([1, 50, 10_000]),
)  # fmt: skip
def test_what_streams_is_what_lies_in_memory(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, group: int, block: int, threads: int, sample: int
) -> None:
    frame = drawn(seed, rows)
    folder = written(tmp_path_factory.mktemp("now"), frame, group)
    references = [of_model("churn"), of_model("reactivation")]
    now = read_now(folder, references, sample_rows=sample, threads=threads, rows_a_block=block)
    for reference in references:
        mine = frame[frame["model"] == reference.model].reset_index(drop=True)
        if len(mine):
            same(now.of(reference.model), seen_of(mine, reference, sample_rows=sample))
        assert now.of(reference.model).rows == len(mine)
    assert (now.rows, sum(now.stages.values())) == (rows, rows)


def test_a_share_of_the_customers_is_the_same_share_again(tmp_path: Path) -> None:
    folder, whole = written(tmp_path, drawn(3, 5000), 1000), of_model("churn")
    every, some = (read_now(folder, [whole], sample_rows=100, share=share).of("churn") for share in (1.0, 0.2))
    assert some.rows == pytest.approx(every.rows * 0.2, rel=0.15)
    assert set(some.customers.tolist()) < set(every.customers.tolist())
    assert some.sample.index.tolist() == every.sample.index.tolist()  # the smallest numbers are in both


def test_customers_of_the_past_are_sampled_before_all_others(tmp_path: Path) -> None:
    folder, whole = written(tmp_path, drawn(3, 5000), 1000), of_model("churn")
    every = np.sort(read_now(folder, [whole], sample_rows=10_000).of("churn").sample.index.to_numpy(dtype=np.uint64))
    first, others = every[7::50], np.setdiff1d(every, every[7::50])
    some = read_now(folder, [whole], sample_rows=len(first) + 9, first={"churn": first}).of("churn")
    assert sorted(some.sample.index) == sorted([*first, *others[:9]])
    assert some.rows > len(some.sample)
    few = read_now(folder, [whole], sample_rows=9, first={"churn": first}).of("churn")
    assert sorted(few.sample.index) == first[:9].tolist()
