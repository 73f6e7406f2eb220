"""The off-line path of a row that was written or served before: computed again, from what was known then.

A row says as of when (`as_of`) and knowing what (`known_at`). Replaying it reads the log of today through that
instant of knowledge, so that what arrived or was corrected later changes nothing. Start reading at `replayed`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from churn.calendar import NEVER, to_us
from churn.definition import Lifecycle
from churn.events import Events
from features.feature_set import FeatureSet
from features.online import Age, OnlineRow, rows_of
from features.snapshots import current

Key = tuple[str, Age]  # whose row, and which


def replayed(
    asked: Iterable[Key],
    events: Events,
    features: FeatureSet,
    lifecycle: Lifecycle,
    *,
    tells_solutions: bool = False,
) -> Mapping[Key, OnlineRow]:
    """The rows that the log gives for these customers, each at its own instant.

    Args:
        asked: whose row, as of when and knowing what.
        events: the log, or the events of these customers.
        features: what to compute.
        lifecycle: what churn means.
        tells_solutions: whether the log says of cases that they were solved, maybe of others than these.

    Returns:
        A row by what was asked; none where a customer had no event by then.
    """
    by_age: dict[Age, list[str]] = {}
    for customer_id, age in asked:
        by_age.setdefault(age, []).append(customer_id)
    mine = events.of({customer_id for ids in by_age.values() for customer_id in ids})
    rows: dict[Key, OnlineRow] = {}
    for age, ids in by_age.items():
        found = _at(age, mine.of(ids), features, lifecycle, tells_solutions=tells_solutions)
        rows |= {(row.customer_id, age): row for row in found}
    return rows


def known_at(events: Events, instant: datetime) -> Events:
    """A log as it stood at an instant: without what reached us from then on; what stood then, stands.

    For rows whose knowledge is not that of their cutoff; where both are one instant, `churn.events.before` says it.
    """
    instant_us = to_us(instant)
    stood = events.take((events.known_us < instant_us) & (events.void_us >= instant_us))
    return replace(stood, known_us=np.minimum(stood.known_us, stood.time_us), void_us=np.full(len(stood), NEVER))


def _at(
    age: Age, events: Events, features: FeatureSet, lifecycle: Lifecycle, *, tells_solutions: bool
) -> Sequence[OnlineRow]:
    as_of, knowing = age
    seen = events if knowing == as_of else known_at(events, knowing)
    frame = current(seen, features, lifecycle, as_of, tells_solutions=tells_solutions)
    return [replace(row, known_at=knowing) for row in rows_of(frame, features.names, features.hash)]
