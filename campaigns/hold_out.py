"""Who is kept out by chance: a few for good, whom no campaign ever contacts, and some of each campaign, to measure it.

Chance is a hash of the customer's id, salted with the business and the campaign: a customer gets the same answer in
every run, whatever the order of rows and whoever else is there; nobody has to be remembered, and a larger share keeps
all those out whom a smaller one keeps out. A customer who was merged is kept out for good if one of their ids is.
Reads ids, settings and the id map of the log. Start reading at `kept_out_for_good`.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from churn.settings import Settings
from features.persons import persons_of

BoolArray = NDArray[np.bool_]
FOR_GOOD = "(for good)"  # no campaign can be called so
BITS = 53  # of a hash, as many as a float has


def kept_out_for_good(settings: Settings, customer_ids: Iterable[str]) -> BoolArray:
    """Whom no campaign ever contacts, so that there is somebody to compare all campaigns with.

    Args:
        settings: `[campaigns] permanent_hold_out_ratio` and `seed`; the slug of the business salts the hash.
        customer_ids: who is asked about. (n,)

    Returns:
        True for those kept out: a person of several ids is, if one of these is. Shape (n,).

    Raises:
        BrokenLog: the id map cannot be read.
    """
    ids, people = list(customer_ids), persons_of(settings.folder)
    out = _is_out(settings, ids)
    for place in [place for place, one in enumerate(ids) if one in people.first] if people else ():
        out[place] = _is_out(settings, people.all_ids(ids[place])).any()
    return out


def chance_of_campaigns(settings: Settings, customer_ids: Iterable[str]) -> NDArray[np.float64]:
    """With which chance each is not kept out for good: smaller where a person has several ids. Shape (n,)."""
    people, ratio = persons_of(settings.folder), settings.campaigns.permanent_hold_out_ratio
    return np.array([(1 - ratio) ** len(people.all_ids(one)) for one in customer_ids])


def _is_out(settings: Settings, customer_ids: Iterable[str]) -> BoolArray:
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
