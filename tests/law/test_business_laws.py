"""Laws of the business's figures: customers are once in every table, parts add up, retention differs by what is named.

Drawn logs of two customers are joined to a log of several by giving each drawing names of its own.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.calendar import from_us
from churn.definition import Lifecycle
from churn.events import Events
from churn.stages import Stage, stages
from features.parts import InMemory
from monitoring.business.cohorts import CohortFold
from monitoring.business.counts import BUYERS, KNOWN, MONEY, NEW, StockFold
from monitoring.business.edges import Edges
from monitoring.business.levels import learn
from monitoring.business.panel import STAGES
from monitoring.business.retention import retention, stocks
from monitoring.business.segments import OTHER, Segmentation
from monitoring.business.shown import shown
from monitoring.business.survey import survey
from tests.law.test_business_panel import drawn_edges
from tests.strategies import event_logs, lifecycles


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[InMemory], pd.DataFrame, Lifecycle, Edges]:
    """A log of up to six customers in up to three parts, profiles among it, with a definition and edges."""
    lifecycle = draw(lifecycles())
    frames = [
        frame.assign(customer_id=frame["customer_id"] + str(nth))
        for nth, frame in enumerate(draw(st.lists(event_logs(), min_size=1, max_size=3)))
    ]
    profiles = frames[0].head(1).assign(event_type="profile.region", category="north", order_id=None)
    frames[0] = pd.concat([frames[0].assign(category=None), profiles]).astype({"category": "object"})
    parts = [InMemory(Events.from_frame(frame)) for frame in frames]
    return parts, pd.concat(frames, ignore_index=True), lifecycle, draw(drawn_edges(lifecycle.calendar))


def counted(parts: list[InMemory], lifecycle: Lifecycle, edges: Edges) -> tuple[StockFold, CohortFold, Segmentation]:
    segmentation = learn(parts, lifecycle, edges, attributes=["region"])
    stock, cohorts = StockFold(edges, segmentation), CohortFold(edges, segmentation)
    survey(parts, lifecycle, edges, segmentation, [stock, cohorts])
    return stock, cohorts, segmentation


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_stock_and_flow_reconcile(world: tuple[list[InMemory], pd.DataFrame, Lifecycle, Edges]) -> None:
    """Every customer once; start + in - out = end for every stage; each end is the stock that the kernel counts."""
    parts, frame, lifecycle, edges = world
    stock, _, _ = counted(parts, lifecycle, edges)
    known_now = frame[frame["ingested_at"] < from_us(edges.now_us)]
    for nth, period in enumerate(stock.periods):
        flow = stock.counts["total"].flow[nth, 0]
        for one in stocks(flow):
            assert one.start + one.came - one.went == one.end
            assert one.start == one.stayed + one.went
        if period.end == len(edges) - 1:  # now: nothing is known later than it happened
            told = stages(Events.from_frame(known_now), lifecycle, from_us(edges.now_us))["stage"]
            assert {one.stage: one.end for one in stocks(flow)} == {
                stage.value: int((told == stage.value).sum()) for stage in Stage
            }
            assert flow.sum() == len(told)
        following = [other for other in range(len(stock.periods)) if stock.periods[other].start == period.end]
        for other in following:
            later = stock.counts["total"].flow[other, 0]
            assert [one.start for one in stocks(later)] == [one.end for one in stocks(flow)]


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_the_gap_between_formula_and_cohort_is_who_came_back_less_who_left_at_once(
    world: tuple[list[InMemory], pd.DataFrame, Lifecycle, Edges],
) -> None:
    parts, _, lifecycle, edges = world
    stock, _, _ = counted(parts, lifecycle, edges)
    for counts in stock.counts.values():
        for flow in counts.flow.reshape(-1, *counts.flow.shape[2:]):
            one = retention(flow)
            assert one.start == one.kept + one.lapsed
            assert one.end == one.kept + one.won_back + one.acquired - one.left_at_once
            if one.start:
                assert one.by_formula is not None
                assert one.by_cohort is not None
                assert one.by_formula - one.by_cohort.value == pytest.approx(one.gap)
                assert one.by_cohort.low - 1e-9 <= one.by_cohort.value <= one.by_cohort.high + 1e-9


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_levels_add_up_to_the_total_and_parts_to_the_whole(
    world: tuple[list[InMemory], pd.DataFrame, Lifecycle, Edges],
) -> None:
    parts, frame, lifecycle, edges = world
    stock, cohorts, segmentation = counted(parts, lifecycle, edges)
    total = stock.counts["total"]
    for counts in stock.counts.values():
        for name in ("flow", "bought", "lost", "back", "referred"):
            np.testing.assert_allclose(getattr(counts, name).sum(axis=1), getattr(total, name).sum(axis=1), atol=1e-9)
    for joined in cohorts.joined.values():
        for name in ("joined", "active", "bought", "again"):
            ours, theirs = getattr(joined, name), getattr(cohorts.joined["total"], name)
            np.testing.assert_array_equal(ours.sum(axis=1), theirs.sum(axis=1))
    whole, whole_cohorts = StockFold(edges, segmentation), CohortFold(edges, segmentation)
    survey([InMemory(Events.from_frame(frame))], lifecycle, edges, segmentation, [whole, whole_cohorts])
    for name, counts in stock.counts.items():
        np.testing.assert_array_equal(counts.flow, whole.counts[name].flow)
        np.testing.assert_allclose(counts.bought, whole.counts[name].bought)
        np.testing.assert_array_equal(cohorts.since[name], whole_cohorts.since[name])


@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_what_is_bought_is_split_by_who_had_bought_before(
    world: tuple[list[InMemory], pd.DataFrame, Lifecycle, Edges],
) -> None:
    """Whoever is acquired buys; whoever buys had bought before or is acquired; and the months' money is the log's."""
    parts, _, lifecycle, edges = world
    stock, cohorts, _ = counted(parts, lifecycle, edges)
    total = stock.counts["total"]
    for nth in range(len(stock.periods)):
        one = retention(total.flow[nth, 0])
        assert total.bought[nth, 0, NEW, BUYERS] == one.acquired
        assert (
            total.bought[nth, 0, KNOWN, BUYERS] <= one.start + total.flow[nth, 0, 1 + STAGES.index(Stage.LAPSED)].sum()
        )
    since = cohorts.since["total"][:, 0]
    for edge in range(len(edges)):
        assert (np.diag(since)[edge] >= since[edge]).all()
    assert (total.bought[:, 0, :, MONEY] >= 0).all()


sizes = st.lists(st.integers(0, 60), min_size=1, max_size=8)


@given(sizes=sizes, least=st.integers(1, 30), has_other=st.booleans())
def test_no_small_cell_is_shown_and_none_can_be_subtracted(sizes: list[int], least: int, has_other: bool) -> None:
    levels = [f"level {nth}" for nth in range(len(sizes))]
    levels = [*levels[:-1], OTHER] if has_other else levels
    cells = shown(levels, np.array(sizes, dtype=np.int64), least)
    if not cells:
        return
    assert sorted(place for cell in cells for place in cell.places) == list(range(len(sizes)))
    assert all(sum(sizes[place] for place in cell.places) >= least for cell in cells)
