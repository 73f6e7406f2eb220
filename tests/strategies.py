"""Hypothesis strategies of event logs and of what they are asked with.

Logs lie around autumn 2018, where London (28 October), New York and Sao Paulo (4 November; Sao Paulo skips its
midnight) change the clock. Instants fall on few hours of few days, so that midnights, ties and the edges of windows
are hit often; some events reach us late, some take an order back, some logs are empty.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from hypothesis import assume
from hypothesis import strategies as st

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lapse, Lifecycle, OwnCadence, Silence, StageRules, Subscription
from churn.outcomes import FloatArray

Judged = tuple[FloatArray, FloatArray]
ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
MIDDLE = datetime(2018, 11, 4, tzinfo=UTC)
HALF_HOURS = (0, 0, 6, 8, 24, 28, 46, 47)  # midnights of the zones, in UTC, and some other times
COLUMNS = ("customer_id", "event_type", "event_timestamp", "ingested_at", "order_id", "amount", "quantity", "channel")

calendars = st.sampled_from(ZONES).map(Calendar)


def instants(reach_days: int = 8) -> st.SearchStrategy[datetime]:
    """Some hours of the days around the middle."""
    return st.builds(
        lambda days, steps: MIDDLE + timedelta(days=days, minutes=30 * steps),
        st.integers(-reach_days, reach_days),
        st.sampled_from(HALF_HOURS),
    )


def cutoffs() -> st.SearchStrategy[datetime]:
    """Instants with some of the events behind them."""
    return instants(7).map(lambda instant: instant + timedelta(days=4))


@st.composite
def event_rows(draw: st.DrawFn, *, taken_back: bool = True) -> tuple[object, ...]:
    """One event of one of two customers."""
    kinds = (*["order"] * 6, "renewal", "complaint", "cancel") + (("return",) if taken_back else ())
    happened = draw(instants())
    late = timedelta(minutes=30 * draw(st.sampled_from((0, 0, 0, 1, 48, 240))))
    return (
        draw(st.sampled_from("aab")),
        draw(st.sampled_from(kinds)),
        happened,
        happened + late,
        draw(st.sampled_from((None, "1", "2"))) if taken_back else None,
        draw(st.sampled_from((None, 5.0, 10.0))),
        draw(st.sampled_from((None, None, 1.0, 2.5))),
        draw(st.sampled_from((None, "web", "sample"))),
    )


def event_logs(*, taken_back: bool = True, max_size: int = 16) -> st.SearchStrategy[pd.DataFrame]:
    """Frames of EVENTS, empty ones too."""
    rows = event_rows(taken_back=taken_back)
    return (st.lists(rows, max_size=3) | st.lists(rows, min_size=7, max_size=max_size)).map(framed)


def framed(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Rows of `COLUMNS` as a frame of EVENTS."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("event_timestamp", "ingested_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame.astype({"amount": "float64", "quantity": "float64"})


@st.composite
def cadences(draw: st.DrawFn) -> OwnCadence:
    """Rules of one's own cadence."""
    low, high = sorted((draw(st.integers(1, 4)), draw(st.integers(1, 12))))
    return OwnCadence(times=draw(st.sampled_from((0.5, 1.0, 2.5, 3.0))), min_days=low, max_days=high)


silences: st.SearchStrategy[Lapse] = st.builds(Silence, days=st.integers(1, 6))
subscriptions: st.SearchStrategy[Lapse] = st.builds(
    Subscription, grace_days=st.integers(0, 3), term_days=st.integers(1, 6)
)

silence_rules: st.SearchStrategy[Lapse] = silences | cadences()
any_lapse: st.SearchStrategy[Lapse] = silence_rules | subscriptions


@st.composite
def lifecycles(
    draw: st.DrawFn, *, zones: tuple[str, ...] = ZONES, lapses: st.SearchStrategy[Lapse] = any_lapse
) -> Lifecycle:
    """Definitions with small numbers, so that every edge is met."""
    definition = ChurnDefinition(
        qualifying=draw(st.sampled_from((("order",), ("order", "renewal")))),
        eligible=draw(st.sampled_from((None, None, "did not complaint within 3 days"))),
        horizon_days=draw(st.integers(1, 8)),
        gap_days=draw(st.integers(0, 3)),
        lapse=draw(lapses),
        win_back_within_days=draw(st.sampled_from((None, None, 1, 3))),
    )
    stages = StageRules(
        new_days=draw(st.integers(1, 6)),
        loyal_orders=draw(st.integers(1, 4)),
        loyal_days=draw(st.integers(1, 8)),
        lapsing_share=draw(st.sampled_from((0.25, 0.5, 0.6, 0.9))),
        won_back_days=draw(st.integers(1, 6)),
    )
    return Lifecycle(definition, stages, Calendar(draw(st.sampled_from(zones))))


@st.composite
def judged(draw: st.DrawFn) -> Judged:
    """Outcomes, both of them present, and what was told of each, in which ties are common."""
    n = draw(st.integers(4, 60))
    happened = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=float)
    told = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))) / 20
    assume(0 < happened.sum() < n)
    return happened, told
