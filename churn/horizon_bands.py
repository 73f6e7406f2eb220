"""Intervals of the probabilities at several horizons, nested as the probabilities are.

    probabilities (n, k), the own horizon's interval, a Band a horizon --> low, high (n, k); NaN: no interval

Whoever keeps silent for 180 days did so for 90: what bounds the rate at one horizon bounds it at the others. So from
the own horizon, whose interval is served as it is, each end moves outwards only as the probabilities do. Reads arrays.
Start reading at `horizon_intervals`.
"""

import numpy as np

from churn.outlook import SMALLEST, FloatArray, Outlook, intervals


def horizon_intervals(
    outlook: Outlook, asked: FloatArray, own_days: int, *, falls: bool
) -> tuple[FloatArray, FloatArray]:
    """Low and high ends at each horizon of an outlook.

    Args:
        outlook: with its bands.
        asked: probabilities at its horizons, in their order. Shape (n, k).
        own_days: the definition's horizon.
        falls: whether probabilities fall with longer horizons (churn: silence) or rise (reactivation).

    Returns:
        Two arrays of shape (n, k); columns without an interval are NaN.
    """
    if outlook.band is None:
        return np.full(asked.shape, np.nan), np.full(asked.shape, np.nan)
    own, days = outlook.horizons_days.index(own_days), outlook.horizons_days
    bands = [outlook.band if day == own_days else outlook.bands.get(str(day)) for day in days]
    low, high = intervals(bands, np.minimum(np.maximum(asked, SMALLEST), 1 - SMALLEST))
    for places, lifts in ((range(own - 1, -1, -1), falls), (range(own + 1, len(days)), not falls)):
        beside, further = own, np.maximum if lifts else np.minimum
        for place in places:
            if bands[place]:
                for end in (low, high):
                    further(end[:, place], end[:, beside], out=end[:, place])
                beside = place
    return np.minimum(low, asked), np.maximum(high, asked)
