"""The bootstrap behind every interval: whole customers drawn again and again.

The rows of one customer are no independent witnesses, so customers are drawn, not rows. Each draw gives every customer
a Poisson(1) weight, which is what drawing with replacement comes to for many customers, and needs no list of who was
drawn. All draws are worked on at once: one sparse product lays rows together by level of score or bin of probability.

Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 13 (percentile interval); Field, Welsh (2007),
J. R. Stat. Soc. B 69(3) (whole clusters); Hanley, MacGibbon (2006), Comput. Methods Programs Biomed. 83(1) (Poisson).
Start reading at `Draws`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from churn.events import BoolArray, FloatArray
from churn.metrics_drawn import Bins, Levels, equal_mass

DRAWS = 400
MOST_WEIGHTS = 40_000_000  # customers x draws held at once; beyond it fewer draws are made
FEWEST = 100
LEVELS = 400  # of score; more distinct ones are laid together, which moves a draw far less than the next draw does
Weights = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Draws:
    """How often each customer is drawn, and whose each row is.

    Args:
        customer: index of each row's customer. Shape (n,).
        weights: how often each is drawn. Shape (customers, draws).
    """

    customer: IntArray
    weights: Weights

    @classmethod
    def of(cls, customers: Sequence[str] | NDArray[Any], *, seed: int, draws: int = DRAWS) -> Self:
        """Draw the customers of some rows.

        Args:
            customers: whose row each is. Shape (n,).
            seed: same seed and customers, same draws.
            draws: how many; fewer where customers are very many.
        """
        codes, ids = pd.factorize(np.asarray(customers, dtype=object))
        many = min(draws, max(FEWEST, MOST_WEIGHTS // max(len(ids), 1)))
        weights = np.random.default_rng([seed, 505]).poisson(1.0, (len(ids), many)).astype(np.float32)
        return cls(codes.astype(np.int64), weights)

    def take(self, rows: BoolArray | IntArray) -> "Draws":
        """The same draws of these rows."""
        return replace(self, customer=self.customer[rows])

    def sums(self, group: IntArray, groups: int, values: FloatArray) -> FloatArray:
        """Weighted sums of values by group of rows. Shape (groups, draws)."""
        shape = (groups, len(self.weights))
        laid = csr_array((values.astype(np.float32), (group, self.customer)), shape=shape)
        return np.asarray(laid @ self.weights, dtype=np.float64)

    def means(self, values: FloatArray) -> FloatArray:
        """Weighted means over all rows; NaN in a draw that has none of them. Shape (draws,)."""
        of_all = np.zeros(len(values), dtype=np.int64)
        total, rows = (self.sums(of_all, 1, one)[0] for one in (values, np.ones(len(values))))
        means: FloatArray = np.divide(total, rows, out=np.full(len(total), np.nan), where=rows > 0)
        return means

    def levels(self, happened: FloatArray, scores: FloatArray) -> Levels:
        """Rows by level of score, lowest first."""
        level = _level(scores)
        count = int(level.max()) + 1
        return Levels(self.sums(level, count, happened), self.sums(level, count, 1 - happened))

    def bins(self, happened: FloatArray, probabilities: FloatArray) -> Bins:
        """Rows by bin of probability, the bins cut once, with all weights 1."""
        bin_of = equal_mass(probabilities)
        count = int(bin_of.max()) + 1
        return Bins(*(self.sums(bin_of, count, one) for one in (np.ones(len(happened)), probabilities, happened)))


def interval(draws: FloatArray, *, around: float | None = None) -> tuple[float, float] | None:
    """The central 95% of draws; None where fewer than nine in ten are numbers.

    Args:
        draws: of one figure. Shape (draws,).
        around: the figure itself, where drawing moves it to one side (a distance grows with noise): the interval is
            then reflected at it and ends at 0.
    """
    told = draws[np.isfinite(draws)]
    if len(told) < 0.9 * len(draws):
        return None
    low, high = (float(one) for one in np.quantile(told, [0.025, 0.975]))
    return (low, high) if around is None else (max(0.0, 2 * around - high), max(0.0, 2 * around - low))


def _level(scores: FloatArray) -> IntArray:
    distinct, level = np.unique(scores, return_inverse=True)
    if len(distinct) <= LEVELS:
        return np.asarray(level, dtype=np.int64)
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, LEVELS + 1)[1:-1]))
    return np.unique(np.searchsorted(edges, scores, side="right"), return_inverse=True)[1].astype(np.int64)
