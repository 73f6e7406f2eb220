"""LightGBM's native text format, read without LightGBM: every tree of a model as flat arrays.

Answers: which trees does this text hold, split by split (`read`). Splits of one tree stand in the order in which they
were grown, parents before children, as the sweeps of `churn/treekernel.py` want them. Reads a text, returns arrays;
evaluates nothing.

Source: LightGBM 4, `Tree::ToString` and `GBDT::SaveModelToString` (format version v4).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

CATEGORICAL = 1  # bit 0 of a split's decision type
MISSING = 14  # bits 1 to 3: where a missing value goes, and what counts as missing
NONE = -1


class UnreadableTrees(DataError):
    """A booster's text is not one we can evaluate exactly."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The trees of this model cannot be read: {fault}",
            mend="train again (`churn train`) with one binary objective and constant leaves (linear_tree = false), "
            "and save the model as LightGBM's own text.",
        )


class Trees(NamedTuple):
    """All splits and leaves, tree after tree; S splits, L leaves, T trees, V probes of a row.

    A NamedTuple of arrays, because numba passes one to compiled code as it is. A *slot* is a place among a tree's
    nodes: its splits from 0 on, its leaves from `widest` on. Where no shape is said it is (S,).
    """

    starts: IntArray
    """First split of each tree, then the end of the last. Shape (T + 1,)."""
    leaf_starts: IntArray
    """First leaf of each tree, then the end of the last. Shape (T + 1,)."""
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
    """The splits with `is_set`."""
    repeated: IntArray
    """The splits of `many` that have one above on the same feature."""
    words: NDArray[np.uint32]
    """Bit sets of all categorical splits."""
    alone: IntArray
    """The trees that ask of one feature alone: what their leaf is beyond their mean is that feature's."""
    many: IntArray
    """All other trees."""
    mean: FloatArray
    """Cover-weighted mean of each tree's leaves, in log-odds. Shape (T,)."""


@dataclass(frozen=True)
class Forest:
    """A model as read: its trees, what they give on average, and what the text says of the whole."""

    trees: Trees
    widest: int
    """Most splits of one tree."""
    base_value: float
    """Cover-weighted mean of the leaves, over all trees, in log-odds."""
    features: tuple[str, ...]
    distinct: int
    """Most distinct features on one path."""


def read(text: str) -> Forest:
    """Read a booster's text, as LightGBM's `Booster.model_to_string()` gives it.

    Raises:
        UnreadableTrees: not such a text, several classes, or linear leaves.
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    about = _fields(head)
    if not head.startswith("tree\n") or "feature_names" not in about:
        raise UnreadableTrees("this is not LightGBM's text.")
    if about.get("num_tree_per_iteration") != "1":
        raise UnreadableTrees(f"it has {about.get('num_tree_per_iteration')} trees an iteration, not 1.")
    grown = [_tree(_fields(block)) for block in blocks]
    trees, widest, distinct = _together(grown)
    return Forest(trees, widest, sum(trees.mean.tolist()), tuple(about["feature_names"].split(" ")), distinct)


def _tree(fields: dict[str, str]) -> dict[str, NDArray[Any]]:
    """One tree's lists as arrays, checked."""
    if fields.get("is_linear", "0") != "0":
        raise UnreadableTrees("its leaves are linear models.")
    try:
        tree = {name: np.array(fields.get(name, "").split(), dtype=dtype) for name, dtype in LISTS.items()}
        leaves = int(fields["num_leaves"])
    except (KeyError, ValueError, OverflowError) as error:
        raise UnreadableTrees(f"a tree is damaged ({error}).") from error
    if leaves == 1:
        tree["leaf_count"] = np.ones(1)  # a tree of one leaf lists no counts
    lengths = {len(tree[name]) for name in OF_SPLITS}
    if lengths != {leaves - 1} or len(tree["leaf_value"]) != leaves or len(tree["leaf_count"]) != leaves:
        raise UnreadableTrees("a tree is damaged (its lists differ in length).")
    order = np.arange(leaves - 1)
    for child in (tree["left_child"], tree["right_child"]):
        if np.any((child >= 0) & ((child <= order) | (child >= leaves - 1))) or np.any(child < -leaves):
            raise UnreadableTrees("a tree is damaged (a child does not come after its parent).")
    return tree


INT, FLOAT = np.int32, np.float64
OF_SPLITS = ("split_feature", "decision_type", "threshold", "left_child", "right_child", "internal_count")
LISTS: dict[str, Any] = {
    "split_feature": INT, "decision_type": INT, "threshold": FLOAT, "left_child": INT, "right_child": INT,
    "internal_count": FLOAT, "leaf_value": FLOAT, "leaf_count": FLOAT, "cat_boundaries": INT,
    "cat_threshold": np.uint32,
}  # fmt: skip


def _mean(tree: dict[str, NDArray[Any]]) -> float:
    """One product after the other: the bits of a dot product are the library's."""
    total = sum((tree["leaf_value"] * tree["leaf_count"]).tolist())
    return float(total / (sum(tree["leaf_count"].tolist()) or 1.0))


