"""Laws of the feature kernel: it equals the slow way, sees no future, and one customer's row is theirs alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings

import features.compute as kernel
from churn.calendar import Calendar, to_us
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events, before
from features.catalogue import catalogue
from features.compute import compute
from features.feature import Feature, Kind
from features.forms import at_most, followed_share, mix_shift, oldest_open, open_count, those, wait_mean
from features.formula import Holiday, HolidayBefore
from features.public_holidays import holiday_calendar
from features.words import POINTED, WINDOWED
from tests.reference import midnight, naive

ZONES = ("UTC", "Europe/London", "Asia/Shanghai", "America/New_York")
KINDS = ("order", "visit", "survey", "support_ticket", "return", "profile.region")
COLUMNS = {
    kind: {"amount", "quantity", "discount_amount", "score", "channel", "category", "reason_code"} for kind in KINDS
}
START = datetime(2023, 3, 20, tzinfo=UTC)  # both clock changes of 2023 lie ahead
SPAN_DAYS = 300
CUTOFFS_AT = (date(2023, 3, 27), date(2023, 6, 1), date(2023, 10, 30), date(2023, 11, 7))


def every_operation() -> list[Feature]:
    """Each operation, over short, long and unbounded windows, of the qualifying events' kind."""
    order = Kind("order", "order", "下单")
    out: list[Feature] = []
    for operation in WINDOWED:
        columns = {"total": "amount", "mean": "score", "peak": "amount", "distinct": "category"}
        column = (columns | {"main_share": "channel"}).get(operation)
        made = order.of(operation, column)
        out += [*made[1, 7, 90], made.ever]
    for operation in POINTED:
        column = {"last": "score", "previous": "score", "days_until": "quantity", "latest": "channel"}.get(operation)
        out.append(order.point(operation, column))
    return [*out, *every_form()]


def every_form() -> list[Feature]:
    """What is asked of two selections, two windows, a bound or the calendar."""
    order, visit = Kind("order", "order", "下单"), Kind("visit", "visit", "访问")
    ticket = Kind("support_ticket", "support ticket", "客服工单")
    solved = those(ticket, "reason_code = 'resolved'", slug="solved", en="solution", zh="解决")
    asked = those(ticket, "not reason_code = 'resolved'", slug="asked", en="question", zh="提问")
    out = [followed_share(one, by, 7, days) for one, by in ((order, visit), (order, order)) for days in (30, 240)]
    out += [form(asked, solved, days) for form in (open_count, oldest_open, wait_mean) for days in (30, 240)]
    out += [mix_shift(order, "category", 7, 90), mix_shift(visit, "channel", 30, 240)]
    out.append(at_most(order.total.ever, 50.0, "small", en="small", zh="小"))
    china = holiday_calendar(["CN"], ["11-11"])
    asks = [Holiday("next", china), Holiday("since", china), Holiday("ahead", china, 7, 60)]
    asks.append(HolidayBefore(order.selection, china, 14, 3))
    return out + [Feature(f"holiday_{n}", "holiday", "节日", "days", ask) for n, ask in enumerate(asks)]


def lifecycle(zone: str) -> Lifecycle:
    return Lifecycle(ChurnDefinition(qualifying=("order",)), calendar=Calendar(zone))


def cutoffs(zone: str) -> list[datetime]:
    """Midnights around both changes of the clock, and one afternoon."""
    days = [midnight(day, zone) for day in CUTOFFS_AT]
    return [*days, days[2] + timedelta(hours=14)]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """An event log: few customers, crowded around the cutoffs, late arrivals, orders taken back, corrected versions."""
    cents = st.one_of(st.none(), st.integers(0, 100_000).map(lambda n: n / 100))
    anchor = st.sampled_from([midnight(day, zone) for day in CUTOFFS_AT for zone in ZONES])
    near = st.builds(
        lambda at, us: at + timedelta(microseconds=us),
        anchor,
        st.sampled_from([-86_400_000_000, -3_600_000_000, -1, 0, 1, 3_600_000_000]),
    )
    anywhere = st.integers(0, SPAN_DAYS * 24).map(lambda hours: START + timedelta(hours=hours))
    delay = st.sampled_from([0, 0, 0, 1, 3600, 86_400, 40 * 86_400, 200 * 86_400])
    row = st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("abcd"),
            "event_type": st.sampled_from(KINDS),
            "event_timestamp": st.one_of(near, anywhere),
            "delay": delay,
            "replaced": st.sampled_from([None, None, None, None, 0, 3600, 86_400, 40 * 86_400]),
            "order_id": st.sampled_from([None, "1", "2"]),
            "amount": cents,
            "quantity": st.one_of(st.none(), st.integers(1, 5).map(float)),
            "discount_amount": cents,
            "score": st.one_of(st.none(), st.integers(1, 5).map(float)),
            "channel": st.sampled_from([None, "app", "web"]),
            "category": st.sampled_from([None, "红", "blue", "green"]),
            "reason_code": st.sampled_from([None, "resolved", "late"]),
        }
    )
    return framed(draw(st.lists(row, max_size=30)))


