"""The arithmetic of exact reasons: plain loops over flat trees, written so that numba can compile them.

Answers, for rows of features: the raw log-odds (`sum_leaves`), and those with each feature's Shapley value, one row at
a time (churn/treekernel_row.py) or eight (churn/treekernel_rows.py), the same bit by bit. This is path-dependent
TreeSHAP by quadrature: let every feature be known with chance t, and P be the chance of reaching a split, W what its
tree is then worth. Of the known a row says which way, of the others the training rows do. On a path, a split on feature
j is met again further down; let r be the product of the training shares of its ways so far, F = r + t (1 - r). Then at
a split on j

    k = (share_right * r * (1 - t) + t * [the row goes right]) / F        the chance of the right child
    W = W_left - k (W_left - W_right)
    phi_j += integral over t in [0, 1] of P (r * share_right - r * [right]) / F^2 * (W_left - W_right)

which is d/dt_j of the tree's worth, all features but j being known with chance t. Below a way that the row does not
take, j says no more: k is share_right and phi_j gets nothing. The integrand is a polynomial, so Q Gauss-Legendre points
integrate it exactly up to 2 Q distinct features on a path. One sweep down finds P and k, one sweep up W.

Source: Owen (1972), "Multilinear extensions of games", Management Science 18; "Quadrature TreeSHAP" (arXiv
2605.04497); Lundberg et al. (2020), Nature Machine Intelligence 2, for the path-dependent game; LightGBM
`Tree::Decision` for the way a row goes.

Every function is plain Python and runs as such (slowly); `churn/treeshap.py` compiles them, with the vectors of
churn/treekernel_vectors.py as the processor's own. No operation is fused or reordered, so bits do not depend on the
processor. Knows no text format.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn.treekernel_vectors import unpacked
from churn.treelayout import Trees

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

ZERO = float(np.float32(1e-35))  # LightGBM takes everything this near to zero as zero
INT32_END = 2147483648.0
NO_CATEGORY = 2147483647


class Points(NamedTuple):
    """Gauss-Legendre points, and what depends on nothing but a split and a point."""

    t: FloatArray
    """Points in (0, 1). Shape (Q,)."""
    rest: FloatArray
    """1 - t. Shape (Q,)."""
    weight: FloatArray
    """Shape (Q,)."""
    first: IntArray
    """A split's place in `inverse`: even; 0 where no split above has its feature. Shape (S,)."""
    inverse: FloatArray
    """1 / F and 1 / F^2; where the row took another way above, 1 / (r (1 - t)) and 0, which stand next. Flat, of shape
    (2 + 2 repeated, 2, Q)."""


class Scratch(NamedTuple):
    """What one row needs, or eight, reused from tree to tree by one thread; flat."""

    seen: FloatArray
    """Each probe of the row: what its splits compare. Shape (V, lanes)."""
    code: IntArray
    """Each feature as a category. Shape (F, lanes)."""
    right: FloatArray
    """1.0 where the row goes right. Shape (S,) of one row, (widest, 8) of eight."""
    place: IntArray
    """Of one row: its splits' places in `Points.inverse`, odd where it took another way above. Shape (S,)."""
    takes: FloatArray
    """Of eight: 1.0 where the row has taken the path's ways on this feature. Shape (widest, 8)."""
    chance: FloatArray
    """k. Shape (widest, Q)."""
    product: FloatArray
    """P times the point's weight; then what W_left - W_right is multiplied with. Shape (slots, Q, lanes)."""
    worth: FloatArray
    """W, leaves included. Shape (slots, Q, lanes)."""
    leaf: FloatArray
    """The value of the leaf that is reached below. Shape (slots, lanes)."""
    reached: FloatArray
    """The leaf that is reached in each tree. Shape (T, lanes)."""


Packed = tuple[Trees, Points, Scratch]  # compiled: one table of addresses, which is handed over much sooner


