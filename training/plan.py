"""What is left to boost once everything that takes a look at held-out customers is settled.

A plan says how any rows become what the trees read and where boosting starts, so that the trees can be grown from
rows that lie elsewhere: on one node (training/fit.py) or on a cluster (training/distributed.py). Knows no LightGBM.
Start reading at `Plan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from churn.events import BoolArray, FloatArray
from training.logistic import Levelled
from training.rows import Columns, IntArray, Rows


@dataclass(frozen=True)
class Plan:
    """Everything about the last fit but its rows.

    Args:
        columns: the features.
        categories: category feature to its known codes, in the order the trees number them.
        usable: features that may be used. Shape (f,).
        fitted: the line, and a level for each training cutoff.
        cutoffs_us: the training cutoffs, ascending. Shape (k,).
        trees: how many to grow.
        params: LightGBM's.
    """

    columns: Columns
    categories: Mapping[str, tuple[int, ...]]
    usable: BoolArray
    fitted: Levelled
    cutoffs_us: IntArray
    trees: int
    params: Mapping[str, Any]

    @property
    def category_places(self) -> list[int]:
        """Which columns are codes of texts."""
        return [int(place) for place in np.flatnonzero(self.columns.is_category)]

    def prepared(self, rows: Rows) -> FloatArray:
        """What the trees read of rows: codes as numbers, what may not be used blank. Shape (n, f)."""
        return np.where(self.usable, numbered(rows, self.categories), np.nan)

    def start(self, rows: Rows, X: FloatArray) -> FloatArray:
        """Where boosting starts: the line, and the level of the row's cutoff. Shape (n,)."""
        line = self.fitted.line.raw(np.where(self.columns.is_category, np.nan, X))
        return start_levels(self.cutoffs_us, self.fitted.levels, rows.cutoff_us) + line


class Boost(Protocol):
    """Something that grows the trees of a plan."""

    def __call__(self, plan: Plan) -> str:
        """LightGBM's text of the boosted trees alone."""
        ...


def start_levels(known_us: IntArray, levels: FloatArray, cutoff_us: IntArray) -> FloatArray:
    """The level of each row's cutoff; 0, the mean, of one that is not known. Known ones ascend. Shape (n,)."""
    if len(known_us) != len(levels):
        return np.zeros(len(cutoff_us))
    place = np.minimum(np.searchsorted(known_us, cutoff_us), len(known_us) - 1)
    return np.where(known_us[place] == cutoff_us, levels[place], 0.0)


def numbered(rows: Rows, categories: Mapping[str, tuple[int, ...]]) -> FloatArray:
    """Features with codes as numbers in the order of the codes, null where a code is not known. Shape (n, f)."""
    X = rows.X.copy()
    for name, codes in categories.items():
        place, known = rows.columns.names.index(name), np.array(codes, dtype=np.float64)
        numbers = np.searchsorted(known, X[:, place])  # null comes last
        found = np.append(known, np.nan)[numbers] == X[:, place]
        X[:, place] = np.where(found, numbers, np.nan)
    return X


def known_codes(rows: Rows) -> dict[str, tuple[int, ...]]:
    """The codes of each category feature that rows hold, ascending."""
    columns = {name: rows.column(name) for name in rows.columns.categories}
    return {name: tuple(int(code) for code in np.unique(X[~np.isnan(X)])) for name, X in columns.items()}
