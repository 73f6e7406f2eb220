"""Days, midnights and windows, in every zone and across every change of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from churn.calendar import EPOCH, Calendar, from_us, to_us
from churn.errors import NaiveTime, SettingsError
from tests.strategies import calendars, instants

LONDON = Calendar("Europe/London")
SAO_PAULO = Calendar("America/Sao_Paulo")  # on 2018-11-04 the clock goes from 00:00 to 01:00
APIA = Calendar("Pacific/Apia")  # has no 2011-12-30


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@given(calendar=calendars, moments=st.lists(instants(200), max_size=9))
@example(calendar=APIA, moments=[_utc(2011, 12, 30, 9, 59), _utc(2011, 12, 30, 10)])
def test_days_are_those_of_the_zone(calendar: Calendar, moments: list[datetime]) -> None:
    zone = ZoneInfo(calendar.timezone)
    days = calendar.days_of(np.array([to_us(moment) for moment in moments], dtype=np.int64))
    assert days.tolist() == [(moment.astimezone(zone).date() - EPOCH).days for moment in moments]
    assert [calendar.day_of(moment) for moment in moments] == [moment.astimezone(zone).date() for moment in moments]


@given(calendar=calendars, cutoff=instants(200), days=st.integers(0, 400))
@example(calendar=LONDON, cutoff=_utc(2018, 11, 4, 14), days=7)
@example(calendar=LONDON, cutoff=_utc(2018, 4, 1, 14), days=7)
def test_a_window_begins_at_a_midnight(calendar: Calendar, cutoff: datetime, days: int) -> None:
    zone = ZoneInfo(calendar.timezone)
    day = cutoff.astimezone(zone).date() - timedelta(days=days)
    start = calendar.window_start(cutoff, days)
    assert start == datetime.combine(day, time(), zone).astimezone(UTC)
    assert to_us(start) == calendar.window_start_us(to_us(cutoff), days)
    assert calendar.day_of(start) == day
    assert calendar.day_of(start - timedelta(microseconds=1)) < day


def test_windows_are_calendar_days_not_multiples_of_86400_seconds() -> None:
    assert LONDON.window_start(_utc(2018, 11, 4, 14), 7) == _utc(2018, 10, 27, 23)  # 25 hours on 28 October
    assert LONDON.window_start(_utc(2018, 4, 1, 13), 7) == _utc(2018, 3, 25, 0)  # 23 hours on 25 March
    assert LONDON.window_start(_utc(2018, 11, 4, 14), 0) == _utc(2018, 11, 4)


def test_a_day_without_midnight_begins_after_the_skip() -> None:
    assert SAO_PAULO.midnight(date(2018, 11, 4)) == _utc(2018, 11, 4, 3)
    assert SAO_PAULO.day_of(_utc(2018, 11, 4, 2, 59)) == date(2018, 11, 3)
    assert SAO_PAULO.days_of(np.array([to_us(_utc(2018, 11, 4, 3))])).tolist() == [17_839]


def test_the_beginning_of_a_day_stays_one() -> None:
    skipped = SAO_PAULO.midnight(date(2018, 11, 4))  # 01:00 by the clock
    assert SAO_PAULO.plus_days(skipped, 10) == SAO_PAULO.midnight(date(2018, 11, 14))
    assert SAO_PAULO.plus_days(SAO_PAULO.midnight(date(2018, 10, 25)), 10) == skipped


def test_plus_days_keeps_the_time_of_day() -> None:
    assert LONDON.plus_days(_utc(2018, 10, 27, 13), 7) == _utc(2018, 11, 3, 14)  # 14:00 by the clock, both times
    assert LONDON.plus_days(_utc(2018, 3, 24, 1, 30), 1) == _utc(2018, 3, 25, 1, 30)  # 01:30 is skipped: 02:30
    assert LONDON.plus_days(_utc(2018, 10, 27, 0, 30), 1) == _utc(2018, 10, 28, 0, 30)  # 01:30 comes twice: the first
    assert LONDON.plus_days(_utc(2018, 11, 3, 14), -7) == _utc(2018, 10, 27, 13)


@given(moment=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_microseconds_and_back(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


def test_naive_instants_are_refused() -> None:
    for ask in (to_us, LONDON.day_of):
        with pytest.raises(NaiveTime) as caught:
            ask(datetime(2024, 1, 1))  # noqa: DTZ001
        assert 'timezone = "Europe/London"' in caught.value.mend


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Calendar(name)
    assert "IANA name such as `Asia/Shanghai`" in caught.value.mend


def test_days_beyond_the_years_that_are_remembered() -> None:
    """On both sides of where local midnights are remembered, and at the ends of the calendar."""
    calendar = Calendar("Europe/London")
    near = datetime(2079, 7, 8, 12, tzinfo=UTC)
    moments = [
        datetime(1, 1, 5, tzinfo=UTC),
        datetime(1970, 1, 2, tzinfo=UTC),
        near,
        datetime(9999, 12, 25, tzinfo=UTC),
    ]
    moments += [near + timedelta(days=days) for days in range(-5, 5)]
    for moment in moments:
        (day,) = calendar.days_of(np.array([to_us(moment)]))
        assert day == (calendar.day_of(moment) - EPOCH).days


def test_no_instants_have_no_days() -> None:
    assert LONDON.days_of(np.zeros(0, dtype=np.int64)).tolist() == []
