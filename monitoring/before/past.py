"""The past of early signs: every week of two years, whom the champion was asked about and who was active soon.

    log --some buckets, some customers--> features as they would have been then --trees--> scores --curve--> expected
                                          events of the first days, as known when they ended -----------------> actual

Served answers play no part: they began when the model did, and like is compared with like. Only sums are kept, in
`monitoring/cache/`, so that a run computes the weeks that are new. Start reading at `early_weeks`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from churn.bundle import Bundle
from churn.calendar import to_us
from churn.cohort import who_is_asked
from churn.definition import Lifecycle
from churn.events import Events, FloatArray
from features.compute import compute
from features.feature_set import FeatureSet
from features.log import LogManifest
from features.parts import Part
from monitoring.before.activity import chance_of_activity
from monitoring.before.early import EarlyWeek, active_within, week_of
from monitoring.before.kept import Kept, read_kept, write_kept
from monitoring.reading.customers import numbers_of

WEEKS: Final = 104
MOST_CUSTOMERS: Final = 8_000
AT_ONCE: Final = 13  # weeks computed together
MONDAY: Final = 0
Score = Callable[[FloatArray], FloatArray]  # packed vectors to probabilities
Say = Callable[[str], None]


def early_weeks(
    bundle: Bundle,
    score: Score,
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    manifest: LogManifest,
    *,
    days: int,
    now: datetime,
    cache: Path,
    progress: Say = lambda _: None,
) -> tuple[EarlyWeek, ...]:
    """A champion's weeks, oldest first; those that are new are computed and kept.

    Args:
        bundle: the champion's, with a curve that reaches so far.
        score: what it says of packed vectors.
        parts: of the log.
        features: that the champion learned from.
        lifecycle: whom to ask, and what counts.
        manifest: of the log.
        days: that are early.
        now: weeks that were over by then.
        cache: the file of what is kept.
        progress: told what is going on.
    """
    few, share = sampled(len(parts), manifest.customers)
    form = Kept(features.hash, lifecycle.definition.id, days, few, share)
    kept = read_kept(cache, form)
    missing = [at for at in mondays(lifecycle, manifest.first_event_at, now, days) if at not in kept]
    if len(missing) > 1:
        progress(f"{bundle.model}: early signs of {len(missing)} past weeks, this once")
    for part in parts[:few] if missing else ():
        events = _some(part.read(), share)
        for chunk in (missing[first : first + AT_ONCE] for first in range(0, len(missing), AT_ONCE)):
            for week in _weeks(bundle, score, events, features, lifecycle, chunk, days) if len(events) else ():
                kept[week.at] = kept[week.at].plus(week) if week.at in kept else week
    if missing:
        write_kept(cache, form, kept)
    return tuple(kept[at] for at in sorted(kept))[-WEEKS:]


def sampled(parts: int, customers: int) -> tuple[int, float]:
    """How many buckets are read, and the share of their customers: about `MOST_CUSTOMERS`, the same from run to run."""
    each, few = customers / max(parts, 1), parts
    while few > 1 and each * (few // 2) >= MOST_CUSTOMERS:
        few //= 2
    share = 1.0
    while each * few * share > 2 * MOST_CUSTOMERS:
        share /= 2
    return few, share


def mondays(lifecycle: Lifecycle, first_event_at: datetime, now: datetime, days: int) -> list[datetime]:
    """The midnights of Mondays whose first days are over, within the log and the last two years; oldest first."""
    calendar = lifecycle.calendar
    today = calendar.day_of(now)
    newest = today - timedelta(days=(today.weekday() - MONDAY) % 7)
    all_of_them = (calendar.midnight(newest - timedelta(weeks=back)) for back in range(WEEKS + 1))
    over = [
        at
        for at in all_of_them
        if at > first_event_at and calendar.plus_days(lifecycle.outcome_window(at).start, days) <= now
    ]
    return over[:WEEKS][::-1]


def _weeks(
    bundle: Bundle,
    score: Score,
    events: Events,
    features: FeatureSet,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    days: int,
) -> list[EarlyWeek]:
    """Some customers' weeks; a week of which nobody was asked is left out."""
    cube, found = compute(events, cutoffs, features, lifecycle), []
    places = [features.names.index(name) for name in bundle.features]
    for place, at in enumerate(cutoffs):
        who = who_is_asked(events, lifecycle, to_us(at))
        mine = who.customer[who.model == bundle.model]
        if not len(mine):
            continue
        told = score(np.ascontiguousarray(cube[mine, place][:, places]))
        chance = chance_of_activity(bundle, told, days)
        if chance is not None:
            cohort = pd.DataFrame({"customer_id": events.customers[mine], "model": bundle.model})
            found.append(week_of(at, chance, active_within(events, cohort, lifecycle, at, days)))
    return found


def _some(events: Events, share: float) -> Events:
    """The customers with the smallest numbers."""
    if share >= 1 or not len(events.customers):
        return events
    numbers = numbers_of(pa.array(events.customers.tolist(), pa.string()))
    return events.of(events.customers[numbers < np.uint64(share * 2.0**64)].tolist())