def _together(grown: list[dict[str, NDArray[Any]]]) -> tuple[Trees, int, int]:
    """All trees in common arrays, the most splits of a tree, and the most distinct features on a path."""
    one = {name: np.concatenate([tree[name] for tree in grown] or [np.zeros(0, d)]) for name, d in LISTS.items()}
    starts, leaf_starts, word_starts = (
        np.cumsum([0, *(len(tree[name]) for tree in grown)]) for name in ("left_child", "leaf_value", "cat_threshold")
    )
    sizes = np.diff(starts)
    widest = int(sizes.max(initial=0))
    first, first_leaf = np.repeat(starts[:-1], sizes), np.repeat(leaf_starts[:-1], sizes)
    children = [one["left_child"], one["right_child"]]
    covers = [_covers(child, one, first, first_leaf) for child in children]
    share = covers[1] / np.maximum(covers[0] + covers[1], 1e-300)
    way = _upwards(children, first)
    above, above_right, ratio, distinct = _paths(one["split_feature"], share, *way)
    is_set = one["decision_type"] & CATEGORICAL == CATEGORICAL
    first_word, last_word = _words(grown, one, is_set, word_starts, sizes)
    decision = np.where(is_set, 0, one["decision_type"] & MISSING)
    probes, probe = np.unique(one["split_feature"] * 16 + decision, return_inverse=True)
    is_alone = np.array([len(set(tree["split_feature"].tolist())) == 1 for tree in grown], dtype=np.bool_)
    columns: dict[str, Any] = {
        "starts": starts, "leaf_starts": leaf_starts, "probe": probe, "threshold": one["threshold"],
        "left": _slots(children[0], widest), "right": _slots(children[1], widest), "feature": one["split_feature"],
        "share_right": ratio * share, "above_ratio": ratio, "above": above, "above_right": above_right,
        "is_set": is_set, "first_word": first_word, "last_word": last_word, "value": one["leaf_value"],
        "probe_feature": probes // 16, "probe_decision": probes % 16, "sets": np.flatnonzero(is_set),
        "repeated": np.flatnonzero((above >= 0) & ~np.repeat(is_alone, sizes)), "words": one["cat_threshold"],
        "alone": np.flatnonzero(is_alone), "many": np.flatnonzero(~is_alone),
        "mean": np.array([_mean(tree) for tree in grown], dtype=FLOAT),
    }  # fmt: skip
    kinds = {np.dtype(np.int64): INT}
    return Trees(**{name: _as(array, kinds.get(array.dtype)) for name, array in columns.items()}), widest, distinct


def _as(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=dtype)


def _slots(child: IntArray, widest: int) -> IntArray:
    return np.where(child >= 0, child, widest + ~child)


def _covers(child: IntArray, one: dict[str, NDArray[Any]], first: IntArray, first_leaf: IntArray) -> FloatArray:
    """Training rows that reached the children. Shape (S,)."""
    if not len(child):
        return np.zeros(0)
    leaf = one["leaf_count"][np.where(child < 0, ~child + first_leaf, 0)]
    return np.where(child < 0, leaf, one["internal_count"][np.where(child < 0, 0, child + first)])


def _upwards(children: list[IntArray], first: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Each split's parent, over all trees, -1 at a root; and whether it is the right child. Each of shape (S,)."""
    parent, is_right = np.full(len(first), NONE), np.zeros(len(first), dtype=np.bool_)
    for right, child in enumerate(children):
        splits = np.flatnonzero(child >= 0)
        parent[child[splits] + first[splits]] = splits
        is_right[child[splits] + first[splits]] = bool(right)
    return parent, is_right


def _paths(
    feature: IntArray, share: FloatArray, parent: IntArray, is_right: NDArray[np.bool_]
) -> tuple[IntArray, FloatArray, FloatArray, int]:
    """Climb from all splits at once: the nearest on the same feature, the way there, the product of shares."""
    above, above_right, ratio = np.full(len(feature), NONE), np.zeros(len(feature)), np.ones(len(feature))
    seen = np.arange(len(feature))[:, None]  # the last split of each further feature of the path
    here, right = parent, is_right
    while np.any(here >= 0):
        on = here >= 0
        same = on & (feature[here] == feature)
        nearest = same & (above < 0)
        above[nearest], above_right[nearest] = here[nearest], right[nearest]
        ratio[same] *= np.where(right, share[here], 1 - share[here])[same]
        new = on & ~(feature[here][:, None] == feature[seen]).any(axis=1)
        seen = np.column_stack([seen, np.where(new, here, seen[:, 0])])
        here, right = np.where(on, parent[here], NONE), is_right[here]
    distinct = 1 + (seen != seen[:, :1]).sum(axis=1)
    return above, above_right, ratio, int(distinct.max(initial=0))


def _words(
    grown: list[dict[str, NDArray[Any]]], one: dict[str, NDArray[Any]], is_set: NDArray[np.bool_],
    word_starts: IntArray, sizes: IntArray,
) -> tuple[IntArray, IntArray]:  # fmt: skip
    """Where the bit set of each categorical split begins and ends; 0 elsewhere. Each of shape (S,)."""
    ends = np.zeros((2, len(is_set)), dtype=INT)
    tree = np.repeat(np.arange(len(grown)), sizes)
    for split in np.flatnonzero(is_set):
        bits, mine = int(one["threshold"][split]), tree[split]
        ends[:, split] = grown[mine]["cat_boundaries"][bits : bits + 2] + word_starts[mine]
    return ends[0], ends[1]


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
