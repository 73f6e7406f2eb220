"""What the simulated shop knows and no model may see: the true chance that a customer stays silent.

Answers, for a state at a cutoff, with what probability each customer places no order within a horizon. Under
silence nothing that a customer does feeds back into the hidden chain, so given the path of moods and contacts
the chance is exact by the forward recursion over (engaged, dormant); only the paths are drawn, and few suffice.
Read by `features.simulation`, benchmarks and tests alone.
"""

import numpy as np
import numpy.typing as npt

from features import simulated_shop as model
from features.simulated_campaigns import campaign_of_the_day
from features.simulated_customers import Shop, State, dice

TRUTH_STREAM = 1_000  # chance apart from the run's own: the future is integrated over, not peeked at


def silence_probability(
    shop: Shop, state: State, days: int, *, paths: int = 4, contacted: bool = True
) -> npt.NDArray[np.float64]:
    """The chance that each customer places no order in the next `days` days, under the shop's own campaigns or none.

    Args:
        shop: the customers.
        state: as of the cutoff, the beginning of a day; not changed.
        days: the horizon.
        paths: drawn futures of moods and contacts over which the chance is averaged.
        contacted: by the shop's own campaigns; False: nobody is contacted any more.

    Returns:
        Probabilities in [0, 1], shape (customers,). Those not yet arrived are NaN.

    Source: forward recursion of a hidden Markov chain, Rabiner (1989), Proc. IEEE 77(2), section III.A.
    """
    total = np.zeros(shop.customers)
    for path in range(paths):
        total += _silent_path(shop, state, days, stream=TRUTH_STREAM + path, contacted=contacted)
    return np.where(shop.arrival < state.day, total / paths, np.nan)


def _silent_path(shop: Shop, state: State, days: int, *, stream: int, contacted: bool) -> npt.NDArray[np.float64]:
    """The chance of silence given one path of moods and contacts."""
    now = state.copy()
    engaged, dormant = now.engaged.astype(np.float64), (~now.engaged).astype(np.float64)
    for _ in range(days):
        draws = dice(shop, now.day, stream, count=3)
        if contacted:
            model.contact(shop, now, campaign_of_the_day(shop, now, stream=stream).actions)
        model.drift(shop, now, draws)
        model.answer_issues(shop, now, draws)
        down, up, order_engaged, order_dormant = model.hazards(shop, now)
        stays = engaged * (1 - down) + dormant * up
        dormant = (engaged * down + dormant * (1 - up)) * (1 - order_dormant)
        engaged = stays * (1 - order_engaged)
        now = State(**{**vars(now), "day": now.day + 1})
    return engaged + dormant
