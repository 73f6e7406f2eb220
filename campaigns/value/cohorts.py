"""Cohorts of the past: everybody as of an instant, with what they spent in the horizon after it where that is over.

    |---k=8---|---k=7---| ... |---k=4---|---|---|---|  now        instants a quarter of the horizon apart

A cohort may be judged, or learned from, only where its horizon is over; what learns for the cohort at `k` uses those at
`k + 4` and before, whose horizons had ended by then. Reads the log part by part: a part's customers at every instant at
once. Start reading at `cohorts_of`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.value.pasts import QUARTER, Pasts, pasts_of, spent_in
from churn.calendar import from_us
from churn.definition import Lifecycle
from churn.events import FloatArray
from features.parts import Part

JUDGED = 3  # cohorts that judge, newest first
LEARNED = 4  # cohorts that are learned from, newest first
FEWEST = 200  # customers of a cohort, as wherever a number needs rows (docs/adr/0049)
MOST_ROWS = 40_000  # of one cohort that learns or judges; more say little more


@dataclass(frozen=True)
class Cohort:
    """Everybody as of an instant, or a sample of them.

    Args:
        instant: the first instant of the future.
        pasts: what was known then.
        spent: money within the horizon from then on, as known now. Shape (n,).
    """

    instant: datetime
    pasts: Pasts
    spent: FloatArray

    def __len__(self) -> int:
        return len(self.spent)

    def take(self, rows: NDArray[Any]) -> "Cohort":
        """These customers: a mask, or positions."""
        return Cohort(self.instant, self.pasts.take(rows), self.spent[rows])


@dataclass(frozen=True)
class Past:
    """Everybody now, and the cohorts before.

    Args:
        now: everybody as of now, whole.
        instant: now.
        horizon_days: how far values look.
        cohorts: those whose horizon is over and that are large enough, by k quarters of the horizon before now.
    """

    now: Pasts
    instant: datetime
    horizon_days: int
    cohorts: dict[int, Cohort]

    def learned_by(self, k: int) -> list[Cohort]:
        """What may be learned from for a cohort at k (0: now): horizons that were over by then."""
        matured = [self.cohorts[j] for j in sorted(self.cohorts) if j >= k + QUARTER]
        return matured[:LEARNED]

    @property
    def judged(self) -> list[int]:
        """Which cohorts judge, newest first."""
        return sorted(self.cohorts)[:JUDGED]


def cohorts_of(
    parts: Sequence[Part], lifecycle: Lifecycle, *, instant: datetime, observed_until: datetime, horizon_days: int
) -> Past:
    """Everybody now, and as of the instants before.

    Args:
        parts: of the log.
        lifecycle: what qualifies, and whose days count.
        instant: now, as the newest scores know it.
        observed_until: the log is complete up to here.
        horizon_days: how far values look.
    """
    last = QUARTER + JUDGED - 1 + QUARTER + LEARNED - 1
    calendar = lifecycle.calendar
    whens = {
        k: calendar.window_start(observed_until, round(k * horizon_days / QUARTER)) for k in range(QUARTER, last + 1)
    }
    now: list[Pasts] = []
    held: dict[int, list[tuple[Pasts, FloatArray]]] = {k: [] for k in whens}
    for part in parts:
        events = part.read()
        now.append(pasts_of(events, lifecycle, instant, horizon_days))
        for k, when in whens.items():
            if not len(events) or when <= calendar.midnight(calendar.day_of(_first(events.time_us))):
                continue
            mine = pasts_of(events, lifecycle, when, horizon_days)
            spent = spent_in(events, lifecycle, when, calendar.plus_days(when, horizon_days), observed_until)
            place = np.searchsorted(events.customers, mine.customer_ids)
            held[k].append(_sampled(mine, spent[place], len(parts)))
    cohorts = {k: _cohort(whens[k], found) for k, found in held.items() if found}
    large = {k: one for k, one in cohorts.items() if len(one) >= FEWEST}
    return Past(Pasts.joined(now), instant, horizon_days, large)


def _sampled(pasts: Pasts, spent: FloatArray, parts: int) -> tuple[Pasts, FloatArray]:
    """At most a part's share of MOST_ROWS: its first ones by an order that has nothing to do with them."""
    most = -(-MOST_ROWS // parts)
    if len(pasts) <= most:
        return pasts, spent
    kept = np.sort(np.random.default_rng(len(pasts)).choice(len(pasts), most, replace=False))
    return pasts.take(kept), spent[kept]


def _cohort(when: datetime, found: Sequence[tuple[Pasts, FloatArray]]) -> Cohort:
    return Cohort(when, Pasts.joined([one for one, _ in found]), np.concatenate([spent for _, spent in found]))


def _first(time_us: NDArray[np.int64]) -> datetime:
    return from_us(int(time_us.min()))
