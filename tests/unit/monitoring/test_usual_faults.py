"""A column that the log itself left empty, or alike, in a past week is no fault; any other still is."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from monitoring.data.usual import broken_now
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.drift.weeks import Past, Week
from monitoring.reading.seen import seen_of

ROWS = 2_000
THEN = np.random.default_rng(5).poisson(2.0, ROWS).astype(np.float64)
KNOWN = Reference(
    snapshot_hash="s", model="churn", rows=ROWS,
    features={"contacts": FeatureReference.of(THEN, np.arange(ROWS) % 4.0, is_category=False)},
)  # fmt: skip
NONE, SOME = np.zeros(ROWS), np.random.default_rng(6).poisson(2.0, ROWS).astype(np.float64)
HALF = np.where(np.arange(ROWS) % 2 == 0, np.nan, SOME)


def past(*weeks: np.ndarray) -> Past:
    binning = KNOWN.features["contacts"].histogram.binning
    counted = [{"contacts": binning.count(values)} for values in weeks]
    return Past(tuple(Week(datetime(2024, 1, 1, tzinfo=UTC), ROWS, one, np.empty(0), np.nan) for one in counted))


def codes(values: np.ndarray, before: Past | None) -> list[str]:
    seen = seen_of(pd.DataFrame({"contacts": values}), KNOWN, sample_rows=9)
    return [one.code for one in broken_now(seen, KNOWN, before)]


@pytest.mark.parametrize(
    ("values", "weeks", "expected"),
    [
        (NONE, (NONE, SOME), []),  # no campaign for so long: as a year ago
        (NONE, (SOME, SOME), ["constant"]),
        (NONE, (SOME, NONE, NONE), ["constant"]),  # so since last month: the fault itself
        (NONE, (NONE, SOME, NONE, NONE), []),
        (NONE + 5, (NONE, SOME), ["constant"]),  # alike, but at another value
        (NONE * np.nan, (NONE * np.nan, SOME), []),
        (NONE * np.nan, (NONE, SOME), ["all_null"]),
        (HALF, (HALF, SOME), []),
        (HALF, (SOME, HALF), ["nulls"]),
        (HALF, (SOME, SOME), ["nulls"]),
        (np.where(SOME > 1, SOME * 1e9, SOME), (SOME * 1e9,), ["unseen"]),  # a change of unit stays one
    ],
)
def test_what_the_log_had_before_is_no_fault(
    values: np.ndarray, weeks: tuple[np.ndarray, ...], expected: list[str]
) -> None:
    assert codes(values, past(*weeks)) == expected


def test_without_a_past_every_fault_is_told() -> None:
    assert codes(NONE, None) == codes(NONE, Past()) == ["constant"]
