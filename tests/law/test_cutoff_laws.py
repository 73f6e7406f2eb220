"""Laws of cutoffs and folds, and what is said of logs that are too short."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from churn.calendar import Calendar
from churn.cutoffs import Fold, ImmatureLog, cutoffs_back, earliest_cutoff, fold_at, latest_fold
from churn.definition import ChurnDefinition, Lifecycle
from churn.model_sections import Training
from tests.strategies import ZONES, calendars, instants

trainings = st.builds(
    Training,
    every_days=st.integers(1, 40),
    max_cutoffs=st.integers(1, 5),
    test_cutoffs=st.integers(1, 4),
    min_history_days=st.integers(0, 30),
)


@st.composite
def waits(draw: st.DrawFn) -> Lifecycle:
    definition = ChurnDefinition(horizon_days=draw(st.integers(1, 40)), gap_days=draw(st.integers(0, 10)))
    return Lifecycle(definition, calendar=Calendar(draw(st.sampled_from(ZONES))))


@given(first=instants(), length=st.integers(0, 200), lifecycle=waits(), training=trainings)
@example(
    first=datetime(2018, 1, 1, tzinfo=UTC),
    length=20,
    lifecycle=Lifecycle(ChurnDefinition(horizon_days=9)),
    training=Training(every_days=1, test_cutoffs=1, min_history_days=1),
)
def test_a_fold_keeps_gap_and_horizon_between_training_and_test(
    first: datetime, length: int, lifecycle: Lifecycle, training: Training
) -> None:
    """No day that decides a training label lies after the first test cutoff, and every test cutoff is mature."""
    observed_until = first + timedelta(days=length)
    earliest = earliest_cutoff(first, lifecycle.calendar, training)
    waited = lifecycle.definition.gap_days + lifecycle.definition.horizon_days
    try:
        fold = latest_fold(first, observed_until, lifecycle, training)
    except ImmatureLog:
        assert length < training.min_history_days + 2 * waited + training.every_days + 3
        return
    assert max(lifecycle.outcome_window(cutoff).end for cutoff in fold.train) <= min(fold.test)
    assert all(lifecycle.is_mature(cutoff, observed_until) for cutoff in fold.test)
    assert earliest <= fold.train[0]
    assert 1 <= len(fold.train) <= training.max_cutoffs
    assert 1 <= len(fold.test) <= training.test_cutoffs
    for cutoffs in (fold.train, fold.test):
        assert list(cutoffs) == sorted(set(cutoffs))
        assert all(lifecycle.calendar.midnight(lifecycle.calendar.day_of(cutoff)) == cutoff for cutoff in cutoffs)
    # the newest that are possible: a day later nothing would be mature
    calendar = lifecycle.calendar
    assert not lifecycle.is_mature(calendar.plus_days(fold.test[-1], 1), observed_until)
    assert not lifecycle.is_mature(calendar.plus_days(fold.train[-1], 1), fold.test[0])


@given(last=instants(), every_days=st.integers(1, 50), calendar=calendars, reach=st.integers(-5, 300))
def test_cutoffs_are_midnights_so_many_days_apart(
    last: datetime, every_days: int, calendar: Calendar, reach: int
) -> None:
    first = last - timedelta(days=reach)
    found = cutoffs_back(last, every_days=every_days, calendar=calendar, first=first)
    days = [calendar.day_of(cutoff) for cutoff in found]
    assert [calendar.midnight(day) for day in days] == found
    assert all(b - a == timedelta(days=every_days) for a, b in pairwise(days))
    assert all(first <= cutoff <= last for cutoff in found)
    if found:
        assert days[-1] == calendar.day_of(last)
        assert calendar.midnight(days[0] - timedelta(days=every_days)) < first


def test_a_forced_test_cutoff_trains_on_what_had_matured() -> None:
    lifecycle = Lifecycle(ChurnDefinition(horizon_days=90))
    test = datetime(1998, 1, 1, tzinfo=UTC)
    fold = fold_at([test], first=datetime(1997, 4, 1, tzinfo=UTC), lifecycle=lifecycle, every_days=30, max_cutoffs=12)
    days = ((4, 6), (5, 6), (6, 5), (7, 5), (8, 4), (9, 3), (10, 3))
    assert fold == Fold(train=tuple(datetime(1997, month, day, tzinfo=UTC) for month, day in days), test=(test,))


def test_a_short_log_is_tested_on_fewer_cutoffs() -> None:
    lifecycle, first = Lifecycle(ChurnDefinition(horizon_days=30)), datetime(2024, 1, 1, tzinfo=UTC)
    training = Training(every_days=30, test_cutoffs=3, min_history_days=30)
    sizes = {
        days: len(latest_fold(first, first + timedelta(days=days), lifecycle, training).test)
        for days in (90, 119, 120, 150, 400)
    }
    assert sizes == {90: 1, 119: 1, 120: 2, 150: 3, 400: 3}


def test_a_log_that_is_too_short_says_what_would_help() -> None:
    lifecycle, first = Lifecycle(ChurnDefinition(horizon_days=30, gap_days=7)), datetime(2024, 1, 1, tzinfo=UTC)
    with pytest.raises(ImmatureLog) as caught:
        latest_fold(first, first + timedelta(days=60), lifecycle, Training())
    assert caught.value.exit_code == 11
    assert "from 2024-03-31 on has a horizon of 30 days (gap 7)" in caught.value.problem
    assert "104 days are missing" in caught.value.problem
    assert "until 2024-06-13" in caught.value.mend
    assert "horizon_days" in caught.value.mend
    assert "`churn definition preview`" in caught.value.mend
    with pytest.raises(ImmatureLog) as given:
        fold_at([first], first=first, lifecycle=lifecycle, every_days=30, max_cutoffs=3)
    assert "a --cutoff from 2024-02-07 on" in given.value.mend


@given(st.integers(0, 400), st.integers(1, 60), st.integers(0, 20), st.integers(0, 120))
def test_a_log_is_long_enough_from_the_day_on_that_its_error_names(
    days: int, horizon: int, gap: int, history: int
) -> None:
    lifecycle, first = Lifecycle(ChurnDefinition(horizon_days=horizon, gap_days=gap)), datetime(2024, 1, 1, tzinfo=UTC)
    training = Training(min_history_days=history)
    try:
        latest_fold(first, first + timedelta(days=days), lifecycle, training)
    except ImmatureLog as error:
        missing = int(error.problem.split(": ")[-1].split()[0])
        latest_fold(first, first + timedelta(days=days + missing), lifecycle, training)
        with pytest.raises(ImmatureLog):
            latest_fold(first, first + timedelta(days=days + missing - 1), lifecycle, training)


def test_the_earliest_cutoff_has_its_history() -> None:
    first = datetime(2024, 1, 1, 15, tzinfo=UTC)
    calendar = Calendar("Asia/Shanghai")  # where it is 23:00
    assert calendar.day_of(earliest_cutoff(first, calendar, Training(min_history_days=90))) == date(2024, 3, 31)
    assert calendar.day_of(earliest_cutoff(first, calendar, Training(min_history_days=0))) == date(2024, 1, 2)
