"""The log in memory, and the door through which time passes."""

import numpy as np
import pandas as pd
import pytest

from churn.events import Events, Texts, before, between, micros
from churn.orders import TakingBack

HOUR = 3_600_000_000


def _frame(*rows: tuple[str, str, int, int, str | None]) -> pd.DataFrame:
    """customer, kind, hour, hour in which it became known, order."""
    frame = pd.DataFrame(list(rows), columns=["customer_id", "event_type", "at", "known", "order_id"])
    for name, hour in (("event_timestamp", "at"), ("ingested_at", "known")):
        frame[name] = pd.to_datetime(frame[hour].astype("int64") * HOUR, unit="us", utc=True)
    return frame.drop(columns=["at", "known"])


LOG = _frame(
    ("b", "visit", 5, 5, None),
    ("a", "order", 3, 3, "1"),
    ("a", "order", 1, 8, None),
    ("a", "return", 6, 6, "1"),
    ("c", "visit", 9, 9, None),
)


def test_rows_are_sorted_by_customer_and_time() -> None:
    events = Events.from_frame(LOG)
    assert events.customers.tolist() == ["a", "b", "c"]
    assert events.customer.tolist() == [0, 0, 0, 1, 2]
    assert (events.time_us // HOUR).tolist() == [1, 3, 6, 5, 9]
    assert events.kinds == ("order", "return", "visit")
    assert len(events) == 5
    assert np.isnan(events.amount).all()
    assert events.channel.codes.tolist() == [-1] * 5


@pytest.mark.parametrize(
    ("cutoff", "hours"),
    [
        (3, []),  # the first order has not reached us, the second happens at the cutoff
        (4, [3]),
        (6, [3, 5]),
        (7, [6, 5]),  # the order of 3 was taken back at 6
        (8, [6, 5]),
        (9, [1, 6, 5]),
        (10, [1, 6, 5, 9]),
    ],
)
def test_the_door(cutoff: int, hours: list[int]) -> None:
    seen = before(Events.from_frame(LOG), cutoff * HOUR)
    assert (seen.time_us // HOUR).tolist() == hours
    assert seen.customers.tolist() == ["a", "b", "c"]  # everybody keeps their index


@pytest.mark.parametrize(
    ("start", "end", "known_before", "hours"),
    [(1, 5, 100, [1]), (1, 5, 6, [3]), (1, 5, 7, []), (1, 6, 9, [1, 5]), (6, 9, 100, [6]), (6, 10, 100, [6, 9])],
)
def test_its_mirror(start: int, end: int, known_before: int, hours: list[int]) -> None:
    found = between(Events.from_frame(LOG), start * HOUR, end * HOUR, known_before_us=known_before * HOUR)
    assert (found.time_us // HOUR).tolist() == hours


def test_other_kinds_may_take_back() -> None:
    assert (
        before(Events.from_frame(LOG, taking_back=TakingBack(by=("chargeback",))), 7 * HOUR).time_us // HOUR
    ).tolist() == [
        3,
        6,
        5,
    ]


def test_some_customers_alone() -> None:
    some = Events.from_frame(LOG).of(["c", "a", "nobody"])
    assert some.customers.tolist() == ["a", "c"]
    assert some.customer.tolist() == [0, 0, 0, 1]
    assert Events.from_frame(LOG).of([]).customers.tolist() == []


def test_an_empty_log() -> None:
    events = Events.from_frame(LOG.iloc[:0])
    assert (len(events), len(events.customers), events.kinds) == (0, 0, ())
    assert len(before(events, 0)) == 0


def test_ties_do_not_depend_on_row_order() -> None:
    frame = _frame(*[("a", "order", 1, 1, None)] * 6).assign(
        amount=[3.0, 1.0, np.nan, 2.0, 1.0, 1.0], channel=["x", "y", None, "x", "x", "y"]
    )
    one, other = Events.from_frame(frame), Events.from_frame(frame.iloc[::-1])
    np.testing.assert_array_equal(one.amount, other.amount)
    np.testing.assert_array_equal(one.channel.codes, other.channel.codes)


def test_kinds_and_texts() -> None:
    events = Events.from_frame(LOG)
    assert events.is_kind("visit", "unheard of").tolist() == [False, False, False, True, True]
    texts = Texts.of(pd.Series(["b", None, "a", "b"]))
    assert (texts.codes.tolist(), texts.levels) == ([1, -1, 0, 1], ("a", "b"))
    assert texts.is_any(name for name in ("b", "a")).tolist() == [True, False, True, True]


def test_instants_of_any_resolution() -> None:
    when = pd.Series(pd.to_datetime(["2024-01-01T00:00:00.000001Z"], utc=True))
    for resolution in ("ns", "us"):
        assert micros(when.dt.as_unit(resolution)).tolist() == [1_704_067_200_000_001]
    assert micros(when.dt.tz_convert("Asia/Shanghai")).tolist() == [1_704_067_200_000_001]
    assert micros(pd.Series([5])).tolist() == [5]
