"""Eight rows at a time: the same arithmetic as `treekernel_row.explain_each`, a lane a row, and the same bits.

A tree's splits are read once for eight rows, and no lane waits for another; so a batch takes half of what its rows
take one by one. Start reading at `explain_rows`; what is computed, and why, stands in `churn/treekernel.py`.
"""

import numpy as np

from churn.treekernel import FloatArray, Packed, Points, Scratch, outside, see, tell_alone
from churn.treekernel_vectors import EIGHT, Asked, Lanes, choose, load, splat, store, unpacked
from churn.treelayout import Trees


def explain_rows(
    packed: Packed, widest: int, lanes: Lanes, rows: FloatArray, end: int, phi: FloatArray, raw: FloatArray
) -> None:
    """Fill `phi` (n, F + 1), but for its last column, and `raw` (n,), up to the row before `end`.

    `lanes` are as many as points.
    """
    trees, points, scratch = unpacked(packed)
    tell_rows(trees, widest, points, lanes, rows[:end], scratch, phi, raw)


def tell_rows(
    trees: Trees, widest: int, points: Points, lanes: Lanes, rows: FloatArray, scratch: Scratch, phi: FloatArray,
    raw: FloatArray,
) -> None:  # fmt: skip
    """`explain_rows` of arrays. A function of its own, because numba takes what is written to new arrays for dead."""
    end, width, size = len(rows), rows.shape[1], len(EIGHT)
    parts = np.zeros(width * size)
    sums, turns = np.zeros(size), trees.turns
    for first in range(0, end, size):
        parts[:] = 0.0
        sums[:] = 0.0
        for lane in range(size):  # behind the last row, that one again
            see(trees, rows, min(first + lane, end - 1), scratch, size, lane)
        tell_alone(trees, widest, scratch, size, parts)
        for block in range(len(trees.blocks) - 1):
            lay_out_leaves(trees, widest, block, lanes, scratch)
            find_ways_of_rows(trees, block, scratch)
            sweep_rows_down(trees, widest, block, points, lanes, scratch)
            sweep_rows_up(trees, block, points, lanes, scratch, parts)
        for turn in range(len(turns)):
            store(sums, 0, load(sums, 0, EIGHT) + load(scratch.reached, turns[turn] * size, EIGHT))
        for i in range(first, min(first + size, end)):
            raw[i] = sums[i - first]
            for feature in range(width):
                phi[i, feature] = parts[feature * size + i - first]


def find_ways_of_rows(trees: Trees, block: int, scratch: Scratch) -> None:
    """Fill `right` and `takes` of eight rows for the splits of a block."""
    probe, threshold, feature, is_set, first_word, last_word, words, above, above_right = (
        trees.probe, trees.threshold, trees.feature, trees.is_set, trees.first_word, trees.last_word, trees.words,
        trees.above, trees.above_right,
    )  # fmt: skip
    seen, code, ways, takes = scratch.seen, scratch.code, scratch.right, scratch.takes
    start, size, zero, one = trees.block_splits[block], len(EIGHT), splat(0.0, EIGHT), splat(1.0, EIGHT)
    for split in range(trees.block_splits[block + 1] - start):
        s = np.uintp(start + split)
        if is_set[s]:
            for lane in range(size):
                way = outside(code[feature[s] * size + lane], first_word[s], last_word[s], words)
                ways[split * size + lane] = way
        else:
            smaller = load(seen, probe[s] * size, EIGHT) <= splat(threshold[s], EIGHT)
            store(ways, split * size, choose(smaller, zero, one))
        if above[s] >= 0:
            up = above[s] - start
            took = load(ways, up * size, EIGHT) == splat(above_right[s], EIGHT)
            before = load(takes, up * size, EIGHT) if above[above[s]] >= 0 else one
            store(takes, split * size, choose(took, before, zero))


