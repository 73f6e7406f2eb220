"""The ways up a model's trees: each split's parent, and where its feature was met before.

All trees are climbed at once, a level at a time. Reads and returns arrays of all splits. Start reading at `paths`.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
PlaceArray = NDArray[np.int64]

NONE = -1


def upwards(children: list[IntArray], first: PlaceArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Each split's parent, over all trees, -1 at a root; and whether it is the right child. Each of shape (S,)."""
    parent, is_right = np.full(len(first), NONE), np.zeros(len(first), dtype=np.bool_)
    for right, child in enumerate(children):
        splits = np.flatnonzero(child >= 0)
        parent[child[splits] + first[splits]] = splits
        is_right[child[splits] + first[splits]] = bool(right)
    return parent, is_right


def paths(
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
