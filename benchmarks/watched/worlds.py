"""Worlds to be watched: a simulated shop that stays as it is, or changes on a day, and feeds that break on a day.

Three places where something goes wrong: in the world (customers behave differently), in the feed (events are lost or
changed on their way), in the rows (a column is broken after it was computed). Start reading at `FAULTS`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from churn.calendar import Calendar
from features import simulated_shop, simulation
from features.simulated_customers import Shop
from features.simulation import SimulationSettings, simulate

ZONE = Calendar("Asia/Shanghai")
Bend = Callable[[Shop, int], Shop]  # the shop as it is so many days after the change
Spoil = Callable[[pd.DataFrame], pd.DataFrame]
RATES = ("order_total_90d", "order_count_365d", "order_days_since")


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong on a day and stays so.

    Args:
        what: in words.
        bends: changes the shop's customers, given the days since the change.
        leaves: multiplies the daily hazard of falling dormant, given the shop and the state.
        feed: changes the events from that day on.
        rows: changes the rows of a week.
    """

    what: str
    bends: Bend | None = None
    leaves: Callable[[Shop, Any], Any] | None = None
    feed: Spoil | None = None
    rows: Spoil | None = None

    @property
    def is_world(self) -> bool:
        """Whether the shop itself is another one."""
        return self.bends is not None or self.leaves is not None


def slowly(shop: Shop, days: int) -> Shop:
    """Baskets grow by a percent a week, and everybody takes half a percent longer from order to order."""
    weeks = days / 7
    return replace(shop, spend=shop.spend + np.float32(0.01 * weeks), cadence_days=shop.cadence_days * 1.005**weeks)


def other_season(shop: Shop, days: int) -> Shop:
    """A sale that no year before had: five weeks of half as many orders again."""
    if days >= 35:
        return shop
    calendar = shop.calendar
    return replace(shop, calendar=replace(calendar, demand=calendar.demand * 1.5, sale=np.maximum(calendar.sale, 0.8)))


def rival(_: Shop, state: Any) -> Any:
    """A rival wins over those who were safe: the more loyal, the more they leave."""
    return 1 + 3 * simulated_shop.loyalty(state)


def without(*kinds: str) -> Spoil:
    return lambda events: events[~events["event_type"].isin(kinds)]


def amounts(change: Callable[[pd.Series], pd.Series]) -> Spoil:
    """Changes what orders cost."""

    def spoil(events: pd.DataFrame) -> pd.DataFrame:
        is_order = events["event_type"] == "order"
        return events.assign(amount=events["amount"].where(~is_order, change(events["amount"])))

    return spoil


def column(change: Callable[[pd.Series], pd.Series], name: str) -> Spoil:
    return lambda rows: rows.assign(**{name: change(rows[name])})


def some(values: pd.Series, share: float) -> pd.Series:
    """A share of the rows, the same at every call."""
    return pd.Series(np.random.default_rng(5).random(len(values)) < share, index=values.index)


def mis_joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Half of the columns come from other customers of the same model."""
    keys = {"customer_id", "event_timestamp", "created_timestamp", "stage", "model", "label"}
    names = [name for name in rows.columns if name not in keys and rows[name].dtype == np.float64][::2]
    random, joined = np.random.default_rng(9), rows.copy()
    for _, mine in rows.groupby("model", dropna=False):
        other = random.permutation(mine.index.to_numpy())
        joined.loc[mine.index, names] = rows.loc[other, names].to_numpy()
    return joined


FAULTS = {
    "null feature": Fault("order_total_90d is null in 30 % of the rows",
        rows=column(lambda values: values.mask(some(values, 0.3)), "order_total_90d")),
    "x 1.3": Fault("order_total_90d is 1.3 times what it is",
        rows=column(lambda values: values * 1.3, "order_total_90d")),
    "unit change": Fault("orders come in cents", feed=amounts(lambda values: values * 100)),
    "silent zeroing": Fault("a tenth of the orders come with amount 0",
        feed=amounts(lambda values: values.mask(some(values, 0.1), 0.0))),
    "mis-joined columns": Fault("half of the columns are other customers'", rows=mis_joined),
    "broken source": Fault("visits and mails are no longer told",
        feed=without("visit", "email_open", "email_click")),
    "seasonal shift": Fault("five weeks of a sale that no year before had", bends=other_season),
    "slow drift": Fault("baskets grow by 1 % a week, gaps by 0.5 %", bends=slowly),
    "concept change": Fault("a rival wins over the loyal: same customers, other hazards", leaves=rival),
}  # fmt: skip


@contextmanager
def changed(fault: Fault, from_day: int) -> Iterator[None]:
    """While it lasts, simulated shops change on a day."""
    step, hazards = simulation.step, simulated_shop.hazards

    def bent(shop: Shop, state: Any, actions: Any, **more: Any) -> Any:
        is_over = fault.bends is not None and state.day >= from_day
        return step(fault.bends(shop, state.day - from_day) if is_over else shop, state, actions, **more)

    def left(shop: Shop, state: Any) -> Any:
        down, *others = hazards(shop, state)
        if fault.leaves is not None and state.day >= from_day:
            down = np.minimum(down * fault.leaves(shop, state), 0.5)
        return (down, *others)

    simulation.step, simulated_shop.hazards = bent, left
    try:
        yield
    finally:
        simulation.step, simulated_shop.hazards = step, hazards


def events_of(settings: SimulationSettings, fault: Fault | None = None, since: date | None = None) -> pd.DataFrame:
    """The log of a shop, EVENTS; with a fault of world or feed from the local midnight of a day on."""
    if fault is None or since is None:
        return simulate(settings).events
    with changed(fault, (since - settings.first).days):
        events = simulate(settings).events
    if fault.feed is None:
        return events
    later = events["event_timestamp"] >= pd.Timestamp(ZONE.midnight(since))
    return pd.concat([events[~later], fault.feed(events[later])]).sort_index()
