"""Whose turn it is: requests wait in a short line, and where it is full the next one is told so at once.

    take() -> at once | when it is its turn | Overloaded     settle(promise) -> what it promises | Overloaded

Answers are made on the event loop, a few between two looks at the network; who comes meanwhile waits here and not
unseen inside the server, so that too many are a fast 503 with Retry-After and never a pile-up. Nobody waits beyond
the deadline of a request. One line a worker, used on its event loop alone. Start reading at `Turns.take`.
"""

import asyncio
from collections import deque
from typing import Any, TypeVar

from serving.refusals import Later

One = TypeVar("One")
AT_ONCE = 4  # turns between two looks at the network
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


class Turns:
    """The line before one worker.

    Args:
        most_waiting: requests that may wait for their turn.
        deadline_s: how long a request may take, its turn and the disk included.
    """

    def __init__(self, most_waiting: int, deadline_s: float) -> None:
        self._most, self._deadline_s = most_waiting, deadline_s
        self._line: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._taken, self._open = 0, 0
        self._promised: dict[asyncio.Future[Any], float] = {}
        self._looks = False

    async def take(self) -> None:
        """Return when it is this request's turn.

        Raises:
            Overloaded: too many wait already, or it was not its turn in time.
        """
        if self._taken < AT_ONCE and not self._line:
            if not self._taken:
                asyncio.get_running_loop().call_soon(self._next)
            self._taken += 1
            return
        if len(self._line) >= self._most:
            raise Overloaded(f"{len(self._line)} requests wait for their turn")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._line.append((loop.time() + self._deadline_s, turn))
        await turn

    async def settle(self, promise: "asyncio.Future[One]") -> One:
        """Wait for what the disk or a thread promised, at most until the deadline.

        Raises:
            Overloaded: too many wait for it already, or it did not come in time.
        """
        if len(self._promised) >= OPEN_PER_WAITING * self._most:
            promise.cancel()
            raise Overloaded(f"{len(self._promised)} requests wait for the disk")
        loop = asyncio.get_running_loop()
        self._promised[promise] = loop.time() + self._deadline_s
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
            self._promised.pop(promise, None)

    def _next(self) -> None:
        """Let the next ones have their turn, once the network was looked at."""
        self._taken, now = 0, asyncio.get_running_loop().time()
        while self._line and self._taken < AT_ONCE:
            until, turn = self._line.popleft()
            if turn.done():  # the caller has gone
                continue
            if until < now:
                turn.set_exception(Overloaded(f"it was not this request's turn within {self._deadline_s:g} s"))
                continue
            turn.set_result(None)
            self._taken += 1
        if self._taken:
            asyncio.get_running_loop().call_soon(self._next)

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
