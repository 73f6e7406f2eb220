"""Weeks of early activity, drawn: a quiet shop with its festivals."""

from datetime import UTC, datetime, timedelta

import numpy as np

from churn.events import FloatArray
from monitoring.before.early import EarlyWeek

START = datetime(2024, 1, 1, tzinfo=UTC)


def weeks(signs: FloatArray, expected_active: float = 400.0) -> list[EarlyWeek]:
    """Weeks whose sign is given."""
    return [
        EarlyWeek(
            START + timedelta(weeks=place), 2000, expected_active, round(expected_active * float(np.exp(one))),
            expected_active * 0.8, 0.0,
        )
        for place, one in enumerate(signs)
    ]  # fmt: skip


def quiet(n: int = 100, seed: int = 1) -> FloatArray:
    """A shop's weeks: chance, a festival of two weeks in winter and a sale in autumn of every year."""
    signs = np.random.default_rng(seed).normal(0, 0.06, n)
    for place in range(n):
        signs[place] += {5: -0.45, 6: -0.4, 44: 0.35}.get(place % 52, 0.0)
    return signs
