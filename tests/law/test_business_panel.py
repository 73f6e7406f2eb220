"""Laws of the panel: it says of every customer at every edge what `churn.stages` says, one instant at a time."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.calendar import EPOCH, Calendar, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import Events, before
from churn.lapse import trace
from churn.stages import standing
from monitoring.business.edges import Edges, month_edges
from monitoring.business.panel import STAGES, UNSEEN, Panel, panel
from tests.strategies import MIDDLE, event_logs, lifecycles


def edges_of(instants: list[datetime], calendar: Calendar) -> Edges:
    """Edges at any instants, for logs of a few days."""
    us = np.array([to_us(one) for one in instants], dtype=np.int64)
    return Edges(us, calendar.days_of(us), tuple(date(2018, 1, 1) for _ in instants[1:]), False, calendar)


@st.composite
def drawn_edges(draw: st.DrawFn, calendar: Calendar) -> Edges:
    days = sorted(draw(st.sets(st.integers(-9, 14), min_size=2, max_size=6)))
    midnights = [calendar.midnight(MIDDLE.date() + timedelta(days=day)) for day in days]
    late = draw(st.sampled_from((0, 0, 7, 13)))
    return edges_of([*midnights[:-1], midnights[-1] + timedelta(hours=late)], calendar)


@settings(max_examples=100, deadline=None)
@given(frame=event_logs(), lifecycle=lifecycles(), draw=st.data())
def test_every_stage_is_what_the_kernel_says_at_that_instant(
    frame: pd.DataFrame, lifecycle: Lifecycle, draw: st.DataObject
) -> None:
    """Cancellations of later the same day, comebacks, loyal orders: seen at each edge as if it were the only one."""
    events, edges = Events.from_frame(frame), draw.draw(drawn_edges(lifecycle.calendar))
    found = panel(events, lifecycle, edges)
    known = before(events, edges.now_us)
    counts = qualifies(known, lifecycle.definition, lifecycle.calendar)
    for place, edge_us in enumerate(edges.us):
        then = known.take(known.time_us < edge_us)
        told = standing(then, lifecycle, int(edge_us))
        expected = np.full(len(found), UNSEEN)
        expected[told.customer] = [STAGES.index(stage) for stage in told.stage]
        np.testing.assert_array_equal(found.stage[:, place], expected)
        lapse = np.full(len(found), -1)
        lapse[told.customer] = told.lapse_day
        np.testing.assert_array_equal(found.lapse_day[:, place], lapse)
        so_far = trace(then, counts[known.time_us < edge_us], lifecycle)
        _counts_are(found, place, so_far.customer, so_far.day, then.amount[counts[known.time_us < edge_us]])


def _counts_are(found: Panel, place: int, customer: np.ndarray, day: np.ndarray, amount: np.ndarray) -> None:
    today = int(found.edges.day[place])
    for one in range(len(found)):
        mine, spent = day[customer == one], np.nan_to_num(amount[customer == one])
        assert found.order_days[one, place] == len(set(mine.tolist()))
        assert found.money_before[one, place] == pytest.approx(spent.sum())
        assert found.money_365d[one, place] == pytest.approx(spent[mine >= today - 365].sum())
        assert found.last_day[one, place] == (mine[-1] if len(mine) else -1)


def test_edges_are_the_starts_of_local_months_and_now() -> None:
    shanghai = Calendar("Asia/Shanghai")
    now = datetime(2025, 3, 9, 6, tzinfo=UTC)
    edges = month_edges(datetime(2024, 12, 20, tzinfo=UTC), now, shanghai)
    assert [one.isoformat() for one in edges.months] == ["2024-12-01", "2025-01-01", "2025-02-01", "2025-03-01"]
    assert edges.us.tolist() == [*(to_us(shanghai.midnight(month)) for month in edges.months), to_us(now)]
    assert edges.day[-1] == (date(2025, 3, 9) - EPOCH).days
    told = [(one.name, one.start, one.end, one.is_over) for one in edges.periods()]
    assert told == [
        ("2024-12", 0, 1, True), ("2025-01", 1, 2, True), ("2025-02", 2, 3, True), ("2025-03", 3, 4, False),
        ("2025-Q1", 1, 4, False),
    ]  # fmt: skip


def test_on_the_first_of_a_month_the_month_before_is_whole() -> None:
    calendar = Calendar("Europe/London")
    edges = month_edges(datetime(2020, 1, 1, tzinfo=UTC), calendar.midnight(date(2025, 7, 1)), calendar)
    assert len(edges.months) == 24
    assert edges.months[0] == date(2023, 7, 1)
    assert edges.months[-1] == date(2025, 6, 1)
    assert all(period.is_over for period in edges.periods())
    assert [one.name for one in edges.periods() if one.grain == "quarter"][-1] == "2025-Q2"
