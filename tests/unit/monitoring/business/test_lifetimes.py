"""Lives and pauses by segment, quarter and group: they add up, and nobody who still orders counts as gone."""

from functools import reduce
from operator import add

import numpy as np
import pytest

from monitoring.business.lifetimes import Lifetimes, lifetimes, quarter_name, returns
from monitoring.business.segments import TOTAL
from monitoring.business.survival import Spells, curve, median
from tests import drawn_business
from tests.drawn_business import Drawn


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return drawn_business.draw(400, seed=2)


def walked(drawn: Drawn, parts: int = 1) -> Lifetimes:
    fold = lifetimes(drawn.edges, drawn.segmentation, drawn.first_day)
    drawn.walk(fold, parts=parts)
    return fold


def same(one: Spells, other: Spells) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("ended", "running", "entered"))


def test_parts_add_up(drawn: Drawn) -> None:
    whole, parts = walked(drawn), walked(drawn, parts=3)
    for name in ("lives", "quarters", "pauses", "silent"):
        assert getattr(whole, name).keys() == getattr(parts, name).keys()
        assert all(same(spells, getattr(parts, name)[key]) for key, spells in getattr(whole, name).items())
    assert np.array_equal(whole.lapsed, parts.lapsed)
    assert np.array_equal(whole.alone, parts.alone)


def test_segments_and_quarters_add_up_to_everybody(drawn: Drawn) -> None:
    told = walked(drawn)
    every = told.lives[TOTAL, TOTAL]
    assert every.count == drawn.frame.loc[drawn.frame["event_type"] == "order", "customer_id"].nunique()
    assert same(reduce(add, (one for (name, _), one in told.lives.items() if name == "region")), every)
    assert same(reduce(add, told.quarters.values()), every)
    silent = reduce(add, (one for (name, _), one in told.silent.items() if name == "region"))
    assert same(silent, reduce(add, told.silence()))


def test_a_level_that_may_change_is_watched_from_the_edge_at_which_it_was_read(drawn: Drawn) -> None:
    told = walked(drawn)
    some = reduce(add, (one for (name, _), one in told.lives.items() if name == "frequency"))
    assert some.entered[0] < 40, "on the edge itself, that day"
    assert some.entered[40:].sum() == 0
    assert (some.at_risk >= 0).all()
    assert some.at_risk[-1] == 0


def test_the_newest_quarter_is_immature_and_not_zero(drawn: Drawn) -> None:
    told = walked(drawn)
    newest = max(told.quarters)
    half, _, _ = median(curve(told.quarters[newest]))
    assert half is None or half > 0
    assert curve(told.quarters[newest]).watched_days < curve(told.quarters[min(told.quarters)]).watched_days


def test_who_came_back_after_so_many_days(drawn: Drawn) -> None:
    groups = walked(drawn).silence()
    soon, late = returns(groups, 7, 30), returns(groups, 45, 30)
    assert soon is not None
    assert late is not None
    assert soon.value > late.value + 0.3
    assert soon.low < soon.value < soon.high
    assert returns(groups, 700, 90) is None, "nobody was watched that long"


def test_after_which_order_they_leave(drawn: Drawn) -> None:
    after = walked(drawn).after_order()
    assert after[0] is not None
    assert after[0].n <= 400
    assert 0.03 < after[0].value < 0.15, "one in sixteen was drawn"


def test_quarters_have_names() -> None:
    assert quarter_name(4 * 55) == "2025-Q1"
    assert quarter_name(4 * 55 + 3) == "2025-Q4"
