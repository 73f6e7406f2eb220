"""Features of two kinds, of mixes and of the calendar, by example: what a person can check with a pencil."""

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.calendar import EPOCH, Calendar
from churn.definition import Lifecycle
from churn.events import Events
from churn.grammar import ConditionError
from features.compute import compute
from features.feature import Feature, Kind
from features.forms import at_most, followed_share, joined, mix_shift, oldest_open, open_count, those, wait_mean
from features.formula import Holiday, HolidayBefore, HolidayCalendar
from features.public_holidays import NoDayOfTheYear, NoHolidaysInstalled, UnknownCountry, dates, holiday_calendar
from features.words import many

ORDER, VISIT = Kind("order", "order", "下单"), Kind("visit", "visit", "访问")
ASKED, ANSWERED = Kind("ticket", "ticket", "工单"), Kind("answer", "answer", "答复")
CUTOFF = datetime(2024, 5, 10, tzinfo=UTC)


def of(*rows: tuple[float, str] | tuple[float, str, dict[str, Any]]) -> Events:
    """Events of one customer: days before the cutoff, kind, other columns."""
    named = [
        {"customer_id": "a", "event_timestamp": CUTOFF - timedelta(days=ago), "event_type": kind} | dict(*more)
        for ago, kind, *more in rows
    ]
    frame = pd.DataFrame(named)
    return Events.from_frame(frame.assign(event_timestamp=frame["event_timestamp"].astype("datetime64[us, UTC]")))


def value(events: Events, feature: Feature, cutoff: datetime = CUTOFF, zone: str = "UTC") -> float:
    return float(compute(events, [cutoff], [feature], Lifecycle(calendar=Calendar(zone)))[0, 0, 0])


@pytest.mark.parametrize(
    ("rows", "feature", "expected"),
    [
        # two orders are more than 7 days ago; the younger had a visit on its third day, the older on its eighth
        ([(40, "order"), (32, "visit"), (20, "order"), (17, "visit"), (3, "order")], (ORDER, VISIT, 7, 90), 0.5),
        ([(40, "order"), (33, "visit")], (ORDER, VISIT, 7, 90), 1.0),  # the seventh day is within
        ([(8, "order"), (8, "visit")], (ORDER, VISIT, 7, 90), 1.0),  # the same instant follows
        ([(7, "order"), (6, "visit")], (ORDER, VISIT, 7, 90), np.nan),  # its days are not over
        ([(40, "order"), (40, "order")], (ORDER, ORDER, 7, 90), 0.0),  # no event follows itself, nor its twin
        ([(40, "order"), (39, "order")], (ORDER, ORDER, 7, 90), 0.5),
        ([(200, "order")], (ORDER, VISIT, 7, 90), np.nan),
        ([(40, "visit")], (ORDER, VISIT, 7, 90), np.nan),
    ],
)
def test_followed(rows: list, feature: tuple[Kind, Kind, int, int], expected: float) -> None:
    assert value(of(*rows), followed_share(*feature)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("rows", "open_", "oldest", "wait"),
    [
        ([(9, "ticket"), (7, "answer"), (3, "ticket"), (2, "ticket")], 2, 3, 2),
        ([(9, "ticket"), (8, "ticket"), (7, "answer")], 0, np.nan, 1.5),  # one answer closes everything
        ([(9, "ticket")], 1, 9, np.nan),
        ([(9, "answer"), (100, "ticket")], 0, np.nan, np.nan),  # before the window
        ([(9, "answer")], 0, np.nan, np.nan),
        ([(9, "visit")], 0, np.nan, np.nan),
    ],
)
def test_open_cases(rows: list, open_: float, oldest: float, wait: float) -> None:
    events = of(*rows)
    assert value(events, open_count(ASKED, ANSWERED, 30)) == open_
    assert value(events, oldest_open(ASKED, ANSWERED, 30)) == pytest.approx(oldest, nan_ok=True)
    assert value(events, wait_mean(ASKED, ANSWERED, 30)) == pytest.approx(wait, nan_ok=True)


def test_an_answer_after_the_cutoff_is_none() -> None:
    events = of((9, "ticket"), (-1, "answer"))
    assert value(events, open_count(ASKED, ANSWERED, 30)) == 1
    assert value(events, open_count(ASKED, ANSWERED, 30), CUTOFF + timedelta(days=2)) == 0


def test_shares_of_a_mix_and_how_far_it_moved() -> None:
    year = [(n, "order", {"channel": "shop"}) for n in (300, 200, 150)]
    events = of(*year, (20, "order", {"channel": "app"}), (10, "order", {"channel": None}), (9, "visit"))
    assert value(events, ORDER.of("main_share", "channel")[365]) == 0.75
    assert value(events, ORDER.of("main_share", "channel")[90]) == 1.0
    assert value(events, mix_shift(ORDER, "channel", 90, 365)) == 0.75  # all app, instead of a quarter
    assert np.isnan(value(events, mix_shift(ORDER, "channel", 15, 365)))
    assert np.isnan(value(events, mix_shift(VISIT, "channel", 15, 365)))
    assert np.isnan(value(events, VISIT.of("main_share", "channel")[365]))


def test_streaks_go_on_until_the_month_or_week_is_over() -> None:
    events = of((70, "order"), (35, "order"), (30, "order"))  # 1 March, 5 and 10 April; the cutoff is a Friday in May
    assert value(events, ORDER.point("streak_months")) == 2
    assert value(events, ORDER.point("streak_months"), CUTOFF + timedelta(days=30)) == 0
    assert value(events, ORDER.point("streak_weeks"), CUTOFF - timedelta(days=23)) == 2
    assert value(events, ORDER.point("streak_weeks")) == 0
    assert value(events, VISIT.point("streak_weeks")) == 0


