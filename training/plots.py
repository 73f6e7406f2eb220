"""Three pictures of a model: is it calibrated, whom does it find first, what does it look at. PNG, no window."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from churn.events import FloatArray
from churn.metrics import ece
from training.explain import Importance

TOP = 15


def pictures(
    outcome: FloatArray, probabilities: Mapping[str, FloatArray], found: Sequence[Importance], learner: str = "lightgbm"
) -> dict[str, bytes]:
    """File name to PNG: calibration.png, lift.png, importance.png.

    Args:
        outcome: of the test rows. Shape (n,).
        probabilities: of each learner on them.
        found: what the model looks at.
        learner: which of them may serve.
    """
    from matplotlib.figure import Figure

    return {
        "calibration.png": _png(_calibration(Figure(figsize=(5, 4)), outcome, probabilities[learner])),
        "lift.png": _png(_lift(Figure(figsize=(5, 4)), outcome, probabilities)),
        "importance.png": _png(_importance(Figure(figsize=(7, 4.5)), found)),
    }


def _calibration(figure: Any, outcome: FloatArray, probability: FloatArray) -> Any:
    bins = ece(outcome, probability).bins
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot([one.mean_score for one in bins], [one.base_rate for one in bins], marker="o")
    axes.set(xlabel="probability told", ylabel="share for whom it came true", title="Calibration (10 bins, equal mass)")
    return figure


def _lift(figure: Any, outcome: FloatArray, probabilities: Mapping[str, FloatArray]) -> Any:
    axes = figure.subplots()
    share = np.arange(1, len(outcome) + 1) / len(outcome)
    for learner, probability in probabilities.items():
        found = np.cumsum(outcome[np.argsort(-probability, kind="stable")]) / outcome.sum()
        axes.plot(share, found, label=learner)
    axes.set(xlabel="share of customers reached", ylabel="share of outcomes found", title="Whom it finds first")
    axes.legend()
    return figure


def _importance(figure: Any, found: Sequence[Importance]) -> Any:
    axes = figure.subplots()
    top = list(found[:TOP])[::-1]
    axes.barh([one.feature for one in top], [one.log_odds for one in top])
    axes.set(xlabel="mean absolute contribution, log-odds", title="What the model looks at")
    return figure


def _png(figure: Any) -> bytes:
    buffer = BytesIO()
    figure.tight_layout()
    figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
    return buffer.getvalue()
