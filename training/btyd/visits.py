"""How often customers will come: BG/NBD's expected number of visits, for whoever multiplies it with money.

A function that fits and gives a function, of plain arrays: the room of campaigns asks it without knowing training, and
cli hands it over. Start reading at `fit_visits`.
"""

from collections.abc import Callable

import numpy as np

from churn.events import FloatArray
from training.btyd.bg_nbd import expected_visits, fit_bg_nbd
from training.btyd.fitting import NotFound
from training.btyd.histories import Histories

SEED = 7
Visits = Callable[[FloatArray, FloatArray, FloatArray, int], FloatArray]


def fit_visits(repeats: FloatArray, last_days: FloatArray, known_days: FloatArray) -> Visits | None:
    """Fit when customers come.

    Args:
        repeats: days with a visit after the first. Shape (n,).
        last_days: from the first visit to the last. Shape (n,).
        known_days: from the first visit to now. Shape (n,).

    Returns:
        The visits expected of such histories within so many days; None where no parameters were found.
    """
    found = fit_bg_nbd(_histories(repeats, last_days, known_days), seed=SEED)
    if isinstance(found, NotFound):
        return None
    parameters = np.array(found.parameters)

    def visits(repeats: FloatArray, last_days: FloatArray, known_days: FloatArray, days: int) -> FloatArray:
        return expected_visits(parameters, _histories(repeats, last_days, known_days), days=days)

    return visits


def _histories(repeats: FloatArray, last_days: FloatArray, known_days: FloatArray) -> Histories:
    return Histories(repeats, np.minimum(last_days, known_days), known_days, np.ones(len(repeats)))
