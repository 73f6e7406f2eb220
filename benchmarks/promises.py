"""What an outlook promised at one cutoff, held to what came; for benchmarks/bands.py. Start at `band_held`."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from churn.events import FloatArray
from churn.outlook import Outlook
from training.fit import Fitted
from training.rows import Rows

BINS = 5


@dataclass(frozen=True)
class Asked:
    """One cutoff: its rows, and what a model from its past said of them.

    Args:
        rows: what came included. raw, probability: of the model. outlook: as learned at the cutoff.
        truth: true chances of the outcome; None where nobody knows them.
        learned: the rows the model learned from. fitted: the model.
    """

    rows: Rows
    raw: FloatArray
    probability: FloatArray
    outlook: Outlook
    truth: FloatArray | None
    learned: Rows
    fitted: Fitted


def band_held(one: Asked) -> list[bool]:
    """Whether the rate of each fifth lies in its interval."""
    assert one.outlook.band is not None
    low, high = one.outlook.band.interval(one.probability)
    held = []
    for part in np.array_split(np.argsort(one.probability, kind="stable"), BINS):
        told, below, above = one.probability[part].mean(), low[part].mean(), high[part].mean()
        if one.truth is not None:
            held.append(bool(below <= one.truth[part].mean() <= above))
            continue
        noise = norm.ppf(0.95) ** 2 * told * (1 - told) / len(part)
        rate = one.rows.outcome[part].mean()
        reach = np.sqrt((told - below if rate < told else above - told) ** 2 + noise)
        held.append(bool(abs(rate - told) <= reach))
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
