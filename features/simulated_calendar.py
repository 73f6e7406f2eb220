"""The simulated shop's calendar: when its customers buy, and when its service is stretched.

Answers what day it is in the shop: local midnights as UTC instants, week-day and season, 春节, 双11, 618 and
Christmas. Reads a start date and a time zone, returns one row of weights a day. Knows nothing of customers.

Holidays are kept moderate on purpose: a calibrator fitted a quarter earlier should stay honest.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from churn.calendar import EPOCH, Calendar

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

# 春节, the first day of the lunar year. Source: Hong Kong Observatory, Gregorian-Lunar calendar conversion tables.
LUNAR_NEW_YEARS = tuple(
    date(year, month, day)
    for year, month, day in [
        *((2018, 2, 16), (2019, 2, 5), (2020, 1, 25), (2021, 2, 12), (2022, 2, 1), (2023, 1, 22), (2024, 2, 10)),
        *((2025, 1, 29), (2026, 2, 17), (2027, 2, 6), (2028, 1, 26), (2029, 2, 13), (2030, 2, 3), (2031, 1, 23)),
    ]
)
WEEKDAY_WEIGHTS = np.array([0.94, 0.94, 0.96, 0.98, 1.04, 1.12, 1.02], dtype=np.float32)  # Monday first
# Share of activity by local hour: quiet nights, a lunch peak, a higher evening peak.
HOUR_WEIGHTS = np.array(
    [
        *(1.0, 0.5, 0.3, 0.2, 0.2, 0.4, 1.0, 2.0, 3.2, 4.5, 5.4, 5.6),
        *(6.0, 5.2, 4.6, 4.6, 4.8, 4.8, 5.0, 6.2, 7.6, 8.0, 5.8, 2.6),
    ]
)
_HOUR_CDF = np.concatenate([[0.0], np.cumsum(HOUR_WEIGHTS) / HOUR_WEIGHTS.sum()])
_HOUR_EDGES_SECONDS = np.arange(25) * 3600.0


@dataclass(frozen=True)
class ShopCalendar:
    """One entry a day, from the shop's first day to beyond its last (the truth looks a horizon ahead).

    Attributes:
        first: the shop's first local day.
        midnight_us: the instant of each local midnight, int64 microseconds UTC. Shape (days + 1,).
        demand: multiplier of everybody's order rate. Shape (days,).
        gifting: share of the gift season reached, 0..1. Shape (days,).
        sale: strength of the running sale, 0..1. Shape (days,).
        strain: multiplier of bad deliveries and late answers. Shape (days,).
    """

    first: date
    midnight_us: IntArray
    demand: FloatArray
    gifting: FloatArray
    sale: FloatArray
    strain: FloatArray


def shop_calendar(first: date, days: int, timezone: str) -> ShopCalendar:
    """Draw up the calendar of `days` local days from `first` on."""
    dates = [first + timedelta(days=offset) for offset in range(days + 1)]
    since_epoch = (first - EPOCH).days
    midnight_us = Calendar(timezone).midnights_us(since_epoch, since_epoch + days)
    weights = np.array([_weights(day) for day in dates[:-1]], dtype=np.float32).T
    weekday = np.array([day.weekday() for day in dates[:-1]])
    return ShopCalendar(first, midnight_us, weights[0] * WEEKDAY_WEIGHTS[weekday], *weights[1:])


def seconds_of_day(shares: FloatArray) -> FloatArray:
    """Turn uniform shares in [0, 1) into seconds after local midnight, busy hours more likely."""
    seconds: FloatArray = np.interp(shares, _HOUR_CDF, _HOUR_EDGES_SECONDS).astype(np.float32)
    return seconds


def _weights(day: date) -> tuple[float, float, float, float]:
    """Demand, gifting, sale and strain of one day."""
    annual = 1.0 + 0.05 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 330) / 365.25)
    to_new_year = min(((new_year - day).days for new_year in LUNAR_NEW_YEARS), key=abs)
    demand, gifting, sale, strain = annual, 0.0, 0.0, 1.0
    if 4 <= to_new_year <= 24:  # stocking up before the journey home
        demand, gifting, strain = annual * 1.20, 1.0, 1.3
    elif -7 <= to_new_year <= 3:  # closed kitchens, closed couriers
        demand, strain = annual * 0.60, 1.5
    elif day.month == 11 and day.day <= 11:  # 双11
        demand, gifting, sale, strain = annual * (2.0 if day.day == 11 else 1.25), 0.6, 1.0, 1.4
    elif day.month == 11 and day.day <= 18:
        demand, strain = annual * 0.85, 1.4
    elif day.month == 6 and 12 <= day.day <= 18:  # 618
        demand, sale = annual * 1.3, 1.0
    elif day.month == 12 and 12 <= day.day <= 25:  # Christmas
        demand, gifting = annual * 1.15, 0.8
    elif day.month == 9 and day.day >= 10:  # the weeks before mid-autumn and the national day
        gifting = 0.8
    elif day.month in {3, 8} and 5 <= day.day <= 14:  # spring and summer sales
        demand, sale = annual * 1.1, 0.8
    return float(demand), gifting, sale, strain
