"""How likely is each customer to be active soon, given the score? Read off the curve that the champion learned.

The curve of silence (churn/outlook.py) comes from held-out customers, so nothing is learned here. A score log keeps
probabilities and no raw log-odds: these are found again from the calibrator, which never falls. Reads arrays and a
bundle. Start reading at `chance_of_activity`.
"""

import numpy as np

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.outlook import SMALLEST

REACH = 30.0  # log-odds; nothing a calibrator tells lies beyond
STEPS = 6_001


def chance_of_activity(bundle: Bundle, probability: FloatArray, days: float) -> FloatArray | None:
    """The chance of a qualifying event within so many days of the start of the outcome window.

    Args:
        bundle: the champion's.
        probability: what it told, calibrated. Shape (n,).
        days: at least above 0; between two days that the curve knows, the hazard is even.

    Returns:
        Shape (n,); None where the champion has no curve, or its curve ends before.
    """
    curve = bundle.outlook.curve if bundle.outlook else None
    if curve is None or days > curve.days[-1]:
        return None
    silent_own = probability if bundle.model == "churn" else 1 - probability
    silent = curve.silent(raw_of(bundle, probability), silent_own)
    ends = np.array((0.0, *curve.days))
    falling = np.log(np.maximum(np.column_stack([np.ones(len(silent)), silent]), SMALLEST))
    right = int(np.searchsorted(ends, days))
    part = (days - ends[right - 1]) / (ends[right] - ends[right - 1])
    active: FloatArray = -np.expm1(falling[:, right - 1] * (1 - part) + falling[:, right] * part)
    return active


def raw_of(bundle: Bundle, probability: FloatArray) -> FloatArray:
    """The raw log-odds behind calibrated probabilities; where many share one, one of them. Shape (n,)."""
    raw = np.linspace(-REACH, REACH, STEPS)
    odds = _log_odds(bundle.probability(raw))
    rises = np.append(True, np.diff(np.maximum.accumulate(odds)) > 0)
    return np.asarray(np.interp(_log_odds(probability), odds[rises], raw[rises]))


def _log_odds(probability: FloatArray) -> FloatArray:
    sure = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(sure / (1 - sure)))
