"""The one door for many cutoffs at once: which events does each customer's cutoff see?

`churn.events.before` answers for one cutoff. Most customers' past looks the same from every later cutoff; it changes
only where an event arrived late or an order was taken back. A *view* is one state of one customer's past: its cutoffs
agree on everything that had happened. Most customers have one view; each late arrival or taking back that lies
between two cutoffs adds one. Events are laid out once a view, so that one pass serves every cutoff, exactly as
`before` would (tests/law/test_features.py). Reads arrays. Start reading at `views`.
"""

from dataclasses import dataclass, replace

import numpy as np

from churn.calendar import NEVER, Int64Array
from churn.events import BoolArray, Events
from features.edges import Positions


@dataclass(frozen=True)
class Views:
    """Events laid out by view.

    Args:
        events: each once for every view that has it; `customer` is the view. Sorted by view and time.
        seen: which of them any cutoff sees; None where all are. Shape (n,).
        view: the view that a customer's cutoff looks at. Shape (c, k).
        count: how many views there are, c or more; c where each customer has one.
    """

    events: Events
    seen: BoolArray | None
    view: Positions
    count: int


def views(events: Events, cutoffs_us: Int64Array) -> Views:
    """Lay events out so that one pass serves every cutoff.

    Args:
        events: a log, sorted by customer and time.
        cutoffs_us: ascending, distinct. Shape (k,).
    """
    customers, cutoffs = len(events.customers), len(cutoffs_us)
    if not (_some_late(events) or bool((events.void_us != NEVER).any())):
        return _one_each(events, cutoffs_us)
    due = np.searchsorted(cutoffs_us, events.time_us, side="right")  # the first cutoff after it
    known = np.searchsorted(cutoffs_us, events.known_us, side="right")
    since = np.maximum(due, known)  # the first cutoff that sees it
    until = np.searchsorted(cutoffs_us, events.void_us, side="right")  # the first that no longer does
    seen = since < until
    late, voided = seen & (due < since), seen & (until < cutoffs)
    if not (late.any() or voided.any()):
        rows = np.flatnonzero(seen)
        return _one_each(events if len(rows) == len(events) else events.take(rows), cutoffs_us)
    begins = np.zeros((customers, cutoffs), dtype=bool)
    begins[:, 0] = True
    begins[events.customer[late], since[late]] = True
    begins[events.customer[voided], until[voided]] = True
    view = np.cumsum(begins.ravel()).reshape(customers, cutoffs) - 1
    return _laid_out(events, view, since=since, until=until, rows=np.flatnonzero(seen))


def _laid_out(events: Events, view: Positions, *, since: Positions, until: Positions, rows: Positions) -> Views:
    """Each row once for every view from that of `since` to that before `until`."""
    customer = events.customer[rows]
    first = view[customer, since[rows]]
    times = view[customer, until[rows] - 1] - first + 1
    starts = np.cumsum(times) - times
    owner = np.repeat(first - starts, times) + np.arange(times.sum())
    order = np.argsort(owner, kind="stable")  # stable: within a view, the log's own order
    laid = events.take(np.repeat(rows, times)[order])
    count = int(view[-1, -1]) + 1
    return Views(_owned(laid, owner[order], count), None, view, count)


def _some_late(events: Events) -> bool:
    return events.known_us is not events.time_us and bool((events.known_us > events.time_us).any())


def _one_each(events: Events, cutoffs_us: Int64Array) -> Views:
    """Everybody has one view, which is laid out already; what happens after the last cutoff is not seen."""
    count = len(events.customers)
    seen = events.time_us < cutoffs_us[-1]
    view = np.broadcast_to(np.arange(count)[:, None], (count, len(cutoffs_us)))
    return Views(events, None if seen.all() else seen, view, count)


def _owned(events: Events, owner: Positions, count: int) -> Events:
    return replace(events, customers=np.arange(count).astype(object), customer=owner.astype(np.int32))
