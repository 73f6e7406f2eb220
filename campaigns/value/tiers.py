"""Value tiers by frequency, amount and referral; who is of high value, and who of high potential.

    days with orders, money, referrals --places among everybody--> weighted mean --> high | middle | low

A place is the share of customers who have less; nobody who referred nobody has a place above 0. Sizes, weights and
shares are settings ([value]); none stands for what other businesses do. Reads arrays. Start reading at `tiers`.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.value_sections import Valuing

HIGH, MIDDLE, LOW = "high", "middle", "low"
FREQUENCY, AMOUNT, REFERRAL = "frequency", "amount", "referral"
PARTS: Final = (FREQUENCY, AMOUNT, REFERRAL)


def places(values: FloatArray) -> FloatArray:
    """The share of customers who have less, in [0, 1). Shape (n,)."""
    return np.searchsorted(np.sort(values), values, side="left") / max(len(values), 1)


def parts_of(
    visits: FloatArray, spend: FloatArray, referred: FloatArray, referred_spend: FloatArray
) -> dict[str, FloatArray]:
    """Each customer's places by part; parts of which the log knows nothing are left out.

    Args:
        visits: days with orders. Shape (n,).
        spend: money. Shape (n,).
        referred: customers they referred. Shape (n,).
        referred_spend: what those spent. Shape (n,).
    """
    found = {FREQUENCY: places(visits)} if visits.any() else {}
    if spend.any():
        found[AMOUNT] = places(spend)
    if referred.any():
        both = [places(one) for one in (referred, referred_spend) if one.any()]
        found[REFERRAL] = np.asarray(np.mean(both, axis=0))
    return found


def tiers(found: Mapping[str, FloatArray], rules: Valuing, size: int) -> NDArray[np.object_]:
    """The tier of each customer; equals share the lower tier of theirs. Shape (n,).

    Args:
        found: places by part.
        rules: weights of the parts, and sizes of the tiers.
        size: how many customers.
    """
    weights = {FREQUENCY: rules.frequency_weight, AMOUNT: rules.amount_weight, REFERRAL: rules.referral_weight}
    standing = np.zeros(size)
    for name, one in found.items():
        standing += weights[name] * one
    edges = np.cumsum(np.array(rules.tier_sizes[::-1]) / sum(rules.tier_sizes))
    place = places(standing)
    return np.where(place >= edges[1] - 1e-12, HIGH, np.where(place >= edges[0] - 1e-12, MIDDLE, LOW)).astype(object)


def fewest_with(amounts: FloatArray, share: float) -> NDArray[np.bool_]:
    """The fewest customers who together hold this share of all; nobody with nothing. Shape (n,).

    Args:
        amounts: NaN, or nothing and below, counts as none. Shape (n,).
        share: in (0, 1).
    """
    held = np.maximum(np.nan_to_num(amounts), 0.0)
    order = np.argsort(-held, kind="stable")
    before = np.cumsum(held[order]) - held[order]
    chosen = np.zeros(len(held), dtype=np.bool_)
    chosen[order] = (before < share * held.sum()) & (held[order] > 0)
    return chosen
