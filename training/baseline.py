"""The rivals a model must beat, from the base rate to buy-till-you-die models.

    base_rate      the share of the training rows
    recency_rule   an isotonic fit of days since the last qualifying event
    halving_rule   the best of "silent for a horizon, half of it, a quarter ..." (training/halving.py)
    logistic       a logistic regression on six features
    bg_nbd, pareto_nbd   counting models of when customers come and leave (training/btyd/)

None sees the test; all learn from the rows the model learns from, the last two from everybody's history up to the test
cutoff as well, which is no outcome of it. Start reading at `rivals`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from churn.calibration import Calibrator, fit_isotonic
from churn.events import FloatArray
from training.btyd.rival import FAMILIES, Abstains, Known, fit_btyd
from training.halving import HalvingRule
from training.logistic import Line, fit_line
from training.rows import Rows

RIVALS = ("logistic", "recency_rule", "halving_rule", "base_rate", *FAMILIES)
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

    Whole days: fitted to instants, the rule would be certain of the one customer at the end of the scale. Where all
    rows of an end have one outcome it is as certain as so many rows allow: (0 + 1) / (n + 2).
    """

    column: str
    sign: float
    calibrator: Calibrator

    @classmethod
    def fit(cls, rows: Rows, model: str) -> Self:
        """Fit the best monotone map: rising with the silence for churn, falling for reactivation."""
        column, sign = since(rows.columns.names), 1.0 if model == "churn" else -1.0
        days = sign * _days(rows, column)
        return cls(column, sign, _less_certain(fit_isotonic(days, rows.outcome), days))

    def probability(self, rows: Rows) -> FloatArray:
        """By days since alone. Shape (n,)."""
        return self.calibrator.probability(self.sign * _days(rows, self.column))


def _less_certain(calibrator: Calibrator, days: FloatArray) -> Calibrator:
    """The same map with its ends at 0 and 1 drawn in, by Laplace's rule of succession."""
    told = calibrator.probability(days)
    edge = 2e-6  # a calibrator never says less than 1e-6
    inner = told[(told > edge) & (told < 1 - edge)]
    low = min(1 / (int((told <= edge).sum()) + 2), float(inner.min(initial=0.5)))
    high = max(1 - 1 / (int((told >= 1 - edge).sum()) + 2), float(inner.max(initial=0.5)))
    drawn_in = tuple((at, low if p <= edge else high if p >= 1 - edge else p) for at, p in calibrator.knots)
    return Calibrator(kind="isotonic", knots=drawn_in)


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


@dataclass(frozen=True)
class Halving:
    """The halving rule on the rows of a log."""

    column: str
    rule: HalvingRule

    @classmethod
    def fit(cls, rows: Rows, model: str, horizon_days: int) -> Self:
        """The best of its windows."""
        column = since(rows.columns.names)
        return cls(column, HalvingRule.fit(_days(rows, column), rows.outcome, horizon_days=horizon_days, model=model))

    def probability(self, rows: Rows) -> FloatArray:
        """The rate of each side. Shape (n,)."""
        return self.rule.at(_days(rows, self.column))


@dataclass(frozen=True)
class Rivals:
    """The rivals that have numbers, and why the others have none.

    Args:
        fitted: name to rival.
        abstained: name to reason.
    """

    fitted: dict[str, Rival]
    abstained: dict[str, str]

    def probabilities(self, rows: Rows) -> dict[str, FloatArray]:
        """Of each that has numbers, in the order of the rows."""
        return {name: rival.probability(rows) for name, rival in self.fitted.items()}


def rivals(rows: Rows, model: str, known: Known) -> Rivals:
    """All of them, fitted to training rows with both outcomes.

    Args:
        rows: training rows.
        model: churn or reactivation.
        known: what the buy-till-you-die models learn from.
    """
    fitted: dict[str, Rival | Abstains] = {
        "logistic": SixFeatures.fit(rows),
        "recency_rule": RecencyRule.fit(rows, model),
        "halving_rule": Halving.fit(rows, model, known.definition.horizon_days),
        "base_rate": BaseRate.fit(rows),
    }
    fitted |= {family: fit_btyd(family, model, rows, known) for family in FAMILIES}
    return Rivals(
        {name: one for name, one in fitted.items() if not isinstance(one, Abstains)},
        {name: one.why for name, one in fitted.items() if isinstance(one, Abstains)},
    )


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
