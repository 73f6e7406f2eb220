"""The kernel by example: what a person can check with a pencil."""

import gc
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.calendar import Calendar, to_us
from churn.definition import ChurnDefinition, Lifecycle
from churn.errors import NaiveTime
from churn.events import Events
from churn.orders import LARGEST
from features.catalogue import catalogue
from features.compute import compute
from features.feature import Feature, Kind
from features.forms import followed_share
from features.operations import text_code
from features.timeline import Timeline
from features.views import views
from tests.oracle_duckdb import oracle
from tests.reference import naive
from tests.timeline import cutoff_of, log

ORDER = Kind("order", "order", "下单")
NOON = timedelta(hours=12)
UTC_DAYS = Lifecycle()


def one(events: Events, cutoff: datetime, feature: Feature, lifecycle: Lifecycle = UTC_DAYS) -> float:
    return float(compute(events, [cutoff], [feature], lifecycle)[0, 0, 0])


def of(rows: list[dict[str, Any]]) -> Events:
    frame = pd.DataFrame([{"customer_id": "a", "event_type": "order"} | row for row in rows])
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).astype("datetime64[us, UTC]")
    return Events.from_frame(frame)


@pytest.mark.parametrize(
    ("timeline", "feature", "value"),
    [
        ("o..o.o|o", ORDER.count[30], 3),
        ("o..o.o|o", ORDER.count[3], 2),
        ("o..o.o|o", ORDER.count.ever, 3),
        ("o..o.o|o", ORDER.total[3], 20.0),
        ("o..o.o|o", ORDER.gap_mean.ever, 2.5),
        ("o..o.o|o", ORDER.of("gap_std").ever, np.sqrt(0.5)),
        ("o......o.o..o|", ORDER.of("gap_std")[7], np.sqrt(0.5)),  # of 2 and 3, not of the pause into the window
        ("o..o.o|o", ORDER.of("gap_longest").ever, 3),
        ("o..o.o|o", ORDER.of("gap_longest")[3], 2),
        ("o..o.o|o", ORDER.point("gap_last"), 2),
        ("o..o.o|o", ORDER.days_since, 0.5),
        ("o..o.o|o", ORDER.days_since / ORDER.gap_mean.ever, 0.2),
        ("o..o.o|o", ORDER.point("days_since_first"), 5.5),
        ("o.....|.", ORDER.gap_mean.ever, np.nan),
        ("v.....|o", ORDER.count.ever, 0),
        ("v.....|o", ORDER.total.ever, 0),
        ("v.....|o", ORDER.mean.ever, np.nan),
        ("v.....|o", ORDER.days_since, np.nan),
        ("v.....|o", ORDER.count[3] / ORDER.count.ever, np.nan),
        ("or....|.", ORDER.count.ever, 0),  # taken back
        ("o.....|r", ORDER.count.ever, 1),  # not yet
        ("ob....|.", ORDER.count.ever, 1),  # the second has not reached us
    ],
)
def test_drawn(timeline: str, feature: Feature, value: float) -> None:
    assert one(log(timeline), cutoff_of(timeline), feature) == pytest.approx(value, nan_ok=True)


def test_an_afternoon_cutoff_sees_today_and_the_window_begins_at_midnight() -> None:
    calendar = Calendar("Asia/Shanghai")
    shop = Lifecycle(calendar=calendar)
    today = calendar.midnight(date(2024, 5, 10))
    events = of([{"event_timestamp": today + timedelta(hours=h)} for h in (-24, 9, 14, 15)])
    assert one(events, today + timedelta(hours=14), ORDER.count[1], shop) == 2  # yesterday's midnight is inside
    assert one(events, today + timedelta(hours=14, microseconds=1), ORDER.count[1], shop) == 3
    assert one(events, today, ORDER.count[1], shop) == 1


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25)])
def test_a_day_on_which_the_clock_changes_is_one_day(day: date, hours: int) -> None:
    calendar = Calendar("Europe/London")
    cutoff = calendar.midnight(day + timedelta(days=1))
    start = cutoff - timedelta(hours=hours)
    events = of([{"event_timestamp": start}, {"event_timestamp": start - timedelta(microseconds=1)}])
    shop = Lifecycle(calendar=calendar)
    assert one(events, cutoff, ORDER.count[1], shop) == 1
    assert one(events, cutoff, ORDER.active_days.ever, shop) == 2
    assert one(events, cutoff, ORDER.days_since, shop) == pytest.approx(hours / 24)


def test_sums_are_exact_to_a_ten_thousandth_and_bounded() -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    cents = [{"event_timestamp": day, "amount": 0.1}, {"event_timestamp": day + NOON, "amount": 0.2}]
    assert one(of(cents), day + 2 * NOON, ORDER.total.ever) == 0.3  # which 0.1 + 0.2 is not
    assert one(of([{"event_timestamp": day, "amount": 1e300}]), day + NOON, ORDER.total.ever) == LARGEST


def test_texts_become_codes_that_no_log_changes() -> None:
    assert text_code("123456789") == 0xCBF43926 & 0x7FFFFFFF  # the check value in the catalogue of CRCs
    day = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [{"event_timestamp": day, "category": "红"}, {"event_timestamp": day + NOON, "category": None}]
    latest = ORDER.point("latest", "category")
    assert one(of(rows), day + 2 * NOON, latest) == text_code("红")
    assert np.isnan(one(of(rows[1:]), day + 2 * NOON, latest))


