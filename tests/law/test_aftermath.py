"""Laws of what came after a cutoff: numbers and label say the same, for every horizon, log, rule and zone."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn.aftermath import Aftermath, days_from
from churn.calendar import Calendar, to_us
from churn.cohort import CHURN, cohort
from churn.definition import ChurnDefinition, Lifecycle, Silence, Subscription
from churn.events import Events
from churn.labels import label
from churn.tables import OUTCOMES
from features.atomic import write_json
from features.snapshot_hash import hash_of
from features.snapshots import read_snapshot
from tests import small_shop
from tests.strategies import ZONES, cutoffs, event_logs, instants, lifecycles, silence_rules
from tests.timeline import cutoff_of, end_of, log

SKIPS = datetime(2018, 11, 3, 3, tzinfo=UTC)  # Sao Paulo's midnight of the next day does not exist
AFTER_ALL = datetime(2019, 1, 1, tzinfo=UTC)


def _with_horizon(lifecycle: Lifecycle, days: int) -> Lifecycle:
    return replace(lifecycle, definition=lifecycle.definition.model_copy(update={"horizon_days": days}))


@settings(max_examples=200)
@given(frame=event_logs(), lifecycle=lifecycles(lapses=silence_rules), cutoff=cutoffs(), horizon=st.integers(1, 12))
def test_the_days_to_the_next_event_say_the_label_of_every_horizon(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, horizon: int
) -> None:
    events = Events.from_frame(frame)
    asked = cohort(events, lifecycle, cutoff)
    after = Aftermath.known(events, lifecycle, AFTER_ALL).of(asked, cutoff)
    became = label(asked, events, _with_horizon(lifecycle, horizon), cutoff=cutoff, observed_until=AFTER_ALL)
    came = after["next_event_days"] < horizon  # false where none was seen
    assert became.tolist() == (came ^ (asked["model"] == CHURN)).tolist()
    assert (after["followed_days"] > horizon).all()


@settings(max_examples=100)
@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
def test_who_spent_came_and_who_is_immature_spent_nothing_yet(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime
) -> None:
    events = Events.from_frame(frame)
    asked = cohort(events, lifecycle, cutoff)
    after = Aftermath.known(events, lifecycle, AFTER_ALL).of(asked, cutoff)
    came = after["next_event_days"] < lifecycle.definition.horizon_days
    assert (after["spend_amount"][~came] == 0).all()
    assert (after["spend_amount"][came].isna() | (after["spend_amount"][came] > 0)).all()
    early = Aftermath.known(events, lifecycle, cutoff).of(asked, cutoff)
    assert early[["next_event_days", "spend_amount"]].isna().all(axis=None)
    assert (early["followed_days"] == 0).all()


@settings(max_examples=100)
@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs(), until=instants(8))
def test_what_became_known_later_changes_nothing(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, until: datetime
) -> None:
    known = frame[(frame["ingested_at"] < until) & (frame["event_timestamp"] < until)]
    events, less = Events.from_frame(frame), Events.from_frame(known)
    asked = cohort(less, lifecycle, min(cutoff, until))
    found = [Aftermath.known(one, lifecycle, until).of(asked, min(cutoff, until)) for one in (events, less)]
    pd.testing.assert_frame_equal(*found, check_exact=True)
    assert list(found[0].columns) == OUTCOMES.names


@given(zone=st.sampled_from(ZONES), start=instants(4), later=instants(8), days=st.integers(-3, 9))
@example(zone="America/Sao_Paulo", start=SKIPS, later=SKIPS + timedelta(days=1), days=1)
def test_days_are_below_a_horizon_exactly_before_its_end(
    zone: str, start: datetime, later: datetime, days: int
) -> None:
    calendar = Calendar(zone)
    found = days_from(calendar, start, np.array([to_us(later), to_us(later) + 1]))
    edge = to_us(calendar.plus_days(start, days))
    assert (found < days).tolist() == [to_us(later) < edge, to_us(later) + 1 < edge]
    assert found[0] <= found[1]


SILENCE = Lifecycle(ChurnDefinition(horizon_days=4, lapse=Silence(days=3)))
PAID = Lifecycle(
    ChurnDefinition(horizon_days=4, qualifying=("renewal",), lapse=Subscription(grace_days=2, term_days=5))
)


@pytest.mark.parametrize(
    ("lifecycle", "timeline", "next_event", "spend", "active", "lapse"),
    [  # a day a character, every event at noon
        (SILENCE, "o..o|..o....", 2.5, 10.0, 2.5, 6.0),
        (SILENCE, "o..o|.o..o..", 1.5, 10.0, 4.5, None),  # not lapsed when the log ends: active as long as it was seen
        (SILENCE, "o..o|...w...", None, 0.0, 0.0, 0.0),  # the last order was withdrawn: lapsed already
        (SILENCE, "o..o|....o..", 4.5, 0.0, 0.0, 3.0),  # back, a day after the horizon and after the lapse
        (SILENCE, "o..o|..b....", None, 0.0, 0.0, 3.0),  # reached us after the log's end
        (SILENCE, "o..o|..", None, None, 0.0, None),  # nobody knows yet
        (PAID, "s....|s.........", 0.5, None, 5.0, 7.0),
        (PAID, "s..|..........", None, 0.0, 2.0, 4.0),  # paid for two days more, and two of grace
        (PAID, "s..|.n........", None, 0.0, 1.0, 3.0),  # cancelled on the second day
    ],
)
def test_what_came_after_is_drawn(
    lifecycle: Lifecycle,
    timeline: str,
    next_event: float | None,
    spend: float | None,
    active: float,
    lapse: float | None,
) -> None:
    asked = pd.DataFrame({"customer_id": ["a"], "model": [CHURN]})
    known = Aftermath.known(log(timeline), lifecycle, end_of(timeline))
    found = known.of(asked, cutoff_of(timeline)).iloc[0]
    told = [None if pd.isna(value) else float(value) for value in found]
    assert [*told[:1], *told[2:]] == [next_event, spend, active, lapse]


def test_snapshots_frozen_before_there_were_outcomes_are_read_as_they_are(tmp_path: Path) -> None:
    now = small_shop.frozen(tmp_path)
    path = shutil.copytree(now.path, tmp_path / "old")
    table = pq.read_table(path / "snapshot.parquet").drop_columns(OUTCOMES.names)
    pq.write_table(table, path / "snapshot.parquet")
    manifest = now.manifest | {"hash": hash_of(path / "snapshot.parquet", now.manifest)}
    write_json(path / "manifest.json", manifest)
    old = read_snapshot(path)
    pd.testing.assert_frame_equal(old.frame, now.frame.drop(columns=OUTCOMES.names))
    assert old.hash != now.hash


def test_a_changed_outcome_is_a_changed_snapshot(tmp_path: Path) -> None:
    frozen = small_shop.frozen(tmp_path)
    table = pq.read_table(frozen.rows_path)
    place = table.schema.get_field_index("followed_days")
    pq.write_table(table.set_column(place, table.schema.field(place), table["spend_amount"]), frozen.rows_path)
    assert hash_of(frozen.rows_path, frozen.manifest) != frozen.hash


def test_midnights_and_other_times_of_day_count_alike() -> None:
    calendar = Calendar("Europe/London")
    start = datetime(2018, 10, 27, 23, tzinfo=UTC)  # the midnight of the day of 25 hours
    at = [to_us(start + timedelta(hours=hours)) for hours in (0, 12.5, 25, 49, -12)]
    assert days_from(calendar, start, np.array(at)).tolist() == [0.0, 0.5, 1.0, 2.0, -0.5]
