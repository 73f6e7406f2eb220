"""The RFM grid: customers by how long they have been silent, how often they ordered and how much they spent.

    days since the last order x orders x money, of the grid's days --edges--> cells, and eight named types

Edges are the settings' own, or fifths of the customers who stand in the grid; equal numbers always share a cell, so
where many ordered once there are fewer than five columns. The eight types part each of the three at its median; they
are the one naming that the trade agrees on (Chinese CRM practice; other names for cells differ from vendor to vendor,
and none is used). Whoever ordered nothing in the grid's days stands outside. Start reading at `edges_of`.

Source: Hughes (1994), "Strategic Database Marketing", ch. on RFM (fifths); the eight types as in the help of Chinese
order systems, for instance bz.zhsmjxc.com "RFM" (value, keep, develop, win back; important where money is high).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.segment_sections import Segments

FIFTHS: Final = (0.2, 0.4, 0.6, 0.8)
OUTSIDE: Final = "outside"
TYPES: Final[dict[str, tuple[str, str]]] = {  # silent for long, ordered often, spent much: at the median
    "important_value": ("important: recent, often, much", "重要价值客户"),
    "important_develop": ("important: recent, seldom, much", "重要发展客户"),
    "important_keep": ("important: silent, often, much", "重要保持客户"),
    "important_win_back": ("important: silent, seldom, much", "重要挽留客户"),
    "general_value": ("general: recent, often, little", "一般价值客户"),
    "general_develop": ("general: recent, seldom, little", "一般发展客户"),
    "general_keep": ("general: silent, often, little", "一般保持客户"),
    "general_win_back": ("general: silent, seldom, little", "一般挽留客户"),
    OUTSIDE: ("no order in the days of the grid", "统计期内无订单"),
}
Places = NDArray[np.int16]


@dataclass(frozen=True)
class Edges:
    """What parts the grid. A number belongs to the first class whose edge it does not exceed.

    Args:
        silence: days since the last order, rising. orders: numbers of orders. amount: sums of money.
        medians: of silence, orders and money: what parts the types.
        days: whose orders are counted.
        own: whether the business gave the edges.
    """

    silence: tuple[float, ...]
    orders: tuple[float, ...]
    amount: tuple[float, ...]
    medians: tuple[float, float, float]
    days: int
    own: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many classes of silence, orders and money there are."""
        return len(self.silence) + 1, len(self.orders) + 1, len(self.amount) + 1

    @property
    def cells(self) -> list[tuple[int, int, int]]:
        """Places of each cell, in the order of its number."""
        silence, orders, amount = map(range, self.shape)
        return list(product(silence, orders, amount))

    @property
    def ranges(self) -> tuple[list[str], list[str], list[str]]:
        """The classes of silence, orders and money as people read them."""
        return ranges(self.silence, whole=True), ranges(self.orders, whole=True), ranges(self.amount, whole=False)

    def cell_of(self, silence: FloatArray, orders: FloatArray, amount: FloatArray) -> Places:
        """The number of each customer's cell; -1 outside. Shape (n,)."""
        sides = ((self.silence, silence), (self.orders, orders), (self.amount, amount))
        a, b, c = (np.searchsorted(np.array(edges), values, side="left") for edges, values in sides)
        cell = (a * self.shape[1] + b) * self.shape[2] + c
        return np.where(np.isnan(silence), -1, cell).astype(np.int16)

    def type_of(self, silence: FloatArray, orders: FloatArray, amount: FloatArray) -> Places:
        """The place of each customer's type in `TYPES`. Shape (n,)."""
        much, recent = amount > self.medians[2], silence <= self.medians[0]
        often = orders > self.medians[1]
        place = np.where(much, 0, 4) + np.select([recent & often, recent & ~often, ~recent & often], [0, 1, 2], 3)
        return np.where(np.isnan(silence), len(TYPES) - 1, place).astype(np.int16)

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {
            "days": self.days, "own": self.own,
            "days_since_last_order": list(self.silence), "orders": list(self.orders), "amount": list(self.amount),
            "medians": dict(zip(("days_since_last_order", "orders", "amount"), self.medians, strict=True)),
        }  # fmt: skip


def edges_of(silence: FloatArray, orders: FloatArray, amount: FloatArray, told: Segments, days: int) -> Edges:
    """The edges of the grid.

    Args:
        silence: days since the last order; NaN outside. Shape (n,).
        orders: in the grid's days. Shape (n,).
        amount: their money. Shape (n,).
        told: `[segments]`: edges of the business, where it gives any.
        days: of the grid.
    """
    inside = ~np.isnan(silence)
    given = (told.grid_silence_edges, told.grid_orders_edges, told.grid_amount_edges)
    sides = [values[inside] for values in (silence, orders, amount)]
    found = [own or _fifths(values) for own, values in zip(given, sides, strict=True)]
    medians = [float(np.median(values)) if len(values) else 0.0 for values in sides]
    return Edges(found[0], found[1], found[2], (medians[0], medians[1], medians[2]), days, any(given))


def _fifths(values: FloatArray) -> tuple[float, ...]:
    """Edges that leave about a fifth in each class; fewer where equal numbers cannot be parted."""
    if not len(values):
        return ()
    edges = np.unique(np.quantile(values, FIFTHS, method="inverted_cdf"))
    return tuple(float(edge) for edge in edges if edge < values.max())


def ranges(edges: Sequence[float], *, whole: bool) -> list[str]:
    """The classes as people read them: `<= 12`, `13 - 30`, `> 30`.

    Args:
        edges: rising.
        whole: whether values are whole numbers.
    """
    if not edges:
        return ["all"]
    said = [f"{edge:,.0f}" if whole or edge >= 100 else f"{edge:,.2f}" for edge in edges]
    starts = [f"{np.floor(edge) + 1:,.0f}" if whole else f"> {text}" for edge, text in zip(edges, said, strict=True)]
    middle = [
        (text if start == text else f"{start}-{text}") if whole else f"{start} to {text}"
        for start, text in zip(starts, said[1:], strict=False)
    ]
    return [f"<= {said[0]}", *middle, f"> {said[-1]}"]
