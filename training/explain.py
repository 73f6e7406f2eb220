"""What the model looks at: mean size of each feature's exact contribution, its direction, and each group of reasons.

Contributions are exact (path-dependent TreeSHAP) and in log-odds; they sum to the raw score. Gain is what the boosted
trees won by splitting on a feature; the line below them has none. Reads test rows; returns numbers.
Start reading at `importances`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import lightgbm
import numpy as np

from churn.bundle import Bundle
from churn.events import FloatArray
from training.fit import Fitted
from training.plan import numbered
from training.rows import Rows

SAMPLE = 2000  # rows are plenty for a mean
NEWEST = 1000


@dataclass(frozen=True)
class Importance:
    """How much a feature moves scores.

    Args:
        feature: its name.
        log_odds: mean absolute contribution. share: its part of the whole.
        direction: rank correlation of value and contribution, in [-1, 1]: above 0, more of it goes with a higher chance
            of the outcome; None where its values are codes or never differ.
        gain: its part of what the boosted trees gained.
    """

    feature: str
    log_odds: float
    share: float
    direction: float | None = None
    gain: float = 0.0


@dataclass(frozen=True)
class Trees:
    """A model's trees, ready to score and to explain.

    Args:
        text: LightGBM's.
    """

    text: str

    @cached_property
    def _booster(self) -> lightgbm.Booster:
        return lightgbm.Booster(model_str=self.text)

    def raw(self, X: FloatArray) -> FloatArray:
        """Raw log-odds of prepared rows. Shape (n,)."""
        return np.asarray(self._booster.predict(X, raw_score=True, num_threads=1), dtype=np.float64)

    def contributions(self, X: FloatArray) -> FloatArray:
        """Exact contributions of each feature to the raw log-odds, then the base value. Shape (n, f + 1)."""
        return np.asarray(self._booster.predict(X, pred_contrib=True, num_threads=1), dtype=np.float64)

    def gain(self) -> FloatArray:
        """Each feature's part of what the boosted trees gained. Shape (f,)."""
        gain = np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)
        return gain / (float(gain.sum()) or 1.0)


def usual_moves(fitted: Fitted, rows: Rows) -> dict[str, float]:
    """Each feature's mean contribution to the scores of the newest cutoff's rows, log-odds.

    Reasons are told beyond it. The newest cutoff, since season and tenure move the scores of all, and with the time.
    """
    newest = np.flatnonzero(rows.cutoff_us == rows.cutoff_us.max())
    few = rows.take(newest[:: max(1, len(newest) // NEWEST)])
    means = fitted.contributions(numbered(few, fitted.categories))[:, :-1].mean(axis=0)
    return {name: float(mean) for name, mean in zip(rows.columns.names, means, strict=True) if mean}


def importances(fitted: Fitted, bundle: Bundle, rows: Rows) -> list[Importance]:
    """Every feature that moves a score, the strongest first."""
    step = max(1, len(rows) // SAMPLE)
    X = bundle.prepare(rows.X[::step])
    trees = Trees(fitted.booster)
    return of_contributions(trees.contributions(X)[:, :-1], X, bundle, trees.gain())


def of_contributions(contributions: FloatArray, X: FloatArray, bundle: Bundle, gain: FloatArray) -> list[Importance]:
    """Every feature that moves a score, the strongest first.

    Args:
        contributions: of each feature, without the base value. Shape (n, f).
        X: prepared rows. Shape (n, f).
        bundle: names the features.
        gain: of each feature. Shape (f,).
    """
    moved = np.abs(contributions).mean(axis=0)
    total = float(moved.sum()) or 1.0
    return [
        Importance(
            bundle.features[place],
            float(moved[place]),
            float(moved[place]) / total,
            None if bundle.features[place] in bundle.categories else _direction(X[:, place], contributions[:, place]),
            float(gain[place]),
        )
        for place in np.argsort(-moved, kind="stable")
        if moved[place] > 0
    ]


def groups(found: list[Importance], reasons: Mapping[str, str]) -> dict[str, float]:
    """The part of each group of reasons, the strongest first."""
    shares: dict[str, float] = {}
    for one in found:
        code = reasons.get(one.feature, "other")
        shares[code] = shares.get(code, 0.0) + one.share
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _direction(values: FloatArray, contributions: FloatArray) -> float | None:
    """Spearman's rank correlation over the rows where the value is known."""
    known = ~np.isnan(values)
    one, other = (_ranks(column[known]) for column in (values, contributions))
    if len(one) < 2 or not one.std() or not other.std():
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks, ties shared."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])
