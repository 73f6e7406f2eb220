"""Exact reasons from the trees: which features moved a score, and by how much, in log-odds.

Answers, for prepared rows: the trees' raw log-odds (`TreeShap.raw`), every feature's contribution to them
(`TreeShap.contributions`), the same as LightGBM's `pred_contrib`, many times faster, and both at once, which is
cheaper (`TreeShap.explained`). A row's bits are the same alone and among a million. Reads a booster's text; needs
no LightGBM. Numba is imported when the first row is explained.

    text --churn/treetext.py, treelayout.py--> flat trees --churn/treekernel*.py, compiled--> contributions
"""

from collections.abc import Callable
from functools import cache
from threading import Lock, local
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn import reasonkernel, treekernel, treekernel_row, treekernel_rows
from churn.errors import DataError
from churn.treekernel import Packed, Points, Scratch
from churn.treekernel_points import exact_nodes, points_of
from churn.treekernel_vectors import EIGHT
from churn.treelayout import Trees
from churn.treetext import Forest, read

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FEW = 4  # so many rows are explained sooner one by one than as eight
FAST_NODES = 4  # within 3e-6 log-odds of exact on deep trees


class WrongRows(DataError):
    """Rows are not as wide as the model's feature list."""

    def __init__(self, *, expected: int, found: tuple[int, ...]) -> None:
        super().__init__(
            f"The trees take rows of {expected} features; these have shape {found}.",
            mend="give the rows that `Bundle.prepare` returns for this model, one per customer.",
        )


class Compiled(NamedTuple):
    """The kernels' entry points, compiled. Those of trees take a table of addresses where plain ones take `Packed`."""

    explain_each: Callable[..., None]
    explain_rows: Callable[..., None]
    sum_leaves: Callable[..., None]
    find_reasons: Callable[..., None]


class Held(NamedTuple):
    """Scratch of one thread, and the table of addresses with it, which is of no use without."""

    table: IntArray
    scratch: Scratch


def compiled() -> Compiled:
    """The compiled kernel; what was compiled is kept on disk beside it, so only the first run ever pays."""
    with _one_at_a_time:
        return _compile()


_one_at_a_time = Lock()


@cache
def _compile() -> Compiled:
    from numba.extending import register_jitable

    from churn.treeshap_vectors import compiled, register

    register(TreeShap.from_text(STUMP).packed(1))
    both, one, eight = treekernel, treekernel_row, treekernel_rows
    small: tuple[Callable[..., Any], ...] = (
        both.probed, both.category, both.outside, both.sum_each, one.tell_each, eight.tell_rows,
        reasonkernel.next_group, reasonkernel.strongest,
    )  # fmt: skip
    for function in small:
        register_jitable(function)
    inline = register_jitable(inline="always")  # a call would count references to every array
    sweeps: tuple[Callable[..., Any], ...] = (
        both.see, both.leaf_of, both.tell_alone, one.find_ways, one.forget_ways_not_taken, one.sweep_down, one.sweep_up,
        eight.lay_out_leaves, eight.find_ways_of_rows, eight.sweep_rows_down, eight.sweep_rows_up, eight.chance_again,
    )  # fmt: skip
    for sweep in sweeps:
        inline(sweep)
    kernel: tuple[Callable[..., Any], ...] = (
        one.explain_each,
        eight.explain_rows,
        both.sum_leaves,
        reasonkernel.find_reasons,
    )
    return Compiled(*map(compiled, kernel))


