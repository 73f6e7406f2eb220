"""Rankings of categories: own orders first, look-alikes where there are few, popularity where nothing is known."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from campaigns.categories.measured import NOT_BETTER, POPULAR, SIMPLE, TOO_FEW, measure
from campaigns.categories.orders import orders_at
from campaigns.categories.ranking import Ranking, Recipe
from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle, StageRules
from churn.events import Events
from features.parts import InMemory
from tests.campaign_shop import NOW

LIFE = Lifecycle(ChurnDefinition(horizon_days=60), StageRules(), Calendar("UTC"))


def log(orders: list[tuple[str, float, str]]) -> InMemory:
    """Orders: who, how many days before `NOW`, of what."""
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {"customer_id": who, "event_type": "order", "event_timestamp": NOW - timedelta(days=days), "category": what}
        for who, days, what in orders
    ]
    frame = pd.DataFrame(rows)
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).dt.as_unit("us")
    return InMemory(Events.from_frame(frame))


def ranked(part: InMemory, recipe: Recipe, top: int = 3) -> dict[str, list[tuple[str, str]]]:
    orders = orders_at([part], LIFE, NOW)
    found: dict[str, list[tuple[str, str]]] = {}
    for places, why in Ranking.of(orders, recipe).top(top):
        for who, row, reasons in zip(orders.customer_ids, places, why, strict=True):
            found[str(who)] = [(orders.categories[one], str(reason)) for one, reason in zip(row, reasons, strict=True)]
    return found


def test_own_orders_come_first_newer_ones_weigh_more_and_look_alikes_fill_up() -> None:
    orders = [("a", 5, "tea"), ("a", 60, "mugs"), ("b", 9, "tea"), ("b", 9, "pots"), ("c", 9, "tea"), ("c", 9, "pots"),
              ("d", 9, "nails"), ("e", 9, "nails"), ("f", 9, "nails"), ("g", 9, "nails")]  # fmt: skip
    found = ranked(log(orders), Recipe(30.0, 0.99))
    assert found["a"] == [("tea", "own"), ("mugs", "own"), ("pots", "look_alikes")]
    assert found["d"][0] == ("nails", "own")
    assert found["d"][1][1] == "popularity"


def test_what_is_not_known_yet_does_not_count() -> None:
    orders = [("a", 5, "tea"), ("b", 5, "tea"), ("a", -3, "nails")]
    found = orders_at([log(orders)], LIFE, NOW, NOW + timedelta(days=30))
    assert found.categories == ("tea",)
    assert found.later.sum() == 0  # a category that nobody had ordered can be offered to nobody


def test_parts_tell_what_one_tells() -> None:
    orders = [("a", 5, "tea"), ("b", 50, "pots"), ("b", 9, "tea"), ("c", 9, "mugs"), ("c", -5, "tea")]
    one = orders_at([log(orders)], LIFE, NOW, NOW + timedelta(days=30))
    many = orders_at([log([o for o in orders if o[0] == who]) for who in "abc"], LIFE, NOW, NOW + timedelta(days=30))
    assert one.categories == many.categories
    for found in ("weights", "later"):
        mine, theirs = (getattr(orders, found) for orders in (one, many))
        mine, theirs = (side(30.0) if callable(side) else side for side in (mine, theirs))
        assert np.allclose(mine.todense(), theirs.todense())


def habits(*, own: bool) -> list[tuple[str, float, str]]:
    """A year of orders of 300 customers: each of one category of their own, or all of whatever comes."""
    draw = np.random.default_rng(2)
    names = [f"k{one}" for one in range(8)]
    chances = np.array([0.44, *[0.08] * 7])
    return [
        (f"c{number:03}", float(days), names[number % 8] if own else str(draw.choice(names, p=chances)))
        for number in range(300)
        for days in draw.choice(360, 12, replace=False) + 0.5
    ]


@pytest.mark.parametrize(("own", "method", "why"), [(True, SIMPLE, None), (False, POPULAR, NOT_BETTER)])
def test_simple_is_offered_only_where_it_beats_popularity(own: bool, method: str, why: str | None) -> None:
    first = NOW - timedelta(days=365)
    found = measure([log(habits(own=own))], LIFE, NOW, first, top=2, confidence=0.95)
    assert (found.method, found.why) == (method, why)
    assert found.cutoff == NOW - timedelta(days=60)
    last = found.rates[-1]
    assert last["customers"] > 200
    assert (last["gain"]["low"] > 0) == own
    mine, everybody = found.told_rates
    assert everybody == last["popularity"]["share"]
    assert mine == (last["simple"]["share"] if own else everybody)


def test_a_short_log_measures_nothing() -> None:
    found = measure([log([("a", 5, "tea")])], LIFE, NOW, NOW - timedelta(days=100), top=2, confidence=0.95)
    assert (found.method, found.why, found.rates) == (POPULAR, TOO_FEW, ())
    assert found.told_rates == (None, None)
