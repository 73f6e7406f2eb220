"""What customers stated: newest first, as known at the cutoff, in the taxonomy where it has a code."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from churn.calendar import to_us
from churn.events import Events
from churn.reasons import CAUSES, GROUPS
from churn.stated import SAID, SPEAK_OF, OpenCases, cause_of, open_cases, stated, tells_solutions

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CUTOFF_US = to_us(NOW)


def log(*rows: tuple[str, str, float, str | None], late_days: float = 0.0) -> Events:
    """Rows of customer, kind, days before now and reason code."""
    frame = pd.DataFrame(rows, columns=["customer_id", "event_type", "days", "reason_code"])
    when = pd.Series([NOW - timedelta(days=days) for days in frame.pop("days")]).astype("datetime64[us, UTC]")
    late = pd.Timedelta(days=late_days)
    return Events.from_frame(frame.assign(event_timestamp=when, ingested_at=when + late))


def test_each_customer_is_told_newest_first_with_source_and_words() -> None:
    told = stated(
        log(("a", "complaint", 5, "answered_late"), ("a", "return", 9, "defect"), ("b", "survey", 3, "Price")),
        CUTOFF_US,
    )
    assert [(one.code, one.said, one.source) for one in told["a"]] == [
        ("ignored_feedback", "answered_late", "complaint"),
        ("product", "defect", "return"),
    ]
    assert told["b"][0].code == "price"
    assert told["b"][0].at == NOW - timedelta(days=3)


def test_what_the_taxonomy_lacks_keeps_its_words() -> None:
    (one,) = stated(log(("a", "survey", 5, "the parrot")), CUTOFF_US)["a"]
    assert (one.code, one.said) == (None, "the parrot")


@pytest.mark.parametrize(
    "rows",
    [
        [("a", "support_ticket", 5.0, "resolved")],  # what was done
        [("a", "support_ticket", 5.0, None)],
        [("a", "order", 5.0, "defect")],  # nothing is stated by an order
        [("a", "complaint", 400.0, "defect")],  # too long ago
        [("a", "complaint", -1.0, "defect")],  # the future
        [("a", "complaint", 0.0, "defect")],  # the cutoff itself is the future's first instant
    ],
)
def test_what_states_no_reason_is_left_out(rows: list[tuple[str, str, float, str | None]]) -> None:
    assert stated(log(*rows), CUTOFF_US) == {}


def test_what_had_not_reached_us_is_not_stated_yet() -> None:
    assert stated(log(("a", "complaint", 5, "defect"), late_days=6), CUTOFF_US) == {}
    assert "a" in stated(log(("a", "complaint", 5, "defect"), late_days=4), CUTOFF_US)


def test_open_cases_are_those_since_the_last_solution() -> None:
    events = log(
        ("a", "complaint", 20, "defect"), ("a", "complaint_solved", 15, None), ("a", "complaint", 10, "price"),
        ("a", "complaint", 2, "price"), ("b", "complaint", 30, None), ("b", "complaint_solved", 1, None),
    )  # fmt: skip
    assert open_cases(events, CUTOFF_US) == {"a": OpenCases(2, 10.0)}
    assert tells_solutions(events)


def test_a_ticket_may_be_solved_by_a_row_of_its_own() -> None:
    events = log(
        ("a", "support_ticket", 9, "defect"),
        ("b", "support_ticket", 9, "defect"),
        ("b", "support_ticket", 4, "resolved"),
    )
    assert open_cases(events, CUTOFF_US, kind="support_ticket") == {"a": OpenCases(1, 9.0)}
    assert tells_solutions(events, kind="support_ticket")
    assert not tells_solutions(events)


def test_where_nothing_is_ever_solved_nobody_knows_what_is_open() -> None:
    assert not tells_solutions(log(("a", "complaint", 9, "defect")))


def test_the_tables_speak_of_the_taxonomy() -> None:
    assert set(SAID.values()) <= set(CAUSES)
    assert set(SPEAK_OF) == set(CAUSES)
    assert {group for groups in SPEAK_OF.values() for group in groups} <= set(GROUPS)
    assert all(cause_of(code) == code for code in CAUSES)
