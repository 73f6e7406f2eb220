"""Whose turn it is: nobody waits unseen, nobody waits too long, and too many are told so at once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from serving.turns import AT_ONCE, OPEN_PER_WAITING, Overloaded, Turns


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_line_is_served_in_order_and_some_between_two_looks_at_the_network() -> None:
    async def story() -> None:
        turns, served, looks = Turns(100, 10), list[tuple[int, int]](), 0

        async def look() -> None:
            nonlocal looks
            while True:
                looks += 1
                await asyncio.sleep(0)

        async def ask(number: int) -> None:
            await turns.take()
            served.append((number, looks))

        looker = asyncio.create_task(look())
        await asyncio.gather(*(ask(number) for number in range(50)))
        looker.cancel()
        assert [number for number, _ in served] == list(range(50))
        together = [sum(at == look for _, at in served) for look in {at for _, at in served}]
        assert max(together) <= 2 * AT_ONCE  # a look may fall between the turns given and taken

    run(story)


def test_too_many_are_refused_at_once_and_the_others_served() -> None:
    async def story() -> None:
        turns = Turns(10, 10)
        told = await asyncio.gather(*(turns.take() for _ in range(100)), return_exceptions=True)
        refused = [one for one in told if isinstance(one, Overloaded)]
        assert len(refused) == 100 - 10 - AT_ONCE
        assert [one for one in told if one is not None and one not in refused] == []
        assert (refused[0].status, refused[0].code, refused[0].retry_after_s) == (503, "overloaded", 1)
        assert "ask again after a second" in refused[0].mend
        await turns.take()  # and afterwards all is well

    run(story)


def test_a_turn_that_came_too_late_is_refused() -> None:
    async def story() -> None:
        turns = Turns(100, 0.0)
        told = await asyncio.gather(*(turns.take() for _ in range(2 * AT_ONCE)), return_exceptions=True)
        assert told[:AT_ONCE] == [None] * AT_ONCE
        assert all(isinstance(one, Overloaded) for one in told[AT_ONCE:])

    run(story)


def test_who_has_gone_takes_no_turn() -> None:
    async def story() -> None:
        turns = Turns(100, 10)
        tasks = [asyncio.create_task(turns.take()) for _ in range(3 * AT_ONCE)]
        await asyncio.sleep(0)
        for task in tasks[AT_ONCE : 2 * AT_ONCE]:
            task.cancel()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert told[2 * AT_ONCE :] == [None] * AT_ONCE

    run(story)


def test_a_disk_that_hangs_is_waited_for_until_the_deadline() -> None:
    async def story() -> None:
        turns, loop = Turns(100, 0.1), asyncio.get_running_loop()
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
        turns, loop = Turns(100, 5), asyncio.get_running_loop()
        task = asyncio.create_task(turns.settle(loop.create_future()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(story)


def test_not_more_than_so_many_wait_for_the_disk() -> None:
    async def story() -> None:
        turns, loop = Turns(2, 5), asyncio.get_running_loop()
        promises: list[asyncio.Future[None]] = [loop.create_future() for _ in range(OPEN_PER_WAITING * 2)]
        waiting = [asyncio.create_task(turns.settle(one)) for one in promises]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="wait for the disk"):
            await turns.settle(loop.create_future())
        for one in promises:
            one.set_result(None)
        await asyncio.gather(*waiting)

    run(story)
