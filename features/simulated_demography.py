"""Demographic attributes for the simulated shop, on request: one without any influence, one whose group is wronged.

Nothing in the shop's dynamics knows them. `gender` is drawn at random: the control. `origin` is drawn at random too,
but of those from abroad a share of what they do can go unrecorded, as by a till that knows no foreign cards: then
they look as if they were leaving when they are not. A report on fairness has to name the second, and not the first.
Reads a log, returns another; the log of the demo stays as it is. Start reading at `with_demographics`.
"""

import numpy as np
import pandas as pd

from features.simulated_export import PROFILE

GENDERS = ("f", "m")
ORIGINS, ABROAD_SHARE = ("home", "abroad"), 0.3


def with_demographics(events: pd.DataFrame, *, seed: int, unrecorded_share: float = 0.0) -> pd.DataFrame:
    """The log with two attributes more, known since each customer's first event.

    Args:
        events: a log with the columns of EVENTS.
        seed: from which the attributes, and what goes unrecorded, follow.
        unrecorded_share: share of the events of customers from abroad that never reach the log; their profiles do.
    """
    random = np.random.default_rng([seed, 303])
    first = events[~events.duplicated("customer_id")]
    people = first["customer_id"].to_numpy(dtype=object)
    gender = np.array(GENDERS, dtype=object)[random.integers(0, 2, len(people))]
    abroad = random.random(len(people)) < ABROAD_SHARE
    origin = np.where(abroad, ORIGINS[1], ORIGINS[0])
    theirs = events["customer_id"].isin(people[abroad]) & ~events["event_type"].str.startswith(PROFILE)
    lost = theirs.to_numpy() & (random.random(len(events)) < unrecorded_share)
    told = [_profiles(first, "gender", gender), _profiles(first, "origin", origin)]
    return pd.concat([events[~lost], *told], ignore_index=True)


def _profiles(first: pd.DataFrame, attribute: str, values: np.ndarray) -> pd.DataFrame:
    """One event a customer that tells the attribute, at their first event."""
    kept = first[["event_id", "customer_id", "event_timestamp", "ingested_at"]]
    ids = kept["event_id"] + f"-{attribute}"
    return kept.assign(event_id=ids, event_type=PROFILE + attribute, category=values)
