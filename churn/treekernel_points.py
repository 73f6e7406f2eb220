"""The points of the kernel of exact reasons: how many are exact, and what splits need at each.

Reads a model's trees, returns arrays. Start reading at `points_of`; what they are for: churn/treekernel.py.
"""

import numpy as np

from churn.treekernel import Points
from churn.treelayout import Trees

STEP = 4  # quadrature points come in fours, as many as the shortest vector holds


def exact_nodes(distinct: int) -> int:
    """Return how many quadrature points are exact for paths of so many distinct features."""
    return max(-(-distinct // (2 * STEP)), 1) * STEP


def points_of(trees: Trees, nodes: int) -> Points:
    """Gauss-Legendre points on [0, 1], and what every split that meets its feature again needs at each."""
    points, weights = (np.round(one, 15) for one in np.polynomial.legendre.leggauss(nodes))  # the same on any machine
    t = (points + 1) / 2
    first = np.zeros(len(trees.threshold), dtype=np.int32)
    first[trees.repeated] = 2 + 2 * np.arange(len(trees.repeated))
    ratio = trees.above_ratio[trees.repeated][:, None]
    inverse = np.ones((2 + 2 * len(ratio), 2, nodes))
    inverse[2::2, 0] = 1 / (ratio + t * (1 - ratio))
    inverse[2::2, 1] = inverse[2::2, 0] ** 2
    inverse[3::2, 0] = 1 / (np.maximum(ratio, 1e-300) * (1 - t))
    inverse[3::2, 1] = 0.0
    return Points(t, 1 - t, weights / 2, first, inverse.ravel())
