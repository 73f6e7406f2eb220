"""What came after a cutoff, and when: the numbers beside the label, from which outlooks are learned. Never features.

    cutoff    start of the outcome window
      |---gap---|----o----------o----|             next_event_days: from the start to the first `o`, also beyond the end
                |-----horizon--------|             spend_amount: of every `o` in here
      |--------------------------o~~~~~~XXX        active_days: from the cutoff to the last `o` before the first lapse

Days are counted along the business's calendar, a part of a day as its share, so that an event lies within `h` days of
the start exactly where its number is below `h`, also where the clock changes. Everything is judged by what had reached
us, and stood, before `observed_until`, as labels are. Start reading at `Aftermath.of`.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from churn.calendar import DAY_US, EPOCH, Calendar, Int64Array, to_us
from churn.cohort import CHURN
from churn.conditions import qualifies
from churn.definition import Lifecycle, Subscription
from churn.events import BoolArray, Events, FloatArray, before
from churn.lapse import Trace, trace
from churn.tables import OUTCOMES


@dataclass(frozen=True)
class Aftermath:
    """A log as known at one instant, ready to say of any cutoff what came after it.

    Args:
        events: what had reached us, and stood. qualifying: which of them qualify. Shape (n,).
        trace: the qualifying ones with the days they name.
        lifecycle: definition, stage rules and calendar.
        observed_until: the log is complete up to here.
    """

    events: Events
    qualifying: BoolArray
    trace: Trace
    lifecycle: Lifecycle
    observed_until: datetime

    @classmethod
    def known(cls, events: Events, lifecycle: Lifecycle, observed_until: datetime) -> "Aftermath":
        """Lay a log out as it was known at an instant."""
        known = before(events, to_us(observed_until))
        qualifying = qualifies(known, lifecycle.definition, lifecycle.calendar)
        return cls(known, qualifying, trace(known, qualifying, lifecycle), lifecycle, observed_until)

    def of(self, cohort: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
        """What came after a cutoff for each customer of a cohort.

        Args:
            cohort: who was asked about. Columns: customer_id, model.
            cutoff: the first instant of their future.

        Returns:
            The columns of OUTCOMES, index that of the cohort; NaN where there is nothing to say:
            next_event_days where none was seen; spend_amount while immature, and where the events of the horizon name
            no amount; active_days and lapse_days where the model is not churn; lapse_days before a lapse.
        """
        who = pd.Index(self.events.customers).get_indexer(pd.Index(cohort["customer_id"]))
        start = self.lifecycle.outcome_window(cutoff).start
        days = days_from(self.lifecycle.calendar, start, np.append(self.trace.time_us, to_us(self.observed_until)))
        active, lapse = self._lapses(cutoff)
        asked_churn = (cohort["model"] == CHURN).to_numpy(dtype=np.bool_)
        found = {
            "next_event_days": self._next(days[:-1])[who],
            "followed_days": np.full(len(cohort), max(float(days[-1]), 0.0)),
            "spend_amount": self._spend(cutoff)[who],
            "active_days": np.where(asked_churn, active[who], np.nan),
            "lapse_days": np.where(asked_churn, lapse[who], np.nan),
        }
        return pd.DataFrame(found, index=cohort.index)[OUTCOMES.names]

    def _next(self, days: FloatArray) -> FloatArray:
        """Days from the start to the first qualifying event in it or after; NaN where there is none. Shape (c,)."""
        came = days >= 0
        first = np.full(len(self.events.customers), np.nan)
        first[self.trace.customer[came][::-1]] = days[came][::-1]  # the earliest is assigned last, and stays
        return first

    def _spend(self, cutoff: datetime) -> FloatArray:
        """Money of the qualifying events in the outcome window; NaN where they name none. Shape (c,)."""
        size, window = len(self.events.customers), self.lifecycle.outcome_window(cutoff)
        if window.end > self.observed_until:
            return np.full(size, np.nan)
        inside = self.qualifying & (self.events.time_us >= to_us(window.start))
        inside &= self.events.time_us < to_us(window.end)
        customer, amount = self.events.customer[inside], self.events.amount[inside]
        named = ~np.isnan(amount)
        spend = np.bincount(customer[named], weights=amount[named], minlength=size)
        counts, priced = np.bincount(customer, minlength=size), np.bincount(customer[named], minlength=size)
        return np.where((counts > 0) & (priced == 0), np.nan, spend)

    def _lapses(self, cutoff: datetime) -> tuple[FloatArray, FloatArray]:
        """Days from the cutoff to the end of activity, and to the first lapse (NaN before one). Each of shape (c,).

        Whose every order before the cutoff was taken back since has neither ahead.
        """
        told, size = self.trace, len(self.events.customers)
        last = np.ones(len(told.customer), dtype=np.bool_)  # the event after which a customer's activity ended
        last[:-1] = (told.customer[1:] != told.customer[:-1]) | told.comeback[1:]
        ends = np.where(last, np.arange(len(last)), len(last))
        ends = np.minimum.accumulate(ends[::-1])[::-1]
        was = np.full(size, -1, dtype=np.int64)
        past = np.flatnonzero(told.time_us < to_us(cutoff))
        was[told.customer[past]] = past  # the last of several assignments stays
        there = was >= 0
        end = ends[was[there]]
        today = (self.lifecycle.calendar.day_of(cutoff) - EPOCH).days
        seen = (self.lifecycle.calendar.day_of(self.observed_until) - EPOCH).days
        active, lapse = np.zeros(size), np.zeros(size)
        lapse_day = told.lapse_day[end]
        lapse[there] = np.where(lapse_day <= seen, np.maximum(lapse_day - today, 0), np.nan)
        if isinstance(self.lifecycle.definition.lapse, Subscription):
            active[there] = np.maximum(np.minimum(told.fading_day[end], seen) - today, 0)
        else:
            active[there] = np.maximum(days_from(self.lifecycle.calendar, cutoff, told.time_us[end]), 0.0)
        return active, lapse


def days_from(calendar: Calendar, start: datetime, time_us: Int64Array) -> FloatArray:
    """Calendar days from one instant to others, a part of a day as its share; negative before it. Shape (n,).

    Below `h` exactly for what lies before `calendar.plus_days(start, h)`.
    """
    if not len(time_us):
        return np.zeros(0)
    first = int(time_us.min() - to_us(start)) // DAY_US - 2
    last = int(time_us.max() - to_us(start)) // DAY_US + 2
    edges = _edges_us(calendar, start, min(first, 0), max(last, 1))
    day = np.clip(np.searchsorted(edges, time_us, side="right") - 1, 0, len(edges) - 2)
    share = (time_us - edges[day]) / np.maximum(edges[day + 1] - edges[day], 1)
    return np.asarray(day + min(first, 0) + np.floor(share * 1e6) / 1e6)  # rounded down: never into the next day


def _edges_us(calendar: Calendar, start: datetime, first: int, last: int) -> Int64Array:
    """The same local time of day on every day `first..last` around an instant. Shape (last - first + 1,)."""
    day = calendar.day_of(start)
    if start == calendar.midnight(day):
        number = (day - EPOCH).days
        return calendar.midnights_us(number + first, number + last)
    edges = [to_us(calendar.plus_days(start, days)) for days in range(first, last + 1)]
    return np.maximum.accumulate(np.array(edges, dtype=np.int64))
