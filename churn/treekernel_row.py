"""One row alone: each feature's Shapley value, the points of a split as one vector. Start reading at `explain_each`.

What is computed, and why, stands in `churn/treekernel.py`. No sweep has a branch that depends on the row: what a
processor guesses wrongly costs more than a split. Indices are unsigned, because those of Python may count from the end.
"""

import numpy as np

from churn.treekernel import FloatArray, Packed, Points, Scratch, outside, see, tell_alone
from churn.treekernel_vectors import Lanes, load, splat, store, total, unpacked
from churn.treelayout import Trees


def explain_each(
    packed: Packed, widest: int, lanes: Lanes, rows: FloatArray, first: int, phi: FloatArray, raw: FloatArray
) -> None:
    """Add to `phi` (n, F + 1), but for its last column, and fill `raw` (n,), from the `first` row on.

    `lanes` are as many as points.
    """
    trees, points, scratch = unpacked(packed)
    tell_each(trees, widest, points, lanes, rows[first:], scratch, phi[first:], raw[first:])


def tell_each(
    trees: Trees, widest: int, points: Points, lanes: Lanes, rows: FloatArray, scratch: Scratch, phi: FloatArray,
    raw: FloatArray,
) -> None:  # fmt: skip
    """`explain_each` of arrays. A function of its own, because numba takes what is written to new arrays for dead."""
    blocks, turns, reached = trees.blocks, trees.turns, scratch.reached
    for i in range(len(rows)):
        see(trees, rows, i, scratch, 1, 0)
        tell_alone(trees, widest, scratch, 1, phi[i])
        find_ways(trees, scratch)
        forget_ways_not_taken(trees, scratch)
        for block in range(len(blocks) - 1):
            sweep_down(trees, widest, block, points, lanes, scratch)
            sweep_up(trees, block, lanes, scratch, phi[i])
        summed = 0.0
        for turn in range(len(turns)):
            summed += reached[turns[turn]]
        raw[i] = summed


def find_ways(trees: Trees, scratch: Scratch) -> None:
    """Fill `right` of one row for all splits of blocks."""
    probe, threshold, sets, words = trees.probe, trees.threshold, trees.sets, trees.words
    feature, first, last = trees.set_feature, trees.set_first, trees.set_last
    seen, code, right = scratch.seen, scratch.code, scratch.right
    for split in range(trees.block_splits[0], len(threshold)):
        s = np.uintp(split)
        right[s] = 1.0 - np.float64(seen[np.uintp(probe[s])] <= threshold[s])
    for i in range(len(sets)):
        s = np.uintp(i)
        right[np.uintp(sets[s])] = outside(code[np.uintp(feature[s])], first[s], last[s], words)


def forget_ways_not_taken(trees: Trees, scratch: Scratch) -> None:
    """Fill `place`, and clear `right` where a split above on the same feature was left the other way."""
    repeated, met, met_right = trees.repeated, trees.met, trees.met_right
    right, place = scratch.right, scratch.place
    for i in range(len(repeated)):
        split, up = np.uintp(repeated[i]), np.uintp(met[i])
        # `right` of a split that was forgotten stays as it is until all have looked at it
        place[split] = 2 * (i + 1) + ((place[up] & 1) | (right[up] != met_right[i]))
    for i in range(len(repeated)):
        split = np.uintp(repeated[i])
        right[split] *= 1 - (place[split] & 1)


def sweep_down(trees: Trees, widest: int, block: int, points: Points, lanes: Lanes, scratch: Scratch) -> None:
    """Fill chances and products of one row and one block, and the worth of its leaves."""
    left, right, share, ratio = trees.left, trees.right, trees.share_right, trees.above_ratio
    goes_right, place, chance, product, worth, leaf = (
        scratch.right, scratch.place, scratch.chance, scratch.product, scratch.worth, scratch.leaf,
    )  # fmt: skip
    starts, leaves, inverse, n = trees.block_splits, trees.block_leaves, points.inverse, len(lanes)
    for one in range(leaves[block], leaves[block + 1]):
        slot, value = widest + one - leaves[block], trees.value[np.uintp(one)]
        leaf[np.uintp(slot)] = value
        store(worth, slot * n, splat(value, lanes))
    t, rest, weight = load(points.t, 0, lanes), load(points.rest, 0, lanes), load(points.weight, 0, lanes)
    for tree in range(trees.blocks[block], trees.blocks[block + 1]):
        store(product, trees.root[tree] * n, weight)
    start = starts[block]
    for split in range(starts[block + 1] - start):
        s = np.uintp(start + split)
        at, r = place[s] * (2 * n), share[s]
        k = (splat(r, lanes) * rest + splat(goes_right[s], lanes) * t) * load(inverse, at, lanes)
        here = load(product, split * n, lanes)
        there = here * k
        store(chance, split * n, k)
        store(product, right[s] * n, there)
        store(product, left[s] * n, here - there)
        store(product, split * n, here * load(inverse, at + n, lanes) * splat(r - goes_right[s] * ratio[s], lanes))


def sweep_up(trees: Trees, block: int, lanes: Lanes, scratch: Scratch, phi: FloatArray) -> None:
    """Gather what leaves are worth upwards, give each split's feature its part, and find the leaves reached."""
    left, right, feature, n = trees.left, trees.right, trees.feature, len(lanes)
    goes_right, chance, product, worth, leaf = (
        scratch.right, scratch.chance, scratch.product, scratch.worth, scratch.leaf,
    )  # fmt: skip
    start, end = trees.block_splits[block], trees.block_splits[block + 1]
    for split in range(end - start - 1, -1, -1):
        s = np.uintp(start + split)
        to_left, to_right = left[s], right[s]
        on_the_left = load(worth, to_left * n, lanes)
        between = on_the_left - load(worth, to_right * n, lanes)
        store(worth, split * n, on_the_left - load(chance, split * n, lanes) * between)
        # a split whose way was forgotten is on no way that leads here from the root
        leaf[np.uintp(split)] = leaf[np.uintp(to_right if goes_right[s] != 0.0 else to_left)]
        phi[np.uintp(feature[s])] += total(load(product, split * n, lanes) * between)
    for tree in range(trees.blocks[block], trees.blocks[block + 1]):
        scratch.reached[tree] = leaf[trees.root[tree]]
