"""Labels, drawn."""

import pandas as pd
import pytest

from churn.cohort import cohort
from churn.definition import ChurnDefinition, Lifecycle, Silence
from churn.labels import label
from tests.timeline import cutoff_of, end_of, log


@pytest.mark.parametrize(
    ("timeline", "churned"),  # horizon 7 days
    [
        ("o..o..|.......", True),
        ("o..o..|......o", False),  # back on the last day
        ("o..o..|.......o", True),  # back a day too late
        ("o..o..|o..", None),  # the horizon is not over: nobody is labelled, not even the stayers
        ("o..o..|o......", False),
        ("o..o..|or.....", True),  # taken back
    ],
)
def test_churn_is_silence_for_a_whole_horizon(timeline: str, churned: bool | None) -> None:
    lifecycle = Lifecycle(ChurnDefinition(horizon_days=7, lapse=Silence(days=7)))
    events, cutoff = log(timeline), cutoff_of(timeline)
    asked = cohort(events, lifecycle, cutoff)
    outcome = label(asked, events, lifecycle, cutoff=cutoff, observed_until=end_of(timeline))
    assert asked["model"].tolist() == ["churn"]
    expected = pd.Series([churned], dtype="boolean", name="label")
    pd.testing.assert_series_equal(outcome, expected)
