"""A store that hangs under live events: scores are answered all the same."""

import asyncio
import threading
import time

import httpx
import pytest

from tests.contract.test_wire_events import Opened, event, opened

__all__ = ["opened"]  # a fixture


def test_refreshes_that_hang_leave_scores_alone(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty live events wait for a store that hangs; a long request, which needs a thread too, is answered."""
    hanging = threading.Event()
    monkeypatch.setattr(opened.intake, "refresh", lambda *_: not hanging.wait(20))

    async def ask() -> float:
        here = httpx.ASGITransport(opened.client.app)
        async with httpx.AsyncClient(transport=here, base_url="http://127.0.0.1") as client:
            posts = [
                asyncio.create_task(client.post("/v1/events", json={"events": [event(f"{number}")]}))
                for number in range(50)
            ]
            await asyncio.sleep(1)
            began = time.monotonic()
            try:
                ids = [f"{number}" for number in range(100)]
                assert (await client.post("/v1/score", json={"customer_ids": ids})).status_code == 200
                took = time.monotonic() - began
            finally:
                hanging.set()
            assert {answer.status_code for answer in await asyncio.gather(*posts)} == {202}
            return took

    assert asyncio.run(ask()) < 5
