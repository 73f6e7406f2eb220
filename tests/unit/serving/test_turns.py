"""Whose turn it is: nobody waits unseen, nobody waits too long, and too many are told so at once."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from serving.refusals import NotReady
from serving.turns import AT_ONCE, OPEN_PER_WAITING, Overloaded, Turns


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


class Clerk:
    """Serves whoever comes, and notes who came together."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    async def serve(self, group: Sequence[int]) -> list[int]:
        self.groups.append([*group])
        if any(number < 0 for number in group):
            raise ValueError("one of them cannot be answered")
        return [10 * number for number in group]


def line(clerk: Clerk, most_waiting: int = 100, deadline_s: float = 10) -> Turns[int, int]:
    return Turns(clerk.serve, most_waiting, deadline_s)


def test_who_asks_at_the_same_time_is_served_together_in_order_and_some_between_two_looks_at_the_network() -> None:
    async def story() -> None:
        clerk, looks = Clerk(), 0
        turns, served = line(clerk), list[tuple[int, int]]()

        async def look() -> None:
            nonlocal looks
            while True:
                looks += 1
                await asyncio.sleep(0)

        async def ask(number: int) -> None:
            served.append((await turns.ask(number), looks))

        looker = asyncio.create_task(look())
        await asyncio.gather(*(ask(number) for number in range(50)))
        looker.cancel()
        assert [told for told, _ in served] == [10 * number for number in range(50)]
        assert clerk.groups == [[*range(first, min(50, first + AT_ONCE))] for first in range(0, 50, AT_ONCE)]
        together = [sum(at == look for _, at in served) for look in {at for _, at in served}]
        assert max(together) <= 2 * AT_ONCE  # a look may fall between what is told to two of them

    run(story)


def test_too_many_are_refused_at_once_and_the_others_served() -> None:
    async def story() -> None:
        turns = line(Clerk(), most_waiting=10)

        async def ask(number: int) -> int:
            return await turns.ask(number)

        told = await asyncio.gather(*(ask(number) for number in range(100)), return_exceptions=True)
        refused = [one for one in told if isinstance(one, Overloaded)]
        assert told[:10] == [10 * number for number in range(10)]
        assert len(refused) == 90
        assert (refused[0].status, refused[0].code, refused[0].retry_after_s) == (503, "overloaded", 1)
        assert "ask again after a second" in refused[0].mend
        assert await turns.ask(7) == 70  # and afterwards all is well

    run(story)


def test_a_turn_that_came_too_late_is_refused_and_not_served() -> None:
    async def story() -> None:
        clerk = Clerk()
        turns = line(clerk, deadline_s=0.01)
        told = turns.ask(1)
        time.sleep(0.02)  # the loop was busy with something else
        with pytest.raises(Overloaded, match=r"not this request's turn within 0\.01 s"):
            await told
        assert clerk.groups == []

    run(story)


def test_who_has_gone_takes_no_turn() -> None:
    async def story() -> None:
        clerk = Clerk()
        turns = line(clerk)
        asked = [turns.ask(number) for number in range(3 * AT_ONCE)]
        for one in asked[AT_ONCE : 2 * AT_ONCE]:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        assert clerk.groups == [[*range(AT_ONCE)], [*range(2 * AT_ONCE, 3 * AT_ONCE)]]

    run(story)


def test_who_goes_while_being_served_takes_nobody_along() -> None:
    async def story() -> None:
        turns = line(Clerk())
        first, second = turns.ask(1), turns.ask(2)
        await asyncio.sleep(0)  # their turn has come
        first.cancel()
        assert await second == 20

    run(story)


def test_the_fault_of_one_is_nobody_elses() -> None:
    async def story() -> None:
        clerk = Clerk()
        turns = line(clerk)
        told = await asyncio.gather(*(turns.ask(number) for number in (1, -2, 3)), return_exceptions=True)
        assert (told[0], told[2]) == (10, 30)
        assert isinstance(told[1], ValueError)
        assert clerk.groups == [[1, -2, 3], [1], [-2], [3]]

    run(story)


def test_an_error_of_ours_is_everybodys_and_not_tried_again() -> None:
    async def story() -> None:
        tried = 0

        async def serve(_: Sequence[int]) -> list[int]:
            nonlocal tried
            tried += 1
            raise NotReady

        turns: Turns[int, int] = Turns(serve, 10, 10)
        told = await asyncio.gather(*(turns.ask(number) for number in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [NotReady] * 3
        assert tried == 1

    run(story)


def test_a_disk_that_hangs_is_waited_for_until_the_deadline() -> None:
    async def story() -> None:
        turns, loop = line(Clerk(), 100, 0.1), asyncio.get_running_loop()
        quick: asyncio.Future[int] = loop.create_future()
        loop.call_later(0.02, quick.set_result, 7)
        assert await turns.settle(quick) == 7
        began = loop.time()
        with pytest.raises(Overloaded, match=r"more than 0\.1 s"):
            await turns.settle(loop.create_future())
        assert 0.1 <= loop.time() - began < 1.0

    run(story)


def test_a_caller_who_goes_while_the_disk_works_is_no_overload() -> None:
    async def story() -> None:
        turns, loop = line(Clerk(), 100, 5), asyncio.get_running_loop()
        task = asyncio.create_task(turns.settle(loop.create_future()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(story)


def test_not_more_than_so_many_wait_for_the_disk() -> None:
    async def story() -> None:
        turns, loop = line(Clerk(), 2, 5), asyncio.get_running_loop()
        promises: list[asyncio.Future[None]] = [loop.create_future() for _ in range(OPEN_PER_WAITING * 2)]
        waiting = [asyncio.create_task(turns.settle(one)) for one in promises]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="wait for the disk"):
            await turns.settle(loop.create_future())
        for one in promises:
            one.set_result(None)
        await asyncio.gather(*waiting)

    run(story)


def test_who_waits_for_the_disk_together_counts_as_so_many() -> None:
    async def story() -> None:
        turns, loop = line(Clerk(), 2, 5), asyncio.get_running_loop()
        promise: asyncio.Future[None] = loop.create_future()
        waiting = asyncio.create_task(turns.settle(promise, OPEN_PER_WAITING * 2))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="8 requests wait for the disk"):
            await turns.settle(loop.create_future())
        promise.set_result(None)
        await waiting

    run(story)
