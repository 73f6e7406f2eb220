"""Laws of snapshots: the same input gives the same hash, and whatever the rows say is in it."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.snapshots import Snapshot, read_snapshot
from tests import small_shop


def frozen(frame: pd.DataFrame) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = small_shop.frozen(Path(folder), frame)
        assert len(snapshot) == len(snapshot.frame)  # read while it lies there
        return snapshot


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), shuffle=st.randoms(use_true_random=False))
def test_a_snapshot_rebuilt_has_the_same_hash(seed: int, shuffle: object) -> None:
    """Row order of the log, index and time unit are irrelevant; reading it back changes nothing."""
    frame = small_shop.log(customers=20, events=200, seed=seed)
    order = list(range(len(frame)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        first = small_shop.frozen(Path(folder), frame)
        assert read_snapshot(first.path).hash == first.hash
    assert frozen(frame.iloc[order]).hash == first.hash


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), row=st.integers(0, 199), cents=st.integers(1, 100_000))
def test_a_changed_past_changes_the_hash_exactly_when_it_changes_a_row(seed: int, row: int, cents: int) -> None:
    frame = small_shop.log(customers=20, events=200, seed=seed)
    changed = frame.assign(
        amount=np.where(np.arange(len(frame)) == row, frame["amount"] + cents / 100, frame["amount"])
    )
    one, other = frozen(frame), frozen(changed)
    assert (one.hash == other.hash) == one.frame.equals(other.frame)
