"""What a champion's numbers say of several horizons at once: the chance that a customer comes within each.

    probability told --> raw log-odds --> the outlook's curve --> come within 30, 60, 90 days, with the band's ends

The answers that are kept hold the probability at the model's own horizon alone; its curve needs raw log-odds, which the
calibrator, being monotone, gives back. Reads a bundle; knows no customer. Start reading at `Sight`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from churn.bundle import Bundle
from churn.cohort import CHURN
from churn.events import FloatArray
from churn.horizon_bands import horizon_intervals

RAW = np.linspace(-25.0, 25.0, 20_001)  # log-odds at which the calibrator is asked


@dataclass(frozen=True)
class Come:
    """Chances of an order within a horizon, of several customers. All arrays have shape (n,).

    Args:
        chance: expected. low, high: ends of the band in which the rate of 9 of 10 cohorts lies; NaN without one.
    """

    chance: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Sight:
    """What a model sees beyond its own horizon.

    Args:
        bundle: of the champion.
    """

    bundle: Bundle

    @property
    def horizons_days(self) -> tuple[int, ...]:
        """The horizons it tells; none where days lie between cutoff and horizon: a forecast of now skips none."""
        if self.bundle.gap_days:
            return ()
        outlook = self.bundle.outlook
        if outlook is None or outlook.curve is None:
            return (self.bundle.horizon_days,)
        return outlook.horizons_days

    def come(self, probability: FloatArray, horizon_days: int) -> Come:
        """The chance that each of these customers comes within a horizon.

        Args:
            probability: as it was told: of churn, or of return. Shape (n,).
            horizon_days: one of `horizons_days`.
        """
        outlook, falls = self.bundle.outlook, self.bundle.model == CHURN
        if outlook is None or outlook.curve is None:
            chance = 1 - probability if falls else probability
            nothing = np.full(len(chance), np.nan)
            return Come(chance, nothing, nothing)
        curve, places = outlook.curve, [outlook.curve.days.index(day) for day in outlook.horizons_days]
        silent = curve.silent(self.raw(probability), probability if falls else 1 - probability)[:, places]
        asked = silent if falls else 1 - silent
        low, high = horizon_intervals(outlook, asked, self.bundle.horizon_days, falls=falls)
        at = outlook.horizons_days.index(horizon_days)
        if falls:
            return Come(1 - asked[:, at], 1 - high[:, at], 1 - low[:, at])
        return Come(asked[:, at], low[:, at], high[:, at])

    def raw(self, probability: FloatArray) -> FloatArray:
        """Log-odds that the calibrator turns into these probabilities; of several the middle. Shape (n,)."""
        told = self._told
        first, last = np.searchsorted(told, probability, side="left"), np.searchsorted(told, probability, side="right")
        flat = last > first
        middle = RAW[np.clip((first + last) // 2, 0, len(RAW) - 1)]
        return np.where(flat, middle, np.interp(probability, told, RAW))

    @cached_property
    def _told(self) -> FloatArray:
        return self.bundle.probability(RAW)
