"""Which rows may judge a learner, and how far may the level of outcomes yet drift from theirs?

Earlier cutoffs learn, later ones judge: their outcome had matured before. Start reading at `split_of`.
"""

from dataclasses import dataclass

import numpy as np

from churn.calendar import DAY_US, from_us
from churn.definition import Lifecycle
from churn.events import BoolArray, FloatArray
from training.rows import Rows

LATER_CUTOFFS = 3
YEAR_DAYS = 300  # cutoffs that span so many days have seen about every season
UNSEEN_SEASON = 0.8  # log-odds by which outcomes may rise or fall in a season that no cutoff has seen
MANY_CUSTOMERS = 5_000


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to judge on.

    Args:
        learn, judge: masks. Shape (n,).
        known_us: nothing later is known to those who learn.
        told: the same in words.
        drift: log-odds by which the level of outcomes may yet change.
    """

    learn: BoolArray
    judge: BoolArray
    known_us: int
    told: str
    drift: float


def split_of(rows: Rows, lifecycle: Lifecycle) -> Split:
    """Earlier cutoffs to learn from, whose outcome had matured by the later ones, which judge; all, where none had."""
    cutoffs = np.unique(rows.cutoff_us)
    for count in range(min(LATER_CUTOFFS, len(cutoffs)), 0, -1):
        first = int(cutoffs[-count])
        ripe = [one for one in cutoffs if lifecycle.is_mature(from_us(int(one)), from_us(first))]
        if ripe:
            learn, judge = np.isin(rows.cutoff_us, ripe), rows.cutoff_us >= first
            return Split(learn, judge, first, "later cutoffs, other customers", _drift(rows, judge))
    everything = np.ones(len(rows), dtype=np.bool_)
    told = "other customers alone: no cutoff had matured before another"
    return Split(everything, everything, int(cutoffs[0]), told, _drift(rows, everything))


def _drift(rows: Rows, judge: BoolArray) -> float:
    """By how many log-odds the level of outcomes may yet differ from that of the rows that judge.

    As far as it did at any training cutoff; in less than a year of cutoffs there are seasons that nobody has seen. Not
    asked of very many customers: there the gate sees on the newest cutoffs, surely, whether a season broke the model.
    """
    if len(set(rows.customer)) >= MANY_CUSTOMERS:
        return 0.0
    cutoffs, where = np.unique(rows.cutoff_us, return_inverse=True)
    happened, size = np.bincount(where, weights=rows.outcome) + 1, np.bincount(where) + 2.0
    mine = np.array((rows.outcome[judge].sum() + 1) / (judge.sum() + 2))
    seen = float(np.abs(_logit(happened / size) - _logit(mine)).max())
    whole_year = (cutoffs[-1] - cutoffs[0]) / DAY_US >= YEAR_DAYS
    return seen if whole_year else max(seen, UNSEEN_SEASON)


def _logit(p: FloatArray) -> FloatArray:
    return np.log(p) - np.log1p(-p)
