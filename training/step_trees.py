"""A line written as trees: each feature's share of the log-odds becomes one tree of steps, in LightGBM's own text.

Why: on short logs a strongly shrunk line beats boosted trees, on long ones trees find what a line cannot. Boosting
*from* the line gives both, and written as trees it stays one model in one text, with exact reasons for all of it
(docs/adr/0004). Steps rise by about 0.02 log-odds and reach past what was seen, as the line does.
Writes text; imports no LightGBM. Start reading at `trees_of`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from churn.events import FloatArray
from training.logistic import CLIP, Line, signed_exp, signed_log

RISE = 0.02  # log-odds from one step to the next, about
NARROW, WIDE = 0.06, 1.0  # width of a step, at least and at most, in standard deviations of the signed log
REACH = 3.0  # standard deviations past what was seen: silences only grow longer
NAN_RIGHT = 8  # LightGBM's decision_type: numeric split, null is null, null goes right
LARGEST = 1.7e308  # every number is below it, so only null goes right


@dataclass(frozen=True)
class Steps:
    """One feature's share of the log-odds as a step function.

    Args:
        feature: its column.
        edges: upper ends of all steps but the last, ascending, in the feature's unit. Shape (s - 1,).
        values: log-odds of each step. Shape (s,).
        counts: training rows in each step, 1 at least. Shape (s,).
        null_value: log-odds where the feature is null.
        null_count: training rows where it is, 1 at least.
    """

    feature: int
    edges: FloatArray
    values: FloatArray
    counts: list[int]
    null_value: float
    null_count: int


@dataclass
class _Tree:
    """The arrays of a tree while it is being laid out; a leaf is written as the complement of its number."""

    split: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    count: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    leaf_value: list[float] = field(default_factory=list)
    leaf_count: list[int] = field(default_factory=list)

    def leaf(self, value: float, count: int) -> int:
        self.leaf_value.append(value)
        self.leaf_count.append(count)
        return ~(len(self.leaf_value) - 1)

    def node(self, split: float, count: int) -> int:
        self.split.append(split)
        self.count.append(count)
        self.left.append(0)
        self.right.append(0)
        return len(self.split) - 1


def trees_of(line: Line, X: FloatArray) -> list[str]:
    """The line as blocks of LightGBM's text without their `Tree=` line, one a feature that matters.

    Args:
        line: the fitted line.
        X: the rows it was fitted on; they say how often each step is met, which exact reasons need. Shape (n, f).
    """
    steps = [_steps(line, X, int(feature)) for feature in np.flatnonzero(_matters(line))]
    constant = float(line.weights[-1])
    if not steps:
        steps = [Steps(0, np.zeros(0), np.zeros(1), [len(X)], 0.0, 1)]
    return [_block(one, constant if position == 0 else 0.0) for position, one in enumerate(steps)]


def tree_of(steps: Steps) -> str:
    """One step function as a tree."""
    return _block(steps, 0.0)


def model_text(names: Sequence[str], blocks: Sequence[str]) -> str:
    """A whole model in LightGBM's text, from trees and the names of all features."""
    numbered = [f"Tree={number}\n{block.rstrip()}\n\n\n" for number, block in enumerate(blocks)]
    head = {
        "version": "v4",
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "label_index": "0",
        "max_feature_idx": str(len(names) - 1),
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(names),
        "feature_infos": " ".join(["[-inf:inf]"] * len(names)),
        "tree_sizes": " ".join(str(len(block.encode())) for block in numbered),
    }
    told = "\n".join(f"{key}={value}" for key, value in head.items())
    return f"tree\n{told}\n\n{''.join(numbered)}end of trees\n\nparameters:\nend of parameters\n"


def blocks_of(text: str) -> list[str]:
    """The trees of a model's text, without their `Tree=` lines."""
    blocks = text.partition("\nend of trees")[0].split("\nTree=")[1:]
    return [block.partition("\n")[2] for block in blocks]


