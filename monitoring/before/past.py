"""The past of early signs: every week of two years, whom the champion was asked about and who was active soon.

    log --some buckets, some customers--> features as they would have been then --trees--> scores --curve--> expected
                                          events of the first days, as known when they ended -----------------> actual

Served answers play no part: they began when the model did, and like is compared with like. Only sums are kept, in
`monitoring/cache/`, so that a run computes the weeks that are new: `EarlySums` looks on where the quiet past computes
the same features (`monitoring/drift/past.py`), `early_weeks` computes what is still missing. Start reading there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
from monitoring.drift.sums import sampled
from monitoring.reading.customers import Sample

WEEKS: Final = 104
AT_ONCE: Final = 13  # weeks computed together
MONDAY: Final = 0
Score = Callable[[FloatArray], FloatArray]  # packed vectors to probabilities
Say = Callable[[str], None]


class EarlySums:
    """A champion's weeks, added up customer by customer; those that were kept need not be.

    Args:
        bundle: the champion's, with a curve that reaches so far.
        features: hash of those that it learned from.
        lifecycle: whom to ask, and what counts.
        manifest: of the log. buckets: that it has.
        days: that are early.
        now: weeks that were over by then.
        cache: the file of what is kept.
    """

    def __init__(
        self,
        bundle: Bundle,
        features: str,
        lifecycle: Lifecycle,
        manifest: LogManifest,
        buckets: int,
        *,
        days: int,
        now: datetime,
        cache: Path,
    ) -> None:
        self.sample = Sample.of(buckets, manifest.customers)
        self._bundle, self._lifecycle, self._days, self._cache = bundle, lifecycle, days, cache
        self._form = Kept(features, lifecycle.definition.id, days, self.sample.buckets, self.sample.share)
        self.weeks = read_kept(cache, self._form)
        every = mondays(lifecycle, manifest.first_event_at, now, days)
        oldest = min(self.weeks, default=manifest.first_event_at)  # before it nobody was asked
        self.missing: Sequence[datetime] = [at for at in every if at not in self.weeks and at >= oldest]

    def add(self, events: Events, at: datetime, customers: NDArray[np.intp], told: FloatArray) -> None:
        """Some customers' week, if it is missing (`monitoring.drift.sums.Watcher`)."""
        if at not in self.missing or not len(customers):
            return
        chance = chance_of_activity(self._bundle, told, self._days)
        if chance is not None:
            cohort = pd.DataFrame({"customer_id": events.customers[customers], "model": self._bundle.model})
            week = week_of(at, chance, active_within(events, cohort, self._lifecycle, at, self._days))
            self.weeks[at] = self.weeks[at].plus(week) if at in self.weeks else week

    def keep(self) -> tuple[EarlyWeek, ...]:
        """All weeks, oldest first; what is new is written down."""
        if self.missing:
            write_kept(self._cache, self._form, self.weeks)
            self.missing = []
        return tuple(self.weeks[at] for at in sorted(self.weeks))[-WEEKS:]


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
    sums = EarlySums(bundle, features.hash, lifecycle, manifest, len(parts), days=days, now=now, cache=cache)
    if len(sums.missing) > 1:
        progress(f"{bundle.model}: early signs of {len(sums.missing)} past weeks, this once")
    places = [features.names.index(name) for name in bundle.features]
    for part in parts[: sums.sample.buckets] if sums.missing else ():
        events, _ = sampled(part.read(), sums.sample.share)
        for first in range(0, len(sums.missing) if len(events) else 0, AT_ONCE):
            chunk = sums.missing[first : first + AT_ONCE]
            cube = compute(events, chunk, features, lifecycle)
            for place, at in enumerate(chunk):
                who = who_is_asked(events, lifecycle, to_us(at))
                mine = who.customer[who.model == bundle.model]
                if len(mine):
                    sums.add(events, at, mine, score(np.ascontiguousarray(cube[mine, place][:, places])))
    return sums.keep()


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