def probed(value: float, decision: int) -> float:
    """The number that a split compares, where `decision` says what is missing and which way that goes.

    At most its threshold goes left, exactly as with LightGBM: -infinity always does, NaN never.
    """
    null = value != value  # noqa: PLR0124 - NaN; a function would say it slower
    known = 0.0 if null else value
    missing = ((decision & 8 != 0) & null) | ((decision & 4 != 0) & (abs(known) <= ZERO))
    return (-np.inf if decision & 2 != 0 else np.nan) if missing else known


def category(value: float) -> int:
    """The number of a category; one that is in no set for NaN, negative numbers and those beyond int32."""
    return int(value) if -1.0 < value < INT32_END else NO_CATEGORY  # -0.5 is cut to 0


def outside(code: int, first: int, last: int, words: NDArray[np.uint32]) -> float:
    """0.0 where a category is in the bit set `words[first:last]` and goes left, else 1.0."""
    word = first + (code >> 5)
    inside = word < last
    bits = words[word if inside else first]
    return 1.0 - np.float64((int(bits) >> int(code & 31)) & 1 if inside else 0)


def sum_leaves(packed: Packed, widest: int, rows: FloatArray, raw: FloatArray) -> None:
    """Fill `raw` (n,) with the sum of the leaf values that each of `rows` (n, F) reaches, tree by tree."""
    trees, _, scratch = unpacked(packed)
    sum_each(trees, widest, rows, scratch, raw)


def sum_each(trees: Trees, widest: int, rows: FloatArray, scratch: Scratch, raw: FloatArray) -> None:
    """`sum_leaves` of arrays. A function of its own, because numba takes what is written to new arrays for dead."""
    for i in range(len(rows)):
        see(trees, rows, i, scratch, 1, 0)
        total = 0.0
        for turn in range(len(trees.turns)):
            total += leaf_of(trees, widest, trees.turns[turn], scratch, 1, 0)
        raw[i] = total


def see(trees: Trees, rows: FloatArray, i: int, scratch: Scratch, lanes: int, lane: int) -> None:
    """Fill the probes and the categories of one row of several that are seen together."""
    for probe in range(len(trees.probe_feature)):
        value = probed(rows[i, trees.probe_feature[probe]], trees.probe_decision[probe])
        scratch.seen[probe * lanes + lane] = value
    for place in range(len(trees.categories)):
        feature = trees.categories[place]
        scratch.code[feature * lanes + lane] = category(rows[i, feature])


def leaf_of(trees: Trees, widest: int, tree: int, scratch: Scratch, lanes: int, lane: int) -> float:
    """The value of the leaf that a row reaches in one tree."""
    probe, threshold, left, right, feature = trees.probe, trees.threshold, trees.left, trees.right, trees.feature
    is_set, first, last, words = trees.is_set, trees.first_word, trees.last_word, trees.words
    seen, code, base, node = scratch.seen, scratch.code, trees.base[tree], trees.root[tree]
    while node < widest:
        s = np.uintp(base + node)
        if is_set[s]:
            goes_left = outside(code[np.uintp(feature[s] * lanes + lane)], first[s], last[s], words) == 0.0
        else:
            goes_left = seen[np.uintp(probe[s] * lanes + lane)] <= threshold[s]
        node = left[s] if goes_left else right[s]
    return float(trees.value[trees.leaf_base[tree] + node - widest])


def tell_alone(trees: Trees, widest: int, scratch: Scratch, lanes: int, parts: FloatArray) -> None:
    """Walk down the trees that ask of one feature alone, and give it what the leaves are beyond the trees' means."""
    feature, base, mean, reached = trees.feature, trees.base, trees.mean, scratch.reached
    for tree in range(trees.blocks[0]):
        place = feature[base[tree]] * lanes
        for lane in range(lanes):
            leaf = leaf_of(trees, widest, tree, scratch, lanes, lane)
            reached[tree * lanes + lane] = leaf
            parts[place + lane] += leaf - mean[tree]
