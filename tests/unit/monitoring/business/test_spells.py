"""Lives, pauses and trials against walking each customer's days; stages at any instant against `standing`."""

from datetime import timedelta

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.calendar import EPOCH, Calendar, from_us
from churn.conditions import qualifies
from churn.definition import ChurnDefinition, Lifecycle, OwnCadence, Silence, StageRules
from churn.events import Events, before
from churn.lapse import Trace, trace
from churn.stages import standing
from monitoring.business.moments import ORDER, moments
from monitoring.business.spells import lives, pauses, trials
from tests.strategies import MIDDLE, calendars, event_logs

RULES = StageRules(new_days=3, loyal_orders=3, loyal_days=6, lapsing_share=0.5, won_back_days=4)
LAPSES = (Silence(days=3), OwnCadence(times=1.5, min_days=2, max_days=5))
cycles = st.builds(
    lambda lapse, calendar: Lifecycle(ChurnDefinition(qualifying=("order",), lapse=lapse), RULES, calendar),
    st.sampled_from(LAPSES),
    calendars,
)


def traced(events: Events, lifecycle: Lifecycle) -> Trace:
    return trace(events, qualifies(events, lifecycle.definition, lifecycle.calendar), lifecycle)


def drawn(*days: int) -> Trace:
    """One customer's orders on these days, lapsed after three days of silence."""
    frame = pd.DataFrame(
        {
            "customer_id": "a",
            "event_type": "order",
            "event_timestamp": pd.to_datetime([f"{EPOCH + timedelta(days=day)} 12:00" for day in days], utc=True),
        }
    )
    return traced(Events.from_frame(frame), Lifecycle(ChurnDefinition(lapse=Silence(days=3)), RULES))


def test_a_life_lasts_from_the_first_order_to_the_lapse() -> None:
    told = lives(drawn(0, 2, 10, 11), today=30)  # lapses on day 2 + 3 + 1, comes back on day 10, lapses on day 15
    assert list(told.days) == [6, 5]
    assert list(told.ended) == [True, True]
    assert list(told.nth) == [1, 2]
    assert list(told.orders) == [2, 2]


def test_who_has_not_lapsed_yet_is_still_running() -> None:
    told = lives(drawn(0, 2, 10, 11), today=14)
    assert list(told.days) == [6, 4]
    assert list(told.ended) == [True, False]


def test_a_pause_lasts_from_one_day_to_the_next() -> None:
    told = pauses(drawn(0, 2, 2, 10), today=14)
    assert list(told.days) == [2, 8, 4]
    assert list(told.ended) == [True, True, False]
    assert list(told.nth) == [1, 3, 4]


def test_a_trial_counts_once_its_lapse_day_is_over_and_not_before() -> None:
    assert list(trials(drawn(0, 2, 10), today=13).nth) == [1, 2], "the third is undecided"
    assert list(trials(drawn(0, 2, 10), today=14).lapsed) == [False, True, True]
    assert list(trials(drawn(0, 1), today=3).nth) == [], "came again at once, and still is not counted early"


@settings(max_examples=40)
@given(event_logs(max_size=10), cycles, st.integers(0, 12))
def test_stages_at_any_instant_are_those_of_then(frame: pd.DataFrame, lifecycle: Lifecycle, later: int) -> None:
    """Nothing restated: no order taken back, nothing late; then what is known now is what was known then."""
    frame = frame[~frame["event_type"].isin(("return", "cancel"))].assign(ingested_at=frame["event_timestamp"])
    events = Events.from_frame(frame)
    instants = np.unique(events.time_us) if len(events) else np.zeros(0, dtype=np.int64)
    instants = np.concatenate([instants, instants + later * 43_200_000_000])
    who = np.repeat(np.arange(len(events.customers)), len(instants))
    when = np.tile(instants, len(events.customers))
    told = moments(traced(events, lifecycle), lifecycle, who, when)
    for place, (customer, time_us) in enumerate(zip(who, when, strict=True)):
        now = standing(before(events, int(time_us)), lifecycle, int(time_us))
        row = np.flatnonzero(now.customer == customer)
        stage = now.stage[row[0]] if len(row) else "prospect"
        assert ORDER[told.stage[place]].value == stage
        assert told.lapse_day[place] == (now.lapse_day[row[0]] if len(row) else -1)


@settings(max_examples=60)
@given(event_logs(max_size=14), cycles)
def test_lives_and_trials_against_walking(frame: pd.DataFrame, lifecycle: Lifecycle) -> None:
    events = Events.from_frame(frame)
    told = traced(events, lifecycle)
    today = (lifecycle.calendar.day_of(MIDDLE) - EPOCH).days + 12
    walked, tried = [], []
    for customer in range(len(events.customers)):
        rows = np.flatnonzero(told.customer == customer)
        start = 0
        for nth, row in enumerate(rows):
            last = nth == len(rows) - 1
            over = told.lapse_day[row] <= today
            if over:
                tried.append((customer, nth + 1, bool(last or told.day[rows[nth + 1]] >= told.lapse_day[row])))
            if last or told.comeback[rows[nth + 1]]:
                end = told.lapse_day[row] if over else today
                walked.append((customer, int(end - told.day[rows[start]]), bool(over), nth - start + 1))
                start = nth + 1
    found = lives(told, today)
    assert [*zip(found.customer, found.days, found.ended, found.orders, strict=True)] == walked
    decided = trials(told, today)
    assert [*zip(decided.customer, decided.nth, decided.lapsed, strict=True)] == tried


def test_nobody_is_a_prospect_at_every_instant() -> None:
    nothing = traced(Events.from_frame(event_frame()), Lifecycle(calendar=Calendar()))
    told = moments(nothing, Lifecycle(), np.array([0, 1]), np.array([0, 1]))
    assert [ORDER[code].value for code in told.stage] == ["prospect", "prospect"]
    assert from_us(0).year == 1970


def event_frame() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [], "event_type": [], "event_timestamp": pd.to_datetime([], utc=True)}).astype(
        {"customer_id": object, "event_type": object}
    )
