"""How much does one feature tell alone? Cross-fitted, with no shape assumed, and with an interval of differences.

A feature is cut into bins (null is one of them, each code of a text another); what a bin is worth is the share of
outcomes among *other* customers in it. So a feature that says nothing gets an AUC near 0.5 whatever its shape, and one
that says it all near 1. Knows no event and no cutoff. Start reading at `auc_alone`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.metrics import roc_auc
from training.rows import fold_of

FOLDS: Final = 5
BINS: Final = 20
MOST_CODES: Final = 50
PRIOR_ROWS: Final = 20.0  # rows of the overall share that every bin begins with
ROUNDS: Final = 200

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Question:
    """An outcome that features are held against.

    Args:
        outcome: 1.0 or 0.0. Shape (n,).
        fold: of the row's customer. Shape (n,).
        customer: codes of customers. Shape (n,).
    """

    outcome: FloatArray
    fold: IntArray
    customer: IntArray

    @classmethod
    def of(cls, outcome: FloatArray, customers: NDArray[np.object_], *, seed: int) -> "Question":
        """Fold customers by a hash of their ids."""
        return cls(
            outcome,
            fold_of(customers, FOLDS, seed=seed),
            np.unique(customers.astype(str), return_inverse=True)[1].astype(np.int64),
        )

    @property
    def can_be_asked(self) -> bool:
        """Both outcomes occur, neither hardly ever."""
        happened = float(self.outcome.sum())
        return min(happened, len(self.outcome) - happened) >= 30


def worth(values: FloatArray, question: Question, *, is_category: bool = False) -> FloatArray:
    """What the bin of each row is worth: the share of outcomes among other customers in it. Shape (n,)."""
    bins = _bins(values, is_category=is_category)
    place = bins * FOLDS + question.fold
    size = (int(bins.max(initial=0)) + 1) * FOLDS
    rows = np.bincount(place, minlength=size).reshape(-1, FOLDS).astype(np.float64)
    came = np.bincount(place, weights=question.outcome, minlength=size).reshape(-1, FOLDS)
    share = (came.sum() - came.sum(axis=0)) / np.maximum(rows.sum() - rows.sum(axis=0), 1)
    others, theirs = rows.sum(axis=1, keepdims=True) - rows, came.sum(axis=1, keepdims=True) - came
    told: FloatArray = ((theirs + PRIOR_ROWS * share) / (others + PRIOR_ROWS) - share)[bins, question.fold]
    return told


def auc_alone(values: FloatArray, question: Question, *, is_category: bool = False) -> float:
    """ROC AUC of one feature alone, whatever its shape; 0.5 is chance."""
    return roc_auc(question.outcome, worth(values, question, is_category=is_category))


def surely_more(
    one: tuple[FloatArray, Question], other: tuple[FloatArray, Question], *, seed: int, deviations: float = 4.0
) -> float:
    """By how much the AUC of one score surely exceeds that of another on rows of the same customers.

    Args:
        one: a score of each row, and what it is held against.
        other: likewise; the rows are the same.
        seed: of the draws.
        deviations: standard deviations that are taken off the difference.

    Returns:
        Difference of AUC, less so many standard deviations of it over draws of whole customers.

    Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 6 and 13.
    """
    random = np.random.default_rng(seed)
    customers = int(one[1].customer.max()) + 1
    levels = [(np.unique(score, return_inverse=True)[1], question) for score, question in (one, other)]
    drawn = []
    for _ in range(ROUNDS):
        weight = random.poisson(1.0, customers).astype(np.float64)
        drawn.append(_weighted(*levels[0], weight) - _weighted(*levels[1], weight))
    difference = roc_auc(one[1].outcome, one[0]) - roc_auc(other[1].outcome, other[0])
    return float(difference - deviations * np.std(drawn))


def _weighted(level: IntArray, question: Question, weight: FloatArray) -> float:
    """ROC AUC with a weight for each customer."""
    mine = weight[question.customer]
    came = np.bincount(level, weights=mine * question.outcome)
    stayed = np.bincount(level, weights=mine * (1 - question.outcome))
    below = np.cumsum(stayed) - stayed / 2
    total = came.sum() * stayed.sum()
    return float((came * below).sum() / total) if total else 0.5


def _bins(values: FloatArray, *, is_category: bool) -> IntArray:
    """The bin of each row: 0 is null, then values in order, or the commonest codes."""
    known = ~np.isnan(values)
    bins = np.zeros(len(values), dtype=np.int64)
    if not known.any():
        return bins
    if is_category:
        found, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        rank = np.empty(len(found), dtype=np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(found))
        bins[known] = 1 + np.minimum(rank[place], MOST_CODES)
        return bins
    distinct = np.unique(values[known])
    quantiles = np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1])
    edges = np.unique(quantiles) if len(distinct) > BINS else distinct[1:]
    bins[known] = 1 + np.searchsorted(edges, values[known], side="right")
    return bins
