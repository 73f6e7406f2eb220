"""A model's trees as flat arrays, in the order in which the kernel of exact reasons wants them.

Answers: where does every split and leaf stand (`laid_out`). Trees that ask of one feature alone come first: they are
only walked. All others are swept, some small ones together as a *block*, because a loop over few splits costs more to
begin and to end than to do. Within a block trees keep their order, and a tree's splits stand in the order in which they
were grown, parents before children. Reads lists of single trees, returns arrays; evaluates nothing.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn.treepaths import paths, upwards

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
PlaceArray = NDArray[np.int64]
Grown = dict[str, NDArray[Any]]  # one tree's lists, by LightGBM's names

CATEGORICAL = 1  # bit 0 of a split's decision type
MISSING = 14  # bits 1 to 3: where a missing value goes, and what counts as missing
TOGETHER = 48  # nodes of a block, if it has several trees: what eight rows need of it stays beside the processor
INT, FLOAT = np.int32, np.float64


class Trees(NamedTuple):
    """All splits and leaves, block after block; S splits, L leaves, T trees, B blocks, V probes of a row.

    A NamedTuple of arrays, because numba passes one to compiled code as it is. A *slot* is a place among a block's
    nodes: its splits from 0 on, its leaves from `widest` on. A tree that asks of one feature alone has slots of its
    own. Where no shape is said it is (S,).
    """

    turns: IntArray
    """The trees in the order of the model's text, in which what they say is summed. Shape (T,)."""
    root: IntArray
    """Slot of each tree's root. Shape (T,)."""
    base: IntArray
    """The first split of each tree's block. Shape (T,)."""
    leaf_base: IntArray
    """The first leaf of each tree's block. Shape (T,)."""
    blocks: IntArray
    """The first tree of each block of trees that are swept, then the end of the last. Shape (B + 1,)."""
    block_splits: IntArray
    """The first split of each such block, then the end of the last. Shape (B + 1,)."""
    block_leaves: IntArray
    """The first leaf of each such block, then the end of the last. Shape (B + 1,)."""
    probe: IntArray
    """Which probe of a row the split compares."""
    threshold: FloatArray
    left: IntArray
    """Slot of the left child."""
    right: IntArray
    feature: IntArray
    share_right: FloatArray
    """`above_ratio` times the share of the split's training rows that went right."""
    above_ratio: FloatArray
    """Product of such shares, the way the path takes, over the splits above on the same feature; 1 without any."""
    above: IntArray
    """The nearest split above on the same feature, counted over all trees; -1 where there is none."""
    above_right: FloatArray
    """1.0 where the path goes right there, else 0.0."""
    is_set: NDArray[np.bool_]
    """The split asks whether a category is in a set."""
    first_word: IntArray
    last_word: IntArray
    """Such a split goes left for the bits set in `words[first_word:last_word]`."""
    value: FloatArray
    """Leaf values in log-odds. Shape (L,)."""
    probe_feature: IntArray
    """The feature of each probe; one for each way in which splits treat its missing values. Shape (V,)."""
    probe_decision: IntArray
    """Bit 1: missing goes left; bits 2-3: missing is 0 nothing, 1 also zero, 2 NaN. Shape (V,)."""
    sets: IntArray
    """The splits of blocks with `is_set`. Shape (K,)."""
    set_feature: IntArray
    """`feature`, `first_word` and `last_word` of those. Shape (K,)."""
    set_first: IntArray
    set_last: IntArray
    categories: IntArray
    """The features that any split asks for a category."""
    repeated: IntArray
    """The splits of blocks that have one above on the same feature. Shape (R,)."""
    met: IntArray
    """`above` and `above_right` of those. Shape (R,)."""
    met_right: FloatArray
    words: NDArray[np.uint32]
    """Bit sets of all categorical splits."""
    mean: FloatArray
    """Cover-weighted mean of each tree's leaves, in log-odds. Shape (T,)."""


class Sizes(NamedTuple):
    """What scratch must hold."""

    widest: int
    """Most splits of one block."""
    slots: int
    """`widest`, and the most leaves of one block."""
    distinct: int
    """Most distinct features on one path."""


class Places(NamedTuple):
    """Where trees stand; all of shape (T,)."""

    splits: PlaceArray
    """How many each tree has."""
    first: PlaceArray
    """Its first split."""
    first_leaf: PlaceArray
    head: PlaceArray
    """The first tree of its block."""


