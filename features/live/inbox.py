"""The inbox: an event is acknowledged once it is on disk, whatever happens to the process then.

    Inbox.append(events) -> promise of receipts      batches that come while one commit is under way share the next
    Ledger                                           where they lie: inbox_sqlite.py or inbox_postgres.py

Every commit gets an instant of its own, later than that of every commit before: `ingested_at` of its events. A row
computed as of `last_us + 1` therefore knows exactly what was committed. Start reading at `Inbox`.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from churn.errors import DataError
from features.live.event import LiveEvent, Receipt
from features.tls import tls_mend

MOST_WAITING = 100_000  # events that wait for a commit; more are refused at the door
Row = tuple[Any, ...]  # seq, ingested_us, then the fields of LiveEvent


class InboxUnavailable(DataError):
    """Live events cannot be stored, so none is acknowledged."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"The inbox of live events in {where} cannot be written or read: {why}. Nothing was acknowledged.",
            mend="send the same events again later, under the same event ids; the operator frees some space, mends the "
            "folder's rights or starts the database of [live] url. No restart is needed."
            + (f" To the operator: {operator}" if (operator := tls_mend(why)) else ""),
        )


@dataclass(frozen=True)
class Committed:
    """One commit: a receipt an event, and how far the inbox reaches now."""

    receipts: list[Receipt]
    last_us: int


@dataclass(frozen=True)
class Reach:
    """How far the inbox reaches: its last event, the instant of its last commit, and up to where it was emptied."""

    last_seq: int
    last_us: int
    thinned_upto: int


class Ledger(Protocol):
    """Where live events lie. Threads may share it; every call raises InboxUnavailable where it cannot be reached."""

    def commit(
        self, events: Sequence[LiveEvent], *, now_us: int, done: Iterable[tuple[str, int]] = ()
    ) -> tuple[list[Receipt], Reach]:
        """Keep what is new, durably, under an instant at `now_us` or later; forget what was refreshed (`done`)."""
        ...

    def reach(self) -> Reach:
        """How far it reaches."""
        ...

    def after(
        self, seq: int, customer_ids: Sequence[str] | None = None, *, kinds: Sequence[str] | None = None
    ) -> tuple[Reach, list[Row]]:
        """Events after `seq`, in order, as one state of the inbox has them; of these customers or kinds, or of all."""
        ...

    def held(self, events: Sequence[LiveEvent], before_us: int) -> dict[tuple[str, str], tuple[str, str]]:
        """Whose event, and of which digest, was kept before an instant under the source and id of each of these."""
        ...

    def pending(self, limit: int) -> list[tuple[str, int]]:
        """Customers whose row does not yet know their newest event, and that event."""
        ...

    def remind(self, since_us: int, now_us: int) -> None:
        """Make everybody pending who had an event since an instant; rows are computed as of `now_us` from now on."""
        ...

    def touched(self, since_us: int) -> list[tuple[str, int]]:
        """Customers who had an event since an instant, and the instant under which their newest was committed."""
        ...

    def thin(self, upto: int) -> None:
        """Leave of events up to `upto` no more than what tells a duplicate: they lie in the log and `live/events`."""
        ...

    def customers(self) -> set[str]:
        """Whom events here name."""
        ...

    def erase(self, customer_ids: Sequence[str]) -> int:
        """Remove everything of these customers; how many events."""
        ...

    def close(self) -> None:
        """End the connections; the next call opens them anew."""
        ...


class Inbox:
    """Group commit in front of a ledger. Threads may share it.

    Args:
        ledger: where events are kept.
        now_us: the business's clock.
    """

    def __init__(self, ledger: Ledger, now_us: Callable[[], int]) -> None:
        self.ledger, self._now_us = ledger, now_us
        self._waiting: list[tuple[Sequence[LiveEvent], Future[Committed]]] = []
        self._done: list[tuple[str, int]] = []
        self._wake = threading.Condition()
        self._ending = False
        self._writer = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._writer.start()

    def append(self, events: Sequence[LiveEvent]) -> Future[Committed]:
        """Promise that these events are on disk; the promise breaks with InboxUnavailable where they are not."""
        promise: Future[Committed] = Future()
        promise.set_running_or_notify_cancel()  # whoever stops waiting stops alone: the writer keeps its promise
        with self._wake:
            waiting = sum(len(batch) for batch, _ in self._waiting)
            if self._ending or waiting + len(events) > MOST_WAITING:
                why = "the service is ending" if self._ending else f"{waiting:,} events wait already"
                promise.set_exception(InboxUnavailable("this process", why))
                return promise
            self._waiting.append((events, promise))
            self._wake.notify()
        return promise

    def done(self, refreshed: Iterable[tuple[str, int]]) -> None:
        """These customers' rows know their events up to a seq; written down with the next commit."""
        with self._wake:
            self._done += refreshed

    def settle(self) -> None:
        """Write down now what was refreshed.

        Raises:
            InboxUnavailable: it cannot be; it is tried again.
        """
        with self._wake:
            waits = bool(self._done)
        if waits:
            self.append([]).result()

    def close(self) -> None:
        """Commit what is waiting and end."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._writer.join()
        self.ledger.close()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._ending)
                batches, self._waiting = self._waiting, []
                done, self._done = self._done, []
            if not batches:
                return
            self._commit(batches, done)

    def _commit(
        self, batches: list[tuple[Sequence[LiveEvent], Future[Committed]]], done: list[tuple[str, int]]
    ) -> None:
        events = [event for batch, _ in batches for event in batch]
        try:
            receipts, reach = self.ledger.commit(events, now_us=self._now_us(), done=done)
        except BaseException as error:  # noqa: BLE001  # whoever waits must hear of it, whatever it is
            self.done(done)
            for _, promise in batches:
                promise.set_exception(error)
            return
        first = 0
        for batch, promise in batches:
            promise.set_result(Committed(receipts[first : first + len(batch)], reach.last_us))
            first += len(batch)
