"""The deletion test: does a score move more when its top reason is taken away than when another one is?

To take a group of reasons away is to give the customer somebody else's values in all of its features together, drawn
from customers asked about at the same cutoff; the rest stays. The score's move is averaged over draws, so that what is
taken away is replaced by the usual, not by one odd person. A reason that is named first should move the score more
than one named at random; here it is counted how often it does.

Reads scores only. Start reading at `deletion`.
Source: Covert, Lundberg, Lee (2021), Explaining by Removing, JMLR 22(209): removal by the marginal distribution.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churn.events import FloatArray
from churn.explanation import told_first
from training.reasons.counted import Share
from training.reasons.grouped import Groups, IntArray, strongest

CUSTOMERS: Final = 1_000
DRAWS: Final = 16
LEAST: Final = 0.95
NOBODY: Final = Share(0, 0)
Score = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Deletion:
    """How often taking the top group away moved the score more than taking a random other one.

    Args:
        beats_random: the share, a random other group drawn for each customer.
        told_beats_random: the same for the group that a customer's reasons begin with: the strongest in the direction
            of the score, where it is clear.
        most: the share for whom no other group moves it more.
        move_top: mean move of the raw score, log-odds; move_random: of a random other group.
    """

    beats_random: Share
    told_beats_random: Share
    most: Share
    move_top: float
    move_random: float

    @property
    def passed(self) -> bool:
        """At least 95 % of customers; or there is but one group, which nothing can be held against."""
        return _holds(self.beats_random)

    @property
    def told_passed(self) -> bool:
        """Likewise of the group that is told first."""
        return _holds(self.told_beats_random)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "beats_random": self.beats_random.as_json(),
            "told_beats_random": self.told_beats_random.as_json(),
            "moves_most": self.most.as_json(),
            "move_top": self.move_top,
            "move_random": self.move_random,
            "passed": self.passed,
            "told_passed": self.told_passed,
        }


def _holds(found: Share) -> bool:
    return not found.n or found.share >= LEAST


def deletion(
    score: Score,
    X: FloatArray,
    sums: FloatArray,
    cutoff_us: IntArray,
    groups: Groups,
    *,
    seed: int,
    customers: int = CUSTOMERS,
) -> Deletion:
    """Take groups away and count.

    Args:
        score: raw log-odds of prepared rows.
        X: prepared rows. Shape (n, f).
        sums: contributions of each group to them, beyond the usual. Shape (n, g).
        cutoff_us: of each row; who lends values was asked about at the same cutoff. Shape (n,).
        groups: which columns belong to which group.
        seed: of the draws.
        customers: rows that are tried.
    """
    if len(groups.codes) < 2:
        return Deletion(NOBODY, NOBODY, NOBODY, 0.0, 0.0)
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(X))[:customers])
    moves = moved(score, X, rows, lenders(cutoff_us, rows, random), groups)
    top = strongest(sums[rows])
    every = np.arange(len(rows))
    other = random.integers(0, len(groups.codes) - 1, len(rows))
    other += other >= top  # any but the top one
    mine = moves[every, top]
    return Deletion(
        Share.of(mine > moves[every, other]),
        _told(sums[rows], moves, random),
        Share.of(mine >= moves.max(axis=1)),
        float(mine.mean()),
        float(moves[every, other].mean()),
    )


def _told(sums: FloatArray, moves: FloatArray, random: np.random.Generator) -> Share:
    """The same count for the groups that are told first."""
    first = told_first(sums)
    rows = np.flatnonzero(first >= 0)
    other = random.integers(0, sums.shape[1] - 1, len(rows))
    other += other >= first[rows]
    return Share.of(moves[rows, first[rows]] > moves[rows, other])


def moved(score: Score, X: FloatArray, rows: IntArray, lent: IntArray, groups: Groups) -> FloatArray:
    """How far each score moves when a group is taken away, in log-odds. Shape (rows, g).

    Args:
        score: raw log-odds of prepared rows.
        X: prepared rows.
        rows: whose scores.
        lent: rows whose values are lent. Shape (rows, draws).
        groups: which columns belong to which group.
    """
    before, found = score(X[rows]), np.empty((len(rows), len(groups.codes)))
    for place, members in enumerate(groups.members):
        changed = np.repeat(X[rows], lent.shape[1], axis=0)
        changed[:, members] = X[lent.ravel()][:, members]
        after = score(changed).reshape(len(rows), -1).mean(axis=1)
        found[:, place] = np.abs(before - after)
    return found


def lenders(cutoff_us: IntArray, rows: IntArray, random: np.random.Generator) -> IntArray:
    """For each row others of its cutoff, drawn with replacement. Shape (rows, draws)."""
    lent = np.empty((len(rows), DRAWS), dtype=np.int64)
    for cutoff in np.unique(cutoff_us[rows]):
        mine = cutoff_us[rows] == cutoff
        lent[mine] = random.choice(np.flatnonzero(cutoff_us == cutoff), (int(mine.sum()), DRAWS))
    return lent
