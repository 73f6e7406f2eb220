"""Outlooks that hold together, and rows whose future follows a known law, for tests."""

from typing import Any

import numpy as np

from churn.calendar import DAY_US
from churn.calibration import Calibrator
from churn.events import FloatArray
from churn.outlook import Band, Curve, Outlook, Remaining
from churn.outlook_value import Value
from training.outlook.scored import Scored
from training.rows import Columns, Rows

WINDOW_DAYS = 90


def an_outlook(**changes: Any) -> Outlook:
    """An outlook of four features at horizons of 30, 90 and 180 days."""
    parts: dict[str, Any] = {
        "horizons_days": (30, 90, 180),
        "curve": Curve(
            days=(7.0, 30.0, 90.0, 180.0),
            own_days=90.0,
            knots=(-2.0, 2.0),
            shares=((0.3, 0.7, 1.0, 0.5), (0.1, 0.4, 1.0, 0.9)),
            kinds=("platt", "beta", "platt", "isotonic"),
        ),
        "remaining": Remaining(
            knots=(-2.0, 2.0), quantiles=((5.0, 90.0, 200.0), (0.0, 0.0, 60.0)), beyond_days=200.0
        ),
        "band": Band(knots=(-3.0, 3.0), halves=(0.2, 0.4), cohorts=9, independent=3.7),
        "value": Value(
            means=(3.0, 1.0, 4.0, 0.0), slopes=(-0.1, 0.2, 0.6, 0.0), level=4.0, knots=(2.0, 4.0, 6.0),
            expected=(20.0, 70.0, 400.0), low=(5.0, 10.0, 60.0), high=(60.0, 200.0, 1500.0),
        ),
    }  # fmt: skip
    return Outlook(**{**parts, **changes})


def scored_rows(
    model: str = "churn",
    *,
    cutoffs: int = 12,
    customers: int = 1500,
    shift: float = 0.0,
    priced: bool = True,
    seed: int = 1,
) -> tuple[Scored, FloatArray]:
    """Customers whose events come at a constant rate of their own, asked every 30 days, followed to the end of a log.

    Each cutoff's log-odds of silence are moved by a normal draw with deviation `shift`.

    Returns:
        The scored rows (raw scores know the mean law) and each row's true chance of silence through 90 days.
    """
    random = np.random.default_rng(seed)
    n, at = customers * cutoffs, np.repeat(np.arange(cutoffs), customers)
    odds = random.normal(0.0, 1.3, n)
    moved = odds + random.normal(0.0, shift, cutoffs)[at]
    silent = 1 / (1 + np.exp(-moved))
    rate = -np.log(silent) / WINDOW_DAYS
    next_days = random.exponential(1 / rate)
    followed = 90.0 + 30.0 * (cutoffs - 1 - at)
    active, lapse = _activity(random, rate, followed)
    came = next_days < WINDOW_DAYS
    spend = np.exp(3.0 + 0.8 * odds + random.normal(0.0, 0.7, n))
    rows = Rows(
        columns=Columns(("odds", "noise")),
        X=np.column_stack([odds, random.normal(size=n)]),
        outcome=(~came if model == "churn" else came).astype(np.float64),
        customer=np.array([f"c{one}" for one in np.tile(np.arange(customers), cutoffs)], dtype=object),
        cutoff_us=(at * 30 * DAY_US).astype(np.int64),
        stage=np.full(n, "active", dtype=object),
        after={
            "next_event_days": np.where(next_days < followed, next_days, np.nan),
            "followed_days": followed,
            "spend_amount": np.where(came, spend, 0.0) if priced else np.where(came, np.nan, 0.0),
            "active_days": active,
            "lapse_days": lapse,
        },
    )
    raw = odds if model == "churn" else -odds
    fold = np.tile(np.arange(customers) % 4, cutoffs)
    return Scored(model, rows, np.arange(n), raw, fold, Calibrator()), silent


def _activity(random: np.random.Generator, rate: FloatArray, followed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Days to the last event before the first silence of `WINDOW_DAYS`, and to the lapse, as far as was followed."""
    last, going = np.zeros(len(rate)), np.ones(len(rate), dtype=bool)
    while going.any():
        gap = random.exponential(1 / rate)
        stays = going & (gap < WINDOW_DAYS) & (last + gap < followed)
        last, going = np.where(stays, last + gap, last), stays
    lapse = last + WINDOW_DAYS
    return last, np.where(lapse <= followed, lapse, np.nan)
