"""The contract of columns, fault by fault: what is named, for what share, and what chance or the past excuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from monitoring.data.contract import faults
from monitoring.data.reasons import about_data
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.history import History, Run
from monitoring.reading.seen import seen_of
from tests.monitored_shop import Shop
from tests.unit.monitoring.test_verdict import found

ROWS = 4_000
RANDOM = np.random.default_rng(5)
THEN = np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.normal(10, 2, ROWS))
KNOWN = Reference(
    snapshot_hash="s", model="churn", rows=ROWS,
    features={"x": FeatureReference.of(THEN, np.arange(ROWS) % 4.0, is_category=False)},
)  # fmt: skip


def told(values: object, ids: object = None) -> list[tuple[str, str, float]]:
    frame = pd.DataFrame({"customer_id": np.arange(ROWS) if ids is None else ids, "x": values})
    return [(one.feature, one.code, round(one.share, 2)) for one in faults(seen_of(frame, KNOWN, sample_rows=9), KNOWN)]


def some(share: float, value: float) -> np.ndarray:
    return np.where(np.arange(ROWS) < share * ROWS, value, THEN[::-1])


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (THEN[::-1], None),
        (some(0.15, np.nan), None),  # drift, no fault
        (some(0.5, np.nan), ("x", "nulls", 0.55)),
        (np.full(ROWS, np.nan), ("x", "all_null", 1.0)),
        (np.where(np.isnan(THEN), np.nan, 7.0), ("x", "constant", 0.89)),
        (some(0.001, np.inf), ("x", "infinite", 0.0)),
        (THEN[::-1] * 100, ("x", "unseen", 0.89)),
        (np.where(np.arange(ROWS) % 2 == 0, "n/a", "3"), ("x", "not_a_number", 0.5)),
    ],
)
def test_each_fault_is_told_with_its_share(values: np.ndarray, fault: tuple[str, str, float] | None) -> None:
    assert told(values) == ([fault] if fault else [])


def test_customers_who_stand_there_twice_are_told() -> None:
    assert told(THEN[::-1], np.arange(ROWS) // 2) == [("customer_id", "repeated", 0.5)]


def test_a_missing_column_is_told() -> None:
    (one,) = faults(seen_of(pd.DataFrame({"y": THEN}), KNOWN, sample_rows=9), KNOWN)
    assert (one.feature, one.code, one.share) == ("x", "missing_column", 1.0)
    assert all("churn features materialise" in words for words in one.mend)


def test_half_of_the_customers_gone_is_watched(shop: Shop) -> None:
    shop.write_scores(shop.now())
    seen = found(shop)
    now = pd.Timestamp("2030-01-01", tz="UTC").to_pydatetime()
    figures = {"churn_monitor_rows{model='churn',version='churn-monitored/1'}": 3.0 * seen.rows}
    history = History((Run(now - pd.Timedelta(days=1), now, "keep", {}, figures),))
    known = history.with_rows(seen, now)
    assert known.rows_before == 3 * seen.rows
    (reason,) = about_data(known)
    assert (reason.outcome, reason.code, reason.number) == ("watch", "rows_fell", seen.rows)
    assert "churn ingest" in reason.mend[0]
    assert list(about_data(replace(known, rows_before=seen.rows + 9))) == []
    assert History().with_rows(seen, now).rows_before is None
