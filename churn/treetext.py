"""LightGBM's native text format, read without LightGBM: every tree of a model as flat arrays.

Answers: which trees does this text hold, node by node (`read`). Nodes of one tree stand in preorder, as the sweeps
of `churn/treekernel.py` want them. Reads a text, returns arrays; evaluates nothing.

Source: LightGBM 4, `Tree::ToString` and `GBDT::SaveModelToString` (format version v4).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

CATEGORICAL = 1  # bit 0 of a node's decision type
NONE = -1
TYPES: dict[str, type[np.generic]] = {  # of the columns that are not int32
    "threshold": np.float64,
    "ratio": np.float64,
    "value": np.float64,
    "words": np.uint32,
}


class UnreadableTrees(DataError):
    """A booster's text is not one we can evaluate exactly."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The trees of this model cannot be read: {fault}",
            mend="train again (`churn train`) with one binary objective and constant leaves (linear_tree = false), "
            "and save the model as LightGBM's own text.",
        )


class Trees(NamedTuple):
    """All nodes, tree after tree, preorder within a tree; node numbers count from the tree's first node.

    A NamedTuple of arrays, because numba passes one to compiled code as it is. All but `starts` and `words` have
    shape (nodes,).
    """

    starts: IntArray
    """First node of each tree, then the end of the last. Shape (T + 1,)."""
    feature: IntArray
    """The feature a node splits on; -1 at a leaf."""
    decision: IntArray
    """Decision type of a split: bit 0 categorical, bit 1 missing goes left, bits 2-3 missing: 0 none, 1 zero, 2 NaN."""
    threshold: FloatArray
    right: IntArray
    """The right child; the left child is the next node."""
    parent: IntArray
    above: IntArray
    """Nearest node up the path whose incoming edge splits on the same feature as this one's, or -1."""
    ratio: FloatArray
    """Product of child cover / parent cover over the path's edges on the feature of the incoming edge."""
    value: FloatArray
    """Leaf value in log-odds; 0 at a split."""
    first_word: IntArray
    last_word: IntArray
    """A categorical split goes left for the bits set in `words[first_word:last_word]`."""
    words: NDArray[np.uint32]
    """Bit sets of all categorical splits."""


@dataclass(frozen=True)
class Forest:
    """A model as read: its trees, what they give on average, and what the text says of the whole."""

    trees: Trees
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
    grown = _Grown()
    for block in blocks:
        grown.add(_fields(block))
    return Forest(grown.trees(), grown.base_value, tuple(about["feature_names"].split(" ")), grown.distinct)


class _Grown:
    """Trees while they are being read: one list per column."""

    def __init__(self) -> None:
        self.columns: dict[str, list[float]] = {name: [] for name in Trees._fields}
        self.columns["starts"].append(0)
        self.base_value = 0.0
        self.distinct = 0

    def add(self, fields: dict[str, str]) -> None:
        """Append one tree."""
        if fields.get("is_linear", "0") != "0":
            raise UnreadableTrees("its leaves are linear models.")
        try:
            tree = _Tree(fields)
        except (KeyError, ValueError) as error:
            raise UnreadableTrees(f"a tree is damaged ({error}).") from error
        total = sum(tree.leaf_count) or 1.0
        self.base_value += sum(v * n / total for v, n in zip(tree.leaf_value, tree.leaf_count, strict=True))
        self._walk(tree)
        self.columns["starts"].append(len(self.columns["feature"]))

    def _walk(self, tree: "_Tree") -> None:
        """Visit the nodes in preorder; LightGBM numbers splits from 0 and leaves from ~0 = -1 downwards."""
        column, start = self.columns, len(self.columns["feature"])
        words = len(column["words"])
        column["words"].extend(tree.words)
        waiting: list[tuple[int, int, dict[int, tuple[int, float]]]] = [(0 if tree.feature else -1, NONE, {})]
        while waiting:
            node, parent, path = waiting.pop()  # path: feature to its last node and the product of its ratios
            here = len(column["feature"]) - start
            above, ratio = NONE, 1.0
            if parent != NONE:
                if column["right"][start + parent] == NONE and here != parent + 1:
                    column["right"][start + parent] = here
                edge = int(column["feature"][start + parent])
                above, product = path.get(edge, (NONE, 1.0))
                ratio = product * tree.cover(node) / tree.cover_of_parent(node)
                path = {**path, edge: (here, ratio)}
            self.distinct = max(self.distinct, len(path))
            self._append(tree.row(node, words), parent=parent, above=above, ratio=ratio)
            if node >= 0:
                waiting += [(tree.right[node], here, path), (tree.left[node], here, path)]

    def _append(self, row: dict[str, float], **more: float) -> None:
        for name, number in {**row, **more}.items():
            self.columns[name].append(number)

    def trees(self) -> Trees:
        """Return the columns as arrays."""
        columns = {name: np.array(column, dtype=TYPES.get(name, np.int32)) for name, column in self.columns.items()}
        return Trees._make(columns[name] for name in Trees._fields)


class _Tree:
    """One tree as LightGBM writes it."""

    def __init__(self, fields: dict[str, str]) -> None:
        def numbers(name: str) -> list[float]:
            return [float(number) for number in fields.get(name, "").split()]

        def integers(name: str) -> list[int]:
            return [int(number) for number in fields.get(name, "").split()]

        self.feature, self.decision = integers("split_feature"), integers("decision_type")
        self.threshold = numbers("threshold")
        self.left, self.right = integers("left_child"), integers("right_child")
        self.leaf_value = numbers("leaf_value")
        self.leaf_count = numbers("leaf_count") or [1.0]  # a tree of one leaf lists no counts
        self.count = numbers("internal_count")
        self.boundaries, self.words = integers("cat_boundaries"), integers("cat_threshold")
        lengths = {len(self.feature), len(self.decision), len(self.threshold), len(self.left), len(self.right)}
        if len(self.leaf_value) != int(fields["num_leaves"]) or lengths != {len(self.leaf_value) - 1}:
            raise ValueError("its lists differ in length")
        self.parent_of = {
            child: node for node, pair in enumerate(zip(self.left, self.right, strict=True)) for child in pair
        }

    def cover(self, node: int) -> float:
        """Training rows that reached a node; an empty one gets a sliver, so that no ratio is 0."""
        return max(self.count[node] if node >= 0 else self.leaf_count[~node], 1e-6)

    def cover_of_parent(self, node: int) -> float:
        """Training rows that reached a node's parent."""
        return self.cover(self.parent_of[node])

    def row(self, node: int, words: int) -> dict[str, float]:
        """Return the columns that need no path; `words` is where this tree's bit sets begin."""
        if node < 0:
            blank = dict.fromkeys(("decision", "threshold", "first_word", "last_word"), 0)
            return {**blank, "feature": NONE, "right": NONE, "value": self.leaf_value[~node]}
        first = last = 0
        if self.decision[node] & CATEGORICAL:
            bits = int(self.threshold[node])
            first, last = words + self.boundaries[bits], words + self.boundaries[bits + 1]
        return {
            "feature": self.feature[node], "decision": self.decision[node], "threshold": self.threshold[node],
            "right": NONE, "value": 0.0, "first_word": first, "last_word": last,
        }  # fmt: skip


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
