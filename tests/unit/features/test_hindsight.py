"""What hindsight would change: counted by hand on a small shop, nothing where everything was known at once."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events
from features.catalogue import catalogue
from features.hindsight import Hindsight, hindsight, known_today
from features.log_reading import read_events
from features.parts import log_parts
from tests import small_shop
from tests.command_line import churn
from tests.mapped_shop import CALLS, ORDERS, at, orders_only, told

LIFECYCLE = Lifecycle(ChurnDefinition(qualifying=("order",), horizon_days=30))
COLUMNS = {"order": {"amount"}, "complaint": set[str](), "return": {"amount"}}
FEATURES = catalogue(list(COLUMNS), COLUMNS, LIFECYCLE)
CUTOFFS = [at("2024-02-01"), at("2024-03-01"), at("2024-04-10")]


def of(folder: Path, cutoffs: list[datetime] | None = None) -> Hindsight:
    return hindsight(log_parts(folder), FEATURES, LIFECYCLE, cutoffs or CUTOFFS)


def test_what_was_known_at_once_is_not_changed(tmp_path: Path) -> None:
    found = of(told(tmp_path).path.parent)
    assert found.by_feature() == {}
    assert "what was learned later would change none" in found.as_text()
    assert [one["rows"] for one in found.by_cutoff()] == [2, 2, 2]


def test_a_late_complaint_changes_the_rows_of_the_cutoffs_that_did_not_know_it(tmp_path: Path) -> None:
    late = CALLS + "s1,2024-01-25,9,,complaint,2024-03-20\n"
    found = of(told(tmp_path, calls=late).path.parent)
    by_cutoff = found.by_cutoff()
    assert [one["rows_differ"] for one in by_cutoff] == [0.5, 0.5, 0.0]
    assert {one["would_join"] + one["would_leave"] for one in by_cutoff} == {0}
    shares = found.by_feature()
    assert shares["complaint_count_90d"] == pytest.approx(2 / 6)
    assert next(iter(shares.values())) == max(shares.values())
    assert all(name.startswith(("complaint", "overall", "any")) or "complaint" in name for name in shares)
    assert "33.3" in found.as_text()


def test_an_order_taken_back_later_would_have_left_the_cohort(tmp_path: Path) -> None:
    calls = CALLS + "s2,2024-03-20,9,o5,return,\n"
    orders = ORDERS.replace("s2,2024-03-10,12,6,o6\n", "")
    found = of(told(tmp_path, orders=orders, calls=calls).path.parent).by_cutoff()
    assert [one["would_leave"] for one in found] == [1, 1, 0]


def test_a_merge_would_have_moved_the_past(tmp_path: Path) -> None:
    calls = CALLS + "h1,2024-01-21,20,x1,order,\n"
    found = of(told(tmp_path, "hotline,h1,s1,2024-03-15", calls=calls).path.parent)
    assert [one["would_leave"] for one in found.by_cutoff()] == [1, 1, 0]
    assert [one["rows"] for one in found.by_cutoff()] == [3, 3, 2]
    assert found.by_feature()["order_count_90d"] == pytest.approx(2 / 6)


def test_parts_and_the_whole_are_the_same(tmp_path: Path) -> None:
    folder = told(tmp_path, "hotline,h1,s1,2024-03-15", calls=CALLS + "s2,2024-03-20,9,o5,return,\n").path.parent
    whole = hindsight(read_events(folder), FEATURES, LIFECYCLE, CUTOFFS)
    assert whole.as_json() == of(folder).as_json()


def test_of_a_shop_whose_events_come_late_some_rows_differ() -> None:
    """One event in ten reached us up to three days late; the cutoffs see few of them, none twice."""
    events = small_shop.events()
    cutoffs = [small_shop.CUTOFFS[0] + timedelta(days=5 * step) for step in range(20)]
    found = hindsight(events, small_shop.features(), small_shop.LIFECYCLE, cutoffs)
    assert 0 < found.as_json()["rows_differ"] < 0.2
    again = hindsight(known_today(events), small_shop.features(), small_shop.LIFECYCLE, cutoffs)
    assert again.by_feature() == {}
    assert again.as_json()["rows_differ"] == 0


def test_nothing_to_compare_is_no_division_by_zero() -> None:
    nobody = Events.from_frame(small_shop.log().iloc[:0])
    found = hindsight(nobody, small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS)
    assert found.as_json()["rows_differ"] == 0
    assert np.isfinite(found.as_json()["cells_differ"])


def test_the_command_counts_by_cutoff(tmp_path: Path) -> None:
    config = orders_only(tmp_path)
    said = churn("snapshot", "hindsight", "--json", config=config)
    assert (said.code, json.loads(said.out)["rows_differ"]) == (0, 0)
    assert "would change none" in churn("snapshot", "hindsight", config=config).out
