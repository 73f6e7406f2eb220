"""Between which amounts a plan's profit lies: what is expected of it, and what will come of it.

    Offers + chosen --1,000 draws of what is unknown--> Interval of the expectation, Interval of what is realised

Two things are unknown for all customers of a plan together, so they do not cancel out among many: the take-up of each
action (`take_up_range`) and how far the scores are off (their calibration band). On top of that comes each customer's
own chance: whether they are turned, whether they take the offer. Values are taken as they are: their error is in
neither interval, and is said so. Start reading at `between`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from campaigns.catalogue.offers import Offers
from campaigns.plan.problem import NONE, FloatArray, IntArray

DRAWS: Final = 4_000
NINE_TENTHS: Final = 1.6448536269514722  # standard deviations on each side
VALUE, NO_RANGE, NO_BAND, MEASURED, SAME = "value", "take_up", "probability", "measured_effect", "same_take_up"


@dataclass(frozen=True)
class Interval:
    """Between which amounts, nine times in ten.

    Args:
        expected: of the plan.
        expected_low, expected_high: if take-up and scores are off as far as they may be.
        realised_low, realised_high: with each customer's own chance on top.
        leaves_out: what neither interval holds: value, take_up (an action has no range), probability (a score has no
            band), measured_effect (an effect was measured, and its own error is not drawn), same_take_up (one take-up
            stands for everybody, and those whom a plan prefers may be turned less).
    """

    expected: float
    expected_low: float
    expected_high: float
    realised_low: float
    realised_high: float
    leaves_out: tuple[str, ...]


def between(offers: Offers, choice: IntArray, *, seed: int, draws: int = DRAWS) -> Interval:
    """The intervals of a plan's profit.

    Args:
        offers: what each action would earn.
        choice: column of each customer's action, or NONE; of those who will be contacted. Shape (n,).
        seed: of the draws.
        draws: how many.
    """
    rng = np.random.default_rng(seed)
    off = _shared(rng.standard_normal(draws), choice)
    mean, variance = np.zeros(draws), np.zeros(draws)
    missing = {VALUE} if (choice != NONE).any() else set()
    for column in np.unique(choice[choice != NONE]):
        who = np.flatnonzero(choice == column)
        take_up = _take_up(offers, int(column), rng.standard_normal(draws), missing)
        mine, theirs = _drawn(offers, int(column), who, off, take_up, missing)
        mean += mine
        variance += theirs
    who = np.flatnonzero(choice != NONE)
    expected = float(offers.profit[who, choice[who]].sum(dtype=np.float64))
    realised = mean + np.sqrt(variance) * rng.standard_normal(draws)
    low, high = np.quantile(mean, (0.05, 0.95))
    lowest, highest = np.quantile(realised, (0.05, 0.95))
    return Interval(expected, float(low), float(high), float(lowest), float(highest), tuple(sorted(missing)))


def _shared(off: FloatArray, choice: IntArray) -> FloatArray:
    """How far the scores are off, one figure for all actions at each draw. Shape (draws,).

    Where one action is drawn in few states, the others repeat the same: drawn afresh, they would be off another way
    than it in most draws, and an error that all share would cancel out among them.
    """
    is_coarse = (np.unique(choice[choice != NONE], return_counts=True)[1] > _FEW).any()
    return np.resize(off[:_COARSE], off.shape) if is_coarse else off


def _take_up(offers: Offers, column: int, chance: FloatArray, missing: set[str]) -> FloatArray:
    """The share turned, drawn once for all customers of an action; the range holds nine of ten. Shape (draws,)."""
    action, stake = offers.actions[column], offers.stakes[column]
    if action.code in offers.measured:
        missing.add(MEASURED)
        return np.full(len(chance), np.nan)
    missing.add(SAME)
    if action.take_up_range is None:
        missing.add(NO_RANGE)
        return np.full(len(chance), stake.take_up_ratio)
    low, high = action.take_up_range
    side = np.where(chance < 0, stake.take_up_ratio - low, high - stake.take_up_ratio)
    return np.clip(stake.take_up_ratio + chance * side / NINE_TENTHS, 0.0, 1.0)


def _drawn(
    offers: Offers, column: int, who: IntArray, off: FloatArray, take_up: FloatArray, missing: set[str]
) -> tuple[FloatArray, FloatArray]:
    """The mean and the variance of what an action's customers bring, at each draw. Each of shape (draws,)."""
    stake, chance = offers.stakes[column], offers.turnable[who]
    low, high = offers.turnable_low[who], offers.turnable_high[who]
    if (low == high).any():
        missing.add(NO_BAND)
    gain = offers.value[who, column].astype(np.float64) - stake.offer_amount
    anyway = stake.taken_anyway_ratio
    mean, variance = np.empty(len(off)), np.empty(len(off))
    measured = offers.turned[who, column].astype(np.float64)
    for place, (z, share) in enumerate(zip(off, take_up, strict=True)):
        if len(who) > _FEW and place >= _COARSE:  # a large plan is drawn in fewer states, each many times
            mean[place], variance[place] = mean[place % _COARSE], variance[place % _COARSE]
            continue
        leaves = np.clip(chance + z * np.where(z < 0, chance - low, high - chance) / NINE_TENTHS, 0.0, 1.0)
        turned = measured if np.isnan(share) else leaves * share
        takers = (1 - leaves) * anyway
        each = turned * gain - takers * stake.offer_amount
        mean[place] = each.sum() - stake.contact_amount * len(who)
        variance[place] = (np.abs(turned) * gain**2 + takers * stake.offer_amount**2 - each**2).sum()
    return mean, np.maximum(variance, 0.0)


_FEW, _COARSE = 2_000, 400
