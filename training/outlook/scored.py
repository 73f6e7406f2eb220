"""Training rows with held-out scores: what an outlook is learned from."""

from dataclasses import dataclass
from typing import Self

from churn.calibration import Calibrator
from churn.events import FloatArray
from training.fit import Fitted
from training.rows import IntArray, Rows


@dataclass(frozen=True)
class Scored:
    """Training rows, some of which were scored by models that had not seen their customers.

    Args:
        model: churn or reactivation.
        rows: all of them.
        held: positions of the scored ones. Shape (m,).
        raw: their raw log-odds. Shape (m,).
        fold: their customer folds. Shape (m,).
        calibrator: raw log-odds to the probability that is served.
    """

    model: str
    rows: Rows
    held: IntArray
    raw: FloatArray
    fold: IntArray
    calibrator: Calibrator

    @classmethod
    def of(cls, model: str, rows: Rows, fitted: Fitted) -> Self:
        """The rows that a model was fitted to, with the scores of those it held out by turns."""
        return cls(model, rows, fitted.held_rows, fitted.held.raw, fitted.held.fold, fitted.calibrator)
