"""How long until it happens? Survival and hazard from counts that add up: over buckets, segments and quarters.

    Spells            how many spells ended, and how many were still running, at each length in days
    curve(spells)     Kaplan-Meier with its 95 % band         median(curve)   by when half have ended
    within(curve, s, w)   the chance that a spell which has lasted s days ends within w more

A spell is a stretch of one customer's time: from the first order to the lapse, or from one order to the next. One that
is still running is *censored*: it counts among those at risk for as long as it was watched, and never as ended.
Reads arrays; knows no customer and no log. Start reading at `curve`.

Sources: Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481; the variance is Greenwood's (1926), the band that of
log(-log S), Kalbfleisch & Prentice (1980), which stays within 0 and 1.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np

from churn.calendar import Int64Array
from churn.events import BoolArray, FloatArray

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Spells:
    """Spells by length: sufficient for every curve, and additive.

    Args:
        ended: spells that ended after so many days. Shape (days,).
        running: spells that were still running after so many days, when they were last seen. Shape (days,).
        entered: spells that came under watch when they had lasted so many days already; 0: from the start.
            Shape (days,).
    """

    ended: Int64Array
    running: Int64Array
    entered: Int64Array

    @classmethod
    def of(cls, days: Int64Array, ended: BoolArray, *, longest: int, since: Int64Array | None = None) -> Self:
        """Count spells.

        Args:
            days: how long each lasted, or was watched; what is longer than `longest` is cut to it. Shape (n,).
            ended: whether it is over. Shape (n,).
            longest: the last day that is kept.
            since: how long each had lasted when it came under watch; one that was over by then is left out. Shape (n,).
        """
        entry = np.zeros(len(days), dtype=np.int64) if since is None else np.maximum(since, 0)
        seen = (entry == 0) | (days > entry)
        cut, over, size = np.clip(days[seen], 0, longest), ended[seen], longest + 1
        return cls(
            np.bincount(cut[over], minlength=size),
            np.bincount(cut[~over], minlength=size),
            np.bincount(np.minimum(entry[seen], longest), minlength=size),
        )

    @classmethod
    def none(cls, *, longest: int) -> Self:
        """No spells yet."""
        return cls(*(np.zeros(longest + 1, dtype=np.int64) for _ in range(3)))

    def __add__(self, other: "Spells") -> "Spells":
        return Spells(self.ended + other.ended, self.running + other.running, self.entered + other.entered)

    @property
    def count(self) -> int:
        """All spells."""
        return int(self.entered.sum())

    @property
    def at_risk(self) -> Int64Array:
        """Spells under watch on each day: who is censored, or ends, on a day is at risk on it, who enters is not."""
        come, gone = np.cumsum(self.entered), np.cumsum(self.ended + self.running)
        come[1:] = come[:-1]
        come[0] = self.entered[0]
        return np.asarray(come - np.append(0, gone[:-1]))


@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier: the share of spells that last longer than each day. All arrays have shape (days,).

    Args:
        survival: NaN after the last day on which anybody was at risk.
        low, high: 95 % band. at_risk: spells watched that long. spread: Greenwood's sum, the variance of log S.
    """

    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: Int64Array
    spread: FloatArray

    @property
    def watched_days(self) -> int:
        """The longest spell that was watched; nothing is known beyond it. -1 without any."""
        return int(np.flatnonzero(self.at_risk).max(initial=-1))


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval, all in [0, 1]; `n` is how many it rests on."""

    value: float
    low: float
    high: float
    n: int


def curve(spells: Spells) -> Curve:
    """Kaplan-Meier of spells.

    Returns:
        At day d the share that lasts longer than d days. Shape (days,).
    """
    at_risk = spells.at_risk
    watched = np.cumsum(at_risk[::-1])[::-1] > 0  # until the last one at risk, also before the first came under watch
    risk = np.maximum(at_risk, 1).astype(np.float64)
    survival = np.where(watched, np.cumprod(1 - spells.ended / risk), np.nan)
    left = risk - spells.ended
    spread = np.cumsum(np.divide(spells.ended, risk * left, out=np.zeros(len(risk)), where=left > 0))
    low, high = band(survival, spread)
    return Curve(survival, low, high, at_risk, spread)


def band(survival: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """95 % of log(-log S); where nobody or everybody has left there is no width to tell, and the band is the value."""
    inside = (survival > 0) & (survival < 1)
    log = np.log(np.where(inside, survival, 0.5))
    half = Z * np.sqrt(spread) / np.abs(log)
    low, high = np.exp(log * np.exp(half)), np.exp(log * np.exp(-half))
    return np.where(inside, low, survival), np.where(inside, high, survival)


def median(told: Curve) -> tuple[float | None, float | None, float | None]:
    """Days by which half of all spells have ended, and the 95 % interval of that; None: later than was watched."""
    return _reached(told.survival), _reached(told.low), _reached(told.high)


def _reached(share: FloatArray) -> float | None:
    below = np.flatnonzero(share <= 0.5)
    return float(below[0]) if len(below) else None


def within(told: Curve, since_days: int, more_days: int) -> Share | None:
    """The chance that a spell which has lasted `since_days` ends within `more_days`; None where it was not watched."""
    until = since_days + more_days
    if until > told.watched_days or not told.survival[since_days] > 0:
        return None
    n = int(told.at_risk[since_days + 1])
    if not n:  # nobody was under watch yet
        return None
    kept = told.survival[until] / told.survival[since_days]
    spread = told.spread[until] - told.spread[since_days]
    low, high = band(np.array([kept]), np.array([spread]))
    if not 0 < kept < 1:  # nobody or everybody: Greenwood tells no width
        return wilson(round(n * (1 - kept)), n)
    return Share(float(1 - kept), float(1 - high[0]), float(1 - low[0]), n)


def wilson(count: float, n: int, *, z: float = Z) -> Share:
    """A share with Wilson's score interval. Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212."""
    share, bottom = count / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / bottom
    half = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / bottom
    return Share(share, max(0.0, middle - half), min(1.0, middle + half), n)
