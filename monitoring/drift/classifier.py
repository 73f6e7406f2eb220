"""The domain classifier: can trees tell rows of now from earlier ones? The file of drift that speaks LightGBM.

Few shallow trees, two folds over customers, a fixed seed; it makes no model that serves. Arrays in, what it told out.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churn.events import BoolArray, FloatArray

TREES: Final = 60
FOLDS: Final = 2
PARAMS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.7,
    "max_bin": 63,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 7,
    "verbose": -1,
}


@dataclass(frozen=True)
class Told:
    """What trees told that had not seen the customer.

    Args:
        score: log-odds of being of now. Shape (n,).
        gain: share of the gain of each column. Shape (f,).
    """

    score: FloatArray
    gain: FloatArray


def tell_apart(X: FloatArray, is_now: BoolArray, fold: NDArray[np.int64]) -> Told:
    """Cross-fit.

    Args:
        X: columns as numbers, NaN for null. Shape (n, f).
        is_now: which rows are of now. Shape (n,).
        fold: of each row, 0 or 1; a customer's rows in one. Shape (n,).
    """
    import lightgbm  # takes seconds to load, and most runs of the tests ask for no joint drift

    score, gain = np.zeros(len(X)), np.zeros(X.shape[1])
    for held in range(FOLDS):
        out = fold == held
        learn = lightgbm.Dataset(X[~out], is_now[~out].astype(np.float64))
        booster = lightgbm.train(PARAMS, learn, TREES)
        score[out] = booster.predict(X[out], raw_score=True) if out.any() else 0.0
        gain += booster.feature_importance("gain")
    return Told(score, gain / (gain.sum() or 1.0))
