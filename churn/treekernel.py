"""The arithmetic of exact reasons: plain loops over flat trees, written so that numba can compile them.

Answers, for rows of features: the raw log-odds (`sum_leaves`) and each feature's Shapley value (`explain`). This is
path-dependent TreeSHAP by quadrature. On a leaf's path let a distinct feature k have z = 1 if the row goes the
leaf's way at every split on k, else 0, and r = the product of child cover / parent cover over those splits. Then

    phi_j = value * (z_j - r_j) * integral over t in [0, 1] of prod over k != j of (r_k + t (z_k - r_k))

The integrand is a polynomial, so Q Gauss-Legendre points integrate it exactly up to 2 Q distinct features. One
sweep down the tree builds the products P, one sweep up gathers them into phi. Every function is plain Python and
runs as such (slowly); `churn/treeshap.py` compiles them. Knows no text format.

Source: "Quadrature TreeSHAP" (arXiv 2605.04497); Lundberg et al. (2020), Nature Machine Intelligence 2, for the
path-dependent game; LightGBM `Tree::Decision` for the way a row goes.

Written for speed: no branch where the outcome is a coin toss, no array inside an array (a slice counts references),
and the points are a tuple, whose length the compiler knows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn.treetext import Trees

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
Words = NDArray[np.uint32]


class Scratch(NamedTuple):
    """What one row and one tree need, reused from row to row by one thread; the last row stands for "no edge"."""

    left: NDArray[np.bool_]
    """The row goes left at this split. Shape (widest + 1,)."""
    stays: NDArray[np.bool_]
    """z of the incoming edge's feature: the row goes this way at all its splits on the path so far."""
    slope: FloatArray
    """z - r of the incoming edge's feature."""
    inverse: FloatArray
    """1 / F of the incoming edge's feature, F = r + t (z - r). Shape (widest + 1, Q), as all that follow."""
    product: FloatArray
    """Product of F over the path's features, times the point's weight; at the root the weight itself."""
    gain: FloatArray
    """What the edge adds to its feature per unit of `below`: its own slope / F less that of the edge above."""
    below: FloatArray
    """Value x product, summed over the leaves below."""


ZERO = float(np.float32(1e-35))  # LightGBM takes everything this near to zero as zero
INT32_END = 2147483648.0


def holds(value: float, first: int, last: int, words: Words) -> bool:
    """Say whether a category goes left: whether it is in the bit set `words[first:last]`."""
    if not (-1.0 < value < INT32_END):  # NaN, negative, beyond int32; -0.5 is cut to 0
        return False
    category = int(value)
    word = first + (category >> 5)
    return word < last and (int(words[word]) >> (category & 31)) & 1 == 1


def passes(decision: int, threshold: float, value: float) -> bool:
    """Say whether a number goes left at a split, exactly as LightGBM does."""
    null = value != value  # noqa: PLR0124 - NaN; a function would say it slower
    known = 0.0 if null else value
    missing = ((decision & 8 != 0) & null) | ((decision & 4 != 0) & (abs(known) <= ZERO))
    return decision & 2 != 0 if missing else known <= threshold


def sum_leaves(trees: Trees, rows: FloatArray, raw: FloatArray) -> None:
    """Add to `raw` (n,) the leaf values that each of `rows` (n, F) reaches, tree by tree."""
    starts, feature, decision, threshold, right, _, _, _, value, first, last, words = trees
    for tree in range(len(starts) - 1):
        for i in range(len(rows)):
            node = starts[tree]
            while feature[node] >= 0:
                there = rows[i, feature[node]]
                if decision[node] & 1:
                    left = holds(there, first[node], last[node], words)
                else:
                    left = passes(decision[node], threshold[node], there)
                node = node + 1 if left else starts[tree] + right[node]
            raw[i] += value[node]


def explain(trees: Trees, rows: FloatArray, points: tuple[float, ...], scratch: Scratch, phi: FloatArray) -> None:
    """Add to `phi` (n, F + 1) each feature's Shapley value for each of `rows` (n, F)."""
    starts, feature, decision, threshold, _, _, _, _, _, first, last, words = trees
    left = scratch.left
    for tree in range(len(starts) - 1):
        start, size = starts[tree], starts[tree + 1] - starts[tree]
        for i in range(len(rows)):
            find_ways(feature, decision, threshold, first, last, words, start, size, rows[i], left)
            sweep_down(trees, scratch, start, size, points)
            sweep_up(trees, scratch, start, size, points, phi[i])


def find_ways(  # noqa: PLR0917 - arrays one by one; out of a tuple their references would be counted per row
    feature: IntArray, decision: IntArray, threshold: FloatArray, first: IntArray, last: IntArray, words: Words,
    start: int, size: int, row: FloatArray, left: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Fill `left` for one row and the tree of `size` nodes that begins at `start`."""
    for n in range(size):
        node = start + n
        split = feature[node]
        if split >= 0:
            if decision[node] & 1:  # not in `passes`: handing the words through there costs three times as much
                left[n] = holds(row[split], first[node], last[node], words)
            else:
                left[n] = passes(decision[node], threshold[node], row[split])


def sweep_down(trees: Trees, scratch: Scratch, start: int, size: int, points: tuple[float, ...]) -> None:
    """Fill the scratch for one row and the tree of `size` nodes that begins at `start`; `left` is filled already."""
    parent, above, ratio, value = trees.parent, trees.above, trees.ratio, trees.value
    left, stays, slope, inverse, product, gain, below = scratch
    for n in range(1, size):
        node = start + n
        up, same, r, v = parent[node], above[node], ratio[node], value[node]
        stays[n] = (left[up] == (n == up + 1)) & stays[same]
        here, there = np.float64(stays[n]) - r, slope[same]
        slope[n] = here
        for q in range(len(points)):
            factor = r + points[q] * here
            one, other = 1.0 / factor, inverse[same, q]
            so_far = product[up, q] * (factor * other)
            inverse[n, q] = one
            product[n, q] = so_far
            gain[n, q] = here * one - there * other
            below[n, q] = v * so_far


def sweep_up(trees: Trees, scratch: Scratch, start: int, size: int, points: tuple[float, ...], phi: FloatArray) -> None:
    """Gather the leaves' values upwards and give each edge's feature its part of them."""
    feature, parent, gain, below = trees.feature, trees.parent, scratch.gain, scratch.below
    for n in range(size - 1, 0, -1):
        up = parent[start + n]
        part = 0.0
        for q in range(len(points)):
            all_below = below[n, q]
            part += all_below * gain[n, q]
            below[up, q] += all_below
        phi[feature[start + up]] += part
