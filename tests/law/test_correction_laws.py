"""Laws of corrections: whoever looks at a cutoff sees the log as it was known then, whatever was corrected later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn.calendar import NEVER, Int64Array, to_us
from churn.cohort import cohort
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import NUMBERS, TEXTS, Events, before, micros
from churn.orders import TakingBack
from features.compute import compute
from features.feature import Kind

START = datetime(2024, 3, 1, tzinfo=UTC)
TAKING_BACK = TakingBack(by=("return",), of=("order",))
LIFECYCLE = Lifecycle(ChurnDefinition(qualifying=("order",)))
ORDER = Kind("order", "order", "下单")
FEATURES = [*ORDER.count[1, 7], *ORDER.total[7,], *ORDER.of("peak", "amount")[7,], ORDER.point("days_since")]
NAMES = ["customer_id", "event_type", "at", "known", "superseded", "order_id", "amount", "quantity"]
Row = tuple[str, str, int, int, int | None, str | None, float | None, float | None]

hours = st.integers(0, 12)
rows = st.tuples(
    st.sampled_from("aab"),
    st.sampled_from(("order", "order", "return", "visit")),
    hours,
    hours,
    st.none() | hours,
    st.sampled_from((None, "1", "1", "2")),
    st.sampled_from((None, 5.0, 10.0)),
    st.sampled_from((None, 1.0, 2.0)),
)


def after(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def framed(told: list[Row]) -> pd.DataFrame:
    """Versions of events; what was superseded before it was known never counts."""
    frame = pd.DataFrame(told, columns=NAMES)
    for name, column in (("at", "event_timestamp"), ("known", "ingested_at"), ("superseded", "superseded_at")):
        instants = [None if pd.isna(hour) else after(hour) for hour in frame.pop(name)]
        frame[column] = pd.Series(pd.to_datetime(instants, utc=True)).astype("datetime64[us, UTC]")
    return frame.astype({"amount": "float64", "quantity": "float64"})


def as_it_was(frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    """The log of somebody who looked at the cutoff: nothing told later, nothing superseded by then."""
    known = frame["ingested_at"] < cutoff
    stands = frame["superseded_at"].isna() | (frame["superseded_at"] >= cutoff)
    return frame[known & stands].drop(columns="superseded_at")


def seen(events: Events, cutoff_us: int) -> list[tuple[Any, ...]]:
    """What the door lets through, spelt out and sorted; when it was told belongs to the log, not to the event."""
    visible = before(events, cutoff_us)
    texts = [(visible.kind, "kind"), *((getattr(visible, name), name) for name in TEXTS)]
    spelt = [[text.levels[code] if code >= 0 else "" for code in text.codes] for text, _ in texts]
    numbers = [np.nan_to_num(getattr(visible, name), nan=-1.0).tolist() for name in NUMBERS]
    return sorted(zip(visible.customers[visible.customer], visible.time_us.tolist(), *spelt, *numbers, strict=True))


CORRECTED: list[Row] = [("a", "order", 0, 0, 6, None, 5.0, None), ("a", "order", 0, 6, None, None, 10.0, None)]
BACK_AND_AGAIN: list[Row] = [
    ("a", "order", 0, 0, None, "1", 10.0, None),
    ("a", "return", 1, 1, 6, "1", 10.0, None),  # taken back in full ...
    ("a", "return", 1, 6, 9, "1", 5.0, None),  # ... no, in part ...
    ("a", "return", 1, 9, None, "1", 10.0, None),  # ... in full after all
]
TOLD_LATE: list[Row] = [("a", "order", 6, 6, 7, None, None, None), ("a", "order", 2, 7, None, None, None, None)]


@given(told=st.lists(rows, max_size=8), hour=hours, instant=st.sampled_from((0, 1)))
@example(told=CORRECTED, hour=6, instant=0)  # a cutoff exactly when the correction was known: not yet
@example(told=CORRECTED, hour=6, instant=1)
@example(told=BACK_AND_AGAIN, hour=6, instant=0)
@example(told=BACK_AND_AGAIN, hour=6, instant=1)
@example(told=BACK_AND_AGAIN, hour=9, instant=1)
@example(told=TOLD_LATE, hour=7, instant=0)
@example(told=TOLD_LATE, hour=7, instant=1)
def test_whoever_looks_at_a_cutoff_sees_the_log_as_it_was_known(told: list[Row], hour: int, instant: int) -> None:
    frame, cutoff = framed(told), after(hour) + timedelta(microseconds=instant)
    events = Events.from_frame(frame, taking_back=TAKING_BACK)
    then = Events.from_frame(as_it_was(frame, cutoff), taking_back=TAKING_BACK)
    assert seen(events, to_us(cutoff)) == seen(then, to_us(cutoff))


@settings(max_examples=80)
@given(told=st.lists(rows, max_size=8))
@example(told=CORRECTED)
@example(told=BACK_AND_AGAIN)
@example(told=TOLD_LATE)
def test_corrections_change_neither_features_nor_cohorts_of_the_past(told: list[Row]) -> None:
    """All cutoffs at once from the log of today are each cutoff alone from the log of that time, bit by bit."""
    frame = framed(told)
    events = Events.from_frame(frame, taking_back=TAKING_BACK)
    cutoffs = [after(hour) for hour in (3, 6, 7, 9.5, 20)]
    cube = compute(events, cutoffs, FEATURES, LIFECYCLE)
    for index, cutoff in enumerate(cutoffs):
        then = Events.from_frame(as_it_was(frame, cutoff), taking_back=TAKING_BACK)
        alone = compute(then, [cutoff], FEATURES, LIFECYCLE)[:, 0]
        place = np.searchsorted(events.customers, then.customers)
        assert np.array_equal(cube[place, index], alone, equal_nan=True)
        assert cohort(events, LIFECYCLE, cutoff).equals(cohort(then, LIFECYCLE, cutoff))


@given(told=st.lists(rows, max_size=8))
@example(told=BACK_AND_AGAIN)
def test_in_the_end_only_the_newest_versions_count(told: list[Row]) -> None:
    frame = framed(told)
    newest = frame[frame["superseded_at"].isna()].drop(columns="superseded_at")
    end_us = to_us(after(1000))
    one, other = (Events.from_frame(part, taking_back=TAKING_BACK) for part in (frame, newest))
    assert seen(one, end_us) == seen(other, end_us)


def test_a_row_that_counts_twice_has_a_span_each_time() -> None:
    events = Events.from_frame(framed(BACK_AND_AGAIN), taking_back=TAKING_BACK)
    orders = events.take(events.is_kind("order"))
    assert _hours(orders.known_us) == [0, 6]
    assert _hours(orders.void_us) == [1, 9]
    returns = events.take(events.is_kind("return"))
    assert _hours(returns.void_us) == [6, 9, None]


def _hours(instants_us: Int64Array) -> list[int | None]:
    return [None if us == NEVER else (us - to_us(START)) // 3_600_000_000 for us in instants_us.tolist()]


def test_a_superseded_at_of_whole_microseconds_is_read_as_well() -> None:
    """As it comes from the files of a log: int64, or with nulls float64."""
    frame = framed(CORRECTED)
    there = frame["superseded_at"].notna()
    spelt = pd.Series([float(micros(frame.loc[there, "superseded_at"])[0]), np.nan])
    assert Events.from_frame(frame.assign(superseded_at=spelt)).void_us.tolist() == [to_us(after(6)), NEVER]
