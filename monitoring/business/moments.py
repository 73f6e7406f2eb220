"""Where did customers stand at any instants, a different one for each? By what is known now.

`churn.stages.standing` says it of everybody at one instant, by what was known then. Here one trace of the log as known
now answers for as many instants as there are surveys, complaints and landmarks: an order that was taken back later
never was, one that arrived late was there all along. Where nothing was restated both agree (tested). A subscription
that was cancelled later is the exception: what it had paid for ends at the cancellation.

Reads a trace; knows no segment and no model. Start reading at `moments`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.calendar import Int64Array
from churn.definition import Lifecycle
from churn.events import BoolArray
from churn.lapse import Trace
from churn.stages import Stage

ORDER = tuple(Stage)  # the code of a stage is its place here
CODE = {stage: code for code, stage in enumerate(ORDER)}
Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Moments:
    """Customers at instants. All arrays have shape (m,).

    Args:
        place: their last qualifying event before the instant, an index into the trace; -1 for a prospect.
        stage: codes into `ORDER`.
        nth: qualifying events so far. silent_days: local days since the last one; -1 for a prospect.
        lapse_day: the local day on which they lapse if nothing more happens; -1 for a prospect.
    """

    place: Int64Array
    stage: Codes
    nth: Int64Array
    silent_days: Int64Array
    lapse_day: Int64Array

    def is_in(self, *stages: Stage) -> BoolArray:
        """Who is in one of these stages. Shape (m,)."""
        return np.isin(self.stage, [CODE[stage] for stage in stages])


def moments(told: Trace, lifecycle: Lifecycle, customer: NDArray[np.integer], time_us: Int64Array) -> Moments:
    """Where each of these customers stood at each of these instants.

    Args:
        told: the trace of their log.
        lifecycle: stage rules and calendar.
        customer: index of the customer. Shape (m,).
        time_us: the instant, microseconds since 1970 UTC. Shape (m,).
    """
    if not len(told.customer):
        none = np.full(len(customer), -1, dtype=np.int64)
        return Moments(none, np.full(len(customer), CODE[Stage.PROSPECT], dtype=np.int8), none + 1, none, none)
    who = np.asarray(customer, dtype=np.int64)
    today = lifecycle.calendar.days_of(time_us)
    place = np.asarray(_before(told, told.time_us, who, time_us) - 1, dtype=np.int64)
    known = (place >= 0) & (told.customer[place] == who)
    first = _firsts(told)[place]
    nth = np.where(known, place - first + 1, 0)
    stage = _stages(told, lifecycle, who, today, place, first)
    stage[~known] = CODE[Stage.PROSPECT]
    silent, lapse_day = today - told.day[place], told.lapse_day[place]
    for values in (place, silent, lapse_day):
        values[~known] = -1
    return Moments(place, stage, nth, silent, lapse_day)


def _stages(
    told: Trace, lifecycle: Lifecycle, who: Int64Array, today: Int64Array, place: Int64Array, first: Int64Array
) -> Codes:
    """Stages of those who have a qualifying event, by precedence: what is written later wins."""
    rules, earlier = lifecycle.rules, np.append(0, np.cumsum(told.comeback))
    lately = place + 1 - _before(told, told.day, who, today - rules.loyal_days)
    since = np.maximum(_before(told, told.day, who, today - rules.won_back_days), first)
    stage = np.full(len(who), CODE[Stage.ACTIVE], dtype=np.int8)
    stage[told.day[first] >= today - rules.new_days] = CODE[Stage.NEW]
    stage[lately >= rules.loyal_orders] = CODE[Stage.LOYAL]
    stage[today >= told.fading_day[place]] = CODE[Stage.LAPSING]
    stage[earlier[place + 1] > earlier[np.minimum(since, place + 1)]] = CODE[Stage.WON_BACK]
    stage[today >= told.lapse_day[place]] = CODE[Stage.LAPSED]
    return stage


def _firsts(told: Trace) -> Int64Array:
    """The customer's first qualifying event, for each. Shape (q,)."""
    return np.maximum.accumulate(np.where(told.starts, np.arange(len(told.starts)), 0))


def _before(told: Trace, moment: Int64Array, who: Int64Array, when: Int64Array) -> Int64Array:
    """How many rows of the trace lie before (customer, when): earlier customers' all, and this one's earlier ones."""
    known = np.unique(moment)
    span = len(known) + 1  # ranks instead of instants, so that customer and time fit into one number
    keys = told.customer.astype(np.int64) * span + np.searchsorted(known, moment)
    return np.searchsorted(keys, who * span + np.searchsorted(known, when)).astype(np.int64)
