"""The language of conditions: what it means, and what it says when it cannot be read."""

import numpy as np
import pandas as pd
import pytest

from churn.calendar import Calendar, to_us
from churn.conditions import check_kinds, eligible, qualifies
from churn.definition import ChurnDefinition
from churn.errors import SettingsError
from churn.events import Events
from churn.grammar import Compare, ConditionError, Did, Every, IsNull, Not, Some, kinds_in
from churn.parsing import parse_eligible, parse_qualifying


def _log() -> Events:
    rows = [
        ("a", "order", "2024-03-01T10:00Z", 10.0, "web", None),
        ("a", "order", "2024-03-02T10:00Z", 0.0, "sample", None),
        ("a", "order", "2024-03-03T10:00Z", np.nan, None, "toys"),
        ("a", "complaint", "2024-03-04T10:00Z", np.nan, None, None),
        ("a", "order", "2024-03-05T09:59Z", 5.0, "phone", "toys"),
        ("b", "order", "2024-03-05T10:00Z", 7.0, "web", "o'hara"),
        ("b", "2nd visit!", "2024-03-05T11:00Z", np.nan, "web", None),
    ]
    names = ["customer_id", "event_type", "event_timestamp", "amount", "channel", "category"]
    frame = pd.DataFrame(rows, columns=names)
    return Events.from_frame(frame.assign(event_timestamp=pd.to_datetime(frame["event_timestamp"], utc=True)))


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("order", [0, 1, 2, 4, 5]),
        ("'2nd visit!'", [6]),
        ("order where amount > 0", [0, 4, 5]),
        ("order where amount >= 0", [0, 1, 4, 5]),
        ("order where amount < 7", [1, 4]),
        ("order where amount <= 7", [1, 4, 5]),
        ("order where amount = 7", [5]),
        ("order where amount != 7", [0, 1, 4]),  # a null is not different, it is unknown
        ("order where not amount = 7", [0, 1, 2, 4]),  # `not` is the plain opposite
        ("order where amount in (5, 7.0)", [4, 5]),
        ("order where amount not in (5, 7)", [0, 1]),
        ("order where amount is null", [2]),
        ("order where amount is not null", [0, 1, 4, 5]),
        ("order where channel = 'web'", [0, 5]),
        ("order where channel != 'sample'", [0, 4, 5]),
        ("order where not channel = 'sample'", [0, 2, 4, 5]),
        ("order where channel in ('web', 'phone')", [0, 4, 5]),
        ("order where channel not in ('web', 'nowhere')", [1, 4]),
        ("order where channel is null", [2]),
        ("order where category = 'o''hara'", [5]),
        ("order where amount > 0 and channel != 'sample'", [0, 4, 5]),
        ("order where amount = 10 or amount = 5 and channel = 'web'", [0]),  # `and` binds tighter
        ("order where (amount = 10 or amount = 5) and channel = 'phone'", [4]),
        ("ORDER", []),  # kinds are told apart by case, words of the language are not
        ("order WHERE Amount > 0 AND NOT channel = 'web'", [4]),
        ("order where did complaint within 1 days", [4]),
        ("order where did not complaint within 1 day", [0, 1, 2, 5]),
        ("order where not did complaint ever", [0, 1, 2, 5]),
        ("order where did order where amount > 0 within 2 days", [1, 2]),  # an event never answers for itself
        ("order where did order where (amount > 0) and category = 'toys'", [2, 4]),
        ("order where did order within 1 days and did not complaint within 30 days", [1, 2]),
    ],
)
def test_conditions_mean_what_they_say(condition: str, rows: list[int]) -> None:
    found = qualifies(_log(), ChurnDefinition(qualifying=(condition,)), Calendar())
    assert np.flatnonzero(found).tolist() == rows


def test_several_entries_are_joined_by_or() -> None:
    definition = ChurnDefinition(qualifying=("order where amount > 9", "complaint"))
    assert np.flatnonzero(qualifies(_log(), definition)).tolist() == [0, 3]
    assert definition.qualifying_kinds == ("order", "complaint")


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        (None, ["a", "b"]),
        ("did complaint", ["a"]),
        ("did not complaint", ["b"]),
        ("did complaint within 2 days", ["a"]),  # from the midnight two days before the cutoff's day
        ("did complaint within 1 days", []),
        ("did order where channel = 'web' within 1 days", ["b"]),
        ("did complaint ever or did '2nd visit!'", ["a", "b"]),
        ("not (did complaint or did order where amount > 9)", ["b"]),
    ],
)
def test_eligible_looks_back_from_the_cutoff(condition: str | None, who: list[str]) -> None:
    events, cutoff_us = _log(), to_us(pd.Timestamp("2024-03-06T00:00Z").to_pydatetime())
    found = eligible(events, ChurnDefinition(eligible=condition), cutoff_us, Calendar())
    assert events.customers[found].tolist() == who