class TreeShap:
    """A model's trees, ready to explain rows. Immutable; threads may share it."""

    def __init__(self, forest: Forest, *, nodes: int | None = None) -> None:
        """Take a forest as read.

        Args:
            forest: what `churn.treetext.read` returns.
            nodes: quadrature points. None takes as many as are exact for this model (4, 8, 12 ...); 4 is fast and
                was within 3e-6 log-odds of exact on deep trees.
        """
        self.forest = forest
        self.nodes = nodes or exact_nodes(forest.sizes.distinct)
        self._points, self._lanes = points_of(forest.trees, self.nodes), (0.0,) * self.nodes
        self._addresses = [*addresses(forest.trees), *addresses(self._points)]
        self._mine = local()  # what each thread holds, by the number of rows

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
        compiled().sum_leaves(self._kept(0).table, self.forest.sizes.widest, rows, raw)
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
        return self.explained(rows)[1]

    def explained(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what `raw` and `contributions` return, at little more than the cost of the latter.

        Raises:
            WrongRows: another width than the model's.
        """
        rows = self._checked(rows)
        raw, phi = np.zeros(len(rows)), np.zeros((len(rows), rows.shape[1] + 1))
        phi[:, -1] = self.forest.base_value
        together = len(rows) - len(rows) % len(EIGHT)
        if len(rows) - together > FEW:
            together = len(rows)
        widest, lanes = self.forest.sizes.widest, self._lanes
        if together:
            held = self._held(len(EIGHT))
            compiled().explain_rows(held.table, widest, lanes, rows, together, phi, raw)
        if together < len(rows):
            compiled().explain_each(self._kept(1).table, widest, lanes, rows, together, phi, raw)
        return raw, phi

    def warm(self) -> None:
        """Explain something, so that everything is compiled before the first customer comes."""
        rows = np.zeros((len(EIGHT) + 1, len(self.forest.features)))
        self.explained(rows)
        self.raw(rows[:1])

    def packed(self, rows: int) -> Packed:
        """What the kernel takes as plain Python: trees, points, and new scratch for no row, one or eight."""
        return self.forest.trees, self._points, self._scratch(rows)

    def _checked(self, rows: FloatArray) -> FloatArray:
        if rows.ndim != 2 or rows.shape[1] != len(self.forest.features):
            raise WrongRows(expected=len(self.forest.features), found=rows.shape)
        return np.ascontiguousarray(rows, dtype=np.float64)

    def _kept(self, rows: int) -> Held:
        """What this thread holds for so many rows, made once."""
        mine: dict[Any, Held] = self._mine.__dict__
        if rows not in mine:
            mine[rows] = self._held(rows)
        return mine[rows]

    def _held(self, rows: int) -> Held:
        scratch = self._scratch(rows)
        return Held(np.array([*self._addresses, *addresses(scratch)]), scratch)

    def _scratch(self, rows: int) -> Scratch:
        """Return new scratch, which threads may not share. 0 rows: none are explained."""
        trees, sizes, lanes = self.forest.trees, self.forest.sizes, max(rows, 1)
        slots, splits = sizes.slots * rows, len(trees.threshold)
        one, eight = rows == 1, rows > 1
        return Scratch(
            seen=np.empty((len(trees.probe_feature) + 1) * lanes),
            code=np.empty(len(self.forest.features) * lanes, dtype=np.int32),
            right=np.empty(splits if one else sizes.widest * rows),
            place=np.zeros(splits * one, dtype=np.int32),
            takes=np.empty(sizes.widest * rows * eight),
            chance=np.empty(sizes.widest * self.nodes * one),
            product=np.empty(slots * self.nodes), worth=np.empty(slots * self.nodes), leaf=np.empty(slots),
            reached=np.empty(len(trees.mean) * rows),
        )  # fmt: skip


def addresses(arrays: Trees | Points | Scratch) -> list[int]:
    """Where each array begins, and its length: what `treekernel_vectors.unpacked` makes arrays of, compiled."""
    return [number for array in arrays for number in (array.__array_interface__["data"][0], len(array))]


def warm() -> None:
    """Compile the kernel, or load what was compiled, for the fast mode and the usual exact one."""
    for nodes in (FAST_NODES, 2 * FAST_NODES):
        TreeShap.from_text(STUMP, nodes=nodes).warm()
    row, places = np.zeros((1, 2)), np.zeros((1, 4), dtype=np.int64)
    compiled().find_reasons(row, row[0], places[0, :2], 0.1, np.zeros((1, 1, 2)), places)


STUMP = """tree
num_tree_per_iteration=1
feature_names=only

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=0
decision_type=2
left_child=-1
right_child=-2
leaf_value=0 0
leaf_count=1 1
internal_count=2
is_linear=0

end of trees
"""