def laid_out(grown: list[Grown]) -> tuple[Trees, Sizes]:
    """All trees in common arrays.

    Args:
        grown: each tree's lists as LightGBM names them, children after their parents.
    """
    is_alone = np.array([len(set(tree["split_feature"].tolist())) == 1 for tree in grown], dtype=np.bool_)
    order = np.argsort(~is_alone, kind="stable")
    grown = [grown[place] for place in order]
    one = {name: np.concatenate([tree[name] for tree in grown] or [np.zeros(0, d)]) for name, d in LISTS.items()}
    places = _places(grown, int(is_alone.sum()))
    first, first_leaf = (np.repeat(starts, places.splits) for starts in (places.first, places.first_leaf))
    children = [one["left_child"], one["right_child"]]
    covers = [_covers(child, one, first, first_leaf) for child in children]
    share = covers[1] / np.maximum(covers[0] + covers[1], 1e-300)
    above, above_right, ratio, distinct = paths(one["split_feature"], share, *upwards(children, first))
    is_set = one["decision_type"] & CATEGORICAL == CATEGORICAL
    first_word, last_word = _words(grown, one, is_set, places.splits)
    decision = np.where(is_set, 0, one["decision_type"] & MISSING)
    probes, probe = np.unique(one["split_feature"] * 16 + decision, return_inverse=True)
    blocks, widest, slots = _blocks(places, children, int(is_alone.sum()), len(is_set), len(one["leaf_value"]))
    swept = np.arange(len(is_set)) >= blocks["block_splits"][0]
    sets, repeated = np.flatnonzero(is_set & swept), np.flatnonzero((above >= 0) & swept)
    columns: dict[str, Any] = blocks | {
        "turns": np.argsort(order), "probe": probe, "threshold": one["threshold"], "feature": one["split_feature"],
        "share_right": ratio * share, "above_ratio": ratio, "above": above, "above_right": above_right,
        "is_set": is_set, "first_word": first_word, "last_word": last_word, "value": one["leaf_value"],
        "probe_feature": probes // 16, "probe_decision": probes % 16, "sets": sets,
        "set_feature": one["split_feature"][sets], "set_first": first_word[sets], "set_last": last_word[sets],
        "categories": np.unique(one["split_feature"][is_set]), "repeated": repeated,
        "met": above[repeated], "met_right": above_right[repeated],
        "words": one["cat_threshold"], "mean": np.array([_mean(tree) for tree in grown], dtype=FLOAT),
    }  # fmt: skip
    kinds = {np.dtype(np.int64): INT}
    trees = Trees(**{name: _as(array, kinds.get(array.dtype)) for name, array in columns.items()})
    return trees, Sizes(widest, slots, distinct)


LISTS: dict[str, Any] = {
    "split_feature": INT, "decision_type": INT, "threshold": FLOAT, "left_child": INT, "right_child": INT,
    "internal_count": FLOAT, "leaf_value": FLOAT, "leaf_count": FLOAT, "cat_boundaries": INT,
    "cat_threshold": np.uint32,
}  # fmt: skip


def _places(grown: list[Grown], alone: int) -> Places:
    """Where each tree begins, and with which its block does. The first so many trees stand alone."""
    splits = np.array([len(tree["left_child"]) for tree in grown], dtype=np.int64)
    first, first_leaf = np.cumsum(splits) - splits, np.cumsum(splits + 1) - splits - 1
    head, nodes = np.arange(len(grown), dtype=np.int64), 0
    for tree in range(alone, len(grown)):
        mine = 2 * int(splits[tree]) + 1
        nodes += mine
        if tree > alone and nodes <= TOGETHER:
            head[tree] = head[tree - 1]
        else:
            nodes = mine
    return Places(splits, first, first_leaf, head)


def _blocks(
    places: Places, children: list[IntArray], alone: int, splits: int, leaves: int
) -> tuple[dict[str, Any], int, int]:
    """The arrays of blocks and slots, the most splits of a block, and the slots of one."""
    head = places.head
    heads = np.unique(head)
    swept = heads[heads >= alone]
    base, leaf_base = places.first[head], places.first_leaf[head]
    widest = int(np.diff([*places.first[heads], splits]).max(initial=0))
    in_block, leaf_in_block = places.first - base, places.first_leaf - leaf_base
    before, leaves_before = (np.repeat(one, places.splits) for one in (in_block, leaf_in_block))
    left, right = (
        np.where(child >= 0, child + before, widest + ~child + leaves_before) for child in children
    )  # fmt: skip
    slots = widest + int(np.diff([*places.first_leaf[heads], leaves]).max(initial=0))
    return {
        "root": np.where(places.splits > 0, in_block, widest + leaf_in_block), "base": base, "leaf_base": leaf_base,
        "blocks": np.append(swept, len(head)), "block_splits": np.append(places.first[swept], splits),
        "block_leaves": np.append(places.first_leaf[swept], leaves), "left": left, "right": right,
    }, widest, slots  # fmt: skip


def _mean(tree: Grown) -> float:
    """One product after the other: the bits of a dot product are the library's."""
    total = sum((tree["leaf_value"] * tree["leaf_count"]).tolist())
    return float(total / (sum(tree["leaf_count"].tolist()) or 1.0))


def _as(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=dtype)


def _covers(child: IntArray, one: Grown, first: PlaceArray, first_leaf: PlaceArray) -> FloatArray:
    """Training rows that reached the children. Shape (S,)."""
    if not len(child):
        return np.zeros(0)
    leaf = one["leaf_count"][np.where(child < 0, ~child + first_leaf, 0)]
    return np.where(child < 0, leaf, one["internal_count"][np.where(child < 0, 0, child + first)])


def _words(
    grown: list[Grown], one: Grown, is_set: NDArray[np.bool_], splits: PlaceArray
) -> tuple[IntArray, IntArray]:  # fmt: skip
    """Where the bit set of each categorical split begins and ends; 0 elsewhere. Each of shape (S,)."""
    ends = np.zeros((2, len(is_set)), dtype=INT)
    tree = np.repeat(np.arange(len(grown)), splits)
    starts = np.cumsum([0, *(len(tree["cat_threshold"]) for tree in grown)])
    for split in np.flatnonzero(is_set):
        bits, mine = int(one["threshold"][split]), tree[split]
        ends[:, split] = grown[mine]["cat_boundaries"][bits : bits + 2] + starts[mine]
    return ends[0], ends[1]
