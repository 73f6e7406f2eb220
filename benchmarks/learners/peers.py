"""The peers: what a good data scientist reaches for, on the very rows and features that ours learns from.

Every peer fits on three quarters of the customers and stops on the fourth (a hash of the id, as our own folds), with
the seed of the settings and one thread, at most 1,000 trees, and stops after 50 without gain in log loss. Its raw
probabilities are judged. Codes of texts are numbered and declared as categories.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from churn.events import BoolArray, FloatArray
from training.plan import known_codes, numbered
from training.rows import Rows, fold_of

TREES, PATIENCE, RATE, FOLDS = 1000, 50, 0.05, 4
AUTOML_TRIALS, AUTOML_SECONDS = 30, 300


@dataclass(frozen=True)
class Task:
    """What a peer is given.

    Args:
        X: training features. outcome: of the training rows. asked: features of the test rows.
        codes: columns that are numbers of texts.
        learn: rows to fit on; the others stop. Shape (n,).
        seed: of everything random.
        seconds: what an AutoML may take at most.
    """

    X: FloatArray
    outcome: FloatArray
    asked: FloatArray
    codes: list[int]
    learn: BoolArray
    seed: int
    seconds: float

    @classmethod
    def of(cls, train: Rows, test: Rows, *, seed: int, seconds: float) -> "Task":
        """The task of a fold."""
        codes = known_codes(train)
        learn = fold_of(train.customer, FOLDS, seed=seed) != 0
        places = [int(place) for place in np.flatnonzero(train.columns.is_category)]
        return cls(numbered(train, codes), train.outcome, numbered(test, codes), places, learn, seed, seconds)

    def frame(self, X: FloatArray) -> pd.DataFrame:
        """As a frame, texts as categories."""
        frame = pd.DataFrame(X, columns=[f"f{place}" for place in range(X.shape[1])])
        for place in self.codes:
            known = np.unique(self.X[~np.isnan(self.X[:, place]), place])
            frame[f"f{place}"] = pd.Categorical(frame[f"f{place}"], categories=known)
        return frame


def lightgbm_default(task: Task) -> FloatArray:
    """LightGBM as it comes: its own learning rate and leaves."""
    import lightgbm

    learn = lightgbm.Dataset(task.X[task.learn], task.outcome[task.learn], categorical_feature=task.codes)
    stop = lightgbm.Dataset(task.X[~task.learn], task.outcome[~task.learn], reference=learn)
    params = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": task.seed, "deterministic": True}
    patience = lightgbm.early_stopping(PATIENCE, verbose=False)
    return np.asarray(lightgbm.train(params, learn, TREES, valid_sets=[stop], callbacks=[patience]).predict(task.asked))


def xgboost(task: Task) -> FloatArray:
    """XGBoost: depth 6 as it comes, learning rate .05."""
    import xgboost as vendor

    kinds = ["c" if place in task.codes else "q" for place in range(task.X.shape[1])]

    def matrix(X: FloatArray, outcome: FloatArray | None = None) -> Any:
        return vendor.DMatrix(X, outcome, feature_types=kinds, enable_categorical=True, nthread=1)

    params = {"objective": "binary:logistic", "eta": RATE, "max_depth": 6, "nthread": 1, "seed": task.seed}
    learn, stop = (matrix(task.X[where], task.outcome[where]) for where in (task.learn, ~task.learn))
    grown = vendor.train(
        params, learn, TREES, evals=[(stop, "stop")], early_stopping_rounds=PATIENCE, verbose_eval=False
    )
    return np.asarray(grown.predict(matrix(task.asked), iteration_range=(0, grown.best_iteration + 1)))


def catboost(task: Task) -> FloatArray:
    """CatBoost: depth 6 and ordered boosting as it comes, learning rate .05."""
    import catboost as vendor

    def frame(X: FloatArray) -> pd.DataFrame:
        told = pd.DataFrame(X)
        for place in task.codes:
            told[place] = told[place].fillna(-1).astype(int)  # CatBoost wants whole numbers or texts
        return told

    model = vendor.CatBoostClassifier(
        iterations=TREES,
        learning_rate=RATE,
        random_seed=task.seed,
        thread_count=1,
        cat_features=task.codes,
        early_stopping_rounds=PATIENCE,
        allow_writing_files=False,
        verbose=False,
    )
    stop = (frame(task.X[~task.learn]), task.outcome[~task.learn])
    model.fit(frame(task.X[task.learn]), task.outcome[task.learn], eval_set=stop)
    return np.asarray(model.predict_proba(frame(task.asked))[:, 1])


def flaml(task: Task) -> FloatArray:
    """FLAML: chooses among LightGBM, XGBoost, CatBoost and forests by log loss, in so many trials; time only caps."""
    import flaml as vendor

    found = vendor.AutoML()
    found.fit(
        task.frame(task.X[task.learn]),
        task.outcome[task.learn],
        X_val=task.frame(task.X[~task.learn]),
        y_val=task.outcome[~task.learn],
        task="classification",
        metric="log_loss",
        max_iter=AUTOML_TRIALS,
        time_budget=task.seconds,
        n_jobs=1,
        seed=task.seed,
        verbose=0,
        estimator_list=["lgbm", "xgboost", "xgb_limitdepth", "catboost", "rf", "extra_tree"],
    )
    return np.asarray(found.predict_proba(task.frame(task.asked))[:, 1])


PEERS: dict[str, Callable[[Task], FloatArray]] = {
    "lightgbm_default": lightgbm_default,
    "xgboost": xgboost,
    "catboost": catboost,
    "flaml": flaml,
}


def installed() -> dict[str, Callable[[Task], FloatArray]]:
    """The peers that are there."""
    return {name: peer for name, peer in PEERS.items() if find_spec(name.removesuffix("_default"))}
