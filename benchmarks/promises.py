"""What an outlook promised at one cutoff, held to what came; for benchmarks/bands.py. Start at `bands_held`."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from churn.events import FloatArray
from churn.horizon_bands import horizon_intervals
from churn.outlook import SMALLEST, Outlook
from training.rows import Rows

BINS = 5


@dataclass(frozen=True)
class Asked:
    """One cutoff: its rows, and what a model from its past said of them.

    Args:
        rows: what came included. raw, probability: of the model. outlook: as learned at the cutoff.
        truth: true chances of the outcome by horizon in days; None where nobody knows them.
        learned: the rows the model learned from.
    """

    rows: Rows
    raw: FloatArray
    probability: FloatArray
    outlook: Outlook
    truth: dict[int, FloatArray] | None
    learned: Rows


def bands_held(one: Asked, model: str, own_days: int) -> dict[int, tuple[float, float]]:
    """At each horizon with an interval: the share of fifths whose rate lies in it, and its half width in log-odds.

    Horizons at which somebody was not watched so long are left out, unless true chances are known.
    """
    if one.outlook.band is None:
        return {}
    days, churns, found = one.outlook.horizons_days, model == "churn", {}
    asked = one.probability[:, None]
    if one.outlook.curve:
        silent = one.outlook.curve.silent(one.raw, one.probability if churns else 1 - one.probability)
        silent = silent[:, [one.outlook.curve.days.index(day) for day in days]]
        asked = np.where(np.array(days) == own_days, asked, silent if churns else 1 - silent)
    low, high = horizon_intervals(one.outlook, asked, own_days, falls=churns)
    for place, day in enumerate(days):
        came = one.truth[day] if one.truth else _came(one.rows, model, day)
        if np.isnan(low[:, place]).any() or np.isnan(came).any():
            continue
        held = _held(asked[:, place], low[:, place], high[:, place], came, chance=one.truth is None)
        width = np.log(_odds(high[:, place]) / _odds(low[:, place]))
        found[day] = float(np.mean(held)), float(np.median(width)) / 2
    return found


def _came(rows: Rows, model: str, days: int) -> FloatArray:
    silent = np.nan_to_num(rows.after["next_event_days"], nan=np.inf) >= days
    return np.where(rows.after["followed_days"] >= days, silent if model == "churn" else ~silent, np.nan)


def _odds(probability: FloatArray) -> FloatArray:
    sure = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return sure / (1 - sure)


def _held(told: FloatArray, low: FloatArray, high: FloatArray, came: FloatArray, *, chance: bool) -> list[bool]:
    """Whether the rate of each fifth lies in its interval, chance of the customers who came allowed for."""
    held = []
    for part in np.array_split(np.argsort(told, kind="stable"), BINS):
        mean, below, above, rate = (float(one[part].mean()) for one in (told, low, high, came))
        noise = norm.ppf(0.95) ** 2 * mean * (1 - mean) / len(part) if chance else 0.0
        reach = np.sqrt((mean - below if rate < mean else above - mean) ** 2 + noise)
        held.append(bool(abs(rate - mean) <= reach))
    return held


def dates_held(one: Asked, silent: FloatArray) -> list[float]:
    """Of the customers watched so long, how many came before each of QUANTILES."""
    assert one.outlook.curve is not None
    came, shares = np.nan_to_num(one.rows.after["next_event_days"], nan=np.inf), []
    for days in np.nan_to_num(one.outlook.curve.days_until(silent), nan=np.inf).T:
        watched = days <= one.rows.after["followed_days"]
        shares.append(float((came[watched] < days[watched]).mean()) if watched.any() else np.nan)
    return shares


def days_held(one: Asked, lag_days: float) -> float:
    """Share whose days of activity lay in the interval, of those who were watched long enough to say."""
    assert one.outlook.remaining is not None
    found = one.outlook.remaining.days(one.raw)
    after, most = one.rows.after, one.outlook.remaining.beyond_days
    if float(after["followed_days"].min()) < most + lag_days:
        return np.nan
    active = np.where(np.isnan(after["lapse_days"]), np.inf, after["active_days"])
    return float(((active >= found[:, 0]) & (active <= np.nan_to_num(found[:, 2], nan=np.inf))).mean())


def value_held(one: Asked, model: str) -> tuple[float, float, float]:
    """Share of spend in its interval, mean told over mean spent, and mean error over that of telling the mean."""
    assert one.outlook.value is not None
    spend = one.rows.after["spend_amount"]
    mine = (one.rows.outcome == (0.0 if model == "churn" else 1.0)) & (spend > 0)
    told, spent = one.outlook.value.amounts(one.rows.X[mine]), spend[mine]
    error, plain = np.abs(told.expected - spent).mean(), np.abs(spent.mean() - spent).mean()
    inside = ((spent >= told.low) & (spent <= told.high)).mean()
    return float(inside), float(told.expected.mean() / spent.mean()), float(error / plain)
