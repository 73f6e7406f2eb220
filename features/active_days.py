"""The local days on which the events of a lane lie, and the pauses between them. Start reading at `Days`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from churn.calendar import Int64Array
from churn.events import BoolArray
from features.edges import Positions
from features.folds import prefix


@dataclass(frozen=True)
class Days:
    """Active days of a lane, and the pauses between them.

    Args:
        day: local day of each event. Shape (n,).
        opens: which events open an active day. Shape (n,).
        first: positions of those. Shape (d,).
        gap: days since the view's active day before, at those positions; 0 elsewhere. Shape (n,).
    """

    day: Int64Array
    opens: BoolArray
    first: Positions
    gap: Int64Array

    @classmethod
    def of(cls, day: Int64Array, owner: Positions) -> Self:
        """The active days of events on these days, of these views. Shapes (n,)."""
        opens = np.ones(len(day), dtype=bool)
        opens[1:] = (day[1:] != day[:-1]) | (owner[1:] != owner[:-1])
        first = np.flatnonzero(opens)
        gap = np.zeros(len(day), dtype=np.int64)
        same = owner[first[1:]] == owner[first[:-1]]
        gap[first[1:]] = np.where(same, day[first[1:]] - day[first[:-1]], 0)
        return cls(day, opens, first, gap)

    @cached_property
    def before(self) -> Int64Array:
        """Active days before each position, over all views. Shape (n + 1,)."""
        return prefix(self.opens)

    @cached_property
    def squares(self) -> Int64Array:
        """Prefix sums of the squared gaps. Shape (n + 1,)."""
        return prefix(self.gap * self.gap)
