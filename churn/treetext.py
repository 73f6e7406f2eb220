"""LightGBM's native text format, read without LightGBM: every tree of a model as flat arrays.

Answers: which trees does this text hold, split by split (`read`); `churn/treelayout.py` says where each stands. Reads a
text, returns arrays; evaluates nothing.

Source: LightGBM 4, `Tree::ToString` and `GBDT::SaveModelToString` (format version v4).
"""

from dataclasses import dataclass

import numpy as np

from churn.errors import DataError
from churn.treelayout import LISTS, Grown, Sizes, Trees, laid_out


class UnreadableTrees(DataError):
    """A booster's text is not one we can evaluate exactly."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The trees of this model cannot be read: {fault}",
            mend="train again (`churn train`) with one binary objective and constant leaves (linear_tree = false), "
            "and save the model as LightGBM's own text.",
        )


@dataclass(frozen=True)
class Forest:
    """A model as read: its trees, what they give on average, and what the text says of the whole."""

    trees: Trees
    sizes: Sizes
    base_value: float
    """Cover-weighted mean of the leaves, over all trees, in log-odds."""
    features: tuple[str, ...]


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
    trees, sizes = laid_out(grown)
    base_value = sum(trees.mean[trees.turns].tolist())
    return Forest(trees, sizes, base_value, tuple(about["feature_names"].split(" ")))


def _tree(fields: dict[str, str]) -> Grown:
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


OF_SPLITS = ("split_feature", "decision_type", "threshold", "left_child", "right_child", "internal_count")


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
