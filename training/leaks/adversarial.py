"""Can the rows of the test cutoffs be told from those of the training cutoffs, and by what?

A classifier is asked which fold a row is of; customers are in one of its folds only. What all customers of a cutoff
share (season, holidays) tells the cutoff itself, so the question is asked with and without it; then the strongest
feature is taken away, again and again, to see what else there is. An AUC near 0.5: the model is tested on what it
learned from. Near 1: look at the features it names; tenure grows with the log's age and days since a campaign tell the
day, which is no fault. It reads no outcome. Start reading at `adversarial`.

Source: Pan et al. (2020), Adversarial Validation Approach to Concept Drift Problem, arXiv:2004.03045.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churn.events import BoolArray, FloatArray
from churn.metrics import roc_auc
from training.leaks.classifier import told_together
from training.leaks.evidence import Evidence
from training.leaks.single import IntArray, Question

EACH: Final = 3_000  # rows a side
PEELED: Final = 4  # features that are taken away one after the other
ALIKE: Final = 0.6  # AUC below which nothing worth naming is left


@dataclass(frozen=True)
class Mover:
    """A feature that tells the folds apart: the AUC while it was there, its share of the gain, its medians."""

    feature: str
    auc: float
    share: float
    train: float | None
    test: float | None


@dataclass(frozen=True)
class Adversarial:
    """How well test rows are told from training rows.

    Args:
        auc: with all features. without_calendar: without those that all customers of a cutoff share.
        shared: those. movers: the others, in the order in which they were taken away.
        left: AUC of what is left without them.
    """

    auc: float
    without_calendar: float
    shared: tuple[str, ...]
    movers: tuple[Mover, ...]
    left: float

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "auc": self.auc,
            "without_calendar": self.without_calendar,
            "shared": list(self.shared),
            "movers": [vars(one) for one in self.movers],
            "left": self.left,
        }


def adversarial(seen: Evidence, *, seed: int) -> Adversarial | None:
    """Tell the folds apart; None where one of them has too few rows."""
    train, test = (slice(None, None, max(1, len(one) // EACH)) for one in (seen.X, seen.fresh))
    X = np.vstack([seen.X[train], seen.fresh[test]])
    customers = np.concatenate([seen.customer[train], seen.fresh_customer[test]])
    is_test = np.concatenate([np.zeros(len(seen.X[train])), np.ones(len(seen.fresh[test]))])
    question = Question.of(is_test, customers, seed=seed)
    if not question.can_be_asked:
        return None
    shared = _shared(seen)
    everything = told_together(X, question, category=seen.category, seed=seed)
    movers, left = _peeled(seen, X, question, np.flatnonzero(~shared), seed)
    return Adversarial(
        auc=roc_auc(is_test, everything.score),
        without_calendar=movers[0].auc if movers else left,
        shared=tuple(name for name, one in zip(seen.names, shared, strict=True) if one),
        movers=movers,
        left=left,
    )


def _peeled(
    seen: Evidence, X: FloatArray, question: Question, kept: IntArray, seed: int
) -> tuple[tuple[Mover, ...], float]:
    """Take the strongest feature away until nothing is worth naming; the features, and the AUC of what is left."""
    movers: list[Mover] = []
    while True:
        told = told_together(X[:, kept], question, category=seen.category[kept], seed=seed)
        auc = roc_auc(question.outcome, told.score)
        if auc < ALIKE or len(movers) == PEELED or len(kept) == 1:
            return tuple(movers), auc
        place = int(np.argmax(told.gain))
        feature = int(kept[place])
        movers.append(Mover(seen.names[feature], auc, float(told.gain[place]), *_medians(seen, feature)))
        kept = np.delete(kept, place)


def _shared(seen: Evidence) -> BoolArray:
    """Features that all customers of a cutoff share. Shape (f,)."""
    shared = np.ones(len(seen.names), dtype=np.bool_)
    for cutoff in np.unique(seen.cutoff_us):
        mine = seen.X[seen.cutoff_us == cutoff]
        shared &= ((mine == mine[0]) | (np.isnan(mine) & np.isnan(mine[0]))).all(axis=0)
    return shared


def _medians(seen: Evidence, place: int) -> tuple[float | None, float | None]:
    if seen.category[place]:
        return None, None
    return _median(seen.X[:, place]), _median(seen.fresh[:, place])


def _median(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None