def framed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    names = ["customer_id", "event_type", "event_timestamp", "delay", "replaced", "order_id", "amount", "quantity"]
    names += ["discount_amount", "score", "channel", "category", "reason_code"]
    frame = pd.DataFrame(rows, columns=names)
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).astype("datetime64[us, UTC]")
    late = pd.to_timedelta(pd.to_numeric(frame.pop("delay")).fillna(0), unit="s").astype("timedelta64[us]")
    frame["ingested_at"] = (frame["event_timestamp"] + late).astype("datetime64[us, UTC]")
    replaced = pd.to_timedelta(pd.to_numeric(frame.pop("replaced")), unit="s").astype("timedelta64[us]")
    frame["superseded_at"] = (frame["ingested_at"] + replaced).astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(("amount", "quantity", "discount_amount", "score"), "float64"))


def row(when: datetime, **columns: Any) -> dict[str, Any]:
    return {"customer_id": "a", "event_type": "order", "event_timestamp": when, "delay": 0, "amount": 1.0} | columns


NOON = datetime(2023, 10, 29, 12, tzinfo=UTC)
AT_CUTOFF = framed([row(midnight(CUTOFFS_AT[1], "UTC"))])
AT_WINDOW = framed([row(midnight(CUTOFFS_AT[1] - timedelta(days=7), "Europe/London"))])
LATE = framed([row(NOON, delay=2 * 86_400, category="red"), row(NOON - timedelta(days=3), category="red")])
TAKEN_BACK = framed([row(NOON - timedelta(days=200), order_id="1"), row(NOON, order_id="1", event_type="return")])
LATE_THEN_BACK = framed(
    [
        row(NOON - timedelta(days=200), order_id="1", delay=100 * 86_400, amount=2.0),
        row(NOON - timedelta(days=199), order_id="2"),
        row(NOON, order_id="1", event_type="return", amount=2.0),
    ]
)
CORRECTED = framed(
    [
        row(NOON - timedelta(days=200), order_id="1", amount=2.0),
        row(NOON - timedelta(days=199), order_id="1", event_type="return", amount=2.0, replaced=150 * 86_400),
        row(NOON - timedelta(days=199), order_id="1", event_type="return", amount=1.0, delay=150 * 86_400),
        row(NOON - timedelta(days=20), amount=3.0, replaced=86_400),
    ]
)


def same(one: np.ndarray, other: np.ndarray, names: list[str]) -> None:
    """Equal bit by bit, null where null; else the first that differ are told."""
    differ = ~((one == other) | (np.isnan(one) & np.isnan(other)))
    assert not differ.any(), [(names[f], (c, k), one[c, k, f], other[c, k, f]) for c, k, f in np.argwhere(differ)[:5]]


@settings(max_examples=150)
@given(frame=frames(), zone=st.sampled_from(ZONES))
@example(frame=AT_CUTOFF, zone="UTC")
@example(frame=AT_WINDOW, zone="Europe/London")
@example(frame=LATE, zone="America/New_York")
@example(frame=TAKEN_BACK, zone="UTC")
@example(frame=LATE_THEN_BACK, zone="Asia/Shanghai")
@example(frame=CORRECTED, zone="UTC")
@example(frame=framed([]), zone="UTC")
def test_every_operation_equals_the_slow_way(frame: pd.DataFrame, zone: str) -> None:
    events, of_zone = Events.from_frame(frame), lifecycle(zone)
    wanted = every_operation()
    fast = compute(events, cutoffs(zone), wanted, of_zone)
    slow = naive(events, cutoffs(zone), wanted, of_zone)
    np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-9)