def scaled(block: str, by: float, *, plus: float = 0.0, gain: float = 1.0) -> str:
    """A tree with its values multiplied by one number and raised by another, and the gain of its splits multiplied."""
    into = {"leaf_value": (by, plus), "internal_value": (by, plus), "split_gain": (gain, 0.0)}
    lines = block.rstrip().split("\n")
    for at, line in enumerate(lines):
        key, _, values = line.partition("=")
        if key in into:
            times, more = into[key]
            lines[at] = f"{key}={' '.join(repr(float(value) * times + more) for value in values.split())}"
    return "\n".join(lines) + "\n\n\n"


def _matters(line: Line) -> np.ndarray:
    count = len(line.scaling.mean)
    return np.abs(line.weights[:count]) + np.abs(line.weights[count : 2 * count]) > 1e-12


def _steps(line: Line, X: FloatArray, feature: int) -> Steps:
    scaling, count = line.scaling, len(line.scaling.mean)
    null = np.isnan(X[:, feature])
    z = (signed_log(X[~null, feature]) - scaling.mean[feature]) / scaling.spread[feature]
    z = np.clip(z, -CLIP, CLIP)
    low, high = max(-CLIP, float(z.min()) - REACH), min(CLIP, float(z.max()) + REACH)
    width = float(np.clip(RISE / max(abs(line.weights[feature]), RISE), NARROW, WIDE))
    edges = np.arange(np.floor(low / width) + 1, np.ceil(high / width)) * width
    place = np.searchsorted(edges, z, side="left")  # a value on an edge belongs below it, as in LightGBM
    met = np.bincount(place, minlength=len(edges) + 1)
    middles = np.concatenate([edges, [high]]) - width / 2
    means = np.bincount(place, weights=z, minlength=len(edges) + 1) / np.maximum(met, 1)
    return Steps(
        feature=feature,
        edges=signed_exp(edges * scaling.spread[feature] + scaling.mean[feature]),
        values=line.weights[feature] * np.where(met > 0, means, middles),
        counts=[int(rows) for rows in np.maximum(met, 1)],
        null_value=float(line.weights[count + feature]),
        null_count=max(int(null.sum()), 1),
    )


def _block(steps: Steps, constant: float) -> str:
    tree = _Tree()
    root = tree.node(LARGEST, sum(steps.counts) + steps.null_count)
    tree.left[root] = _grow(tree, steps, constant, 0, len(steps.values))
    tree.right[root] = tree.leaf(steps.null_value + constant, steps.null_count)
    return "\n".join(_lines(tree, steps.feature)) + "\n\n\n"


def _grow(tree: _Tree, steps: Steps, constant: float, first: int, end: int) -> int:
    """Lay the steps `[first, end)` into a balanced tree; gives its root as a child is written."""
    if end - first == 1:
        return tree.leaf(float(steps.values[first]) + constant, steps.counts[first])
    middle = (first + end) // 2
    node = tree.node(float(steps.edges[middle - 1]), sum(steps.counts[first:end]))
    tree.left[node] = _grow(tree, steps, constant, first, middle)
    tree.right[node] = _grow(tree, steps, constant, middle, end)
    return node


def _lines(tree: _Tree, feature: int) -> Iterator[str]:
    nodes = len(tree.split)
    written: dict[str, list[int] | list[float]] = {
        "split_feature": [feature] * nodes,
        "split_gain": [0] * nodes,
        "threshold": tree.split,
        "decision_type": [NAN_RIGHT] * nodes,
        "left_child": tree.left,
        "right_child": tree.right,
        "leaf_value": tree.leaf_value,
        "leaf_weight": tree.leaf_count,
        "leaf_count": tree.leaf_count,
        "internal_value": [0] * nodes,
        "internal_weight": tree.count,
        "internal_count": tree.count,
    }
    yield f"num_leaves={len(tree.leaf_value)}"
    yield "num_cat=0"
    for name, values in written.items():
        yield f"{name}={' '.join(repr(value) for value in values)}"
    yield "is_linear=0"
    yield "shrinkage=1"
