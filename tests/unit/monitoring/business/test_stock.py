"""Retention, stock and flow, buying, cohorts and segments on drawn timelines: a day a character."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from churn.calendar import Calendar, to_us
from churn.definition import ChurnDefinition, Lapse, Lifecycle, OwnCadence, Silence, StageRules, Subscription
from churn.events import Events
from features.parts import InMemory
from monitoring.business.cohorts import CohortFold, again_of, rows_of, since_of
from monitoring.business.counts import BUYERS, KNOWN, StockFold
from monitoring.business.edges import Edges
from monitoring.business.levels import learn
from monitoring.business.page_words import gap
from monitoring.business.panel import ACTIVE, LAPSED, PROSPECT
from monitoring.business.retention import Retention, retention, stocks
from monitoring.business.segments import OTHER, UNKNOWN
from monitoring.business.survey import survey
from monitoring.business.value import buying
from tests.timeline import FIRST_DAY, log

UTC = Calendar("UTC")
SILENCE = Silence(days=3)
RULES = StageRules(new_days=1, loyal_orders=9, won_back_days=1)


def edges_on(*days: int) -> Edges:
    """Edges at the midnights of these days of the drawing; each stretch between stands for a month."""
    dates = [FIRST_DAY + timedelta(days=day) for day in days]
    us = np.array([to_us(UTC.midnight(one)) for one in dates], dtype=np.int64)
    months = tuple(date(2024, 2 + nth, 1) for nth in range(len(days) - 1))
    return Edges(us, UTC.days_of(us), months, True, UTC)


def folds(
    *timelines: str, days: tuple[int, ...], lapse: Lapse = SILENCE, kinds: tuple[str, ...] = ("order",)
) -> tuple[StockFold, CohortFold]:
    """Everything counted of some drawings."""
    lifecycle, edges = Lifecycle(ChurnDefinition(qualifying=kinds, lapse=lapse), RULES, UTC), edges_on(*days)
    parts = [InMemory(log(*timelines))]
    segmentation = learn(parts, lifecycle, edges, attributes=[])
    stock, cohorts = StockFold(edges, segmentation), CohortFold(edges, segmentation)
    survey(parts, lifecycle, edges, segmentation, [stock, cohorts])
    return stock, cohorts


def flow_of(stock: StockFold, nth: int = 0) -> np.ndarray:
    return stock.counts["total"].flow[nth, 0]


def test_the_usual_formula_of_100_20_and_90_is_70_percent() -> None:
    """100 at the start, 20 acquired, 90 at the end; of the 100, 65 stayed and 5 of the lapsed came back."""
    flow = np.zeros((8, 8), dtype=np.int64)
    active, lapsed = 1 + ACTIVE[1], 1 + LAPSED
    flow[active, active], flow[active, lapsed], flow[lapsed, active], flow[0, active] = 65, 35, 5, 20
    one = retention(flow)
    assert (one.start, one.acquired, one.end) == (100, 20, 90)
    assert one.by_formula == pytest.approx(0.70)
    assert one.by_cohort is not None
    assert one.by_cohort.value == pytest.approx(0.65)
    assert one.gap == pytest.approx(0.05)
    assert gap("2025-03", one)[0] == (
        "2025-03: the formula, (90 - 20) / 100, says 70.0%; of the 100 active at the start 65 are active at the end, "
        "65.0%. The gap of +5.0% is 5 won back (+5.0%), whom the formula counts as if they had stayed, and 0 who were "
        "acquired and left within the period (+0.0%)."
    )
    assert "70.0%" in gap("2025-03", one)[1]


def test_nobody_at_the_start_has_no_rate() -> None:
    one = Retention(0, 3, 3, 0, 0, 0, 0)
    assert (one.by_formula, one.by_cohort, one.churn, one.gap) == (None, None, None, None)
    assert "nobody" in gap("2025-03", one)[0]


def test_each_customer_is_counted_where_the_drawing_says() -> None:
    """Edges at day 5 and 12, three days of silence allowed."""
    stock, _ = folds(
        "..oo..oo..oo",  # kept
        "..oo........",  # lapsed
        "o.........o.",  # had lapsed by day 4, and is back
        "......oo..o.",  # acquired
        ".....o......",  # acquired, and lapsed by day 9
        "..v.........",  # looks, and buys nothing
        "............",
        days=(5, 12),
    )
    one = retention(flow_of(stock))
    assert one == Retention(start=2, end=3, acquired=2, kept=1, lapsed=1, won_back=1, left_at_once=1)
    told = {one.stage: one for one in stocks(flow_of(stock))}
    assert (told["prospect"].start, told["prospect"].end) == (1, 1)
    assert (told["lapsed"].start, told["lapsed"].came, told["lapsed"].went, told["lapsed"].end) == (1, 2, 1, 2)
    assert flow_of(stock).sum() == 6  # the seventh was never heard of


@pytest.mark.parametrize(
    ("lapse", "kinds", "timeline", "is_lost"),
    [
        (Silence(days=3), ("order",), "oo..o.......", True),
        (OwnCadence(times=2.0, min_days=2, max_days=9), ("order",), "o...o.......", False),  # usually every 4 days
        (OwnCadence(times=2.0, min_days=2, max_days=9), ("order",), "o.o.o.......", True),  # every second one
        (Subscription(grace_days=2, term_days=10), ("renewal",), "....s.......", False),  # paid until day 14
        (Subscription(grace_days=2, term_days=10), ("renewal",), "....s..n....", True),  # cancelled on day 7
        (Subscription(grace_days=2, term_days=3), ("renewal",), "....s.......", True),
    ],
)
def test_who_is_lost_is_what_the_definition_says(
    lapse: Lapse, kinds: tuple[str, ...], timeline: str, is_lost: bool
) -> None:
    stock, _ = folds(timeline, days=(5, 12), lapse=lapse, kinds=kinds)
    one = retention(flow_of(stock))
    assert (one.start, one.lapsed, one.kept) == (1, int(is_lost), int(not is_lost))


def test_an_order_that_was_taken_back_is_gone_from_the_past_too() -> None:
    """The order of day 2 was taken back on day 9: at day 5 nothing was known that still counts."""
    stock, _ = folds("..o......r..", days=(5, 12))
    assert flow_of(stock)[0, 1 + PROSPECT] == 1
    assert retention(flow_of(stock)) == Retention(0, 0, 0, 0, 0, 0, 0)


def test_buying_again_is_buying_on_another_day() -> None:
    stock, cohorts = folds("......oo....", "..o...o.....", "..o.........", "......o.....", days=(5, 12))
    bought = buying(stock.counts["total"].bought[0, 0], has_money=True)
    assert (bought.buyers, bought.repeaters, bought.order_days, bought.known_buyers) == (3, 1, 4, 1)
    assert (bought.money, bought.known_money) == (40.0, 10.0)
    assert bought.repeat_purchase is not None
    assert bought.repeat_purchase.value == pytest.approx(1 / 3)
    assert bought.known_share == pytest.approx(0.25)
    assert bought.money_per_buyer == pytest.approx(40 / 3)
    assert cohorts.joined["total"].joined[:, 0].tolist() == [2]  # those of before the first edge are in no cohort


def test_what_a_cohort_has_not_lived_through_is_not_known() -> None:
    """Thirty days after the last of the first month are over on day 41; those of the second month are not."""
    first, second = "..o....o" + "." * 40, "." * 12 + "o" + "." * 35
    _, cohorts = folds(first, second, days=(0, 10, 20, 44), lapse=Silence(days=90))
    edges = cohorts.edges
    again = again_of(edges, cohorts.joined["total"])
    assert [row.counts for row in again] == [(1, None, None, None), (None,) * 4, (None,) * 4]
    active = rows_of(edges, cohorts.joined["total"].joined[:, 0], cohorts.joined["total"].active[:, 0])
    assert [row.shares() for row in active] == [(1.0, 1.0, 1.0), (1.0, 1.0), (None,)]
    running = Edges(edges.us, edges.day, edges.months, False, UTC)  # the last month is not over
    active = rows_of(running, cohorts.joined["total"].joined[:, 0], cohorts.joined["total"].active[:, 0])
    assert [row.shares() for row in active] == [(1.0, 1.0, None), (1.0, None), (None,)]
    since = since_of(edges, cohorts.since["total"][:, 0])
    assert [(row.size, row.counts) for row in since] == [(0, (0, 0, 0)), (1, (1, 1)), (2, (2,))]


def test_value_that_left_is_of_the_year_before_and_value_that_came_since() -> None:
    """b had spent 20 when the period began, and lapses; c comes back and has spent 20 since, of which 10 after it."""
    stock, _ = folds("..oo..oo..oo.o.", "..oo.o.........", "o.........o...o", days=(5, 12, 15))
    counts = stock.counts["total"]
    assert counts.lost[:, 0].tolist() == [20.0, 0.0]
    assert counts.back[:, 0].tolist() == [20.0, 0.0]


def _frame(rows: list[tuple[str, str, int, float, str | None, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "event_type", "day", "amount", "category", "channel"])
    when = pd.Timestamp(FIRST_DAY, tz="UTC") + pd.to_timedelta(frame.pop("day"), unit="D") + pd.Timedelta(hours=12)
    return frame.assign(event_timestamp=when.astype("datetime64[us, UTC]"))


def test_a_customer_counts_in_the_level_of_the_start() -> None:
    """Who spent much and leaves is a loss of high value, though there is nothing spent by then that counts as high."""
    rows = [("rich", "order", 1, 900.0, "gift", "web"), ("poor", "order", 1, 10.0, "home", "app")]
    rows += [("poor", "order", day, 10.0, "home", "app") for day in (4, 7, 10)]
    rows += [("vip", "order", day, 400.0, "home", "app") for day in (4, 8)]
    rows += [("middle", "order", 4, 100.0, "gift", "app"), ("late", "order", 8, 50.0, None, None)]
    rows += [("rich", "profile.region", 2, np.nan, "north", None), ("poor", "tier_status", 3, np.nan, "gold", None)]
    rows += [("poor", "tier_status", 8, np.nan, "platinum", None)]
    parts = [InMemory(Events.from_frame(_frame(rows)))]
    lifecycle, edges = Lifecycle(ChurnDefinition(lapse=Silence(days=4)), RULES, UTC), edges_on(5, 12)
    segmentation = learn(parts, lifecycle, edges, attributes=["region"])
    levels = {one.name: one.levels for one in segmentation.dimensions}
    assert levels["region"] == ("north", OTHER, UNKNOWN)
    assert levels["category"] == ("gift", "home", OTHER, UNKNOWN)
    assert levels["tier"] == ("platinum", OTHER, UNKNOWN)
    assert levels["first_channel"] == ("app", "web", OTHER, UNKNOWN)
    stock = StockFold(edges, segmentation)
    survey(parts, lifecycle, edges, segmentation, [stock])

    def lapsed(name: str) -> dict[str, int]:
        flows = stock.counts[name].flow[0]
        told = {level: retention(flow).lapsed for level, flow in zip(levels[name], flows, strict=True)}
        return {level: n for level, n in told.items() if n}

    assert lapsed("value") == {"high": 1, "middle": 1}
    assert lapsed("region") == {"north": 1, UNKNOWN: 1}
    assert lapsed("category") == {"gift": 2}
    assert lapsed("first_channel") == {"app": 1, "web": 1}
    assert lapsed("tier") == {UNKNOWN: 2}
    buyers = dict(zip(levels["frequency"], stock.counts["frequency"].bought[0, :, KNOWN, BUYERS], strict=True))
    assert (buyers["1"], buyers["2-3"], buyers["4-9"]) == (1, 1, 0)  # vip, by now on two days; poor, by now on four
    kept = [retention(flow).kept for flow in stock.counts["tier"].flow[0]]
    assert kept == [0, 1, 1]  # poor was gold when it began; nobody is gold now, so that is other
    flow = stock.counts["category"].flow[0, levels["category"].index(UNKNOWN)]
    assert retention(flow).acquired == 1  # of what is known at the end: an order of no category


def test_referrals_of_the_log_are_counted_and_those_that_nobody_tells_are_not() -> None:
    rows = [("a", "order", 1, 5.0, None, None), ("a", "referral", 6, np.nan, None, None)]
    rows += [
        ("b", "referred", 6, np.nan, None, None),
        ("b", "order", 7, 5.0, None, None),
        ("c", "order", 7, 5.0, None, None),
    ]
    parts = [InMemory(Events.from_frame(_frame(rows)))]
    lifecycle, edges = Lifecycle(ChurnDefinition(lapse=Silence(days=30)), RULES, UTC), edges_on(5, 12)
    segmentation = learn(parts, lifecycle, edges, attributes=[])
    stock = StockFold(edges, segmentation)
    survey(parts, lifecycle, edges, segmentation, [stock])
    assert stock.counts["total"].referred[0, 0].tolist() == [1.0, 1.0, 1.0]
    assert stock.kinds >= {"referral", "referred"}
