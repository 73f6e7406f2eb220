"""The arithmetic of exact reasons: plain loops over flat trees, written so that numba can compile them.

Answers, for rows of features: the raw log-odds (`sum_leaves`), and those with each feature's Shapley value, one row at
a time (`explain_row`) or eight (`explain_rows`), the same bit by bit. This is path-dependent TreeSHAP by quadrature:
let every feature be known with chance t, and P be the chance of reaching a split, W what its tree is then worth. Of the
known a row says which way, of the others the training rows do. On a path, a split on feature j is met again further
down; let r be the product of the training shares of its ways so far, F = r + t (1 - r). Then at a split on j

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

from churn.treekernel_vectors import Lanes, load, splat, store, total
from churn.treetext import Trees

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
    """A split's place in `inverse`: 0 where no split above has its feature. Shape (S,)."""
    inverse: FloatArray
    """1 / F and 1 / F^2; where the row took another way above, 1 / (r (1 - t)) and 0, which stand next. Flat, of shape
    (1 + 2 repeated, 2, Q)."""


class Scratch(NamedTuple):
    """What one row needs, or eight, reused from tree to tree by one thread; flat."""

    seen: FloatArray
    """Each probe of the row: what its splits compare. Shape (V, lanes)."""
    code: IntArray
    """Each feature as a category. Shape (F, lanes)."""
    right: FloatArray
    """1.0 where the row goes right. Shape (S,) of one row, (widest, 8) of eight."""
    place: IntArray
    """Of one row: its splits' places in `Points.inverse`. Shape (S,)."""
    takes: FloatArray
    """Of eight: 1.0 where the row has taken the path's ways on this feature. Shape (widest, 8)."""
    chance: FloatArray
    """k. Shape (widest, Q)."""
    product: FloatArray
    """P times the point's weight; then what W_left - W_right is multiplied with. Shape (2 widest + 1, Q, lanes)."""
    worth: FloatArray
    """W, leaves included. Shape (2 widest + 1, Q, lanes)."""
    leaf: FloatArray
    """Of eight: the value of the leaf that is reached below. Shape (2 widest + 1, 8)."""
    reached: FloatArray
    """The leaf that is reached in each tree. Shape (T, lanes)."""


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


def sum_leaves(trees: Trees, widest: int, rows: FloatArray, scratch: Scratch, raw: FloatArray) -> None:
    """Add to `raw` (n,) the leaf values that each of `rows` (n, F) reaches, tree by tree."""
    for i in range(len(rows)):
        see(trees, rows[i], scratch)
        raw[i] = walk(trees, widest, scratch.seen, scratch.code)


def see(trees: Trees, row: FloatArray, scratch: Scratch) -> None:
    """Fill the probes and the categories of one row."""
    for probe in range(len(trees.probe_feature)):
        scratch.seen[probe] = probed(row[trees.probe_feature[probe]], trees.probe_decision[probe])
    for feature in range(len(row)):
        scratch.code[feature] = category(row[feature])


def walk(trees: Trees, widest: int, seen: FloatArray, code: IntArray) -> float:
    """The sum of the leaves that a row reaches."""
    starts, leaf_starts, probe, threshold, left, right, feature = trees[:7]
    is_set, first, last, value, words = (
        trees.is_set, trees.first_word, trees.last_word, trees.value, trees.words,
    )  # fmt: skip
    raw = 0.0
    for tree in range(len(starts) - 1):
        start, node = starts[tree], 0 if starts[tree + 1] > starts[tree] else widest
        while node < widest:
            s = np.uintp(start + node)
            if is_set[s]:
                goes_left = outside(code[feature[s]], first[s], last[s], words) == 0.0
            else:
                goes_left = seen[probe[s]] <= threshold[s]
            node = left[s] if goes_left else right[s]
        raw += value[leaf_starts[tree] + node - widest]
    return raw


def explain_row(
    trees: Trees, widest: int, points: Points, lanes: Lanes, row: FloatArray, scratch: Scratch, phi: FloatArray
) -> float:
    """Add to `phi` (F,) each feature's Shapley value; the raw log-odds. `lanes` are as many as points."""
    see(trees, row, scratch)
    find_ways(trees, scratch)
    raw = follow(trees, widest, scratch)
    tell_alone(trees, scratch, phi)
    forget_ways_not_taken(trees, points, scratch)
    many = trees.many
    for i in range(len(many)):
        sweep_down(trees, widest, many[i], points, lanes, scratch)
        sweep_up(trees, many[i], lanes, scratch, phi)
    return raw