def sweep_rows_down(trees: Trees, widest: int, block: int, points: Points, lanes: Lanes, scratch: Scratch) -> None:
    """Find the products of eight rows in one block."""
    left, right, share, ratio, above = trees.left, trees.right, trees.share_right, trees.above_ratio, trees.above
    t, rest, weight, first, inverse = points
    ways, takes, product = scratch.right, scratch.takes, scratch.product
    start, many, size, zero = trees.block_splits[block], len(lanes), len(EIGHT), splat(0.0, EIGHT)
    for tree in range(trees.blocks[block], trees.blocks[block + 1]):
        for q in range(many):
            store(product, (trees.root[tree] * many + q) * size, splat(weight[q], EIGHT))
    for split in range(trees.block_splits[block + 1] - start):
        s = np.uintp(start + split)
        goes_left, r = load(ways, split * size, EIGHT) == zero, share[s]
        factor = choose(goes_left, splat(r, EIGHT), splat(r - ratio[s], EIGHT))
        to_left, to_right = min(left[s], widest) * many, min(right[s], widest) * many
        if above[s] < 0:
            for q in range(many):
                k = choose(goes_left, splat(r * rest[q], EIGHT), splat(r * rest[q] + t[q], EIGHT))
                here = load(product, (split * many + q) * size, EIGHT)
                there = here * k
                store(product, (to_right + q) * size, there)
                store(product, (to_left + q) * size, here - there)
                store(product, (split * many + q) * size, here * factor)
        else:
            at, lost = first[s] * (2 * many), load(takes, split * size, EIGHT) == zero
            for q in range(many):
                k = chance_again(inverse, at + q, many, r * rest[q], t[q], goes_left, lost)
                here = load(product, (split * many + q) * size, EIGHT)
                there = here * k
                store(product, (to_right + q) * size, there)
                store(product, (to_left + q) * size, here - there)
                part = here * splat(inverse[at + many + q], EIGHT) * factor
                store(product, (split * many + q) * size, choose(lost, zero, part))


def chance_again(
    inverse: FloatArray, at: int, many: int, left: float, t: float, goes_left: Asked, lost: Asked
) -> FloatArray:
    """The chance of the right child at a split whose feature was met above."""
    to_left, to_right = splat(left * inverse[at], EIGHT), splat((left + t) * inverse[at], EIGHT)
    return choose(lost, splat(left * inverse[at + 2 * many], EIGHT), choose(goes_left, to_left, to_right))


def lay_out_leaves(trees: Trees, widest: int, block: int, lanes: Lanes, scratch: Scratch) -> None:
    """What the leaves of a block are worth, to eight rows and at all points."""
    leaves, values, leaf, worth, many, size = (
        trees.block_leaves, trees.value, scratch.leaf, scratch.worth, len(lanes), len(EIGHT),
    )  # fmt: skip
    for one in range(leaves[block], leaves[block + 1]):
        value, slot = splat(values[one], EIGHT), widest + one - leaves[block]
        store(leaf, slot * size, value)
        for q in range(many):
            store(worth, (slot * many + q) * size, value)


def sweep_rows_up(trees: Trees, block: int, points: Points, lanes: Lanes, scratch: Scratch, parts: FloatArray) -> None:
    """Gather what leaves are worth upwards, give each split's feature its part, and find the leaves reached."""
    left, right, feature, share, above = trees.left, trees.right, trees.feature, trees.share_right, trees.above
    t, rest, _, first, inverse = points
    ways, takes, product, worth, leaf = scratch.right, scratch.takes, scratch.product, scratch.worth, scratch.leaf
    start, many, size, zero = trees.block_splits[block], len(lanes), len(EIGHT), splat(0.0, EIGHT)
    for split in range(trees.block_splits[block + 1] - start - 1, -1, -1):
        s = np.uintp(start + split)
        goes_left, r = load(ways, split * size, EIGHT) == zero, share[s]
        from_left, from_right = load(leaf, left[s] * size, EIGHT), load(leaf, right[s] * size, EIGHT)
        store(leaf, split * size, choose(goes_left, from_left, from_right))
        part = zero
        if above[s] < 0:
            for q in range(many):
                k = choose(goes_left, splat(r * rest[q], EIGHT), splat(r * rest[q] + t[q], EIGHT))
                on_the_left = load(worth, (left[s] * many + q) * size, EIGHT)
                between = on_the_left - load(worth, (right[s] * many + q) * size, EIGHT)
                store(worth, (split * many + q) * size, on_the_left - k * between)
                part = part + load(product, (split * many + q) * size, EIGHT) * between
        else:
            at, lost = first[s] * (2 * many), load(takes, split * size, EIGHT) == zero
            for q in range(many):
                k = chance_again(inverse, at + q, many, r * rest[q], t[q], goes_left, lost)
                on_the_left = load(worth, (left[s] * many + q) * size, EIGHT)
                between = on_the_left - load(worth, (right[s] * many + q) * size, EIGHT)
                store(worth, (split * many + q) * size, on_the_left - k * between)
                part = part + load(product, (split * many + q) * size, EIGHT) * between
        store(parts, feature[s] * size, load(parts, feature[s] * size, EIGHT) + part)
    for tree in range(trees.blocks[block], trees.blocks[block + 1]):
        store(scratch.reached, tree * size, load(leaf, trees.root[tree] * size, EIGHT))