@given(frame=frames(), zone=st.sampled_from(ZONES))
@example(frame=LATE_THEN_BACK, zone="UTC")
def test_the_catalogue_equals_the_slow_way(frame: pd.DataFrame, zone: str) -> None:
    events, of_zone = Events.from_frame(frame), lifecycle(zone)
    wanted = catalogue(KINDS, COLUMNS, of_zone)
    fast = compute(events, cutoffs(zone), wanted, of_zone)
    slow = naive(events, cutoffs(zone), wanted, of_zone)
    np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-9)


@given(frame=frames(), zone=st.sampled_from(ZONES))
@example(frame=LATE, zone="UTC")
@example(frame=LATE_THEN_BACK, zone="UTC")
@example(frame=CORRECTED, zone="Europe/London")
def test_many_cutoffs_are_one_at_a_time_through_the_door(frame: pd.DataFrame, zone: str) -> None:
    """One pass over all cutoffs equals one pass each over what `before` lets through, bit by bit, in any order."""
    events, of_zone, wanted = Events.from_frame(frame), lifecycle(zone), every_operation()
    at = cutoffs(zone)[::-1]
    together = compute(events, at, wanted, of_zone)
    for k, cutoff in enumerate(at):
        alone = compute(before(events, to_us(cutoff)), [cutoff], wanted, of_zone)
        same(together[:, k : k + 1], alone, [one.name for one in wanted])


@given(frame=frames())
@example(frame=TAKEN_BACK)
def test_a_customer_alone_is_the_customer_in_the_batch(frame: pd.DataFrame) -> None:
    events, of_zone, wanted = Events.from_frame(frame), lifecycle("Europe/London"), every_operation()
    together = compute(events, cutoffs("Europe/London"), wanted, of_zone)
    for c, customer in enumerate(events.customers):
        alone = compute(events.of([customer]), cutoffs("Europe/London"), wanted, of_zone)
        same(together[c : c + 1], alone, [one.name for one in wanted])


@given(frame=frames(), size=st.integers(1, 3))
def test_batches_do_not_show(frame: pd.DataFrame, size: int) -> None:
    events, of_zone, wanted = Events.from_frame(frame), lifecycle("UTC"), every_operation()
    whole = compute(events, cutoffs("UTC"), wanted, of_zone)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BATCH_CELLS", 20 * size)
        same(compute(events, cutoffs("UTC"), wanted, of_zone), whole, [one.name for one in wanted])


@given(past=frames(), future=frames())
@example(past=LATE, future=AT_CUTOFF)
def test_the_future_changes_no_feature(past: pd.DataFrame, future: pd.DataFrame) -> None:
    """Whatever happens or reaches us from the cutoff on, the features stay as they were."""
    cutoff = midnight(CUTOFFS_AT[1], "UTC")
    of_zone, wanted = lifecycle("UTC"), every_operation()
    future = future[future["ingested_at"] >= cutoff]
    everybody = pd.concat([past, future.assign(customer_id="a")], ignore_index=True)
    told = compute(Events.from_frame(everybody).of(["a"]), [cutoff], wanted, of_zone)
    untold = compute(Events.from_frame(past[past["ingested_at"] < cutoff]).of(["a"]), [cutoff], wanted, of_zone)
    if len(told) and len(untold):
        same(told, untold, [one.name for one in wanted])


@given(frame=frames(), seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(frame: pd.DataFrame, seed: int) -> None:
    of_zone, wanted = lifecycle("UTC"), every_operation()
    mixed = frame.sample(frac=1, random_state=seed)
    one = compute(Events.from_frame(frame), cutoffs("UTC"), wanted, of_zone)
    same(compute(Events.from_frame(mixed), cutoffs("UTC"), wanted, of_zone), one, [one.name for one in wanted])


@given(frame=frames(), days=st.integers(-400, 400))
def test_time_has_no_origin(frame: pd.DataFrame, days: int) -> None:
    """Shifting everything by whole days in a zone without clock changes shifts nothing."""
    of_zone, by = lifecycle("UTC"), timedelta(days=days)
    bound = ("streak", "holiday")  # to weeks, months and holidays
    wanted = [one for one in every_operation() if not any(word in one.name for word in bound)]
    shifted = frame.assign(**{name: frame[name] + by for name in ("event_timestamp", "ingested_at", "superseded_at")})
    one = compute(Events.from_frame(frame), cutoffs("UTC"), wanted, of_zone)
    other = compute(Events.from_frame(shifted), [cutoff + by for cutoff in cutoffs("UTC")], wanted, of_zone)
    same(one, other, [one.name for one in wanted])
