"""A week as counts, and the weeks of the past as distances: what each column did before, so that today can be judged.

`week_of` counts one model's rows into the champion's bins; `Past` holds such weeks in order and says how far each was
from the week before, from the month before, and from what the champion learned. Aggregates only, of a sample of
customers. Reads frames, no file; `monitoring/drift/past.py` computes and keeps them. Start reading at `Past`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.histogram import HALF, Histogram, IntArray
from monitoring.drift.reference import Reference, moves_by_itself

SCORES: Final = "(scores)"  # the column of scores beside those of features
LAGS: Final = (1, 4)  # weeks: a jump is held against the week before and the month before
YEAR, AROUND = timedelta(days=365), timedelta(days=29)
FEWEST: Final = 50  # rows of a week that says anything


@dataclass(frozen=True)
class Week:
    """One model's rows at one cutoff.

    Args:
        at: the cutoff. rows: how many.
        counts: of each feature, rows a bin of the reference. Shape (bins,).
        scores: rows a bin of the champion's percentiles; empty where nobody scored.
        mean_score: mean probability; NaN where nobody scored.
    """

    at: datetime
    rows: int
    counts: Mapping[str, IntArray]
    scores: IntArray
    mean_score: float


@dataclass(frozen=True)
class JointWeek:
    """How well a week's rows were told from earlier ones: the ROC AUC of the domain classifier."""

    at: datetime
    auc: float


@dataclass(frozen=True)
class Past:
    """What a champion's columns did, week by week, ascending.

    Args:
        weeks: at least `FEWEST` rows each. joint: how well some of them were told from those before.
        moves: of each feature, quantiles of its contribution to the log-odds when the champion learned. Shape (101,).
        share: of all customers that were looked at.
    """

    weeks: tuple[Week, ...] = ()
    joint: tuple[JointWeek, ...] = ()
    moves: Mapping[str, FloatArray] = field(default_factory=dict)
    share: float = 1.0

    def before(self, now: datetime) -> "Past":
        """What was known before an instant."""
        weeks, joint = (tuple(one for one in side if one.at < now) for side in (self.weeks, self.joint))
        return Past(weeks, joint, self.moves, self.share)  # type: ignore[arg-type]  # of either kind as it came

    def like(self, now: datetime) -> list[int]:
        """Places of the weeks around the same time of the years before, so that the lunar new year finds its like."""
        return [
            place
            for place, week in enumerate(self.weeks)
            if any(abs(now - years * YEAR - week.at) <= AROUND for years in (1, 2, 3))
        ]

    @cached_property
    def columns(self) -> "Columns":
        """All counts side by side."""
        return Columns.of(self.weeks)


@dataclass(frozen=True)
class Columns:
    """Counts of many weeks and columns, laid side by side: bins that a column lacks hold nobody.

    Args:
        names: of the columns, the scores last.
        counts: of each week. Shape (t, f, b).
    """

    names: tuple[str, ...]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, weeks: Sequence[Week]) -> "Columns":
        """Lay out weeks; columns that any of them lacks are left out."""
        if not weeks:
            return cls((), np.zeros((0, 0, 0)))
        names = [name for name in weeks[-1].counts if all(name in week.counts for week in weeks)]
        width = max([len(weeks[-1].counts[name]) for name in names] + [len(weeks[-1].scores)])
        counts = np.zeros((len(weeks), len(names) + 1, width))
        for place, week in enumerate(weeks):
            for column, name in enumerate(names):
                counts[place, column, : len(week.counts[name])] = week.counts[name]
            counts[place, -1, : len(week.scores)] = week.scores
        return cls((*names, SCORES), counts)


def distance(then: FloatArray, now: FloatArray) -> FloatArray:
    """The square root of the PSI of counts over the same bins; NaN where a side holds nobody.

    Args:
        then: shape (..., b).
        now: likewise.

    Returns:
        Shape (...).
    """
    held = (then > 0) | (now > 0)
    bins = held.sum(axis=-1, keepdims=True)
    shares = [(side + HALF) / np.maximum(side.sum(axis=-1, keepdims=True) + HALF * bins, HALF) for side in (then, now)]
    psi = np.where(held, (shares[1] - shares[0]) * np.log(shares[1] / shares[0]), 0.0).sum(axis=-1)
    there = (then.sum(axis=-1) > 0) & (now.sum(axis=-1) > 0)
    return np.asarray(np.where(there, np.sqrt(np.maximum(psi, 0.0)), np.nan))


def score_histogram(bundle: Bundle, rows: int) -> Histogram:
    """The champion's percentiles as so many scores, in bins."""
    return Histogram.of_numbers(reference_scores(bundle, rows))


def reference_scores(bundle: Bundle, rows: int) -> FloatArray:
    """So many scores that have the champion's percentiles: its reference rows, as far as the bundle knows them."""
    ranks = (np.arange(rows) + 0.5) / rows * (len(bundle.percentiles) - 1)
    return np.asarray(np.interp(ranks, np.arange(len(bundle.percentiles)), bundle.percentiles))


def week_of(
    bundle: Bundle, reference: Reference, rows: pd.DataFrame, probabilities: FloatArray | None, at: datetime
) -> Week:
    """One model's rows as counts.

    Args:
        bundle: the champion's.
        reference: whose bins.
        rows: features as columns; those that are missing or no numbers are left out.
        probabilities: of these rows, NaN where there is none; None where nobody scored. Shape (n,).
        at: the cutoff.
    """
    counts = {
        name: then.histogram.binning.count(rows[name].to_numpy(dtype=np.float64))
        for name, then in reference.features.items()
        if name in rows and pd.api.types.is_numeric_dtype(rows[name].dtype)
    }
    told = np.empty(0) if probabilities is None else probabilities[np.isfinite(probabilities)]
    bins = score_histogram(bundle, max(reference.rows, 1)).binning
    return Week(at, len(rows), counts, bins.count(told), float(told.mean()) if len(told) else float("nan"))


def judged_names(bundle: Bundle, names: Sequence[str]) -> list[str]:
    """Those columns whose movement says something: not what moves as time passes."""
    return [name for name in names if not moves_by_itself(name, bundle.reasons.get(name, ""))]
