"""What the on-line store says, within the time a request has; and what is known where it does not answer.

    Lookup.read --> rows; who could not be read; whose row is the last good one

A store that failed once is left alone: who asks meanwhile is answered at once, while one thread asks it again every
second until it answers. Nothing is waited for twice, and nothing piles up behind a server that hangs. Rows read
before are kept only where `[serving] last_good_rows` allows it, at most so many a process; their age is told and
judged as ever. Start reading at `Lookup.read`.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from churn.errors import ChurnError
from features.online import OnlineRow, RowStore
from features.store_errors import StoreUnavailable

AT_ONCE = 64  # the store serves one reader at a time
READS_LONG = 4  # a request of many customers may take as long as so many reads that just answer in time
RETRY_S = 1.0
PROBE = "readiness"  # nobody's id


@dataclass(frozen=True)
class Reading:
    """What there is to score from, in the order that was asked.

    Args:
        rows: of each customer; None for who is unknown or could not be read.
        unread: who could not be read.
        last_good: whose row is one that was read before the store failed.
    """

    rows: list[OnlineRow | None]
    unread: frozenset[str] = frozenset()
    last_good: frozenset[str] = frozenset()


class Lookup:
    """The on-line store with an end to every wait. Threads may share it.

    Args:
        store: whose calls end within their own time limit, or raise StoreUnavailable.
        timeout_s: how long a read of at most 64 customers may take; a request of more takes at most four times that.
        last_good_rows: how many rows are kept for when the store fails.
        retry_s: how often a store that failed is asked again.
    """

    def __init__(
        self, store: RowStore, *, timeout_s: float = 0.25, last_good_rows: int = 0, retry_s: float = RETRY_S
    ) -> None:
        self.store, self._timeout_s, self._retry_s = store, timeout_s, retry_s
        self._kept = Kept(last_good_rows)
        self._failed: StoreUnavailable | None = None
        self._probing, self._ended = threading.Lock(), threading.Event()

    @property
    def failure(self) -> StoreUnavailable | None:
        """Why the store is left alone; None while it answers."""
        return self._failed

    def read(self, customer_ids: Sequence[str]) -> Reading:
        """The rows of these customers, or what is known of them where the store does not answer in time."""
        until = time.monotonic() + READS_LONG * self._timeout_s
        rows: list[OnlineRow | None] = []
        try:
            while len(rows) < len(customer_ids) and not self._failed and (not rows or time.monotonic() < until):
                rows += self.store.rows(customer_ids[len(rows) : len(rows) + AT_ONCE])
        except StoreUnavailable as error:
            self._leave_alone(error)
        self._kept.keep(customer_ids, rows)
        missing = customer_ids[len(rows) :]
        good = {row.customer_id: row for row in self._kept.of(missing)}
        return Reading(
            rows=rows + [good.get(one) for one in missing],
            unread=frozenset(missing) - good.keys(),
            last_good=frozenset(good),
        )

    def check(self) -> None:
        """Ask the store whether it answers.

        Raises:
            StoreUnavailable: it does not, or did not a moment ago.
        """
        if self._failed:
            raise self._failed
        try:
            self.store.rows([PROBE])
        except StoreUnavailable as error:
            self._leave_alone(error)
            raise

    def forget(self, customer_ids: Iterable[str]) -> None:
        """Keep no row of these customers."""
        self._kept.forget(customer_ids)

    def close(self) -> None:
        """Ask the store no more."""
        self._ended.set()

    def _leave_alone(self, error: StoreUnavailable) -> None:
        self._failed = error
        if self._probing.acquire(blocking=False):  # one thread a failure, however many requests met it
            threading.Thread(target=self._ask_again, name="store-probe", daemon=True).start()

    def _ask_again(self) -> None:
        try:
            while not self._ended.wait(self._retry_s):
                try:
                    self.store.rows([PROBE])
                except ChurnError:
                    continue
                break
        finally:
            self._probing.release()
            self._failed = None


class Kept:
    """Rows that were read last, at most so many; the one that was not asked for longest goes first."""

    def __init__(self, size: int) -> None:
        self._size, self._rows = size, OrderedDict[str, OnlineRow]()
        self._one_at_a_time = threading.Lock()

    def keep(self, customer_ids: Sequence[str], rows: Sequence[OnlineRow | None]) -> None:
        """Remember what was read of the first customers; who is unknown is forgotten."""
        if not self._size:
            return
        with self._one_at_a_time:
            for customer_id, row in zip(customer_ids, rows, strict=False):
                self._rows.pop(customer_id, None)
                if row is not None:
                    self._rows[customer_id] = row
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)

    def of(self, customer_ids: Iterable[str]) -> list[OnlineRow]:
        """The rows of these customers, of whom there are some."""
        with self._one_at_a_time:
            return [self._rows[one] for one in customer_ids if one in self._rows]

    def forget(self, customer_ids: Iterable[str]) -> None:
        """Keep no row of these customers."""
        with self._one_at_a_time:
            for customer_id in customer_ids:
                self._rows.pop(customer_id, None)
