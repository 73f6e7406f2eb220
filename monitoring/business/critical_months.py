"""In which months of the relationship do most leave? The discrete hazard by tenure, and its peaks.

    monthly(spells)   the hazard of each 30 days
    peaks(months)     the critical moments: months whose hazard lies beyond its band above that of the others

Reads counts of spells (monitoring/business/survival.py); knows no customer and no log. Start reading at `monthly`.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from monitoring.business.survival import Share, Spells, band, curve, wilson

MONTH_DAYS = 30
FAMILY = 0.05  # chance that any month of an even hazard is called a peak
PEAK_RATIO = 1.25  # a peak is at least so many times the hazard of the other months


@dataclass(frozen=True)
class Month:
    """30 days of tenure.

    Args:
        number: 0 is the first 30 days. at_risk: spells still running when it began. ended: within it.
        hazard: the chance that a spell which reached the month ends in it, with its 95 % interval.
    """

    number: int
    at_risk: int
    ended: int
    hazard: Share


@dataclass(frozen=True)
class Peak:
    """Months in a row in which more leave than in the others.

    Args:
        first, last: numbers of the months, both included. top: the one with the highest hazard.
        hazard: of that month. ratio: to the hazard of all other months. ended: spells that ended within the peak.
    """

    first: int
    last: int
    top: int
    hazard: float
    ratio: float
    ended: int


def monthly(spells: Spells, *, least: int) -> list[Month]:
    """The hazard of each 30 days, as far as at least `least` spells reached the month and it was watched to its end."""
    told, months = curve(spells), []
    for number in range(len(told.survival) // MONTH_DAYS):
        start, end = number * MONTH_DAYS, (number + 1) * MONTH_DAYS - 1
        reached = int(told.at_risk[start])
        if reached < max(least, 1) or end > told.watched_days:
            break
        ended = int(spells.ended[start : end + 1].sum())
        if start == 0:
            kept, spread = told.survival[end], told.spread[end]
        else:
            kept = told.survival[end] / told.survival[start - 1]
            spread = told.spread[end] - told.spread[start - 1]
        months.append(Month(number, reached, ended, _hazard(float(kept), float(spread), reached, ended)))
    return months


def _hazard(kept: float, spread: float, reached: int, ended: int) -> Share:
    if not 0 < kept < 1:
        return wilson(ended, reached)
    low, high = band(np.array([kept]), np.array([spread]))
    return Share(1 - kept, float(1 - high[0]), float(1 - low[0]), reached)


def peaks(months: list[Month]) -> list[Peak]:
    """The critical moments: runs of months whose hazard lies beyond its band above that of all other months.

    Months before anybody can have left (no rule lapses a customer on the first day) are no comparison. The band is
    wide enough that an even hazard shows a peak among all its months in one case of twenty (Bonferroni).
    """
    first = next((place for place, one in enumerate(months) if one.ended), len(months))
    open_months = months[first:]
    if len(open_months) < 3:
        return []
    z = NormalDist().inv_cdf(1 - FAMILY / (2 * len(open_months)))
    high = [one for one in open_months if _stands_out(one, open_months, z)]
    runs: list[list[Month]] = []
    for one in high:
        if runs and runs[-1][-1].number == one.number - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return [_peak(run, open_months) for run in runs]


def _rest(run: list[Month], months: list[Month]) -> tuple[int, int]:
    rest = [one for one in months if one not in run]
    return sum(one.ended for one in rest), sum(one.at_risk for one in rest)


def _stands_out(one: Month, months: list[Month], z: float) -> bool:
    ended, reached = _rest([one], months)
    return wilson(one.ended, one.at_risk, z=z).low > PEAK_RATIO * wilson(ended, reached, z=z).high


def _peak(run: list[Month], months: list[Month]) -> Peak:
    ended, reached = _rest(run, months)
    top = max(run, key=lambda one: one.hazard.value)
    usual = ended / reached if reached else 0.0
    ratio = top.hazard.value / usual if usual else float("inf")
    return Peak(run[0].number, run[-1].number, top.number, top.hazard.value, ratio, sum(one.ended for one in run))
