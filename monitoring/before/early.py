"""Early signs: was a week's activity what the scores of its customers let expect, long before the horizon is over?

    who was asked at a week's beginning --scores--> expected to be active in the first days | who was

A concept that changed (same customers, other behaviour) leaves features and scores as they were; but fewer, or more, of
those whom the model gave a chance come within days. A week's `sign` is the logarithm of actual over expected. Reads
frames of rows and events in memory; `monitoring/before/past.py` goes through the log. Start reading at `week_of`.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from churn.aftermath import Aftermath
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, FloatArray


@dataclass(frozen=True)
class EarlyWeek:
    """One model's customers asked about at one instant, and what they did in the first days.

    Args:
        at: the cutoff. n: customers with a score.
        expected: customers that were to be active, by their scores. active: those who were.
        variance: of `active` by chance alone.
        ranked: sum, over customers who were active, of the share of the inactive ones whom the chances put below;
            `ranked / active` is the ROC AUC of the scores for early activity.
    """

    at: datetime
    n: int
    expected: float
    active: int
    variance: float
    ranked: float

    @property
    def sign(self) -> float:
        """Logarithm of actual over expected activity; half a customer keeps it finite."""
        return float(np.log((self.active + 0.5) / (self.expected + 0.5)))

    @property
    def noise(self) -> float:
        """Standard deviation of `sign` by chance alone."""
        return float(np.sqrt(self.variance) / (self.expected + 0.5))

    @property
    def roc_auc(self) -> float | None:
        """How well the scores told who would be active; None where nobody was, or everybody."""
        return self.ranked / self.active if 0 < self.active < self.n else None

    def plus(self, other: "EarlyWeek") -> "EarlyWeek":
        """The same week of other customers added; their ranking stays within each part."""
        return EarlyWeek(
            self.at, self.n + other.n, self.expected + other.expected, self.active + other.active,
            self.variance + other.variance, self.ranked + other.ranked,
        )  # fmt: skip


def week_of(at: datetime, chance: FloatArray, was_active: BoolArray) -> EarlyWeek:
    """Some customers' week.

    Args:
        at: the cutoff.
        chance: of activity within the first days. Shape (n,).
        was_active: whether they were. Shape (n,).
    """
    order = np.sort(chance[~was_active])
    active = chance[was_active]
    below = np.searchsorted(order, active, side="left") + np.searchsorted(order, active, side="right")
    ranked = float(below.sum() / 2 / len(order)) if len(order) else 0.0
    return EarlyWeek(
        at, len(chance), float(chance.sum()), int(was_active.sum()), float((chance * (1 - chance)).sum()), ranked
    )


def active_within(events: Events, cohort: pd.DataFrame, lifecycle: Lifecycle, cutoff: datetime, days: int) -> BoolArray:
    """Who of a cohort had a qualifying event in the first days of the outcome window, as was known when these ended.

    Args:
        events: all events of these customers.
        cohort: who was asked about. Columns: customer_id, model.
        lifecycle: what counts.
        cutoff: when they were asked about.
        days: of the business's calendar.
    """
    end = lifecycle.calendar.plus_days(lifecycle.outcome_window(cutoff).start, days)
    after = Aftermath.known(events, lifecycle, end).of(cohort, cutoff)
    return (after["next_event_days"] < days).to_numpy(dtype=np.bool_)
