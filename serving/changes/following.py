"""Customers whose rows are fresh are scored again, in the background, so that readers of changes learn at once.

    fresh row --offer--> waiting (each customer once) --a thread--> answers -> score log -> journal

No request waits for it. Where more customers wait than it keeps, something cannot be written, or a worker is killed
before it has told, whoever was left out is found again: their newest event is later than what was told of them. Start
reading at `Follower.offer`, then `Follower.mind`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import structlog

from churn.errors import ChurnError
from serving.changes.journal import Counts, Journal
from serving.changes.state import State, state_of
from serving.schemas import Score
from serving.scorer import Answer

MOST_WAITING = 20_000  # customers
AT_ONCE = 32  # of them in one go
UNREAD = "store_unavailable"  # the code of an answer that tells nothing of its customer now, and will later
PAUSE_S = 0.2  # events of one customer that come together are told once
AGAIN_S, LONGEST_S = 10.0, 300.0  # until who was left out is looked for, and at most, where that fails again
REST = 1.0  # it rests as long as it worked, so that requests have the interpreter to themselves half of the time
log = structlog.get_logger("changes")


class Log(Protocol):
    """Where answers are logged: serving.score_log.ScoreLog."""

    def append(self, rows: Sequence[dict[str, Any]]) -> Future[None]:
        """Promise that these rows are on disk."""
        ...


class Answering(Protocol):
    """What answers: serving.app.Counter."""

    @property
    def log(self) -> Log:
        """Where answers are logged."""
        ...

    @property
    def forgotten(self) -> Callable[[Sequence[str]], set[str]]:
        """Names those of some customers who were erased."""
        ...

    def answers(self, customer_ids: Sequence[str], language: str, top: int) -> list[Answer]:
        """Score these customers."""
        ...


class Meter(Protocol):
    """Where changes are counted: serving.metrics.Metrics."""

    def changes(self, counts: tuple[int, int]) -> None:
        """Count what was told."""
        ...

    def changes_left_out(self, customers: int) -> None:
        """Count customers who have to wait for the next batch."""
        ...


class Follower:
    """Tells the journal of customers whose rows are fresh. Threads may share it.

    Args:
        folder: the artifacts of the business.
        answering: what answers now; raises NotReady where nothing does.
        least_change: of a probability, below which the feed has no news.
        meter: where it is counted.
    """

    def __init__(self, folder: Path, answering: Callable[[], Answering], *, least_change: float, meter: Meter) -> None:
        self._journal, self._answering = Journal(folder), answering
        self._least_change, self._meter = least_change, meter
        self._waiting: dict[str, None] = {}
        self._touched: Callable[[], Sequence[tuple[str, int]]] | None = None
        self._again_at: float | None = None  # when to look for who was left out
        self._patience_s = AGAIN_S
        self._wake, self._ending = threading.Condition(), False
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
        self._thread.start()

    def offer(self, customer_ids: Sequence[str]) -> None:
        """Tell of these customers, later and elsewhere."""
        with self._wake:
            room = MOST_WAITING - len(self._waiting)
            new = [one for one in dict.fromkeys(customer_ids) if one not in self._waiting]
            self._waiting |= dict.fromkeys(new[:room])
            self._idle.clear()
            self._wake.notify()
        if len(new) > room:
            self._meter.changes_left_out(len(new) - room)
            self._look_again()

    def mind(self, touched: Callable[[], Sequence[tuple[str, int]]]) -> None:
        """Look for who was left out by whom it was, now and whenever that happens again.

        Args:
            touched: customers with live events of late, and when their newest was committed, microseconds since 1970.
        """
        with self._wake:
            self._touched, self._again_at = touched, 0.0
            self._idle.clear()
            self._wake.notify()

    def settle(self, timeout_s: float = 10.0) -> bool:
        """Wait until nobody waits; whether that came in time."""
        return self._idle.wait(timeout_s)

    def close(self) -> None:
        """Tell of who is waiting and end; call it while there still is what answers."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._thread.join()
        self._journal.close()

    def _run(self) -> None:
        rest_s = 0.0
        while (some := self._next(rest_s)) is not None:
            began = time.perf_counter()
            if some:
                self._follow(some)
            else:
                self._catch_up()
            rest_s = REST * (time.perf_counter() - began)

    def _next(self, rest_s: float) -> list[str] | None:
        """Who is next, after a rest; nobody where it is time to look who was left out, None at the end."""
        with self._wake:
            if not self._waiting:
                if not self._is_due():
                    self._idle.set()
                self._wait()
                rest_s = PAUSE_S
            if not self._waiting:
                return None if self._ending else []
            if not self._ending:
                self._wake.wait_for(lambda: self._ending, rest_s)
            some = list(islice(self._waiting, AT_ONCE))
            for one in some:
                del self._waiting[one]
            return some

    def _wait(self) -> None:
        """Until somebody waits, it is time to look who was left out, or it ends."""
        while not (self._waiting or self._ending or self._is_due()):
            at = self._again_at
            self._wake.wait(None if at is None else max(0.0, at - time.monotonic()))

    def _is_due(self) -> bool:
        return self._again_at is not None and self._again_at <= time.monotonic()

    def _look_again(self) -> None:
        """Look who was left out, in a while; later and later while it is in vain."""
        with self._wake:
            if self._touched is not None and self._again_at is None:  # once a round, however many pieces it has
                self._again_at = time.monotonic() + self._patience_s
                self._patience_s = min(LONGEST_S, 2 * self._patience_s)

    def _catch_up(self) -> None:
        """Offer customers of whom nothing was told since their newest event."""
        self._again_at = None
        try:
            touched = self._touched() if self._touched is not None else ()
            told = self._journal.newest([customer_id for customer_id, _ in touched])
        except Exception as error:  # noqa: BLE001  # the edge of this thread, too
            log.warning("changes.left_out", problem=getattr(error, "code", type(error).__name__))
            self._look_again()
            return
        left_out = [one for one, at_us in touched if one not in told or told[one].as_of_us <= at_us]
        if left_out:
            log.info("changes.catching_up", customers=len(left_out))
            self.offer(left_out)

    def _follow(self, customer_ids: list[str]) -> None:
        try:
            self._meter.changes(self._tell(customer_ids))
        except ChurnError as error:
            self._left_out(error.code, [*customer_ids, *self._given_up()])
            self._look_again()
        except Exception as error:  # noqa: BLE001  # the edge of this thread: it has to go on for all others
            self._left_out(type(error).__name__, customer_ids)

    def _given_up(self) -> list[str]:
        """Whoever waits, where they are found again: while nothing can be told they would only be logged in vain."""
        with self._wake:
            given_up = list(self._waiting) if self._touched is not None else []
            for one in given_up:
                del self._waiting[one]
            return given_up

    def _left_out(self, why: str, customer_ids: list[str]) -> None:
        log.warning("changes.left_out", problem=why, customers=len(customer_ids))
        self._meter.changes_left_out(len(customer_ids))

    def _tell(self, customer_ids: list[str]) -> Counts:
        counter = self._answering()
        answers = [one for one in counter.answers(customer_ids, "en", 0) if not one.is_nameless]
        states: list[State] = []
        rows: list[dict[str, Any]] = []
        if any(_is_unread(one.score) for one in answers):
            self._look_again()
        else:
            self._patience_s = AGAIN_S
        for answer in answers:
            state = state_of(answer.score)
            if state is not None:
                states.append(state)
                rows.append(answer.log_row())
        if not states:
            return Counts(0, 0)
        counter.log.append(rows).result()
        counts = self._journal.tell(states, least_change=self._least_change)
        if gone := counter.forgotten(customer_ids):  # erased meanwhile: asked after it was written
            self._journal.erase(gone)
        return counts


def _is_unread(score: Score) -> bool:
    """Whether the store did not say what is so now: nothing was told, and will be once it answers."""
    return score.from_last_good or (score.abstention is not None and score.abstention.code == UNREAD)
