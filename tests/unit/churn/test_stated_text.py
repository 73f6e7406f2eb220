"""What a row says of stated reasons and open complaints: what `churn.stated` says of the log, in one short text."""

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.calendar import to_us
from churn.events import Events
from churn.reasons import CAUSES
from churn.stated import SAID, OpenCases, open_cases, stated
from churn.stated_text import MOST, NOTHING, Told, texts, told, without_open

NOW = datetime(2024, 6, 1, tzinfo=UTC)
KINDS = ("complaint", "complaint_solved", "survey", "return", "order", "support_ticket")
WORDS = ("defect", "Price ", "resolved", "answered", "the parrot", 'ring "0170" 1234567', None)

rows = st.tuples(st.sampled_from("abc"), st.sampled_from(KINDS), st.integers(-3, 500), st.sampled_from(WORDS))


def log(told_rows: list[tuple[str, str, int, str | None]], late_days: int = 0) -> Events:
    """Rows of customer, kind, days before now and reason code; a customer without any is there, too."""
    columns = ["customer_id", "event_type", "days", "reason_code"]
    frame = pd.DataFrame([*told_rows, ("nobody", "visit", 1, None)], columns=columns)
    when = pd.Series([NOW - timedelta(days=int(days)) for days in frame.pop("days")]).astype("datetime64[us, UTC]")
    late = pd.Timedelta(days=late_days)
    return Events.from_frame(frame.assign(event_timestamp=when, ingested_at=when + late))


def told_of(events: Events) -> dict[str, Told]:
    """What the text of each customer says."""
    said, _ = texts(events, to_us(NOW))
    return {str(name): told(text, NOW) for name, text in zip(events.customers, said, strict=True)}


@settings(max_examples=60)
@given(told_rows=st.lists(rows, max_size=25), late_days=st.sampled_from((0, 2)))
def test_a_text_says_what_the_log_says(told_rows: list[tuple[str, str, int, str | None]], late_days: int) -> None:
    events = log(told_rows, late_days)
    reasons, cases = stated(events, to_us(NOW)), open_cases(events, to_us(NOW))
    for name, one in told_of(events).items():
        assert one.open == cases.get(name, OpenCases(0, 0.0))
        newest: dict[tuple[str | None, str], datetime] = {}
        for want in reasons.get(name, []):
            newest.setdefault((want.code, want.source), want.at)
        assert {(r.code, r.source): r.at for r in one.reasons} == dict(list(newest.items())[:MOST])


def test_of_one_cause_the_newest_is_told_and_of_many_the_newest_few() -> None:
    words = sorted(SAID)[: MOST + 2]
    every = [("a", "survey", 10 + place, word) for place, word in enumerate(words)]
    found = told_of(log([("a", "survey", 2, words[-1]), *every]))["a"].reasons
    assert [one.said for one in found] == [words[-1], *words[: MOST - 1]]
    assert found[0].at == NOW - timedelta(days=2)


@pytest.mark.parametrize("free", ["the parrot", "ring 0170 1234567", "张伟 13800138000", '"]}'])
def test_words_that_may_be_free_text_never_come_into_a_row(free: str) -> None:
    said, _ = texts(log([("a", "complaint", 3, free)]), to_us(NOW))
    assert json.loads(said[0])["reasons"] == [[None, None, "complaint", to_us(NOW - timedelta(days=3))]]


def test_what_is_open_is_not_said_where_nobody_knows() -> None:
    said, tells = texts(log([("a", "complaint", 3, "defect"), ("b", "complaint", 5, None)]), to_us(NOW))
    assert not tells
    assert [told(without_open(text), NOW).open for text in said] == [None] * 3
    (reason,) = told(without_open(said[0]), NOW).reasons
    assert reason.code == "product"


@pytest.mark.parametrize("solution", [("b", "complaint_solved", 1, None), ("b", "complaint", 1, "resolved")])
def test_a_solution_of_anybody_tells_that_solutions_are_told(solution: tuple[str, str, int, str | None]) -> None:
    events = log([("a", "complaint", 3, "defect"), solution])
    assert texts(events, to_us(NOW))[1]
    assert told_of(events)["a"].open == OpenCases(1, 3.0)
    assert told_of(events)["b"].open == OpenCases(0, 0.0)


def test_a_solution_in_the_future_tells_nothing_yet() -> None:
    assert not texts(log([("a", "complaint", 3, "defect"), ("a", "complaint_solved", -1, None)]), to_us(NOW))[1]


def test_an_empty_text_says_nothing() -> None:
    assert told("{}", NOW) == Told()
    assert told(NOTHING, NOW) == Told(open=OpenCases(0, 0.0))


def test_every_word_of_ours_is_kept_as_it_is_spelt() -> None:
    for word in (*SAID, *CAUSES):
        ((one,),) = [told_of(log([("a", "survey", 1, f" {word.upper()} ")]))["a"].reasons]
        assert (one.said, one.code) == (word, SAID.get(word, word))
