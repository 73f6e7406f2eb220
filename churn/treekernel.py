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
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn.treetext import Trees

FloatArray = NDArray[np.float64]
Words = NDArray[np.uint32]


class Scratch(NamedTuple):
    """What one row and one tree need, reused from row to row by one thread; the last row stands for "no edge"."""

    left: NDArray[np.bool_]
    """The row goes left at this split. Shape (widest + 1,)."""
    stays: NDArray[np.bool_]
    """z of the incoming edge's feature: the row goes this way at all its splits on the path so far."""
    product: FloatArray
    """Product of F = r + t (z - r) over the path's features. Shape (widest + 1, Q), as all that follow."""
    inverse: FloatArray
    """1 / F of the incoming edge's feature."""
    share: FloatArray
    """(z - r) / F of the incoming edge's feature."""
    below: FloatArray
    """Weight x value x product, summed over the leaves below."""


ZERO = float(np.float32(1e-35))  # LightGBM takes everything this near to zero as zero
INT32_END = 2147483648.0


def goes_left(decision: int, threshold: float, value: float, words: Words) -> bool:
    """Say which way a row with this feature value goes at a split, exactly as LightGBM does."""
    if decision & 1:
        if not (-1.0 < value < INT32_END):  # NaN, negative, beyond int32; -0.5 is cut to 0
            return False
        category = int(value)
        return category >> 5 < len(words) and (int(words[category >> 5]) >> (category & 31)) & 1 == 1
    missing = (decision >> 2) & 3
    if np.isnan(value):
        if missing == 2:
            return decision & 2 != 0
        value = 0.0
    if missing == 1 and -ZERO <= value <= ZERO:
        return decision & 2 != 0
    return value <= threshold


def sum_leaves(trees: Trees, rows: FloatArray, raw: FloatArray) -> None:
    """Add to `raw` (n,) the leaf values that each of `rows` (n, F) reaches, tree by tree."""
    starts, feature, decision, threshold, right, _, _, _, value, first, last, words = trees
    for tree in range(len(starts) - 1):
        for i in range(len(rows)):
            node = starts[tree]
            while feature[node] >= 0:
                there = rows[i, feature[node]]
                if goes_left(decision[node], threshold[node], there, words[first[node] : last[node]]):
                    node += 1
                else:
                    node = starts[tree] + right[node]
            raw[i] += value[node]


def explain(
    trees: Trees, rows: FloatArray, points: FloatArray, weights: FloatArray, scratch: Scratch, phi: FloatArray
) -> None:
    """Add to `phi` (n, F + 1) each feature's Shapley value for each of `rows` (n, F)."""
    for tree in range(len(trees.starts) - 1):
        start, size = trees.starts[tree], trees.starts[tree + 1] - trees.starts[tree]
        for i in range(len(rows)):
            sweep_down(trees, start, size, rows[i], points, scratch)
            sweep_up(trees, start, size, weights, scratch, phi[i])


def sweep_down(trees: Trees, start: int, size: int, row: FloatArray, points: FloatArray, scratch: Scratch) -> None:
    """Fill the scratch for one row and the tree of `size` nodes that begins at `start`."""
    left, stays, product, inverse, share, below = scratch
    _, feature, decision, threshold, _, parent, above, ratio, _, first, last, words = trees
    for n in range(size):
        node = start + n
        below[n, :] = 0.0
        if feature[node] >= 0:
            there = row[feature[node]]
            left[n] = goes_left(decision[node], threshold[node], there, words[first[node] : last[node]])
        if n == 0:
            product[0, :] = 1.0
            continue
        up, same, r = parent[node], above[node], ratio[node]
        stays[n] = (left[up] == (n == up + 1)) and stays[same]
        slope = 1.0 - r if stays[n] else -r
        for q in range(len(points)):
            factor = r + points[q] * slope
            inverse[n, q] = 1.0 / factor
            share[n, q] = slope * inverse[n, q]
            product[n, q] = product[up, q] * factor * inverse[same, q]


def sweep_up(trees: Trees, start: int, size: int, weights: FloatArray, scratch: Scratch, phi: FloatArray) -> None:
    """Gather the leaves' values upwards and give each edge's feature its part of them."""
    _, _, product, _, share, below = scratch
    _, feature, _, _, _, parent, above, _, value, _, _, _ = trees
    for n in range(size - 1, 0, -1):
        node = start + n
        up, same, v = parent[node], above[node], value[node]
        part = 0.0
        for q in range(len(weights)):
            below[n, q] += weights[q] * v * product[n, q]
            part += below[n, q] * (share[n, q] - share[same, q])
            below[up, q] += below[n, q]
        phi[feature[start + up]] += part
