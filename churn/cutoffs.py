"""At which cutoffs do we ask, and which of them may a test see?

Cutoffs lie on midnights of the business. A fold keeps gap + horizon between its training cutoffs and its first test
cutoff, so that no day decides a training label and is seen by a test as its future:

    train  ├──── horizon ────┤
    train       ├──── horizon ────┤
                                  test ├──── horizon ────┤      every training label had matured by the first test

Reads no clock. Start reading at `latest_fold`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from churn.calendar import Calendar
from churn.definition import Lifecycle
from churn.errors import ImmatureError
from churn.model_sections import Training


class ImmatureLog(ImmatureError):
    """The log is too short for a training cutoff whose labels had matured before a test cutoff."""

    def __init__(self, *, first: date, last: date, lifecycle: Lifecycle, is_test_given: bool = False) -> None:
        horizon, gap = lifecycle.definition.horizon_days, lifecycle.definition.gap_days
        needed = first + timedelta(days=(horizon + gap) * (1 if is_test_given else 2))
        room = "" if is_test_given else ", with room for a cutoff to train on before it"
        longer = f"a longer log (until {needed}, or one that begins earlier)"
        later = f"a --cutoff from {needed} on" if is_test_given else longer
        super().__init__(
            f"No cutoff from {first} on has a horizon of {horizon} days (gap {gap}) that is over by {last}{room}: "
            f"{(needed - last).days} days are missing.",
            mend=f"give {later}, a shorter [definition] horizon_days or fewer [training] "
            "min_history_days; `churn definition preview` shows which cutoffs there are.",
        )


@dataclass(frozen=True)
class Fold:
    """Cutoffs to learn from and cutoffs to test on, each ascending."""

    train: tuple[datetime, ...]
    test: tuple[datetime, ...]


def cutoffs_back(last: datetime, *, every_days: int, calendar: Calendar, first: datetime) -> list[datetime]:
    """Cutoffs every so many days, counted back from the last, none before the first.

    Args:
        last: the newest; the midnight at or before it is taken.
        every_days: calendar days between two.
        calendar: whose midnights.
        first: the oldest that may be.

    Returns:
        Midnights, ascending; empty where the first is later than the last.
    """
    found: list[datetime] = []
    day = calendar.day_of(last)
    while (cutoff := calendar.midnight(day)) >= first:
        found.append(cutoff)
        day -= timedelta(days=every_days)
    return found[::-1]


def fold_at(
    test: Sequence[datetime], *, first: datetime, lifecycle: Lifecycle, every_days: int, max_cutoffs: int
) -> Fold:
    """The fold of given test cutoffs: training cutoffs whose labels had matured by the first of them.

    Args:
        test: the test cutoffs.
        first: the oldest training cutoff that may be (a log's first event plus the history a row needs).
        lifecycle: gap and horizon.
        every_days: calendar days between two training cutoffs.
        max_cutoffs: so many at most, the newest.

    Raises:
        ImmatureLog: no training cutoff has room.
    """
    train = _mature(min(test), first=first, lifecycle=lifecycle, every_days=every_days)[-max_cutoffs:]
    if not train:
        calendar = lifecycle.calendar
        first_day, test_day = calendar.day_of(first), calendar.day_of(min(test))
        raise ImmatureLog(first=first_day, last=test_day, lifecycle=lifecycle, is_test_given=True)
    return Fold(tuple(train), tuple(sorted(test)))


def earliest_cutoff(first_event_at: datetime, calendar: Calendar, training: Training) -> datetime:
    """The first midnight that has `min_history_days` of the log behind it."""
    return calendar.midnight(calendar.day_of(first_event_at) + timedelta(days=max(training.min_history_days, 1)))


def latest_fold(first: datetime, observed_until: datetime, lifecycle: Lifecycle, training: Training) -> Fold:
    """The newest fold: the last mature cutoffs test, those that had matured before them train.

    A log too short for `test_cutoffs` of them is tested on fewer, one at least.

    Args:
        first: when the log's first event happened.
        observed_until: the log is complete up to here.
        lifecycle: gap and horizon.
        training: how many cutoffs, how far apart, and how much history the first needs.

    Raises:
        ImmatureLog: not even one test cutoff leaves room for a training cutoff.
    """
    earliest, every_days = earliest_cutoff(first, lifecycle.calendar, training), training.every_days
    mature = _mature(observed_until, first=earliest, lifecycle=lifecycle, every_days=every_days)
    for size in range(min(training.test_cutoffs, len(mature)), 0, -1):
        test = mature[-size:]
        if _mature(test[0], first=earliest, lifecycle=lifecycle, every_days=every_days):
            return fold_at(
                test, first=earliest, lifecycle=lifecycle, every_days=every_days, max_cutoffs=training.max_cutoffs
            )
    calendar = lifecycle.calendar
    raise ImmatureLog(first=calendar.day_of(earliest), last=calendar.day_of(observed_until), lifecycle=lifecycle)


def newest_mature(
    first: datetime, observed_until: datetime, lifecycle: Lifecycle, training: Training
) -> tuple[datetime, ...]:
    """The newest cutoffs whose labels are known, `max_cutoffs` at most: what a model that may serve learns from.

    Args:
        first: when the log's first event happened.
        observed_until: the log is complete up to here.
        lifecycle: gap and horizon.
        training: how many cutoffs, how far apart, and how much history the first needs.
    """
    earliest = earliest_cutoff(first, lifecycle.calendar, training)
    mature = _mature(observed_until, first=earliest, lifecycle=lifecycle, every_days=training.every_days)
    return tuple(mature[-training.max_cutoffs :])


def _mature(by: datetime, *, first: datetime, lifecycle: Lifecycle, every_days: int) -> list[datetime]:
    """The cutoffs whose labels are known by an instant, counted back from the newest such midnight."""
    waited = lifecycle.definition.gap_days + lifecycle.definition.horizon_days
    calendar = lifecycle.calendar
    newest = calendar.midnight(calendar.day_of(by) - timedelta(days=waited))
    found = cutoffs_back(newest, every_days=every_days, calendar=calendar, first=first)
    return [cutoff for cutoff in found if lifecycle.is_mature(cutoff, by)]
