"""Laws of conditions: windows of `did` by the calendar, event by event; and texts that nobody could foresee."""

from collections.abc import Callable
from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.calendar import Calendar, from_us, to_us
from churn.conditions import eligible, qualifies
from churn.definition import ChurnDefinition
from churn.events import Events
from churn.grammar import ConditionError
from churn.parsing import parse_eligible, parse_qualifying
from tests.strategies import calendars, event_logs, instants


def _did(frame: pd.DataFrame, customer: str, until: datetime, since: datetime | None) -> bool:
    """Whether a customer complained by web or at length in `[since, until)`."""
    when = frame["event_timestamp"]
    such = frame[
        (frame["customer_id"] == customer) & (frame["event_type"] == "complaint") & (frame["channel"] == "web")
    ]
    return bool(((when < until) & ((since is None) | (when >= (since or until)))).loc[such.index].any())


@given(frame=event_logs(taken_back=False), calendar=calendars, days=st.none() | st.integers(1, 20))
def test_did_looks_back_from_each_event(frame: pd.DataFrame, calendar: Calendar, days: int | None) -> None:
    window = "ever" if days is None else f"within {days} days"
    events = Events.from_frame(frame)
    definition = ChurnDefinition(qualifying=(f"order where did complaint where channel = 'web' {window}",))
    found = qualifies(events, definition, calendar)
    for row, (customer, kind, time_us) in enumerate(
        zip(events.customer, events.kind.codes, events.time_us, strict=True)
    ):
        until = from_us(time_us)
        since = None if days is None else calendar.window_start(until, days)
        expected = events.kinds[kind] == "order" and _did(frame, events.customers[customer], until, since)
        assert found[row] == expected


@given(frame=event_logs(taken_back=False), calendar=calendars, days=st.integers(1, 20), cutoff=instants())
def test_eligible_looks_back_from_the_cutoff(
    frame: pd.DataFrame, calendar: Calendar, days: int, cutoff: datetime
) -> None:
    past = frame[frame["event_timestamp"] < cutoff]
    events = Events.from_frame(past)
    definition = ChurnDefinition(eligible=f"not did complaint where channel = 'web' within {days} days")
    found = eligible(events, definition, to_us(cutoff), calendar)
    since = calendar.window_start(cutoff, days)
    assert found.tolist() == [not _did(past, customer, cutoff, since) for customer in events.customers]


WORDS = ("order", "where", "did", "not", "and", "or", "(", ")", "amount", "channel", "in", "is", "null", "=", "<", ">=",
         "'x'", "3", ",", "within", "days", "ever", "~")  # fmt: skip


@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_every_text_is_read_or_refused_with_a_place(text: str) -> None:
    for parse in (parse_qualifying, parse_eligible):
        fault = _fault(parse, text)
        assert fault is None or (0 <= fault.position <= len(text) and fault.mend)


def _fault(parse: Callable[[str], object], text: str) -> ConditionError | None:
    try:
        parse(text)
    except ConditionError as fault:
        return fault
    return None


def test_deep_nesting_is_refused_and_not_fatal() -> None:
    with pytest.raises(ConditionError, match="deep"):
        parse_qualifying("order where " + "(" * 5000 + "amount > 1" + ")" * 5000)