def find_ways(trees: Trees, scratch: Scratch) -> None:
    """Fill `right` of one row for all splits."""
    probe, threshold, feature, sets = trees.probe, trees.threshold, trees.feature, trees.sets
    first, last, words = trees.first_word, trees.last_word, trees.words
    seen, code, right = scratch.seen, scratch.code, scratch.right
    for split in range(len(threshold)):
        right[split] = 0.0 if seen[probe[split]] <= threshold[split] else 1.0
    for i in range(len(sets)):
        split = sets[i]
        right[split] = outside(code[feature[split]], first[split], last[split], words)


def follow(trees: Trees, widest: int, scratch: Scratch) -> float:
    """Fill `reached` with the leaves at the end of the ways; their sum."""
    goes_right, reached = scratch.right, scratch.reached
    starts, leaf_starts, left, right, value = trees.starts, trees.leaf_starts, trees.left, trees.right, trees.value
    raw = 0.0
    for tree in range(len(starts) - 1):
        start, node = starts[tree], 0 if starts[tree + 1] > starts[tree] else widest
        while node < widest:
            s = np.uintp(start + node)
            node = right[s] if goes_right[s] != 0.0 else left[s]
        reached[tree] = value[leaf_starts[tree] + node - widest]
        raw += reached[tree]
    return raw


def tell_alone(trees: Trees, scratch: Scratch, phi: FloatArray) -> None:
    """Give the features of trees that ask of one alone what the leaves are beyond the trees' means."""
    alone, starts, feature, mean, reached = trees.alone, trees.starts, trees.feature, trees.mean, scratch.reached
    for i in range(len(alone)):
        phi[feature[starts[alone[i]]]] += reached[alone[i]] - mean[alone[i]]


def forget_ways_not_taken(trees: Trees, points: Points, scratch: Scratch) -> None:
    """Fill `place`, and clear `right` where a split above on the same feature was left the other way."""
    above, above_right, repeated = trees.above, trees.above_right, trees.repeated
    right, place, first = scratch.right, scratch.place, points.first
    place[:] = 0
    for i in range(len(repeated)):
        split = repeated[i]
        up = above[split]
        left_before = (place[up] != 0) & (place[up] != first[up])
        # `right` of a split that was forgotten stays as it is until all have looked at it
        place[split] = first[split] + (1 if left_before | (right[up] != above_right[split]) else 0)
    for i in range(len(repeated)):
        split = repeated[i]
        if place[split] != first[split]:
            right[split] = 0.0


def sweep_down(trees: Trees, widest: int, tree: int, points: Points, lanes: Lanes, scratch: Scratch) -> None:
    """Fill chances and products of one row and one tree, and the worth of its leaves."""
    left, right, share, ratio = trees.left, trees.right, trees.share_right, trees.above_ratio
    goes_right, place, chance, product, worth = (
        scratch.right, scratch.place, scratch.chance, scratch.product, scratch.worth,
    )  # fmt: skip
    leaves, inverse, n = trees.leaf_starts, points.inverse, len(lanes)
    for leaf in range(leaves[tree], leaves[tree + 1]):
        store(worth, (widest + leaf - leaves[tree]) * n, splat(trees.value[leaf], lanes))
    t, rest, start = load(points.t, 0, lanes), load(points.rest, 0, lanes), trees.starts[tree]
    store(product, 0, load(points.weight, 0, lanes))
    for split in range(trees.starts[tree + 1] - start):
        s = np.uintp(start + split)
        at, r = place[s] * (2 * n), share[s]
        k = (splat(r, lanes) * rest + splat(goes_right[s], lanes) * t) * load(inverse, at, lanes)
        here = load(product, split * n, lanes)
        there = here * k
        store(chance, split * n, k)
        store(product, right[s] * n, there)
        store(product, left[s] * n, here - there)
        store(product, split * n, here * load(inverse, at + n, lanes) * splat(r - goes_right[s] * ratio[s], lanes))


def sweep_up(trees: Trees, tree: int, lanes: Lanes, scratch: Scratch, phi: FloatArray) -> None:
    """Gather what leaves are worth upwards, and give each split's feature its part."""
    left, right, feature, n = trees.left, trees.right, trees.feature, len(lanes)
    chance, product, worth = scratch.chance, scratch.product, scratch.worth
    start = trees.starts[tree]
    for split in range(trees.starts[tree + 1] - start - 1, -1, -1):
        s = np.uintp(start + split)
        on_the_left = load(worth, left[s] * n, lanes)
        between = on_the_left - load(worth, right[s] * n, lanes)
        store(worth, split * n, on_the_left - load(chance, split * n, lanes) * between)
        phi[feature[s]] += total(load(product, split * n, lanes) * between)