def test_the_same_text_twice_is_one_and_another_customers_is_none() -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    named = [{"event_timestamp": day + n * NOON, "category": text} for n, text in enumerate(["x", "y", "x", "x"])]
    events = of([*named, {"customer_id": "b", "event_timestamp": day, "category": None}])
    wanted = [
        ORDER.of("distinct", "category").ever,
        ORDER.of("distinct", "category")[1],
        ORDER.point("latest", "category"),
    ]
    cube = compute(events, [day + 5 * NOON], wanted, UTC_DAYS)[:, 0]
    np.testing.assert_array_equal(cube, [[2, 1, text_code("x")], [0, 0, np.nan]])


def test_a_qualifying_condition_moves_the_backbone_alone() -> None:
    from features.catalogue import catalogue

    sold = Lifecycle(ChurnDefinition(qualifying=("order where amount > 0",)))
    day = datetime(2024, 1, 1, tzinfo=UTC)
    events = of([{"event_timestamp": day, "amount": 0.0}, {"event_timestamp": day + NOON, "amount": 5.0}])
    wanted = catalogue(["order"], {"order": {"amount"}}, sold)
    row = dict(zip(wanted.names, compute(events, [day + 2 * NOON], wanted, sold)[0, 0], strict=True))
    assert row["order_count_ever"] == 1
    assert row["order_tenure_days"] == 0.5


def test_a_view_more_for_each_change_of_the_past_between_two_cutoffs() -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    row = {"event_timestamp": day, "order_id": "1", "amount": 1.0, "ingested_at": day}
    back = row | {"event_type": "return", "event_timestamp": day + 9 * NOON, "ingested_at": day + 9 * NOON}
    late = row | {"order_id": "2", "ingested_at": day + 3 * NOON}
    instants = [day + n * NOON for n in (2, 4, 6, 10)]

    def count(*rows: dict[str, Any]) -> int:
        frame = pd.DataFrame([{"customer_id": "a", "event_type": "order"} | one for one in rows])
        for name in ("event_timestamp", "ingested_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
        return views(Events.from_frame(frame), np.array([to_us(at) for at in instants])).count

    assert count(row) == 1
    assert count(row, late) == 2
    assert count(row, back) == 2
    assert count(row, late, back) == 3


def test_nothing_in_nothing_out() -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    events = of([{"event_timestamp": day}])
    assert compute(events, [], [ORDER.days_since], UTC_DAYS).shape == (1, 0, 1)
    assert compute(events.of([]), [day], [ORDER.days_since], UTC_DAYS).shape == (0, 1, 1)
    assert compute(events, [day], [], UTC_DAYS).shape == (1, 1, 0)


def test_a_cutoff_needs_a_time_zone() -> None:
    naive = datetime(2024, 1, 2)  # noqa: DTZ001 - that is the fault
    with pytest.raises(NaiveTime, match="aware instant"):
        compute(log("o|"), [naive], [ORDER.days_since], UTC_DAYS)


@pytest.mark.parametrize(
    ("tickets", "still_open"),
    [
        ([("2024-01-05", "late"), ("2024-06-20", "solved")], 0),  # asked before the window, answered in it
        ([("2024-06-10", "late"), ("2024-06-20", "solved")], 0),
        ([("2024-06-10", "late"), ("2024-06-20", "lost")], 2),
    ],
)
def test_open_tickets_are_never_fewer_than_none(tickets: list[tuple[str, str]], still_open: int) -> None:
    kinds = {"order": set[str](), "support_ticket": {"reason_code"}}
    feature = catalogue(list(kinds), kinds, UTC_DAYS)["support_ticket_open_90d"]
    events = of([{"event_type": "support_ticket", "event_timestamp": at, "reason_code": why} for at, why in tickets])
    cutoff = datetime(2024, 7, 1, tzinfo=UTC)
    assert one(events, cutoff, feature) == still_open
    assert naive(events, [cutoff], [feature], UTC_DAYS)[0, 0, 0] == still_open
    assert oracle(events, [cutoff], [feature], UTC_DAYS)[0, 0, 0] == still_open


def test_a_window_that_was_not_announced_is_laid_when_it_is_asked_for() -> None:
    events, cutoff = log("o..o.o|o"), cutoff_of("o..o.o|o")
    lane = Timeline(events, np.array([to_us(cutoff)]), UTC_DAYS, {ORDER.selection: frozenset({3})}).lane(
        ORDER.selection
    )
    assert [int(lane.count(days)[0, 0]) for days in (3, 1, 6, None)] == [2, 1, 3, 3]
    assert int(lane.total("amount", 3)[0, 0]) == int(lane.total("amount", 1)[0, 0]) * 2


@pytest.mark.parametrize("texts", [3, 70])
def test_texts_are_counted_however_many_there_are(texts: int) -> None:
    rows = [{"event_timestamp": f"2024-05-{1 + n % 9:02d}", "category": f"c{n % texts}"} for n in range(texts * 2)]
    assert one(of(rows), datetime(2024, 6, 1, tzinfo=UTC), ORDER.of("distinct", "category").ever) == texts


def test_a_batch_leaves_nothing_behind() -> None:
    """Lanes know their timeline, and what is kept with a lane knows the lane: circles, which would keep every batch in
    memory until somebody collects it."""
    visit = Kind("visit", "visit", "访问")
    kept = [ORDER.total[3], ORDER.peak[3], followed_share(ORDER, visit, 7, 30)]
    gc.collect()
    gc.disable()
    try:
        compute(log("o.vo.o|o"), [cutoff_of("o.vo.o|o")], kept, UTC_DAYS)
        assert not [held for held in gc.get_objects() if isinstance(held, Timeline)]
    finally:
        gc.enable()
