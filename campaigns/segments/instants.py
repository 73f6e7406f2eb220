"""What was true of the customers of one part at an instant: their stage, silence, orders, money, and their segments.

    events --before(instant)--> At: stages, days since the last order, orders, money --> bool a segment

Only what had happened and had reached us counts. A customer's answers depend on that customer's events alone, so parts
may lie anywhere. Start reading at `at_instants`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from campaigns.segments.asking import Asked
from churn.calendar import EPOCH, from_us, to_us
from churn.conditions import Facts, Looks, holds_of, qualifies
from churn.events import BoolArray, Events, FloatArray, Texts, before
from churn.grammar import Compare, IsNull
from churn.segment_parsing import ATTRIBUTE, STAGE, VALUED
from churn.stages import Stage, standing
from features.catalogue.kinds import PROFILE
from features.compute import compute

STAGES = tuple(one.value for one in Stage)
SORTED_STAGES = tuple(sorted(STAGES))
Tiers = Callable[[str, NDArray[np.object_]], NDArray[np.object_]]  # column of VALUES, ids -> texts, None where unknown


@dataclass(frozen=True)
class At:
    """The customers of a part at one instant, each of those in `Events.customers`.

    Args:
        known: of whom anything was known then. Shape (c,).
        stage: place in `STAGES`; -1 where nothing was known. Shape (c,).
        silence_days: days since the last order of the grid's days; NaN without one. Shape (c,).
        orders: orders in the grid's days. amount: their money. Shape (c,) each.
        members: who is in which segment. Shape (c, s).
    """

    known: BoolArray
    stage: NDArray[np.int8]
    silence_days: FloatArray
    orders: FloatArray
    amount: FloatArray
    members: BoolArray


def at_instants(events: Events, asked: Asked, instants: Sequence[datetime], tiers: Tiers | None = None) -> Iterator[At]:
    """The customers of a part at each instant.

    Args:
        events: all events of some customers; what an instant cannot know is left out here.
        asked: the segments.
        instants: aware.
        tiers: value tiers, where a segment goes by them.
    """
    cube = compute(events, instants, asked.features, asked.lifecycle)
    for place, instant in enumerate(instants):
        visible = before(events, to_us(instant))
        now = standing(visible, asked.lifecycle, to_us(instant))
        known = np.zeros(len(events.customers), dtype=np.bool_)
        known[now.customer] = True
        stage = np.full(len(events.customers), -1, dtype=np.int8)
        stage[now.customer] = np.searchsorted(SORTED_STAGES, now.stage.astype(str))
        stage[known] = TO_STAGES[stage[known]]
        silence, orders, amount = _ordered(visible, asked, to_us(instant))
        facts = _facts(visible, asked, stage, cube[:, place], tiers)
        yield At(
            known, stage, silence, orders, amount, _members(visible, asked, to_us(instant), facts) & known[:, None]
        )


TO_STAGES = np.array([STAGES.index(one) for one in SORTED_STAGES], dtype=np.int8)


def _ordered(visible: Events, asked: Asked, instant_us: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Days since the last order, orders and money of the grid's days."""
    calendar, size = asked.lifecycle.calendar, len(visible.customers)
    orders = visible.take(qualifies(visible, asked.lifecycle.definition, calendar))
    orders = orders.take(orders.time_us >= calendar.window_start_us(instant_us, asked.grid_days))
    today = (calendar.day_of(from_us(instant_us)) - EPOCH).days
    silence = np.full(size, np.nan)
    silence[orders.customer] = today - calendar.days_of(orders.time_us)  # sorted by time: the last stays
    count = np.bincount(orders.customer, minlength=size).astype(np.float64)
    amount = np.bincount(orders.customer, weights=np.nan_to_num(orders.amount), minlength=size)
    return silence, count, amount.astype(np.float64)


def _members(visible: Events, asked: Asked, instant_us: int, facts: Facts) -> BoolArray:
    """Who is in which segment. Shape (c, s)."""
    size, calendar = len(visible.customers), asked.lifecycle.calendar
    looks = Looks(
        customer=np.arange(size, dtype=np.int32),
        until_us=np.full(size, instant_us, dtype=np.int64),
        since_us=lambda days: np.full(size, calendar.window_start_us(instant_us, days), dtype=np.int64),
    )
    held = [holds_of(condition, visible, facts, looks) for condition in asked.conditions]
    return np.stack(held, axis=1) if held else np.zeros((size, 0), dtype=np.bool_)


def _facts(visible: Events, asked: Asked, stage: NDArray[np.int8], features: FloatArray, tiers: Tiers | None) -> Facts:
    """The column that each test speaks of, one a customer of the part."""
    names = [feature.name for feature in asked.features]

    def column_of(test: Compare | IsNull) -> Texts | FloatArray:
        if test.column == STAGE:
            return Texts(stage.astype(np.int32), STAGES)
        if test.column in VALUED:
            told = np.full(len(stage), None, dtype=object) if tiers is None else tiers(test.column, visible.customers)
            return coded(told)
        if test.column.startswith(ATTRIBUTE):
            return _attribute(visible, PROFILE + test.column.removeprefix(ATTRIBUTE), test)
        return np.asarray(features[:, names.index(test.column)])

    return column_of


def coded(texts: NDArray[np.object_]) -> Texts:
    """Texts as codes into their levels; None is null."""
    levels = tuple(sorted({one for one in texts if one is not None}))
    codes = np.array([-1 if one is None else levels.index(one) for one in texts], dtype=np.int32)
    return Texts(codes, levels)


def _attribute(visible: Events, kind: str, test: Compare | IsNull) -> Texts | FloatArray:
    """The latest value of an attribute: a number where the test compares with one, else a text.

    Profiles hold one or the other; whether there is any is asked of both.
    """
    rows = np.flatnonzero(visible.is_kind(kind))
    last = rows[np.append(np.diff(visible.customer[rows]) != 0, True)] if len(rows) else rows  # sorted by time
    numbers = np.full(len(visible.customers), np.nan)
    numbers[visible.customer[last]] = visible.amount[last]
    codes = np.full(len(visible.customers), -1, dtype=np.int32)
    codes[visible.customer[last]] = visible.category.codes[last]
    if isinstance(test, IsNull):
        return np.where(codes >= 0, 0.0, numbers)
    return numbers if isinstance(test.values[0], float) else Texts(codes, visible.category.levels)
