"""Laws of segments: the future and late arrivals change nobody's segments, nor does who else is in the log."""

from datetime import datetime

import numpy as np
import pandas as pd
from hypothesis import given, settings

from campaigns.segments.asking import Asked
from campaigns.segments.instants import at_instants
from churn.definition import Lifecycle
from churn.events import Events
from churn.segment_parsing import parse_segment
from tests.strategies import cutoffs, event_logs, lifecycles

VISITED = "did visit"
CONDITIONS = ("did order where amount > 5 within 7 days", "stage in ('new', 'lapsed') or not did complaint", VISITED)


def held(log: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> dict[str, tuple[float, ...]]:
    """By customer of whom anything is known: segments, silence, orders, money."""
    asked = Asked(CONDITIONS, tuple(map(parse_segment, CONDITIONS)), (), (), lifecycle, 30)
    events = Events.from_frame(log)
    (at,) = at_instants(events, asked, [cutoff])
    rows = np.column_stack([at.members, np.nan_to_num(at.silence_days, nan=-1.0), at.orders, at.amount.round(6)])
    return {str(one): tuple(row) for one, row in zip(events.customers[at.known], rows[at.known], strict=True)}


@settings(max_examples=60)
@given(log=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
def test_what_was_not_known_yet_changes_nothing(log: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    known = log[(log["event_timestamp"] < cutoff) & (log["ingested_at"] < cutoff)]
    assert held(log, lifecycle, cutoff) == held(known, lifecycle, cutoff)


@settings(max_examples=60)
@given(log=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
def test_one_part_tells_what_many_tell(log: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    apart: dict[str, tuple[float, ...]] = {}
    for _, mine in log.groupby("customer_id"):
        apart |= held(mine, lifecycle, cutoff)
    assert apart == held(log, lifecycle, cutoff)
