"""From committed events to fresh rows: the touched customers, computed with the kernel of every batch, and stored.

A row is computed as of the instant after the last commit, from the log's rows (index) and what the inbox holds beyond
them. Every event committed by then is in it and none other, so it is the batch's row of that instant, bit by bit,
whichever process computes it and in whatever order events came. Start reading at `Refresher.refresh`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from churn.calendar import from_us
from churn.cohort import who_is_asked
from churn.definition import Lifecycle
from churn.events import Events
from churn.stated_text import texts, without_open
from features.compute import compute
from features.feature_set import FeatureSet
from features.live.inbox import Inbox
from features.live.index import Index
from features.live.pieces import laid_out, rows_of_log
from features.online import OnlineRow, RowStore

AT_ONCE = 256  # customers computed together


def rows_at(
    events: Events, features: FeatureSet, lifecycle: Lifecycle, cutoff_us: int, *, tells_solutions: bool = False
) -> list[OnlineRow]:
    """`features.snapshots.current` as rows of the on-line store, without a frame on the way.

    Args:
        events: everything of some customers.
        features: what to compute.
        lifecycle: what churn means.
        cutoff_us: any instant.
        tells_solutions: whether the log ever says that a case was solved, maybe of somebody else.
    """
    cutoff = from_us(cutoff_us)
    asked = who_is_asked(events, lifecycle, cutoff_us)
    vectors = compute(events, [cutoff], features, lifecycle)[:, 0, :]
    said, tells = texts(events, cutoff_us, lifecycle.words)
    if not (tells or tells_solutions):
        said = list(map(without_open, said))
    names, row = events.customers, partial(OnlineRow, as_of=cutoff, known_at=cutoff, feature_set_hash=features.hash)
    return [
        row(str(names[place]), vectors[place].copy(), str(stage), model, stated=said[place])
        for place, stage, model in zip(asked.customer, asked.stage, asked.model, strict=True)
    ]


class Refresher:
    """Writes fresh rows of customers into the on-line store. Threads may share it.

    Args:
        inbox: where live events lie.
        index: what the log says of each customer.
        features: those that the champions learned from.
        lifecycle: what churn means.
        store: where rows go.
        forgotten: names those of some customers who were erased, from the first moment of the erasure on.
        observe: told how many seconds each refresh took.
        refreshed: told whose rows are fresh.
    """

    def __init__(
        self,
        inbox: Inbox,
        index: Index,
        features: FeatureSet,
        lifecycle: Lifecycle,
        store: RowStore,
        *,
        forgotten: Callable[[Iterable[str]], set[str]] = lambda _: set(),
        observe: Callable[[float], None] = lambda _: None,
        refreshed: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._inbox, self._index, self._store, self._forgotten = inbox, index, store, forgotten
        self._features, self._lifecycle, self._observe = features, lifecycle, observe
        self._refreshed = refreshed

    def use(self, features: FeatureSet) -> bool:
        """Compute other features from now on; whether they are others."""
        before, self._features = self._features, features
        return before.hash != features.hash

    @property
    def features(self) -> FeatureSet:
        """What is computed now."""
        return self._features

    def refresh(self, customer_ids: Sequence[str]) -> bool:
        """Compute and store the rows of these customers; False where the index does not reach far enough yet.

        Raises:
            InboxUnavailable, StoreUnavailable: these customers stay pending.
        """
        ids = list(dict.fromkeys(customer_ids))
        parts = [self._some(ids[first : first + AT_ONCE]) for first in range(0, len(ids), AT_ONCE)]
        return all(parts)  # of every part: one that has to wait keeps no other waiting

    def _some(self, customer_ids: Sequence[str]) -> bool:
        began = time.perf_counter()
        found = self._index.rows(customer_ids)
        if found is None:
            return False
        reach, rows = self._inbox.ledger.after(found.upto, customer_ids)
        if reach.thinned_upto > found.upto:
            return False
        taking_back = self._lifecycle.definition.taking_back
        events = laid_out([found.rows, rows_of_log(rows, found.rows.schema)], taking_back)
        kernel, tells = (self._features, self._lifecycle, reach.last_us + 1), found.tells_solutions
        fresh = rows_at(events, *kernel, tells_solutions=tells) if len(events) else []
        self._store.write(fresh)
        if gone := self._forgotten(customer_ids):  # erased while their row was made: asked after it was written
            self._store.remove(gone)
        self._inbox.done((customer_id, reach.last_seq) for customer_id in customer_ids)
        self._observe(time.perf_counter() - began)
        self._refreshed(customer_ids)
        return True
