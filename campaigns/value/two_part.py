"""Survival x expected money, learned: the chance to buy within the horizon, times what those spend who do.

    cohorts --trees--> P(buys at all)         one who left buys nothing; one who lapsed may come back; one order will do
            --trees--> E[money | buys]        a gamma's mean, of those alone who bought

Both parts are gradient-boosted trees over visits, money and pauses (`INPUTS`). The second is learned from buyers alone:
the chance that somebody buys is in the first part, and nowhere else. A speaker of LightGBM. Start reading at `TwoPart`.

Source: Vanderveld et al. (2016), "An engagement-based customer lifetime value system for e-commerce", KDD (two stages).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import lightgbm
import numpy as np
from numpy.typing import NDArray

from campaigns.value.cohorts import Cohort
from campaigns.value.estimators import LEARNED, Silent
from campaigns.value.pasts import Pasts
from churn.events import FloatArray

FOLDS = 3
ROUNDS = 100
FEWEST_ROWS, FEWEST_BUYERS = 200, 60  # to learn from at all; twice min_positives, since both parts need them
SHARED: dict[str, Any] = {
    "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 40, "lambda_l2": 5.0, "num_threads": 1, "seed": 7,
    "deterministic": True, "force_col_wise": True, "verbose": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Trees:
    """Both parts, fitted."""

    buys: lightgbm.Booster
    money: lightgbm.Booster

    def expected(self, pasts: Pasts) -> FloatArray:
        """See `Fitted.expected`."""
        seen = pasts.inputs
        return np.asarray(self.buys.predict(seen) * self.money.predict(seen), dtype=np.float64)


@dataclass(frozen=True)
class TwoPart:
    """Survival x expected money."""

    code: str = LEARNED

    def fit(self, at: Pasts, learned: Sequence[Cohort]) -> Trees | Silent:
        """See `Estimator.fit`; `at` is not looked at."""
        del at
        if not learned:
            return Silent("short_past")
        seen, spent = np.concatenate([one.pasts.inputs for one in learned]), _spent(learned)
        if len(spent) < FEWEST_ROWS or (spent > 0).sum() < FEWEST_BUYERS or (spent > 0).all():
            return Silent("too_few")
        return _fitted(seen, spent)

    def before(self, learned: Sequence[Cohort]) -> tuple[FloatArray, FloatArray] | Silent:
        """See `Estimator.before`: each customer by trees that saw other customers alone."""
        if isinstance(self.fit(learned[0].pasts, learned[:1]) if learned else Silent("short_past"), Silent):
            return Silent("too_few" if learned else "short_past")
        fold = np.concatenate([folds_of(one.pasts.customer_ids) for one in learned])
        seen, spent = np.concatenate([one.pasts.inputs for one in learned]), _spent(learned)
        told = np.empty(len(spent))
        for number in range(FOLDS):
            mine = fold == number
            trees = _fitted(seen[~mine], spent[~mine])
            told[mine] = trees.buys.predict(seen[mine]) * trees.money.predict(seen[mine])
        return told, spent


def folds_of(customer_ids: NDArray[np.object_], folds: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each customer: of their id alone, so that they are in one fold at every instant."""
    return np.array([crc32(str(one).encode()) % folds for one in customer_ids], dtype=np.int64)


def _spent(learned: Sequence[Cohort]) -> FloatArray:
    return np.concatenate([one.spent for one in learned])


def _fitted(seen: FloatArray, spent: FloatArray) -> Trees:
    bought = spent > 0
    buys = _trees(seen, bought.astype(np.float64), "binary")
    return Trees(buys, _trees(seen[bought], spent[bought], "gamma"))


def _trees(seen: FloatArray, target: FloatArray, objective: str) -> lightgbm.Booster:
    params = {**SHARED, "objective": objective}
    return lightgbm.train(params, lightgbm.Dataset(seen, target, params=params), ROUNDS)
