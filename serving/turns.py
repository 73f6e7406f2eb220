"""Whose turn it is: requests wait in a short line, and where it is full the next one is told so at once.

    ask(what) -> a place --a few places together--> serve(group)     settle(promise) -> what it promises | Overloaded

Answers are made on the event loop, a few together between two looks at the network: what several ask at the same time
is read, scored and logged once. Who comes meanwhile waits here and not unseen inside the server, so that too many are
a fast 503 with Retry-After and never a pile-up. Nobody waits beyond the deadline of a request. One line a worker, used
on its event loop alone. Start reading at `Turns.ask`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from churn.errors import ChurnError
from serving.refusals import Later

One = TypeVar("One")
Asked = TypeVar("Asked")
Told = TypeVar("Told")
AT_ONCE = 8  # places that are served between two looks at the network; eight rows have a kernel of their own
LOOK_S = 0.05  # how often deadlines are looked at, while somebody waits
RETRY_AFTER_S = 1
OPEN_PER_WAITING = 4  # so many may wait for the disk for each that may wait for its turn


class Overloaded(Later):
    """More is asked than can be answered in time."""

    status = 503

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The service is overloaded: {why}.",
            mend="ask again after a second (Retry-After says so too); where it stays, ask for many customers in one "
            "request, or raise [serving] workers (docs/performance.md).",
            retry_after_s=RETRY_AFTER_S,
        )


class Place(Generic[Asked, Told]):
    """A place in the line."""

    __slots__ = ("asked", "told", "until")

    def __init__(self, asked: Asked, until: float, told: "asyncio.Future[Told]") -> None:
        self.asked, self.until, self.told = asked, until, told


class Turns(Generic[Asked, Told]):
    """The line before one worker.

    Args:
        serve: answers what was asked at some places, in their order. An error of ours is everybody's, any other is
            looked for at each place by itself, so that one's fault is nobody else's.
        most_waiting: requests that may wait for their turn.
        deadline_s: how long a request may wait for its turn, and how long for the disk.
    """

    def __init__(
        self, serve: Callable[[Sequence[Asked]], Awaitable[Sequence[Told]]], most_waiting: int, deadline_s: float
    ) -> None:
        self._serve, self._most, self._deadline_s = serve, most_waiting, deadline_s
        self._line: deque[Place[Asked, Told]] = deque()
        self._served: set[asyncio.Future[Any]] = set()
        self._called = False
        self._promised: dict[asyncio.Future[Any], float] = {}
        self._open, self._looks = 0, False

    def ask(self, asked: Asked) -> "asyncio.Future[Told]":
        """Take a place in the line; what it gets is told when it was its turn.

        Raises:
            Overloaded: too many wait already; the future raises it where it was not its turn in time.
        """
        if len(self._line) >= self._most:
            raise Overloaded(f"{len(self._line)} requests wait for their turn")
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Told] = loop.create_future()
        self._line.append(Place(asked, loop.time() + self._deadline_s, told))
        if not self._called:
            self._called = True
            loop.call_soon(self._next)
        return told

    async def settle(self, promise: "asyncio.Future[One]", requests: int = 1) -> One:
        """Wait for what the disk or a thread promised, at most until the deadline.

        Args:
            promise: cancelled where it came too late.
            requests: how many wait for it.

        Raises:
            Overloaded: too many wait for it already, or it did not come in time.
        """
        if self._open >= OPEN_PER_WAITING * self._most:
            promise.cancel()
            raise Overloaded(f"{self._open} requests wait for the disk")
        loop = asyncio.get_running_loop()
        self._promised[promise] = loop.time() + self._deadline_s
        self._open += requests
        if not self._looks:
            self._looks = True
            loop.call_later(LOOK_S, self._look)
        try:
            return await promise
        except asyncio.CancelledError:
            if promise.cancelled() and promise not in self._promised:
                raise Overloaded(f"the disk took more than {self._deadline_s:g} s") from None
            raise
        finally:
            self._open -= requests
            self._promised.pop(promise, None)

    def _next(self) -> None:
        """Serve those whose turn it is, all together; the next ones once the network was looked at."""
        loop = asyncio.get_running_loop()
        now, group = loop.time(), list[Place[Asked, Told]]()
        while self._line and len(group) < AT_ONCE:
            place = self._line.popleft()
            if place.told.done():  # the caller has gone
                continue
            if place.until < now:
                place.told.set_exception(Overloaded(f"it was not this request's turn within {self._deadline_s:g} s"))
                continue
            group.append(place)
        self._called = bool(self._line)
        if self._called:
            loop.call_soon(self._next)
        self._begin(group)

    def _begin(self, group: list[Place[Asked, Told]]) -> None:
        if not group:
            return
        served = asyncio.ensure_future(self._serve([place.asked for place in group]))
        self._served.add(served)  # the loop itself holds no task
        served.add_done_callback(partial(self._tell, group))

    def _tell(self, group: list[Place[Asked, Told]], served: "asyncio.Future[Sequence[Told]]") -> None:
        """Tell each place what it gets; its caller may have gone."""
        self._served.discard(served)
        if served.cancelled():
            for place in group:
                place.told.cancel()
            return
        error = served.exception()
        if error is not None and not isinstance(error, ChurnError) and len(group) > 1:
            for place in group:
                self._begin([place])
            return
        if error is not None:
            for place in group:
                if not place.told.done():
                    place.told.set_exception(error)
            return
        for place, one in zip(group, served.result(), strict=True):
            if not place.told.done():
                place.told.set_result(one)

    def _look(self) -> None:
        """Give up what was promised too long ago; look again while anything is open."""
        loop = asyncio.get_running_loop()
        late = [promise for promise, until in self._promised.items() if until < loop.time()]
        for promise in late:
            del self._promised[promise]
            promise.cancel()
        self._looks = bool(self._promised)
        if self._looks:
            loop.call_later(LOOK_S, self._look)
