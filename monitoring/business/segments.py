"""Which groups of customers every figure of the business is told by, and who is in which at each edge.

    profile attributes       region ...: the latest known value
    first_channel            where the first order came in; only where no profile tells an acquisition channel
    category                 what most orders of the year before the edge were of
    tier                     the member tier of the newest `tier_status` before the edge
    value                    money of the year before the edge: none, and thirds of those who spent any
    frequency                order days in the year before the edge
    stage                    at the edge

What can change is read at the edge at which a period begins: to sort customers by what they spent *in* a period would
say that those who spend little leave. Levels and thirds are learnt from some parts of the log, by what is known now,
so that a level means one thing in every month (monitoring/business/levels.py). Start at `Segmentation.codes`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churn.events import Events
from features.catalogue.kinds import PROFILE
from monitoring.business.panel import STAGES, Panel

OTHER, UNKNOWN = "other", "unknown"
TIER, CATEGORY, FIRST_CHANNEL = "tier", "category", "first_channel"
VALUE, FREQUENCY, STAGE = "value", "frequency", "stage"
FREQUENCIES = ((0, "0"), (1, "1"), (2, "2-3"), (4, "4-9"), (10, "10+"))  # order days from so many on
VALUES = ("none", "low", "middle", "high")
TIER_STATUS = "tier_status"
TOTAL = "total"  # the dimension of everybody

Codes = NDArray[np.int16]
Told = tuple[NDArray[np.int64], Sequence[str]]  # codes, -1 for none, and the texts that they mean


@dataclass(frozen=True)
class Dimension:
    """One way of telling customers apart.

    Args:
        name: of an attribute, or one of the names above.
        levels: in the order of the codes; attributes end with `OTHER` and `UNKNOWN`.
        is_attribute: whether it is a profile attribute.
    """

    name: str
    levels: tuple[str, ...]
    is_attribute: bool = False


@dataclass(frozen=True)
class Segmentation:
    """All dimensions of a business.

    Args:
        dimensions: the first is `TOTAL`, whose one level is everybody.
        thirds: money of a year from which on value is middle, and high; None where orders carry no money.
    """

    dimensions: tuple[Dimension, ...]
    thirds: tuple[float, float] | None

    def codes(self, one: Panel) -> dict[str, Codes]:
        """The level of each customer at each edge, by dimension. Each of shape (c, e)."""
        return {dimension.name: self._codes(dimension, one) for dimension in self.dimensions}

    def _codes(self, dimension: Dimension, one: Panel) -> Codes:
        if dimension.is_attribute:
            return _spread(_leveled(attribute(one.events, dimension.name), dimension.levels), one)
        if dimension.name == VALUE:
            return _values(one, self.thirds or (0.0, 0.0))
        return READ[dimension.name](one, dimension.levels)


def _spread(codes: Codes, one: Panel) -> Codes:
    """What does not change from edge to edge."""
    return np.broadcast_to(codes[:, None], one.stage.shape)


def _leveled(told: Told, levels: Sequence[str]) -> Codes:
    """Codes into a log's own texts, -1 for none, as codes into a dimension's levels."""
    codes, texts = told
    place = {level: nth for nth, level in enumerate(levels)}
    to = np.array([*(place.get(text, place[OTHER]) for text in texts), place[UNKNOWN]], dtype=np.int16)
    return to[codes]


def attribute(events: Events, name: str) -> Told:
    """The latest value that is known of each customer. Shape (c,), and what the codes mean."""
    rows = events.is_kind(PROFILE + name)
    if (events.category.codes[rows] >= 0).any() or not rows.any():
        return coded(events, rows)
    told = np.full(len(events.customers), np.nan)
    told[events.customer[rows]] = events.amount[rows]  # the last of several assignments stays
    numbers, codes = np.unique(told, return_inverse=True)
    known = numbers[~np.isnan(numbers)]
    return np.where(np.isnan(told), -1, codes), [f"{number:g}" for number in known]


def coded(events: Events, rows: NDArray[np.bool_]) -> Told:
    """The category of each customer's last one of these events. Shape (c,), and what the codes mean."""
    codes = np.full(len(events.customers), -1, dtype=np.int64)
    codes[events.customer[rows]] = events.category.codes[rows]
    return codes, events.category.levels


def first_channel(one: Panel) -> Told:
    """Where each customer's first order came in. Shape (c,), and what the codes mean."""
    codes = np.full(len(one), -1, dtype=np.int64)
    starts = one.told.starts
    codes[one.told.customer[starts]] = one.events.channel.codes[one.qualifying][starts]
    return codes, one.events.channel.levels


def ordered_categories(one: Panel) -> Told:
    """What each qualifying event is about. Shape (q,), and what the codes mean."""
    return one.events.category.codes[one.qualifying].astype(np.int64), one.events.category.levels


def _values(one: Panel, thirds: tuple[float, float]) -> Codes:
    low, high = thirds
    spent = one.money_365d
    return ((spent > 0) * (1 + (spent >= low) + (spent >= high))).astype(np.int16)


def _frequencies(one: Panel, levels: Sequence[str]) -> Codes:
    starts = [least for least, _ in FREQUENCIES[1:]]
    assert len(levels) == len(FREQUENCIES)
    return np.searchsorted(starts, one.order_days_365d, side="right").astype(np.int16)


def _stages(one: Panel, levels: Sequence[str]) -> Codes:
    assert len(levels) == len(STAGES)
    return np.maximum(one.stage, 0).astype(np.int16)


def _categories(one: Panel, levels: Sequence[str]) -> Codes:
    """The category of most orders of the year before each edge; of several, the first level. Shape (c, e)."""
    place = _leveled(ordered_categories(one), levels)
    width, found = len(levels), np.empty(one.stage.shape, dtype=np.int16)
    nth = np.arange(len(one.told.day))
    for edge in range(len(one.edges)):
        mine = (nth >= one.year_ago[:, edge][one.told.customer]) & (nth < one.upto[:, edge][one.told.customer])
        slots = one.told.customer[mine] * np.int64(width) + place[mine]
        counts = np.bincount(slots, minlength=len(one) * width).reshape(len(one), width)
        found[:, edge] = np.where(counts.any(axis=1), counts.argmax(axis=1), levels.index(UNKNOWN))
    return found


def _tiers(one: Panel, levels: Sequence[str]) -> Codes:
    """The newest tier before each edge. Shape (c, e)."""
    rows = one.events.is_kind(TIER_STATUS)
    codes_now = one.events.category.codes[rows].astype(np.int64)
    place, found = _leveled((codes_now, one.events.category.levels), levels), []
    customer, time_us = one.events.customer[rows], one.events.time_us[rows]
    for edge_us in one.edges.us:
        codes = np.full(len(one), levels.index(UNKNOWN), dtype=np.int16)
        codes[customer[time_us < edge_us]] = place[time_us < edge_us]
        found.append(codes)
    return np.stack(found, axis=1)


READ: Final[Mapping[str, Callable[[Panel, Sequence[str]], Codes]]] = {
    TOTAL: lambda one, _: np.zeros(one.stage.shape, dtype=np.int16),
    FIRST_CHANNEL: lambda one, levels: _spread(_leveled(first_channel(one), levels), one),
    CATEGORY: _categories,
    TIER: _tiers,
    FREQUENCY: _frequencies,
    STAGE: _stages,
}
