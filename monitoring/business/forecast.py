"""How many customers will be active in 30, 60 and 90 days? From the two models, with an interval.

    active then = those who stay so without an order
                + those who need one: the churn model's chances that they come, and stay
                + lapsed ones who return: the reactivation model's chances, and stay
                + new ones: as many as arrivals.py expects, and stay

*And stay* is the share of those who came, at earlier months of the log, who were active when the horizon was over: 1
where a horizon is shorter than the silence that lapses. The 90 % interval adds up the variances of four sources:
chance, the two models' bands (a whole cohort may lie off, so all its customers together), and new customers. Without a
band there is no interval; and no forecast of a log that has not seen these days a year before, and a quarter before
them, since neither a model nor the rate of new customers can know what they are like. Start reading at `forecast`.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from math import isnan, sqrt
from statistics import NormalDist
from typing import Any, Self

import numpy as np

from churn.cohort import CHURN, REACTIVATION
from monitoring.business.arrivals import RECENT_DAYS, YEAR_DAYS, expected_arrivals
from monitoring.business.base import ASKED, AWAY, CERTAIN, COME, FRESH, HIGH, LOW, SCORED, SPREAD, UNSCORED, Base

Z90 = NormalDist().inv_cdf(0.95)
MONTHS = 12  # of the past, whose shares count
LEAST_CAME = 20
MOST_UNSCORED = 0.2
SEASON_DAYS = YEAR_DAYS + RECENT_DAYS


@dataclass(frozen=True)
class Forecast:
    """The active base of a day to come.

    Args:
        as_of: when it was told. due: the instant that it speaks of.
        horizon_days: between them.
        active: customers who were active when it was told.
        expected: customers who will be active. low, high: 90 % interval; None with `interval_code`.
        kept, come, returned, new: its parts: without an order; with one; lapsed now; not yet customers.
        interval_code: why there is no interval: no_band.
        versions: of the models.
        actual: what came; None while it is immature.
    """

    as_of: datetime
    due: datetime
    horizon_days: int
    active: int
    expected: float
    low: float | None
    high: float | None
    kept: float
    come: float
    returned: float
    new: float
    interval_code: str | None = None
    versions: tuple[str, ...] = ()
    actual: int | None = None

    @property
    def held(self) -> bool | None:
        """Whether what came lies within the interval; None while immature or without one."""
        if self.actual is None or self.low is None or self.high is None:
            return None
        return self.low <= self.actual <= self.high

    def as_json(self) -> dict[str, Any]:
        """As the file has it."""
        return asdict(self) | {"as_of": self.as_of.isoformat(), "due": self.due.isoformat()}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """The inverse of `as_json`."""
        instants = {name: datetime.fromisoformat(told[name]) for name in ("as_of", "due")}
        return cls(**(told | instants | {"versions": tuple(told.get("versions", ()))}))


@dataclass(frozen=True)
class Outlooks:
    """The forecasts of now, or why there are none.

    Args:
        told: a horizon each. code: `told`; no_models, one_model (both are needed), not_scored, gap (days lie between
            cutoff and horizon), no_horizon (the models tell no common one of 30, 60, 90), no_season.
    """

    told: tuple[Forecast, ...]
    code: str


def forecast(counted: Base, now: datetime, versions: tuple[str, ...] = ()) -> Outlooks:
    """The forecasts of now.

    Args:
        counted: the fold, filled.
        now: the instant of the last edge.
        versions: of the models asked.
    """
    if not counted.asked:
        return Outlooks((), "no_models")
    away = counted.told[REACTIVATION][:1, [SCORED, UNSCORED]].sum() > 0
    if CHURN not in counted.asked or (away and REACTIVATION not in counted.asked):
        return Outlooks((), "one_model")
    if not counted.horizons_days:
        has_gap = any(sight.bundle.gap_days for sight, _ in counted.asked.values())
        return Outlooks((), "gap" if has_gap else "no_horizon")
    if any(_unscored(counted, model) > MOST_UNSCORED for model in (CHURN, REACTIVATION)):
        return Outlooks((), "not_scored")
    if len(counted.daily) < SEASON_DAYS:
        return Outlooks((), "no_season")
    places = range(len(counted.horizons_days))
    return Outlooks(tuple(_of(counted, place, now, versions) for place in places), "told")


def _unscored(counted: Base, model: str) -> float:
    row = counted.told[model].max(axis=0)
    return float(row[UNSCORED] / max(row[SCORED] + row[UNSCORED], 1))


def _of(counted: Base, place: int, now: datetime, versions: tuple[str, ...]) -> Forecast:
    days = counted.horizons_days[place]
    new = expected_arrivals(counted.daily, days)
    assert new is not None
    assert new.spread is not None  # a whole year is past enough
    safe, comer, returner, newcomer = (_stay(counted, place, row) for row in (CERTAIN, ASKED, AWAY, FRESH))
    come, half_come, chance_come = _summed(counted.told[CHURN][place])
    back, half_back, chance_back = _summed(counted.told[REACTIVATION][place])
    parts = float(counted.certain[place]) * safe, come * comer, back * returner, new.value * newcomer
    expected = sum(parts)
    code = "no_band" if isnan(half_come + half_back) else None
    variances = (half_come / Z90 * comer) ** 2, (half_back / Z90 * returner) ** 2, chance_come, chance_back
    half = Z90 * sqrt(sum(variances) + (new.spread * newcomer) ** 2) if code is None else float("nan")
    low, high = (None, None) if code else (max(expected - half, 0.0), expected + half)
    due = counted.edges.calendar.plus_days(now, days)
    return Forecast(now, due, days, counted.active, expected, low, high, *parts, code, versions)


def _summed(row: np.ndarray) -> tuple[float, float, float]:
    """Chances added up, half the width of their band, and the variance of chance; without a score like those with."""
    if not row[SCORED] + row[UNSCORED]:
        return 0.0, 0.0, 0.0
    scale = (row[SCORED] + row[UNSCORED]) / row[SCORED] if row[SCORED] else 0.0
    return float(row[COME] * scale), float((row[HIGH] - row[LOW]) / 2 * scale), float(row[SPREAD] * scale)


def _stay(counted: Base, place: int, row: int) -> float:
    """Of those who came (of the safe: of all), the share active when the horizon was over; 1 without a past."""
    mature = counted.past[:, place, row]
    mature = mature[counted.past[:, place].sum(axis=(1, 2)) > 0][-MONTHS:]
    came = int(mature[:, 0 if row == CERTAIN else 1].sum())
    return min(float(mature[:, 2].sum()) / came, 1.0) if came >= LEAST_CAME else 1.0
