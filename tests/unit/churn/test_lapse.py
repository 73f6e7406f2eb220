"""The fading day and the lapse day that each qualifying event names."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from churn.conditions import qualifies
from churn.definition import ChurnDefinition, Lapse, Lifecycle, OwnCadence, Silence, StageRules, Subscription
from churn.events import Events
from churn.lapse import Trace, trace
from churn.stages import stages

FIRST = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAY_ZERO = 19_723  # 2024-01-01


def _trace(lapse: Lapse, *rows: tuple[str, float, float | None], share: float = 0.5) -> Trace:
    """kind, day (12:00 UTC), quantity."""
    frame = pd.DataFrame(list(rows), columns=["event_type", "day", "quantity"]).astype({"quantity": "float64"})
    when = pd.Timestamp(FIRST) + pd.to_timedelta(frame["day"], unit="D")
    events = Events.from_frame(frame.assign(customer_id="a", event_timestamp=when))
    definition = ChurnDefinition(qualifying=("order", "renewal"), lapse=lapse)
    lifecycle = Lifecycle(definition, StageRules(lapsing_share=share))
    return trace(events, qualifies(events, definition), lifecycle)


def _days(told: Trace) -> list[tuple[int, int]]:
    return [(int(a) - DAY_ZERO, int(b) - DAY_ZERO) for a, b in zip(told.fading_day, told.lapse_day, strict=True)]


def test_silence() -> None:
    assert _days(_trace(Silence(days=7), ("order", 0, None), ("order", 3, None))) == [(4, 8), (7, 11)]


@pytest.mark.parametrize(
    ("days", "lapse_day"),
    [
        ((0,), 21),  # a one-time buyer: max_days, and the day after
        ((0, 0.1), 21),  # twice on one day is one day
        ((0, 4), 4 + 8 + 1),
        ((0, 0.1, 4), 4 + 8 + 1),  # the gap lies between days, not between orders
        ((0, 1), 1 + 5 + 1),  # raised to min_days
        ((0, 30), 30 + 20 + 1),  # cut to max_days
        ((0, 3, 7), 7 + 7 + 1),  # mean gap 3.5
        ((0, 3, 5), 5 + 5 + 1),
        ((0, 4, 9, 10), 10 + 7 + 1),  # mean gap 3.33: 6.67 days, which the seventh completes
    ],
)
def test_own_cadence(days: tuple[float, ...], lapse_day: int) -> None:
    told = _trace(OwnCadence(times=2.0, min_days=5, max_days=20), *(("order", day, None) for day in days))
    assert _days(told)[-1][1] == lapse_day


@pytest.mark.parametrize(
    ("rows", "paid_until"),
    [
        ((("renewal", 0, None),), [10]),
        ((("renewal", 0, 30),), [30]),
        ((("renewal", 0, 0.5),), [1]),
        ((("renewal", 0, 0),), [10]),  # nothing said, one term
        ((("renewal", 0, 30), ("renewal", 1, 5)), [30, 6]),  # the latest counts, they do not add up
        ((("renewal", 0, 30), ("order", 0, 5)), [30, 30]),  # the longest of one instant
        ((("renewal", 0, 5), ("order", 0, 30)), [30, 30]),
        ((("renewal", 0, None), ("cancel", 4, None)), [4]),
        ((("renewal", 0, None), ("cancel", 4, None), ("cancel", 6, None)), [4]),
        ((("renewal", 0, None), ("cancel", 14, None)), [10]),  # it was over before
        ((("cancel", 0, None), ("renewal", 0, None)), [10]),  # at one instant the payment wins
        ((("cancel", 0, None), ("renewal", 4, None)), [14]),
        ((("renewal", 0, None), ("cancel", 4, None), ("renewal", 5, None)), [4, 15]),
        ((("renewal", 0, None), ("cancel", 5, None), ("renewal", 5, None)), [10, 15]),
        ((("renewal", 0, None), ("order", 0, None), ("cancel", 3, None)), [3, 3]),
    ],
)
def test_subscription(rows: tuple[tuple[str, float, float | None], ...], paid_until: list[int]) -> None:
    told = _trace(Subscription(grace_days=2, term_days=10), *rows)
    assert _days(told) == [(day, day + 2) for day in paid_until]


def test_comebacks() -> None:
    told = _trace(Silence(days=3), *(("order", day, None) for day in (0, 3, 7, 7.1, 10, 14)))
    assert told.comeback.tolist() == [False, False, True, False, False, True]
    assert told.starts.tolist() == [True, False, False, False, False, False]


def test_nobody_has_no_trace() -> None:
    for lapse in (Silence(), OwnCadence(), Subscription()):
        told = _trace(lapse, ("visit", 0, None), ("cancel", 1, None))
        assert len(told.customer) == len(told.lapse_day) == 0
        assert told.comeback.dtype == np.bool_


def test_a_cancel_that_names_its_subscription_takes_no_payment_back() -> None:
    """It ends the subscription; who paid before it was a subscriber all the same."""
    definition = ChurnDefinition(qualifying=("renewal",), lapse=Subscription(term_days=30, grace_days=5))
    frame = pd.DataFrame(
        {
            "customer_id": "a",
            "event_type": ["renewal", "renewal", "cancel"],
            "event_timestamp": pd.to_datetime(["2024-01-01", "2024-01-31", "2024-02-10"], utc=True),
            "order_id": "S1",
        }
    )
    events = Events.from_frame(frame, taking_back=definition.taking_back)
    told = stages(events, Lifecycle(definition), datetime(2024, 2, 16, tzinfo=UTC))
    assert told["stage"].tolist() == ["lapsed"]
    assert "cancel" in ChurnDefinition().taking_back.by
