"""What moves the simulated shop's customers: contacts, moods, service, and the hazards that follow.

Answers with what chance a customer falls dormant, comes back, or orders today: `hazards(shop, state)`. A customer
is engaged or dormant. What decides it is hidden, but leaves traces: visits and opened mails fade, complaints
answered late, surveys, points cashed in, sales only, gifts only, silence against one's own cadence.
Functions that write say so; they are given a state made to be written. Knows nothing of files, features or models.
"""

import numpy as np

from features.simulated_calendar import FloatArray, IntArray
from features.simulated_customers import (
    CATEGORIES,
    NEVER,
    SERVICE_CALL,
    SLEEPING_DOG,
    ActionArray,
    BoolArray,
    Shop,
    State,
    single,
)

_LIFT = np.array(  # log order rate added by a contact: response type x action
    [[0.0, 0.5, 1.0, 0.6], [0.0, 0.0, 0.1, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]], dtype=np.float32
)
_CHANNEL_RISK = np.array([0.0, 0.15, -0.45, 0.4, -0.1], dtype=np.float32)  # log hazard of falling dormant
_REGION_TROUBLE = np.array([0.9, 1.0, 0.9, 1.7], dtype=np.float32)  # the west waits longest for its parcels


def loyalty(state: State) -> FloatArray:
    """0 for a first order, towards 1 with more. Shape (customers,)."""
    return single(1 - np.exp(-(state.orders - 1).clip(0) / 3.0))


def channel_risk(shop: Shop) -> FloatArray:
    """Log hazard of falling dormant that each customer's channel adds. Shape (customers,)."""
    return single(_CHANNEL_RISK[shop.channel])


def contact(shop: Shop, state: State, actions: ActionArray) -> None:
    """Let today's contacts work on a writable state: lift orders, make up for an issue, or annoy."""
    state.lift[:] = np.maximum(state.lift, _LIFT[shop.response, actions])
    state.fatigue[(actions > 0) & (shop.response == SLEEPING_DOG)] = 1.3
    called = actions == SERVICE_CALL
    state.grievance[called] *= 0.3
    state.satisfied[called] += 0.2


def drift(shop: Shop, state: State, draws: FloatArray) -> None:
    """Let a day pass over moods: fading anger, lift and fatigue, wandering interest. Writes the state."""
    state.grievance[:] *= 0.975
    state.lift[:] *= 0.93
    state.fatigue[:] *= 0.96
    state.satisfied[:] += (shop.content - state.satisfied) * 0.006
    bell = np.sqrt(-2 * np.log(1 - draws[0])) * np.cos(2 * np.pi * draws[1])  # Box-Muller
    state.interest[:] += (0.35 * state.satisfied - state.interest) * 0.012 + 0.035 * bell


def answer_issues(shop: Shop, state: State, draws: FloatArray) -> tuple[IntArray, IntArray]:
    """Answer the issues due today, some too late. Writes the state; returns who got help and who did not."""
    due = np.flatnonzero(state.issue_answered == state.day)
    strain = shop.calendar.strain[state.day] * _REGION_TROUBLE[shop.region[due]]
    late = draws[2][due] < 0.33 * strain
    helped, failed = due[~late], due[late]
    state.satisfied[helped] += 0.15
    state.satisfied[failed] -= 0.7
    state.grievance[failed] += 1.0
    state.complained[failed] = state.day
    state.issue_answered[due] = NEVER
    return helped, failed


def trouble(shop: Shop, state: State, who: IntArray) -> FloatArray:
    """The chance that an order placed today goes wrong, per customer in `who`."""
    base = np.where(state.last_category[who] >= CATEGORIES.index("fashion"), 0.14, 0.09)
    return single((base * shop.calendar.strain[state.day] * _REGION_TROUBLE[shop.region[who]]).clip(0, 0.4))


def hazards(shop: Shop, state: State) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Today's chances: to fall dormant, to come back, to order if engaged, to order if dormant."""
    day, calendar = state.day, shop.calendar
    sale, gifting = calendar.sale[day], calendar.gifting[day]
    loyal = loyalty(state)
    log_down = (
        -5.2
        + 0.6 * (1 - loyal)
        + state.grievance * (2.3 - 1.6 * loyal)  # newcomers do not forgive
        - 0.9 * state.satisfied
        - 0.7 * state.interest
        + state.fatigue
        + _CHANNEL_RISK[shop.channel]
        + shop.hunter * (0.45 - 0.9 * sale)
        - 0.35 * np.log(shop.cadence_days / 28.0)
    )
    log_up = (
        -7.55
        + 1.8 * loyal
        + 1.6 * shop.opener
        + 0.7 * (shop.spend - 4.7)
        - 2.0 * _CHANNEL_RISK[shop.channel]
        + 0.2 * state.satisfied
        - 1.2 * ((state.complained != NEVER) & (day - state.complained < 365))  # dormant customers hold a grudge
        + 0.9 * state.lift
        + shop.hunter * 1.4 * sale
        + shop.gifter * (1.8 * gifting - 0.5)
    )
    waited = (day - state.last_order) / shop.cadence_days
    pressing = 0.6 * np.clip(waited - 1.0, 0.0, 5.0)  # whoever is back after long soon buys
    rhythm = np.where(state.last_order == NEVER, 0.5, 0.2 + 1.4 * np.minimum(waited, 1.0) ** 2 + pressing)
    log_rate = state.interest + state.lift + shop.hunter * (1.2 * sale - 0.3) + shop.gifter * (1.5 * gifting - 0.8)
    rate = np.exp(log_rate) * rhythm * calendar.demand[day] / shop.cadence_days
    order = np.where(shop.arrival == day, 0.9, 1 - np.exp(-rate))
    down = np.where(shop.arrival == day, 0.0, np.exp(np.minimum(log_down, -2.5)))
    return single(down), single(np.exp(np.minimum(log_up, -3.0))), single(order), single(0.002 * order)


def leaves_at_once(shop: Shop, first: IntArray, went_wrong: BoolArray) -> FloatArray:
    """The chance that a first order stays the only one, per customer in `first`."""
    log_odds = 0.5 + 0.7 * shop.hunter[first] + 1.2 * went_wrong + 1.2 * _CHANNEL_RISK[shop.channel[first]]
    log_odds = log_odds + 0.8 * (shop.favourite[first] == CATEGORIES.index("electronics"))
    return single(1 / (1 + np.exp(-log_odds)))
