"""Too much at once, a disk that hangs, a call about very many: refused in one shape, and nobody else has to wait."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message

from cli.app import assemble
from serving.app import Counter, Desk
from serving.lookup import Lookup
from serving.score_log import ScoreLog, read
from tests import tiny_service

EVERYBODY = [one.customer_id for one in tiny_service.rows()]


class SlowLog(ScoreLog):
    """A score log on a disk that takes its time."""

    takes_s = 0.0

    def _write(self, lines: bytes) -> None:
        time.sleep(self.takes_s)
        super()._write(lines)


def desk_of(folder: Path, log: type[ScoreLog] = ScoreLog, **serving: Any) -> Desk:
    desk = Desk(tiny_service.settings(folder, **serving))
    desk.open(Counter(tiny_service.scorer(), Lookup(tiny_service.store()), log(desk.settings.folder)))
    return desk


async def ask(app: ASGIApp, path: str, body: object = None) -> tuple[int, dict[bytes, bytes], Any]:
    """One request, without a server."""
    content, got = b"" if body is None else json.dumps(body).encode(), list[Message]()

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        got.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-length", b"%d" % len(content))]
    scope = {
        "type": "http", "method": "POST" if content else "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)
    return got[0]["status"], dict(got[0]["headers"]), json.loads(got[1]["body"])


def test_too_many_at_once_are_503_with_retry_after_and_the_others_are_answered(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, max_waiting=5)
    app = assemble(desk)

    async def story() -> list[tuple[int, dict[bytes, bytes], Any]]:
        return await asyncio.gather(*(ask(app, "/v1/score", {"customer_ids": ["C1"]}) for _ in range(100)))

    told = asyncio.run(story())
    refused = [one for one in told if one[0] != 200]
    assert 0 < len(refused) < 100
    for status, headers, body in refused:
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert body["error"]["code"] == "overloaded"
        assert "ask again" in body["error"]["mend"]
    answered = {body["scores"][0]["score_id"] for status, _, body in told if status == 200}
    desk.close()
    assert set(read(desk.settings.folder)["score_id"]) == answered


def test_a_disk_that_hangs_is_503_after_the_deadline_and_health_goes_on(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, SlowLog, deadline_ms=200)
    app, SlowLog.takes_s = assemble(desk), 1.0

    async def story() -> None:
        began = time.monotonic()
        asked = asyncio.create_task(ask(app, "/v1/score", {"customer_ids": ["C1"]}))
        await asyncio.sleep(0.01)
        assert (await ask(app, "/livez"))[0] == 200
        assert time.monotonic() - began < 0.2
        status, _, body = await asked
        assert (status, body["error"]["code"]) == (503, "overloaded")
        assert time.monotonic() - began < 0.9
        SlowLog.takes_s = 0.0
        await asyncio.sleep(1.0)
        assert (await ask(app, "/v1/score", {"customer_ids": ["C1"]}))[0] == 200

    try:
        asyncio.run(story())
    finally:
        SlowLog.takes_s = 0.0
        desk.close()


def test_a_call_about_many_leaves_the_loop_to_others(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    app, ids = assemble(desk), [f"C{number}" for number in range(992)] + EVERYBODY
    waits: list[float] = []

    async def story() -> None:
        asked = asyncio.create_task(ask(app, "/v1/score", {"customer_ids": ids}))
        while not asked.done():
            began = time.monotonic()
            assert (await ask(app, "/livez"))[0] == 200
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.001)
        status, _, body = await asked
        assert status == 200
        assert [one["customer_id"] for one in body["scores"]] == ids

    asyncio.run(story())
    desk.close()
    assert len(waits) > 2  # the loop was free meanwhile
