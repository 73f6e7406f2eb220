"""A small boosted classifier, cross-fitted over customers: what can several features tell together?

Used to hold one feature against all others, and to tell the rows of two folds apart (adversarial validation). It is
no model that serves: few shallow trees, fixed parameters. Start reading at `told_together`.
"""

from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np

from churn.events import BoolArray, FloatArray
from training.leaks.single import FOLDS, Question

TREES: Final = 40
MOST_ROWS: Final = 12_000
PARAMS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.15,
    "num_leaves": 8,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "max_bin": 63,
    "min_data_per_group": 50,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True)
class Told:
    """What features told together.

    Args:
        score: of each row, by trees that had not seen its customer. Shape (n,).
        gain: share of the gain of each feature. Shape (f,).
    """

    score: FloatArray
    gain: FloatArray


def told_together(X: FloatArray, question: Question, *, category: BoolArray, seed: int) -> Told:
    """Cross-fit over customers.

    Args:
        X: features. Shape (n, f).
        question: the outcome, and who is in which fold.
        category: features that are codes. Shape (f,).
        seed: of feature sampling.
    """
    coded = np.where(category, _numbered(X, category), X)
    places = [int(place) for place in np.flatnonzero(category)]
    score, gain = np.zeros(len(X)), np.zeros(X.shape[1])
    for fold in range(FOLDS):
        mine = question.fold == fold
        learn = lightgbm.Dataset(coded[~mine], question.outcome[~mine], categorical_feature=places)
        booster = lightgbm.train({**PARAMS, "seed": seed}, learn, TREES)
        score[mine] = booster.predict(coded[mine], raw_score=True) if mine.any() else 0.0
        gain += booster.feature_importance("gain")
    return Told(score, gain / (gain.sum() or 1.0))


def _numbered(X: FloatArray, category: BoolArray) -> FloatArray:
    """Codes of texts as small numbers."""
    numbers = X.copy()
    for place in np.flatnonzero(category):
        known = ~np.isnan(X[:, place])
        numbers[known, place] = np.unique(X[known, place], return_inverse=True)[1]
    return numbers
