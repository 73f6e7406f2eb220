"""What the model looks at: mean size of each feature's exact contribution, and of each group of reasons.

Contributions are exact (path-dependent TreeSHAP) and in log-odds. Reads test rows; returns numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from churn.bundle import Bundle
from training.fit import Fitted
from training.rows import Rows

SAMPLE = 2000  # rows are plenty for a mean


@dataclass(frozen=True)
class Importance:
    """How much a feature moves scores: mean absolute contribution in log-odds, and its part of the whole."""

    feature: str
    log_odds: float
    share: float


def importances(fitted: Fitted, bundle: Bundle, rows: Rows) -> list[Importance]:
    """Every feature that moves a score, the strongest first."""
    step = max(1, len(rows) // SAMPLE)
    moved = np.abs(fitted.contributions(bundle.prepare(rows.X[::step])))[:, :-1].mean(axis=0)
    total = float(moved.sum()) or 1.0
    order = np.argsort(-moved, kind="stable")
    return [
        Importance(bundle.features[place], float(moved[place]), float(moved[place]) / total)
        for place in order
        if moved[place] > 0
    ]


def groups(found: list[Importance], reasons: Mapping[str, str]) -> dict[str, float]:
    """The part of each group of reasons, the strongest first."""
    shares: dict[str, float] = {}
    for one in found:
        code = reasons.get(one.feature, "other")
        shares[code] = shares.get(code, 0.0) + one.share
    return dict(sorted(shares.items(), key=lambda item: -item[1]))
