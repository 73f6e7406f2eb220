"""The rivals a model must beat: the base rate, the recency rule, and a logistic regression on six features.

None sees the test; all three learn from the very rows the model learns from. Start reading at `rivals`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from churn.calibration import Calibrator, fit_isotonic
from churn.events import FloatArray
from training.logistic import Line, fit_line
from training.rows import Rows

RIVALS = ("logistic", "recency_rule", "base_rate")
LEARNERS = ("lightgbm", *RIVALS)
SMALL_PENALTY = 1.0
SINCE, TENURE = "_days_since", "_tenure_days"
SIX = (SINCE, "_count_ever", "_count_90d", "_count_365d", TENURE, "_total_ever")


class Rival(Protocol):
    """Something that gives probabilities."""

    def probability(self, rows: Rows) -> FloatArray:
        """Probability of the outcome, in (0, 1). Shape (n,)."""
        ...


@dataclass(frozen=True)
class BaseRate:
    """Everybody gets the share of the training rows for whom the outcome came true."""

    rate: float

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Read it off the training rows."""
        return cls(float(rows.outcome.mean()))

    def probability(self, rows: Rows) -> FloatArray:
        """The same for all. Shape (n,)."""
        return np.full(len(rows), self.rate)


@dataclass(frozen=True)
class RecencyRule:
    """Who has been silent longer is likelier to stay so: an isotonic fit of days since the last qualifying event.

    Whole days: fitted to instants, the rule would be certain of the one customer at the end of the scale.
    """

    column: str
    sign: float
    calibrator: Calibrator

    @classmethod
    def fit(cls, rows: Rows, model: str) -> Self:
        """Fit the best monotone map: rising with the silence for churn, falling for reactivation."""
        column, sign = since(rows.columns.names), 1.0 if model == "churn" else -1.0
        return cls(column, sign, fit_isotonic(sign * _days(rows, column), rows.outcome))

    def probability(self, rows: Rows) -> FloatArray:
        """By days since alone. Shape (n,)."""
        return self.calibrator.probability(self.sign * _days(rows, self.column))


def _days(rows: Rows, column: str) -> FloatArray:
    return np.floor(np.nan_to_num(rows.column(column)))


@dataclass(frozen=True)
class SixFeatures:
    """Logistic regression on log1p of days since, counts (ever, 90, 365 days), tenure and amount."""

    columns: tuple[str, ...]
    line: Line

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Fit with a small ridge penalty; a log without amounts has five features."""
        columns = six(rows.columns.names)
        return cls(columns, fit_line(_of(rows, columns), rows.outcome, penalty=SMALL_PENALTY))

    def probability(self, rows: Rows) -> FloatArray:
        """A sigmoid of the line. Shape (n,)."""
        return 1 / (1 + np.exp(-self.line.raw(_of(rows, self.columns))))


def rivals(rows: Rows, model: str) -> dict[str, Rival]:
    """The three, fitted to training rows with both outcomes."""
    return {
        "logistic": SixFeatures.fit(rows),
        "recency_rule": RecencyRule.fit(rows, model),
        "base_rate": BaseRate.fit(rows),
    }


def since(names: Sequence[str]) -> str:
    """The feature that holds days since the last qualifying event: that of the kind which has a tenure."""
    kinds = (name.removesuffix(TENURE) for name in names if name.endswith(TENURE))
    return next(kind + SINCE for kind in kinds if kind + SINCE in names)


def six(names: Sequence[str]) -> tuple[str, ...]:
    """The features of the logistic rival that this log has."""
    kind = since(names).removesuffix(SINCE)
    return tuple(name for name in (kind + suffix for suffix in SIX) if name in names)


def _of(rows: Rows, columns: Sequence[str]) -> FloatArray:
    return np.column_stack([rows.column(name) for name in columns])
