"""Which groups a customer's reasons speak of: plain loops over contributions, written so that numba can compile them.

Answers, row by row: the groups worth telling, those in the direction of the score first, each direction strongest
first, and of each the feature that moved the score most in the group's direction (`find_reasons`). Some thirty
operations of numpy took forty microseconds a customer, the loops take two. Reads and fills arrays; knows no words.
`churn/treeshap.py` compiles it; what it is for stands in `churn/explanation.py`.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ALONG, AGAINST, UNTOLD = 0, 1, 2


def find_reasons(
    contributions: FloatArray, usual: FloatArray, group: IntArray, least_share: float, found: FloatArray,
    places: IntArray,
) -> None:  # fmt: skip
    """Fill `found` and `places`, customer by customer.

    Args:
        contributions: log-odds, further columns are not read. Shape (n, F or more).
        usual: contributions to the score of the usual customer. Shape (F,).
        group: of each feature, from 0 on. Shape (F,).
        least_share: of all movement, that a group needs to be told.
        found: of each place in the list the group's sum and its share of all movement. Shape (n, top, 2).
        places: in the first column 1 where the score lies above the usual or at it, else 0; in the second how many
            groups are told, in the third how many of them go the way of the score, then their features; a feature
            of nobody is -1. Shape (n, 3 + top).
    """
    count, top = 1 + max(group), found.shape[1]
    sums, rank = np.empty(count), np.empty(count, dtype=np.int64)
    for i in range(len(contributions)):
        sums[:] = 0.0
        for j in range(len(group)):
            sums[group[j]] += contributions[i, j] - usual[j]
        moved, total = 0.0, 0.0
        for one in range(count):
            moved += abs(sums[one])
            total += sums[one]
        way = 1.0 if total >= 0.0 else -1.0
        for one in range(count):
            told = moved > 0.0 and abs(sums[one]) / moved >= least_share and sums[one] != 0.0
            rank[one] = (ALONG if sums[one] * way > 0.0 else AGAINST) if told else UNTOLD
        places[i, 0], places[i, 1], places[i, 2] = way > 0.0, 0, 0
        for place in range(top):
            best = next_group(sums, rank)
            if best < 0:
                break
            places[i, 1] += 1
            places[i, 2] += rank[best] == ALONG
            places[i, 3 + place] = strongest(contributions[i], usual, group, best, sums[best])
            found[i, place, 0], found[i, place, 1] = sums[best], abs(sums[best]) / moved
            rank[best] = UNTOLD


def next_group(sums: FloatArray, rank: IntArray) -> int:
    """The group to tell next, -1 where there is none; of equals the first."""
    best = -1
    for one in range(len(sums)):
        if rank[one] != UNTOLD and (
            best < 0 or rank[one] < rank[best] or (rank[one] == rank[best] and abs(sums[one]) > abs(sums[best]))
        ):
            best = one
    return best


def strongest(row: FloatArray, usual: FloatArray, group: IntArray, one: int, total: float) -> int:
    """The feature of a group that moved the score most in the group's direction; of equals the first."""
    best, most = -1, -np.inf
    for j in range(len(group)):
        if group[j] == one:
            along = (row[j] - usual[j]) * (1.0 if total > 0.0 else -1.0)
            if best < 0 or along > most:
                best, most = j, along
    return best
