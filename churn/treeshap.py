"""Exact reasons from the trees: which features moved a score, and by how much, in log-odds.

Answers, for prepared rows: the trees' raw log-odds (`TreeShap.raw`) and every feature's contribution to them
(`TreeShap.contributions`), the same as LightGBM's `pred_contrib`, many times faster. Reads a booster's text; needs
no LightGBM. The one file that speaks numba, imported when the first row is explained.

    text --churn/treetext.py--> flat trees --churn/treekernel.py, compiled--> contributions

Why an own kernel: `pred_contrib` costs milliseconds a customer, which is most of what a score costs.
"""

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn import treekernel
from churn.errors import DataError
from churn.treekernel import Scratch
from churn.treetext import Forest, read

FloatArray = NDArray[np.float64]

BLOCK = 128  # rows explained tree by tree together: a tree stays in the processor's nearest cache
FASTEST_EXACT = 4  # quadrature points; Q points are exact up to 2 Q distinct features on a path
FAST_MATHS = {"reassoc", "contract", "nsz"}  # sums may be reordered; NaN and infinity keep their meaning


class WrongRows(DataError):
    """Rows are not as wide as the model's feature list."""

    def __init__(self, *, expected: int, found: tuple[int, ...]) -> None:
        super().__init__(
            f"The trees take rows of {expected} features; these have shape {found}.",
            mend="give the rows that `Bundle.prepare` returns for this model, one per customer.",
        )


class Compiled(NamedTuple):
    """The kernel's two entry points, compiled."""

    explain: Callable[..., None]
    sum_leaves: Callable[..., None]


@cache
def compiled() -> Compiled:
    """Compile the kernel; the result is kept on disk beside it, so only the first run ever pays."""
    os.environ.setdefault("NUMBA_SLP_VECTORIZE", "1")  # read when numba is imported
    from numba import njit
    from numba.extending import register_jitable

    for function in (treekernel.holds, treekernel.passes, treekernel.find_ways):
        register_jitable(function)
    for sweep in (treekernel.sweep_down, treekernel.sweep_up):  # a call would count references to every array
        register_jitable(inline="always")(sweep)
    compile_once: Callable[..., Callable[..., Any]] = partial(njit, cache=True, nogil=True, error_model="numpy")
    return Compiled(compile_once(fastmath=FAST_MATHS)(treekernel.explain), compile_once()(treekernel.sum_leaves))


class TreeShap:
    """A model's trees, ready to explain rows. Immutable; threads may share it."""

    def __init__(self, forest: Forest, *, nodes: int | None = None) -> None:
        """Take a forest as read.

        Args:
            forest: what `churn.treetext.read` returns.
            nodes: quadrature points. None takes as many as are exact for this model (4, 8, 16 ...); 4 is fast and
                was within 3e-6 log-odds of exact on deep trees.
        """
        self.forest = forest
        self.nodes = nodes or exact_nodes(forest.distinct)
        points, weights = np.polynomial.legendre.leggauss(self.nodes)
        self._points, self._weights = tuple(((points + 1) / 2).tolist()), weights / 2  # from [-1, 1] to [0, 1]
        self._widest = int(np.diff(forest.trees.starts).max(initial=1))

    @classmethod
    def from_text(cls, text: str, *, nodes: int | None = None) -> "TreeShap":
        """Read LightGBM's text of a model; see `__init__` for `nodes`.

        Raises:
            UnreadableTrees: the text is not one binary model with constant leaves.
        """
        return cls(read(text), nodes=nodes)

    def raw(self, rows: FloatArray) -> FloatArray:
        """Return the trees' raw log-odds, as LightGBM's `predict(raw_score=True)`: a sum, of a random forest too.

        Args:
            rows: prepared features; NaN is null. Shape (n, F).

        Returns:
            Raw log-odds. Shape (n,).

        Raises:
            WrongRows: another width than the model's.
        """
        rows = self._checked(rows)
        raw = np.zeros(len(rows))
        compiled().sum_leaves(self.forest.trees, rows, raw)
        return raw

    def contributions(self, rows: FloatArray) -> FloatArray:
        """Return each feature's Shapley value of the raw log-odds; a row sums to `raw`.

        Args:
            rows: prepared features; NaN is null. Shape (n, F).

        Returns:
            Contributions in log-odds, the last column the base value, equal for all rows. Shape (n, F + 1).

        Raises:
            WrongRows: another width than the model's.
        """
        rows = self._checked(rows)
        phi = np.zeros((len(rows), rows.shape[1] + 1))
        scratch = self._scratch()
        explain = compiled().explain
        for first in range(0, len(rows), BLOCK):
            block = slice(first, first + BLOCK)
            explain(self.forest.trees, rows[block], self._points, scratch, phi[block])
        phi[:, -1] = self.forest.base_value
        return phi

    def _checked(self, rows: FloatArray) -> FloatArray:
        if rows.ndim != 2 or rows.shape[1] != len(self.forest.features):
            raise WrongRows(expected=len(self.forest.features), found=rows.shape)
        return np.ascontiguousarray(rows, dtype=np.float64)

    def _scratch(self) -> Scratch:
        """Return new scratch: one per call, so that threads never share any."""
        rows = self._widest + 1
        left, stays = np.ones((2, rows), dtype=np.bool_)
        inverse, product, gain, below = np.zeros((4, rows, self.nodes))
        inverse[-1] = 1.0  # where no edge above has the feature, F = 1 and z - r = 0
        product[0] = self._weights
        return Scratch(left, stays, np.zeros(rows), inverse, product, gain, below)


def exact_nodes(distinct: int) -> int:
    """Return how many quadrature points are exact for paths of so many distinct features."""
    nodes = FASTEST_EXACT
    while 2 * nodes < distinct:
        nodes *= 2
    return nodes
