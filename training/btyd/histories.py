"""What a buy-till-you-die model knows of customers: repeat days, the last of them, and how long they are known.

    first order           last order           cutoff
    o-------o-----o-------o--------------------|        repeats 3
    ├──── last_days ──────┤
    ├──────────────── known_days ──────────────┤

Two orders of a day are one repeat day at most. `histories` reads them off features that every log with a backbone has:
days since, tenure, and the mean pause, which is their distance over the number of repeat days. Literature writes
(x, t_x, T). Knows no model. Start reading at `histories`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from churn.events import FloatArray

SINCE, TENURE, PAUSE = "_days_since", "_tenure_days", "_gap_mean_ever"
LAST_UNIT_DAYS = 1.0  # customers alike to the day are one row


@dataclass(frozen=True)
class Histories:
    """Customers as counts and days. All of shape (n,).

    Args:
        repeats: days with a qualifying event after the first such day (x).
        last_days: days from the first to the last of them (t_x), 0 where there is no repeat.
        known_days: days from the first to the cutoff (T).
        weight: customers of each row.
    """

    repeats: FloatArray
    last_days: FloatArray
    known_days: FloatArray
    weight: FloatArray

    def __len__(self) -> int:
        return len(self.repeats)

    @property
    def customers(self) -> float:
        """How many."""
        return float(self.weight.sum())

    def grouped(self) -> "Histories":
        """The same customers with those alike to the day in one row; instants within a day say nothing here."""
        days = np.column_stack([self.repeats, np.floor(self.last_days), np.floor(self.known_days)])
        rows, where = np.unique(days, axis=0, return_inverse=True)
        known = np.maximum(rows[:, 2], LAST_UNIT_DAYS)
        return Histories(
            rows[:, 0], np.minimum(rows[:, 1], known), known, np.bincount(where, weights=self.weight).astype(np.float64)
        )

    def sample(self, most: int, *, seed: int) -> "Histories":
        """So many rows at most, drawn by lot; each stands for itself alone, with its weight."""
        if len(self) <= most:
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self), size=most, replace=False))
        return Histories(*(one[kept] for one in (self.repeats, self.last_days, self.known_days, self.weight)))


def needed(names: Sequence[str]) -> tuple[str, str, str] | None:
    """The three features that histories are read from, or None where `leave_out` took one."""
    for name in names:
        backbone = name.removesuffix(TENURE)
        three = (backbone + SINCE, name, backbone + PAUSE)
        if name.endswith(TENURE) and set(three) <= set(names):
            return three
    return None


def histories(X: FloatArray) -> Histories:
    """Histories of customers from three features.

    Args:
        X: days since the last qualifying event, days since the first, mean days between days with one (NaN: only one
            such day). Shape (n, 3).
    """
    since, tenure, pause = (np.asarray(column, dtype=np.float64) for column in X.T)
    tenure = np.maximum(np.nan_to_num(tenure), 0.0)
    reach = np.maximum(tenure - np.nan_to_num(since), 0.0)
    again = ~np.isnan(pause) & (pause > 0)
    repeats = np.where(again, np.maximum(np.round(reach / np.where(again, pause, 1.0)), 1.0), 0.0)
    return Histories(repeats, np.where(again, reach, 0.0), tenure, np.ones(len(tenure)))
