"""Who is kept out by chance: a few for good, whom no campaign ever contacts, and some of each campaign, to measure it.

Chance is a hash of the customer's id, salted with the business and the campaign: a customer gets the same answer in
every run, whatever the order of rows and whoever else is there; nobody has to be remembered, and a larger share keeps
all those out whom a smaller one keeps out. Reads ids and settings. Start reading at `kept_out_for_good`.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from churn.settings import Settings

BoolArray = NDArray[np.bool_]
FOR_GOOD = "(for good)"  # no campaign can be called so
BITS = 53  # of a hash, as many as a float has


def kept_out_for_good(settings: Settings, customer_ids: Iterable[str]) -> BoolArray:
    """Whom no campaign ever contacts, so that there is somebody to compare all campaigns with.

    Args:
        settings: `[campaigns] permanent_hold_out_ratio` and `seed`; the slug of the business salts the hash.
        customer_ids: who is asked about. (n,)

    Returns:
        True for those kept out. Shape (n,).
    """
    return chances(settings, FOR_GOOD, customer_ids) < settings.campaigns.permanent_hold_out_ratio


def held_out(settings: Settings, campaign: str, customer_ids: Iterable[str]) -> BoolArray:
    """Whom chance keeps out of one campaign; each with chance `[campaigns] hold_out_ratio`.

    Args:
        settings: share and seed.
        campaign: its id; another one draws others.
        customer_ids: who is planned for. (n,)

    Returns:
        True for those kept out. Shape (n,).
    """
    return chances(settings, campaign, customer_ids) < settings.campaigns.hold_out_ratio


def chances(settings: Settings, what_for: str, customer_ids: Iterable[str]) -> NDArray[np.float64]:
    """A number in [0, 1) a customer, evenly spread, of no relation to anything else about them. Shape (n,)."""
    salted = hashlib.blake2b(digest_size=8)
    salted.update(f"{settings.business.slug}\0{settings.campaigns.seed}\0{what_for}\0".encode())
    found = [_number(salted, one) for one in customer_ids]
    return np.array(found, dtype=np.float64)


def _number(salted: "hashlib.blake2b", customer_id: str) -> float:
    mine = salted.copy()
    mine.update(customer_id.encode())
    return (int.from_bytes(mine.digest(), "big") >> (64 - BITS)) / float(1 << BITS)
