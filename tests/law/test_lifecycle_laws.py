"""Laws of stages, cohorts and labels: what must hold for every log, definition, zone and instant."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from churn.calendar import Calendar
from churn.cohort import cohort, everyone
from churn.definition import ChurnDefinition, Lifecycle, OwnCadence, Silence, StageRules
from churn.events import Events
from churn.labels import label
from churn.stages import Stage, stages
from tests.by_hand import Customer, model, outcome
from tests.strategies import cutoffs, event_logs, framed, instants, lifecycles, silence_rules, subscriptions

LONDON = Lifecycle(ChurnDefinition(horizon_days=7, lapse=Silence(days=7)), StageRules(), Calendar("Europe/London"))
CUTOFF = datetime(2018, 11, 4, 14, tzinfo=UTC)  # a 14:00 cutoff; its window of 7 days begins on the day of 25 hours


def _order(at: str, known: str | None = None, customer: str = "a") -> tuple[object, ...]:
    happened, learned = pd.Timestamp(at, tz="UTC"), pd.Timestamp(known or at, tz="UTC")
    return (customer, "order", happened, learned, None, None, None, None)


# London's clock goes back on 28 October 2018: the midnights of that day and of the day before are 23:00 UTC
FIRST_OF_WINDOW = framed([_order("2018-10-27T23:00")])
LAST_BEFORE_WINDOW = framed([_order("2018-10-27T22:59")])
AT_THE_CUTOFF = framed([_order("2018-11-01T00:00"), _order("2018-11-04T14:00")])
KNOWN_AT_THE_CUTOFF = framed([_order("2018-10-01T00:00"), _order("2018-11-01T00:00", known="2018-11-04T14:00")])


def test_the_boundaries_are_where_the_examples_say() -> None:
    for frame, stage in ((FIRST_OF_WINDOW, "lapsing"), (LAST_BEFORE_WINDOW, "lapsed")):
        assert stages(Events.from_frame(frame), LONDON, CUTOFF)["stage"].tolist() == [stage]


def test_the_outcome_window_is_half_open_across_the_change_of_the_clock() -> None:
    """Cutoff 21 October 14:00 by London's clock, gap 1, horizon 7: until 29 October 14:00, which is an hour longer."""
    definition = ChurnDefinition(horizon_days=7, gap_days=1, lapse=Silence(days=7))
    lifecycle, cutoff = Lifecycle(definition, calendar=LONDON.calendar), datetime(2018, 10, 21, 13, tzinfo=UTC)
    edges = {
        "2018-10-22T12:59:59": True,
        "2018-10-22T13:00": False,
        "2018-10-29T13:59:59": False,
        "2018-10-29T14:00": True,
    }
    for at, churned in edges.items():
        events = Events.from_frame(framed([_order("2018-10-20T12:00"), _order(at)]))
        asked, observed_until = cohort(events, lifecycle, cutoff), datetime(2018, 12, 1, tzinfo=UTC)
        found = label(asked, events, lifecycle, cutoff=cutoff, observed_until=observed_until)
        assert found.tolist() == [churned], at


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
@example(frame=FIRST_OF_WINDOW, lifecycle=LONDON, cutoff=CUTOFF)
@example(frame=LAST_BEFORE_WINDOW, lifecycle=LONDON, cutoff=CUTOFF)
@example(frame=AT_THE_CUTOFF, lifecycle=LONDON, cutoff=CUTOFF)
@example(frame=KNOWN_AT_THE_CUTOFF, lifecycle=LONDON, cutoff=CUTOFF)
def test_all_at_once_equals_one_by_one(frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    """The arrays say what plain Python says of each customer, in every zone, across every change of the clock."""
    events, observed_until = Events.from_frame(frame), lifecycle.outcome_window(cutoff).end + timedelta(hours=7)
    found = everyone(events, lifecycle, cutoff).set_index("customer_id")
    asked = cohort(events, lifecycle, cutoff)
    labels = label(asked, events, lifecycle, cutoff=cutoff, observed_until=observed_until)
    labels.index = pd.Index(asked["customer_id"])
    for name in "ab":
        customer = Customer.of(frame, name, lifecycle)
        seen = customer.seen(cutoff, cutoff)
        assert (name in found.index) == bool(seen.events)
        if not seen.events:
            continue
        assert found.loc[name, "stage"] == seen.stage(cutoff)
        assert found.loc[name, "model"] == model(seen, cutoff)
        if name in labels.index:
            asked_by = str(found.loc[name, "model"])
            assert labels[name] == outcome(customer, asked_by, cutoff, observed_until)


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
@example(frame=AT_THE_CUTOFF, lifecycle=LONDON, cutoff=CUTOFF)
@example(frame=KNOWN_AT_THE_CUTOFF, lifecycle=LONDON, cutoff=CUTOFF)
def test_neither_the_future_nor_a_late_arrival_changes_a_stage_or_cohort(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime
) -> None:
    """What happens, or reaches us, from the cutoff on leaves everybody where they stood."""
    known = frame[(frame["event_timestamp"] < cutoff) & (frame["ingested_at"] < cutoff)]
    whole, past = Events.from_frame(frame), Events.from_frame(known)
    assert_frame_equal(stages(whole, lifecycle, cutoff), stages(past, lifecycle, cutoff))
    assert_frame_equal(everyone(whole, lifecycle, cutoff), everyone(past, lifecycle, cutoff))


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs(), more=st.integers(0, 10))
def test_what_reaches_us_after_the_log_s_end_changes_no_label(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, more: int
) -> None:
    observed_until = lifecycle.outcome_window(cutoff).end + timedelta(days=more)
    whole = Events.from_frame(frame)
    known = Events.from_frame(frame[frame[["event_timestamp", "ingested_at"]].max(axis=1) < observed_until])
    asked = cohort(whole, lifecycle, cutoff)
    assert_series_equal(
        label(asked, whole, lifecycle, cutoff=cutoff, observed_until=observed_until),
        label(asked, known, lifecycle, cutoff=cutoff, observed_until=observed_until),
    )


