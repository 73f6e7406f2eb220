"""One receiver's letters: changes of the journal become letters, those that are due go out, replies are taken to heart.

    journal --take up--> letters on disk --due--> a few at once --> taken | due again, later and later | dead

A receiver that fails three letters in a row is tried with one at a time, until it takes one. One that says 410 is sent
nothing any more. A letter is in the queue until it was taken, so whatever is killed when, it goes out again with the id
it had. Of one customer there is one letter, so a receiver hears of them in order. Start reading at `Courier.step`.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Protocol

from churn.webhook_sections import Webhooks
from serving.changes.journal import Journal
from serving.webhooks.letters import FAILING, Letter, Letters, Place
from serving.webhooks.posting import LONGEST_WAIT_S, Line, Receiver, Reply
from serving.webhooks.signing import signed
from serving.webhooks.words import body_of

STEP_S = 1.0  # the wall clock stepped back, where it lost more against one that never does
POLL_S = 0.5  # how often the journal is looked at
SAY_S = 5.0  # how often the meter is told
READ = 500  # changes of the journal at a time
ROUND = 8  # letters a thread between two looks at the queue
PROBE_S = 300.0  # the longest wait between two such tries
GONE = 410
SECOND_US = 1_000_000


class Meter(Protocol):
    """Where letters are counted: serving.metrics.Metrics."""

    def letters(self, what: str, count: int) -> None:
        """Count letters that were sent, failed or died."""
        ...

    def letters_waiting(self, receiver: str, waiting: int, lag_s: float) -> None:
        """Say how many wait for a receiver, and since how long the oldest."""
        ...


class Courier:
    """Tells one receiver. One thread steps it; its letters go out in threads of its own.

    Args:
        name: the receiver's id in the queue.
        receiver: where it is.
        wanted: `[webhooks]`.
        secrets: that sign its letters.
        journal: of changes. letters: the queue.
        forgotten: names those of some customers who were erased.
        meter: where letters are counted.
        wall: seconds since 1970. steady: seconds of a clock that never steps.
    """

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        wanted: Webhooks,
        secrets: Sequence[bytes],
        *,
        journal: Journal,
        letters: Letters,
        forgotten: Callable[[Sequence[str]], set[str]] = lambda _: set(),
        meter: Meter | None = None,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._receiver, self._wanted, self._secrets = name, receiver, wanted, secrets
        self._journal, self._letters, self._forgotten, self._meter = journal, letters, forgotten, meter
        self._wall, self._steady, self._random = wall, steady, random.Random()  # jitter
        self._ahead_s: float | None = None  # of the wall clock before the steady one
        self._threads, self._of_thread = ThreadPoolExecutor(wanted.at_once, f"webhook-{name}"), local()
        self._lines: list[Line] = []
        self._refused, self._said_at = 0, 0.0

    def step(self) -> float:
        """Take up what changed, send what is due; for how many seconds there is nothing to do then.

        Raises:
            ChangesUnavailable, LettersUnavailable: nothing was lost.
        """
        self._mind_the_clock()
        place = self._place()
        self._say()
        if place.gone:
            return POLL_S
        has_more, now_us = self._take_up(place), self._now_us()
        if place.open_us > now_us:
            return min(POLL_S, (place.open_us - now_us) / SECOND_US)
        most = 1 if place.failing >= FAILING else self._wanted.at_once * ROUND
        letters = self._letters.due(self.name, now_us, most, self._wanted.together)
        letters = self._without_forgotten(letters)
        if letters:
            self._refused = 0
            replies = self._threads.map(self._post, letters)
            self._settle([(one, reply) for one, reply in zip(letters, replies, strict=True) if reply], place)
            return 0.0
        return 0.0 if has_more else POLL_S

    def close(self) -> None:
        """Send nothing more; what is under way is sent again some time, with the id it has."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for line in self._lines:
            line.close()
        self._letters.close()
        self._journal.close()

    def _mind_the_clock(self) -> None:
        """Where the wall clock stepped back, let no letter wait until it has caught up."""
        ahead_s = self._wall() - self._steady()
        if self._ahead_s is None:  # of what happened before this process nothing is known but the longest wait
            self._letters.hasten(self.name, self._now_us() + int(LONGEST_WAIT_S * SECOND_US))
        elif ahead_s < self._ahead_s - STEP_S:
            self._letters.hasten(self.name, self._now_us())
        self._ahead_s = ahead_s

    def _place(self) -> Place:
        return self._letters.place(self.name, self._journal.name(), self._journal.last_seq())

    def _take_up(self, place: Place) -> bool:
        """Let the next changes of the journal become letters; whether there are more."""
        last = self._journal.last_seq()
        if last < place.seq:  # it was put back from a backup: what it tells from here on is news
            self._letters.take_up(self.name, [], last, self._wanted.what, self._now_us())
        limit = min(READ, self._letters.room(self.name)) if last > place.seq else 0
        if not limit:
            return False
        changes = self._journal.after(place.seq, limit)
        is_all = len(changes) < limit  # what is between the last one and `last` is no change of these
        upto = max([last, *(one.seq for one in changes)]) if is_all else changes[-1].seq
        touched = self._letters.take_up(self.name, changes, upto, self._wanted.what, self._now_us())
        self._drop_forgotten(touched)
        return not is_all

    def _drop_forgotten(self, customer_ids: Sequence[str]) -> None:
        """Erased while they were taken up: asked after it was written."""
        if customer_ids and (gone := self._forgotten(customer_ids)):
            self._letters.erase(gone)

    def _without_forgotten(self, letters: list[Letter]) -> list[Letter]:
        ids = [one.now.customer_id for letter in letters for one in letter.news]
        gone = self._forgotten(ids) if ids else set()
        if gone:
            self._letters.erase(gone)
        left = [
            letter._replace(news=tuple(one for one in letter.news if one.now.customer_id not in gone))
            for letter in letters
        ]
        return [letter for letter in left if letter.news]

    def _post(self, letter: Letter) -> Reply | None:
        """Send a letter, over the connection that this thread keeps; None where the receiver takes none anyway."""
        if self._refused >= FAILING:
            return None
        line: Line | None = getattr(self._of_thread, "line", None)
        if line is None:
            line = self._of_thread.line = Line(self._receiver)
            self._lines.append(line)
        body = body_of(letter.news, together=self._wanted.together > 1)
        try:
            reply = line.post(body, signed(self._secrets, letter.id, int(self._wall()), body))
        except Exception:  # noqa: BLE001  # whatever a receiver makes of us: one letter failed, and no other is sent again
            line.close()
            reply = Reply(None, "no_answer")
        self._refused = 0 if reply.is_taken else self._refused + 1
        return reply

    def _settle(self, answered: Sequence[tuple[Letter, Reply]], place: Place) -> None:
        """Take the replies to heart."""
        now_us = self._now_us()
        taken = [letter for letter, reply in answered if reply.is_taken]
        failed = [(letter, reply) for letter, reply in answered if not reply.is_taken]
        if taken:
            self._letters.taken(self.name, taken, now_us)
            self._count("sent", len(taken))
        for number, (letter, reply) in enumerate(failed, start=1 if taken else place.failing + 1):
            due_us = self._due_again_us(letter, reply, now_us)
            self._letters.failed(self.name, letter, str(reply.problem), due_us)
            self._count("failed" if due_us else "dead", 1)
            self._stand_off(number, reply, now_us)

    def _due_again_us(self, letter: Letter, reply: Reply, now_us: int) -> int | None:
        """When a letter is to be tried again; None: never."""
        if letter.attempts + 1 >= self._wanted.attempts:
            return None
        wait_s = max(self._wait_s(letter.attempts), reply.retry_after_s or 0.0)
        return now_us + int(wait_s * SECOND_US)

    def _stand_off(self, failing: int, reply: Reply, now_us: int) -> None:
        """Leave a receiver alone that asks for it, has gone, or fails whatever it is sent."""
        wait_s = reply.retry_after_s or 0.0
        if failing >= FAILING:
            wait_s = max(wait_s, min(PROBE_S, self._wait_s(failing - FAILING)))
        if wait_s or reply.status == GONE:
            self._letters.leave_alone(self.name, now_us + int(wait_s * SECOND_US), gone=reply.status == GONE)

    def _wait_s(self, failures: int) -> float:
        """Twice as long after each failure, less a random part, so that not all come back at once."""
        longest = min(self._wanted.most_wait_s, self._wanted.first_wait_s * 2.0 ** min(failures, 40))
        return longest * self._random.uniform(0.5, 1.0)

    def _say(self) -> None:
        """Tell the meter how many wait, now and then: counting many costs."""
        now = self._wall()
        if self._meter is not None and abs(now - self._said_at) >= SAY_S:
            counts, self._said_at = self._letters.counts(self.name), now
            lag_s = max(0.0, now - counts.since_us / SECOND_US) if counts.waiting else 0.0
            self._meter.letters_waiting(self._receiver.label, counts.waiting, lag_s)

    def _count(self, what: str, letters: int) -> None:
        if self._meter is not None:
            self._meter.letters(what, letters)

    def _now_us(self) -> int:
        return int(self._wall() * SECOND_US)