def test_did_counts_local_days() -> None:
    """At 00:30 in Shanghai the day before began 24.5 hours ago; in UTC it began 40.5 hours ago."""
    when = pd.to_datetime(["2024-03-04T15:00Z", "2024-03-05T16:30Z"], utc=True)
    events = Events.from_frame(
        pd.DataFrame({"customer_id": "a", "event_type": ["complaint", "order"], "event_timestamp": when})
    )
    definition = ChurnDefinition(qualifying=("order where did complaint within 1 days",))
    assert qualifies(events, definition, Calendar("UTC")).tolist() == [False, True]
    assert qualifies(events, definition, Calendar("Asia/Shanghai")).tolist() == [False, False]
    with pytest.raises(ValueError, match="whose days"):
        qualifies(events, definition)


def test_an_empty_log_has_nothing_to_say() -> None:
    nothing = _log().take(np.zeros(7, dtype=np.bool_))
    definition = ChurnDefinition(qualifying=("order where did complaint within 3 days",), eligible="did not complaint")
    assert qualifies(nothing, definition, Calendar()).tolist() == []
    assert eligible(nothing, definition, 0, Calendar()).tolist() == [True, True]


@pytest.mark.parametrize(
    ("condition", "position", "mend"),
    [
        ("order where amuont > 0", 12, "did you mean amount?"),
        ("order where colour = 'x'", 12, "Columns are amount, quantity"),
        ("order where text = 'x'", 12, "text is kept for people and never counts; use category or reason_code"),
        ("order when amount", 6, "`where` and a condition"),
        ("order where amount > 'x'", 21, "a number for amount"),
        ("order where channel = 3", 22, "a text in single quotes for channel"),
        ("order where channel > 'x'", 20, "one of = !=,"),
        ("order where amount > ", 21, "a number for amount"),
        ("order where amount not > 3", 19, "`not in (...)` or `is null` after amount"),
        ("order where amount is 3", 22, "`null`"),
        ("order where amount in 3", 22, "`(`"),
        ("order where amount in (3 4)", 25, "`)`"),
        ("order where (amount > 1", 23, "`)`"),
        ("order where amount > 1 amount > 2", 23, "`and`, `or`, or the end"),
        ("order where amount ~ 2", 19, "texts in single quotes"),
        ("order where channel = 'x", 22, "texts in single quotes"),
        ("order where did order where amount > 1 and did x", 43, "in parentheses"),
        ("order where did x within 0 days", 25, "a whole number of days from 1"),
        ("order where did x within 1.5 days", 25, "a whole number of days"),
        ("order where did x within 3", 26, "`days`"),
        ("order where", 11, "Columns are"),
        ("where amount > 0", 0, "a kind of event"),
        ("", 0, "a kind of event"),
    ],
)
def test_faults_point_at_their_place(condition: str, position: int, mend: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_qualifying(condition)
    assert caught.value.position == position
    assert mend in caught.value.mend
    assert f"    {condition}\n    {' ' * position}^" in caught.value.problem


def test_eligible_speaks_of_customers() -> None:
    with pytest.raises(ConditionError) as caught:
        parse_eligible("amount > 3")
    assert "did order where amount > 5 within 90 days" in caught.value.mend
    with pytest.raises(ConditionError, match="or the end"):
        parse_eligible("did order )")


def test_a_definition_is_read_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="did you mean score"):
        ChurnDefinition(qualifying=("order where scor > 1",))
    with pytest.raises(ValueError, match="say what they did"):
        ChurnDefinition(eligible="amount > 3")


def test_the_tree() -> None:
    assert parse_qualifying("a where amount = 1 and (score is null or not did b within 2 days)").where == Every(
        (Compare("amount", "=", (1.0,)), Some((IsNull("score"), Not(Did("b", None, 2)))))
    )
    assert kinds_in(parse_eligible("did a where (amount > 1) or not (did b and did not c)")) == ("a", "b", "c")
    assert kinds_in(None) == ()


def test_kinds_are_held_against_the_log() -> None:
    kinds = ("order", "complaint")
    check_kinds(ChurnDefinition(qualifying=("order", "renewal")), kinds)  # one of them is enough
    check_kinds(ChurnDefinition(eligible="did not unsubscribe"), kinds)
    check_kinds(ChurnDefinition(eligible="did not unsubscribe and did not reorder"), [*kinds, "subscribe"])
    with pytest.raises(SettingsError) as caught:
        check_kinds(ChurnDefinition(qualifying=("order", "oder")), kinds)
    assert caught.value.mend.startswith("did you mean 'order'?")
    with pytest.raises(SettingsError) as caught:
        check_kinds(ChurnDefinition(eligible="did complain"), kinds)
    assert "did you mean 'complaint'?" in caught.value.mend
    with pytest.raises(SettingsError) as caught:
        check_kinds(ChurnDefinition(qualifying=("renewal",)), kinds)
    assert "The log has 'complaint', 'order'" in caught.value.mend
    with pytest.raises(SettingsError, match="The log has no events"):
        check_kinds(ChurnDefinition(), ())