@given(frame=event_logs(taken_back=False), lifecycle=lifecycles(lapses=silence_rules), cutoff=cutoffs())
def test_the_past_changes_no_label(frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    """Given who is asked, silence and own cadence look at the outcome window alone."""
    events, window = Events.from_frame(frame), lifecycle.outcome_window(cutoff)
    asked = cohort(events, lifecycle, cutoff)
    future = frame["event_timestamp"] >= window.start
    visits = frame.assign(event_type=frame["event_type"].where(future, "visit"))
    assert_series_equal(
        label(asked, events, lifecycle, cutoff=cutoff, observed_until=window.end),
        label(asked, Events.from_frame(visits), lifecycle, cutoff=cutoff, observed_until=window.end),
    )


@given(frame=event_logs(), lifecycle=lifecycles(zones=("UTC",)), cutoff=cutoffs(), days=st.integers(-4000, 4000))
def test_shifting_everything_changes_nothing(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, days: int
) -> None:
    """Where no clock changes, another date is only another name for the day."""
    by = timedelta(days=days)
    later = frame.assign(**{name: frame[name] + by for name in ("event_timestamp", "ingested_at")})
    end = lifecycle.outcome_window(cutoff).end
    asked, asked_later = (
        cohort(Events.from_frame(frame), lifecycle, cutoff),
        cohort(Events.from_frame(later), lifecycle, cutoff + by),
    )
    assert_frame_equal(asked, asked_later)
    assert_series_equal(
        label(asked, Events.from_frame(frame), lifecycle, cutoff=cutoff, observed_until=end),
        label(asked, Events.from_frame(later), lifecycle, cutoff=cutoff + by, observed_until=end + by),
    )


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs(), seed=st.integers(0, 99))
def test_row_order_is_irrelevant(frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, seed: int) -> None:
    shuffled = Events.from_frame(frame.sample(frac=1, random_state=seed))
    assert_frame_equal(everyone(Events.from_frame(frame), lifecycle, cutoff), everyone(shuffled, lifecycle, cutoff))


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
def test_customers_are_independent(frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    """A customer alone is judged as among others."""
    events, end = Events.from_frame(frame), lifecycle.outcome_window(cutoff).end
    together = cohort(events, lifecycle, cutoff)
    together["label"] = label(together, events, lifecycle, cutoff=cutoff, observed_until=end)
    for name in "ab":
        alone = events.of([name])
        asked = cohort(alone, lifecycle, cutoff)
        asked["label"] = label(asked, alone, lifecycle, cutoff=cutoff, observed_until=end)
        assert_frame_equal(asked, together[together["customer_id"] == name].reset_index(drop=True))


@given(frame=event_logs(), lifecycle=lifecycles(lapses=silence_rules), cutoff=cutoffs(), longer=st.integers(1, 20))
def test_a_longer_horizon_never_turns_a_stayer_into_a_churner(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, longer: int
) -> None:
    days = lifecycle.definition.horizon_days + longer
    patient = Lifecycle(
        lifecycle.definition.model_copy(update={"horizon_days": days}), lifecycle.rules, lifecycle.calendar
    )
    events, end = Events.from_frame(frame), patient.outcome_window(cutoff).end
    asked = cohort(events, lifecycle, cutoff)
    asked = asked[asked["model"] == "churn"]
    churned = label(asked, events, lifecycle, cutoff=cutoff, observed_until=end)
    churned_later = label(asked, events, patient, cutoff=cutoff, observed_until=end)
    assert not (~churned & churned_later).any()


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=instants(20))
def test_each_customer_is_in_exactly_one_stage(frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    events = Events.from_frame(frame)
    found = stages(events, lifecycle, cutoff)
    seen = frame[(frame["event_timestamp"] < cutoff) & (frame["ingested_at"] < cutoff)]["customer_id"]
    assert found["customer_id"].is_unique
    assert set(found["customer_id"]) <= set(seen)  # fewer where all of them was taken back
    assert set(found["stage"]) <= {stage.value for stage in Stage}
    assert (found["last_qualifying_at"].isna() == (found["stage"] == "prospect")).all()
    assert (found["last_qualifying_at"].dropna() < cutoff).all()


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs())
def test_each_model_asks_about_its_own_stages(frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime) -> None:
    asked = everyone(Events.from_frame(frame), lifecycle, cutoff)
    assert set(asked[asked["model"] == "reactivation"]["stage"]) <= {"lapsed"}
    assert not {"lapsed", "prospect"} & set(asked[asked["model"] == "churn"]["stage"])
    if lifecycle.definition.eligible is None and lifecycle.definition.win_back_within_days is None:
        assert (asked["model"].isna() == (asked["stage"] == "prospect")).all()


