"""Laws of training: nothing after the test cutoff changes a bit of the model; one snapshot and seed, one hash."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.training import made
from training.challenger import Challenger, train


def trained(frame: pd.DataFrame, folder: Path) -> Challenger:
    settings = made.settings(folder)
    learn, test = made.snapshots(frame, settings)
    return train("churn", learn, test, settings, progress=lambda _text: None)


@pytest.mark.slow
def test_the_future_of_the_test_cutoff_changes_no_bit_of_the_model(tmp_path: Path) -> None:
    frame = made.log(customers=800)
    first = trained(frame, tmp_path / "first")
    past = frame["event_timestamp"] < made.TEST
    random = np.random.default_rng(1)
    invented = frame[past].sample(3000, random_state=1, replace=True)
    shift = pd.to_timedelta(random.uniform(0, 60, 3000), unit="D").round("us")
    invented = invented.assign(event_timestamp=(made.TEST + shift).astype("datetime64[us, UTC]"), amount=1e6)
    second = trained(pd.concat([frame[past], invented], ignore_index=True), tmp_path / "second")
    assert second.train.hash == first.train.hash
    assert second.hash == first.hash
    assert second.booster == first.booster
    assert second.test.hash != first.test.hash  # the future did change
    assert second.results != first.results
    assert trained(frame, tmp_path / "third").hash == first.hash
