"""Laws of the whole catalogue: with every kind that it knows it equals the slow way, and no cell sees the future."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given, settings

from churn.calendar import Calendar, to_us
from churn.definition import Lifecycle
from churn.events import NUMBERS, Events, before
from churn.sections import Features
from features.catalogue import catalogue
from features.catalogue.kinds import ALL, KNOWN
from features.catalogue.page import SHOWN
from features.compute import compute
from tests.reference import midnight, naive

SHOP = Lifecycle(calendar=Calendar("Asia/Shanghai"))
OWN = ("order.followed_by(order, 30)[365]", "(visit where channel = 'app').count[60] / visit.count[60]")
WANTED = SHOWN.model_copy(update={"own": OWN})
KINDS = {kind: {*columns, "channel"} for kind, columns in ALL.items() if kind != "purchase"}
SET = catalogue(list(KINDS), KINDS, SHOP, Features(**WANTED.model_dump()))
TOLD = sorted(KINDS)
CUTOFF = midnight(datetime(2024, 3, 1, tzinfo=UTC).date(), "Asia/Shanghai")
CUTOFFS = [CUTOFF, CUTOFF + timedelta(days=40, hours=15)]
REASONS = st.sampled_from([None, "late", "resolved", "answered"])


@st.composite
def logs(draw: st.DrawFn) -> pd.DataFrame:
    """Everything that one or two customers may do, in pairs that belong together more often than chance has it."""
    number = st.one_of(st.none(), st.integers(0, 40).map(float))
    row = st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("aab"),
            "event_type": st.one_of(st.sampled_from(TOLD), st.sampled_from(["order", "visit", "support_ticket"])),
            "hours_ago": st.integers(-30 * 24, 400 * 24),
            "delay_days": st.sampled_from([0, 0, 0, 3, 60]),
            "channel": st.sampled_from([None, "app", "email"]),
            "category": st.sampled_from([None, "gold", "红"]),
            "reason_code": REASONS,
        }
        | dict.fromkeys(NUMBERS, number)
    )
    frame = pd.DataFrame(draw(st.lists(row, min_size=5, max_size=40)))
    happened = CUTOFF - pd.to_timedelta(frame.pop("hours_ago"), unit="h")
    reached = happened + pd.to_timedelta(frame.pop("delay_days"), unit="D")
    times = {"event_timestamp": happened, "ingested_at": reached}
    return frame.assign(**{name: values.astype("datetime64[us, UTC]") for name, values in times.items()}).astype(
        dict.fromkeys(NUMBERS, "float64")
    )


@settings(max_examples=40)
@given(frame=logs())
def test_every_feature_of_every_kind_equals_the_slow_way(frame: pd.DataFrame) -> None:
    events = Events.from_frame(frame)
    fast, slow = compute(events, CUTOFFS, SET, SHOP), naive(events, CUTOFFS, SET, SHOP)
    differ = ~np.isclose(fast, slow, rtol=1e-12, atol=1e-9, equal_nan=True)
    assert not differ.any(), [(SET.names[f], fast[c, k, f], slow[c, k, f]) for c, k, f in np.argwhere(differ)[:5]]


@settings(max_examples=40)
@given(frame=logs())
def test_a_cell_knows_what_the_door_lets_through(frame: pd.DataFrame) -> None:
    events = Events.from_frame(frame)
    together = compute(events, CUTOFFS, SET, SHOP)
    for k, cutoff in enumerate(CUTOFFS):
        alone = compute(before(events, to_us(cutoff)), [cutoff], SET, SHOP)[:, 0]
        np.testing.assert_array_equal(together[:, k], alone)
    for c, customer in enumerate(events.customers):
        np.testing.assert_array_equal(compute(events.of([customer]), CUTOFFS, SET, SHOP)[0], together[c])


def test_the_log_has_every_kind_that_is_known() -> None:
    assert set(KNOWN) - {"purchase"} <= set(TOLD)
    assert len(SET) > 215