@given(frame=event_logs(), lifecycle=lifecycles(), cutoff=cutoffs(), missing=st.integers(1, 100))
@example(frame=FIRST_OF_WINDOW, lifecycle=LONDON, cutoff=CUTOFF, missing=1)
def test_immature_cutoffs_have_no_labels(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, missing: int
) -> None:
    events, end = Events.from_frame(frame), lifecycle.outcome_window(cutoff).end
    asked = cohort(events, lifecycle, cutoff)
    immature = label(asked, events, lifecycle, cutoff=cutoff, observed_until=end - timedelta(microseconds=missing))
    mature = label(asked, events, lifecycle, cutoff=cutoff, observed_until=end)
    assert immature.isna().all()
    assert mature.notna().all()
    assert immature.dtype == mature.dtype == "boolean"


@given(frame=event_logs(), lifecycle=lifecycles(lapses=subscriptions), cutoff=cutoffs())
def test_churned_is_lapsed_at_the_end_for_a_subscription(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime
) -> None:
    """Judged at the very end of the horizon, the label is the stage of that instant."""
    events, end = Events.from_frame(frame), lifecycle.outcome_window(cutoff).end
    asked = cohort(events, lifecycle, cutoff)
    asked = asked[asked["model"] == "churn"]
    churned = label(asked, events, lifecycle, cutoff=cutoff, observed_until=end)
    then = stages(events, lifecycle, end).set_index("customer_id")["stage"].reindex(asked["customer_id"])
    lapsed = ~then.isin([stage.value for stage in Stage if stage not in (Stage.LAPSED, Stage.PROSPECT)])
    assert churned.to_numpy(dtype=np.bool_).tolist() == lapsed.tolist()


@given(frame=event_logs(taken_back=False), lifecycle=lifecycles(), cutoff=cutoffs(), times=st.sampled_from((1.0, 2.0)))
def test_more_patience_never_makes_more_lapsed(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, times: float
) -> None:
    """A rule that allows more silence finds fewer lapsed customers."""
    strict, patient = (
        Lifecycle(
            ChurnDefinition(lapse=OwnCadence(times=times * more, min_days=2, max_days=20)),
            lifecycle.rules,
            lifecycle.calendar,
        )
        for more in (1, 1.5)
    )
    events = Events.from_frame(frame)
    strictly, patiently = (stages(events, rule, cutoff)["stage"] == "lapsed" for rule in (strict, patient))
    assert not (patiently & ~strictly).any()