def test_the_value_before_the_last_and_what_is_due() -> None:
    events = of((40, "order", {"amount": 10.0, "quantity": 30.0}), (5, "order", {"amount": 12.0, "quantity": 30.0}))
    assert value(events, ORDER.point("last", "amount") / ORDER.point("previous", "amount")) == 1.2
    assert value(events, ORDER.point("days_until", "quantity")) == 25
    assert value(events, ORDER.point("days_until", "quantity"), CUTOFF + timedelta(days=30)) == -5
    assert np.isnan(value(of((5, "order", {"amount": 1.0})), ORDER.point("previous", "amount")))
    assert np.isnan(value(of((5, "order")), ORDER.point("days_until", "quantity")))


def test_bounds_conditions_and_kinds_joined() -> None:
    events = of((40, "order", {"amount": 10.0}), (5, "order", {"amount": 99.0}), (4, "visit"))
    small = at_most(ORDER.total.ever, 109.0, "small", en="small", zh="小")
    assert (value(events, small), value(events, at_most(ORDER.total.ever, 108.9, "s", en="s", zh="小"))) == (1, 0)
    assert np.isnan(value(events, at_most(VISIT.mean.ever, 1, "s", en="s", zh="小")))
    big = those(ORDER, "amount > 50", slug="big", en="big order", zh="大单")
    assert value(events, big.count.ever) == 1
    huge = those(big, "amount > 100 or channel = 'x'", slug="huge", en="huge order", zh="大单")
    assert value(events, huge.count.ever) == 0
    assert value(events, joined([ORDER, VISIT], slug="any", en="step", zh="活动").count.ever) == 3
    with pytest.raises(ConditionError, match="amount"):
        value(events, those(ORDER, "amonut > 50", slug="x", en="x", zh="某").count.ever)


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


CHINA = holiday_calendar(["CN"], ["11-11"])


def asked(what: str, first: int = 0, days: int = 0, calendar: HolidayCalendar = CHINA) -> Feature:
    return Feature("holiday", "holiday", "节日", "days", Holiday(what, calendar, first, days))


def test_lunar_holidays_are_found_where_they_are() -> None:
    begins = dates(CHINA).begins
    assert {day("2024-02-10"), day("2025-01-29"), day("2026-02-17"), day("2024-09-17"), day("2024-11-11")} <= set(
        begins
    )
    assert day("2024-02-12") not in begins  # its third day
    assert day("2024-02-12") in dates(CHINA).days


def test_days_to_and_since_holidays() -> None:
    events = of((1, "order"))
    eve = Calendar("Asia/Shanghai").midnight(date(2024, 2, 9))
    assert value(events, asked("next"), eve, "Asia/Shanghai") == 1
    assert value(events, asked("since"), eve, "Asia/Shanghai") == 39  # New Year
    assert value(events, asked("next"), eve + timedelta(hours=24), "Asia/Shanghai") == 0
    assert value(events, asked("ahead", 0, 7), eve, "Asia/Shanghai") == 3
    assert value(events, asked("ahead", 3, 7), eve, "Asia/Shanghai") == 1


def test_the_same_holiday_a_year_ago() -> None:
    feature = Feature("before", "before", "去年", "events", HolidayBefore(ORDER.selection, CHINA, 14, 3))
    near = [datetime(2023, 1, 10, tzinfo=UTC), datetime(2023, 1, 25, 12, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC)]
    ago = [((CUTOFF - when).total_seconds() / 86_400, "order") for when in near]
    assert value(of(*ago), feature, datetime(2024, 1, 20, tzinfo=UTC)) == 2  # spring festival of 2023: 22 January
    first_single_day = HolidayBefore(ORDER.selection, holiday_calendar([], ["02-29"]), 14, 3)
    unknown = Feature("before", "before", "去年", "events", first_single_day)
    assert np.isnan(value(of(*ago), unknown, datetime(1986, 1, 1, tzinfo=UTC)))


def test_other_dates_are_another_calendar() -> None:
    assert CHINA.checksum != holiday_calendar(["CN"], ["06-18"]).checksum
    assert holiday_calendar(["GB-ENG"], []).checksum != holiday_calendar(["GB-SCT"], []).checksum


@pytest.mark.parametrize("code", ["China", "XX", "GB-XXX"])
def test_a_country_that_is_not_known(code: str) -> None:
    with pytest.raises(UnknownCountry, match="ISO 3166"):
        holiday_calendar([code], [])


def test_without_the_package_countries_are_refused_and_big_days_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert len(dates(holiday_calendar([], ["06-18"])).begins) > 50
    with pytest.raises(NoHolidaysInstalled, match="install the extra `features`"):
        holiday_calendar(["NZ"], [])


@pytest.mark.parametrize("text", ["11/11", "13-01", "02-30", "double eleven"])
def test_a_day_that_no_year_has(text: str) -> None:
    with pytest.raises(NoDayOfTheYear, match='big_days = \\["11-11"'):
        holiday_calendar([], [text])


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("order", "orders"),
        ("booking of points", "bookings of points"),
        ("order where channel = 'app'", "orders where channel = 'app'"),
        ("inquiry where reason_code = 'out of stock'", "inquiries where reason_code = 'out of stock'"),
    ],
)
def test_a_noun_in_the_plural(one: str, several: str) -> None:
    assert many(one) == several
