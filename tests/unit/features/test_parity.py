"""Parity finds one flipped bit, a customer who is missing, and rows of another set; it passes where all are equal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.events import Events
from features.online import MemoryOnlineStore, OnlineRow, rows_of
from features.parity import Certificate, NoParity, certificate_path, prove, write_certificate
from features.snapshots import current
from tests import small_shop

NOW = small_shop.CUTOFFS[-1]
EVENTS, FEATURES, LIFECYCLE = small_shop.events(), small_shop.features(), small_shop.LIFECYCLE
ROWS = list(rows_of(current(EVENTS, FEATURES, LIFECYCLE, NOW), FEATURES.names, FEATURES.hash))


def proof(rows: list[OnlineRow], events: Events = EVENTS, customers: int = 500) -> Certificate:
    store = MemoryOnlineStore()
    store.write(rows)
    return prove(store, events, FEATURES, LIFECYCLE, customers=customers, kind="memory")


def test_equal_rows_pass() -> None:
    """Customers whose first event came after the cutoff are on neither side, and equal."""
    certificate = proof(ROWS)
    assert certificate["passed"]
    assert certificate["equal"] == certificate["customers"] == len(EVENTS.customers) > len(ROWS)
    assert certificate["as_of"] == [NOW.isoformat()]
    assert proof(ROWS, customers=7)["customers"] == 7


def test_rows_of_several_instants_are_replayed_each_at_its_own() -> None:
    earlier = rows_of(current(EVENTS, FEATURES, LIFECYCLE, NOW - timedelta(hours=5)), FEATURES.names, FEATURES.hash)
    certificate = proof([*list(earlier)[:40], *ROWS[40:]])
    assert certificate["passed"]
    assert len(certificate["as_of"]) == 2


def flipped(row: OnlineRow) -> OnlineRow:
    """The row with the last bit of one number flipped."""
    vector = row.vector.copy()
    vector.view(np.uint64)[3] ^= np.uint64(1)
    return replace(row, vector=vector)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (flipped, FEATURES.names[3]),
        (lambda row: replace(row, stage="prospect"), "stage"),
        (lambda row: replace(row, model="other"), "model"),
        (lambda row: replace(row, known_at=NOW + timedelta(seconds=1)), "known_at"),
        (lambda row: replace(row, feature_set_hash="another"), "feature_set_hash"),
        (lambda row: replace(row, vector=row.vector[:-1]), "length of the vector"),
        (lambda row: replace(row, customer_id="somebody else"), "not on line"),
    ],
)
def test_every_difference_is_found_and_named(fault: Callable[[OnlineRow], OnlineRow], named: str) -> None:
    certificate = proof([fault(ROWS[0]), *ROWS[1:]])
    assert not certificate["passed"]
    assert certificate["equal"] == certificate["customers"] - 1
    assert certificate["differences"] == {named: 1}


def test_a_row_nobody_has_an_event_for_is_found() -> None:
    late = next(one for one in EVENTS.customers if one not in {row.customer_id for row in ROWS})
    assert proof([*ROWS, replace(ROWS[0], customer_id=late)])["differences"] == {"not in the log": 1}


def test_another_log_is_found() -> None:
    restated = small_shop.log()
    restated["amount"] *= 1.01
    certificate = proof(ROWS, small_shop.events(restated))
    assert not certificate["passed"]
    assert "order_total_365d" in certificate["differences"]


def test_an_empty_store_or_log_proves_nothing() -> None:
    assert proof([])["differences"] == {"nothing on line": len(EVENTS.customers)}
    assert not proof([], small_shop.events(pd.DataFrame(small_shop.log().head(0))))["passed"]


def test_a_certificate_is_found_by_its_key_and_names_no_customer(tmp_path: Path) -> None:
    certificate = proof([replace(ROWS[0], stage="prospect"), *ROWS[1:]])
    path = write_certificate(certificate, tmp_path)
    assert path == certificate_path(tmp_path, FEATURES.hash, LIFECYCLE.definition.id, "memory")
    assert not [one for one in EVENTS.customers if one in path.read_text(encoding="utf-8")]
    error = NoParity(certificate)
    assert "stage (1)" in error.problem
    assert "churn features materialise" in error.mend
    assert error.exit_code == 10
