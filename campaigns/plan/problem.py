"""A choice under limits: at most one action a customer, so that what is earned is most and no limit is passed.

    profit, cost (n, k) + budget + limits --> Problem --> `judged`: what each customer takes at given prices

Costs are counted in whole hundredths of a cent, so that sums of a million are exact. A price stands for a limit: what
one more unit of it would earn. Knows arrays alone: no table, no solver. Start reading at `Problem`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NONE: Final = -1  # no action
UNITS: Final = 10_000.0  # of the currency, in which costs are counted whole


@dataclass(frozen=True)
class Limit:
    """Most contacts of some actions together.

    Args:
        name: for people: an action, a channel, or `all`.
        columns: of the actions that count.
        most: how many customers may get one of them.
    """

    name: str
    columns: tuple[int, ...]
    most: int


@dataclass(frozen=True)
class Judged:
    """What each customer takes at given prices.

    Args:
        choice: column of the action, or NONE. Shape (n,).
        left: what it earns, prices paid; 0 for NONE. Shape (n,).
        margin: by how much the next best choice is worse, prices paid. Shape (n,).
    """

    choice: IntArray
    left: FloatArray
    margin: FloatArray


@dataclass(frozen=True)
class Problem:
    """The choice to be made.

    Args:
        profit: expected of each customer and action; -inf where it is none for them or earns nothing. Shape (n, k).
        units: its expected cost, in whole UNITS of the currency. Shape (n, k).
        uses: by limit: 1 for the actions that count in it; the first row is the budget's and unused. Shape (m, k).
        most: by limit, the budget (of the currency) first. Shape (m,); infinite where there is none.
    """

    profit: FloatArray
    units: FloatArray
    uses: FloatArray
    most: FloatArray

    @classmethod
    def of(cls, profit: FloatArray, cost: FloatArray, budget: float | None, limits: Sequence[Limit] = ()) -> Self:
        """A problem from money as it is.

        Args:
            profit: NaN where an action is none for a customer. Shape (n, k).
            cost: not below 0; NaN likewise. Shape (n, k).
            budget: that the costs of those chosen may not pass together; None: no such limit.
            limits: of contacts.
        """
        earns = np.asarray(profit, dtype=np.float64)
        earns = np.where(earns > 0, earns, -np.inf)
        units = np.rint(np.where(np.isfinite(earns), cost, 0.0).astype(np.float64) * UNITS)
        uses = np.zeros((1 + len(limits), earns.shape[1]))
        for row, limit in enumerate(limits, start=1):
            uses[row, list(limit.columns)] = 1.0
        money = np.inf if budget is None else np.floor(budget * UNITS + 1e-6) / UNITS
        return cls(earns, units, uses, np.array([money, *(float(one.most) for one in limits)]))

    def __len__(self) -> int:
        return len(self.profit)

    def of_rows(self, rows: IntArray, most: FloatArray | None = None) -> Self:
        """The same choice for some customers alone, within limits of their own."""
        return replace(self, profit=self.profit[rows], units=self.units[rows], most=self.most if most is None else most)

    def judged(self, prices: FloatArray) -> Judged:
        """What each customer takes if each limit has its price.

        Args:
            prices: not below 0; by limit. Shape (m,).
        """
        if not self.profit.shape[1]:
            nothing = np.zeros(len(self))
            return Judged(np.full(len(self), NONE), nothing, nothing)
        left = self.profit - (prices[0] / UNITS) * self.units
        left -= prices[1:] @ self.uses[1:]
        everybody = np.arange(len(self))
        choice = left.argmax(axis=1)
        best = left[everybody, choice]
        takes = best > 0
        left[everybody[takes], choice[takes]] = -np.inf
        second = np.maximum(left.max(axis=1), 0.0) if len(self) else best
        margin = np.where(takes, best - second, -best)
        return Judged(np.where(takes, choice, NONE), np.where(takes, best, 0.0), margin)

    def used(self, choice: IntArray) -> FloatArray:
        """How much of each limit a choice takes: money first. Shape (m,)."""
        who = np.flatnonzero(choice != NONE)
        counts = np.bincount(choice[who], minlength=self.profit.shape[1]).astype(np.float64)
        found: FloatArray = self.uses @ counts
        found[0] = self.units[who, choice[who]].sum() / UNITS
        return found

    def earned(self, choice: IntArray) -> float:
        """What a choice is expected to earn."""
        who = np.flatnonzero(choice != NONE)
        return float(self.profit[who, choice[who]].sum())

    def fits(self, choice: IntArray) -> bool:
        """Whether no limit is passed."""
        return bool((self.used(choice) <= self.most + 0.5 / UNITS).all())

    def bound(self, prices: FloatArray, judged: Judged) -> float:
        """What no choice can exceed: that of everybody's own at these prices, plus what the limits are worth.

        Source: Lagrangian bound, Geoffrion (1974), Mathematical Programming Study 2; true of any prices >= 0.
        """
        priced = prices > 0
        return float(judged.left.sum() + prices[priced] @ self.most[priced])
