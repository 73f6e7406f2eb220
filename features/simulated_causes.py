"""Why did each customer of the simulated shop truly fall dormant? The terms of the hazard, taken apart.

The chance to fall dormant is the exponential of a sum (`features.simulated_shop.hazards`): newness, anger, mood,
interest, fatigue, channel, love of sales, cadence. Of whoever falls dormant, the *main cause* is the term that lies
highest above what it is for engaged customers at large on that day; where none lies `LEAST` above, there is none
(`chance`). A first order that stays the only one has terms of its own (`leaves_at_once`).

Truth: read by benchmarks and tests alone. Start reading at `causes_of_the_day`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features import simulated_shop as model
from features.simulated_customers import CATEGORIES, Shop, State

LEAST = 0.3  # log hazard above the usual: a third likelier
CHANCE = "chance"
USUALLY_WRONG = 0.1  # of orders
CAUSES = ("newness", "anger", "mood", "interest", "fatigue", "channel", "sales", "cadence", "product")
TERMS = np.arange(8)  # of `lapse_terms`, as places in CAUSES
FIRST_TERMS = np.array([CAUSES.index(name) for name in ("sales", "anger", "channel", "product")])

Matrix = npt.NDArray[np.float64]


class Lapses(NamedTuple):
    """Customers who fell dormant on a day. All of shape (k,).

    Args:
        who: codes of customers.
        cause: places in `CAUSES` of the term that lies highest above the usual.
        excess: by how much, log hazard; below `LEAST` it was chance.
    """

    who: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]
    excess: npt.NDArray[np.float64]


def lapse_terms(shop: Shop, state: State) -> Matrix:
    """The terms of today's log hazard to fall dormant, the constant left out. Shape (customers, 8), as `CAUSES`."""
    loyal = model.loyalty(state)
    sale = shop.calendar.sale[state.day]
    return np.column_stack(
        [
            0.6 * (1 - loyal),
            state.grievance * (2.3 - 1.6 * loyal),
            -0.9 * state.satisfied,
            -0.7 * state.interest,
            state.fatigue,
            model.channel_risk(shop),
            shop.hunter * (0.45 - 0.9 * sale),
            -0.35 * np.log(shop.cadence_days / 28.0),
        ]
    ).astype(np.float64)


def first_terms(shop: Shop, who: npt.NDArray[np.int64], went_wrong: npt.NDArray[np.float64]) -> Matrix:
    """The terms that make a first order the only one. Shape (k, 4), as `FIRST_TERMS`."""
    electronics = shop.favourite[who] == CATEGORIES.index("electronics")
    terms = [0.7 * shop.hunter[who], 1.2 * went_wrong, 1.2 * model.channel_risk(shop)[who], 0.8 * electronics]
    return np.column_stack(terms).astype(np.float64)


def causes_of_the_day(shop: Shop, before: State, after: State) -> Lapses:
    """Who fell dormant on a day, and of what.

    Args:
        shop: the customers.
        before: as of the beginning of the day.
        after: as of the beginning of the next.
    """
    first = np.flatnonzero((before.orders == 0) & (after.orders > 0) & ~after.engaged)
    gone = np.flatnonzero(before.engaged & ~after.engaged & (before.orders > 0) & (after.orders == before.orders))
    once = _excess_first(shop, before, after, first)
    again = np.zeros((0, len(TERMS)))
    if len(gone):
        terms = lapse_terms(shop, State(**{**vars(after), "day": before.day}))
        again = terms[gone] - terms[before.engaged & (before.orders > 0)].mean(axis=0)
    return Lapses(
        np.concatenate([first, gone]),
        np.concatenate([FIRST_TERMS[once.argmax(axis=1)], TERMS[again.argmax(axis=1)]]),
        np.concatenate([once.max(axis=1), again.max(axis=1)]),
    )


def _excess_first(shop: Shop, before: State, after: State, who: npt.NDArray[np.int64]) -> Matrix:
    """Terms of first orders, less what they are for customers at large."""
    wrong = (before.satisfied - after.satisfied)[who] > 0.2  # an order gone wrong takes a quarter at once
    everybody = np.arange(shop.customers)
    usual = first_terms(shop, everybody, np.full(shop.customers, USUALLY_WRONG)).mean(axis=0)
    excess: Matrix = first_terms(shop, who, wrong.astype(np.float64)) - usual
    return excess
