"""Limits in Redis, through services that run: workers count together, and a server that is gone lets nobody in."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from churn.sections import Serving
from churn.settings import Settings
from cli.app import assemble
from serving.app import Counter as Answering
from serving.app import Desk
from serving.keys.store import KeyStore, Named
from serving.limits import redis_counts
from serving.lookup import Lookup
from serving.score_log import ScoreLog
from tests import running_service, tiny_service
from tests.command_line import churn
from tests.contract.test_wire_door import BODY, NOW
from tests.contract.test_wire_login import login
from tests.contract.test_wire_refusals import error_of
from tests.integration.test_store_outage import Wire

pytestmark = pytest.mark.server


@pytest.fixture
def wire(redis_url: str) -> Iterator[tuple[Wire, str]]:
    """A way to Redis that can be cut, and its URL."""
    url = urlsplit(redis_url)
    made = Wire(url.hostname or "", url.port or 6379)
    yield made, url._replace(netloc=f"127.0.0.1:{made.port}").geturl()
    made.cut()


def business(folder: Path, url: str) -> Settings:
    """Settings of a business of which the server knows nothing yet."""
    held = tiny_service.settings(folder)
    own = held.business.model_copy(update={"slug": f"redis-{uuid.uuid4().hex}"})
    return held.model_copy(update={"business": own, "serving": Serving(limits="redis", limits_url=url)})


def key_of(held: Settings, name: str, *scopes: str, **more: Any) -> dict[str, str]:
    return {"X-API-Key": KeyStore(held.folder).create(Named(name, list(scopes), [], NOW, **more), None, NOW)}


def worker(held: Settings) -> TestClient:
    """A whole application; two of one business are two workers, or two machines."""
    desk = Desk(held)
    desk.open(Answering(tiny_service.scorer(), Lookup(tiny_service.store()), ScoreLog(held.folder)))
    return TestClient(assemble(desk), base_url="http://127.0.0.1")


def test_workers_count_together_and_know_who_logged_out(tmp_path: Path, wire: tuple[Wire, str]) -> None:
    held = business(tmp_path, wire[1])
    crm = key_of(held, "crm", "score", rate_per_minute=0, quota_per_day=30)
    ana = key_of(held, "ana", "read")["X-API-Key"]
    one, two = worker(held), worker(held)
    statuses = Counter(
        (one, two)[number % 2].post("/v1/score", json=BODY, headers=crm).status_code for number in range(40)
    )
    assert statuses == {200: 30, 429: 10}
    cookie = {"Cookie": login(one, ana).headers["set-cookie"].partition(";")[0]}
    token = two.get("/", headers=cookie).text.partition('name="csrf" value="')[2].partition('"')[0]
    ours = cookie | {"Origin": "http://127.0.0.1"}
    assert two.post("/logout", data={"csrf": token}, headers=ours, follow_redirects=False).status_code == 303
    assert one.get("/docs", headers=cookie).status_code == 401


def test_while_nobody_counts_nobody_is_let_in(
    tmp_path: Path, wire: tuple[Wire, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_counts, "PAUSE_S", 0.05)
    held = business(tmp_path, wire[1])
    crm, asked = key_of(held, "crm", "score", rate_per_minute=1000), worker(held)
    wire[0].cut()
    answer = asked.post("/v1/score", json=BODY, headers=crm)
    error = error_of(answer, 503, "rate_limit_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "Redis" in error["problem"]
    assert str(wire[0].port) not in str(error)
    assert asked.get("/livez").status_code == 200
    wire[0].mend()
    time.sleep(0.1)
    assert asked.post("/v1/score", json=BODY, headers=crm).status_code == 200


@pytest.mark.nightly
def test_two_workers_of_a_service_that_runs(tmp_path: Path, wire: tuple[Wire, str]) -> None:
    more = f'workers = 2\nlimits = "redis"\nlimits_url = "{wire[1]}"\n'
    config = running_service.a_business(tmp_path, more)
    names = [f"{name}-{uuid.uuid4().hex[:8]}" for name in ("crm", "till")]  # the server may be one that others use
    terms = [("--quota", "30/day", "--rate", "0"), ("--rate", "50000/min")]
    crm, till = (
        json.loads(churn("keys", "create", name, "--scope", "score", *more, "--json", config=config).out)["key"]
        for name, more in zip(names, terms, strict=True)
    )
    with running_service.running(config) as service:
        service.ready()

        def ask(key: str | None = None) -> tuple[int, float]:
            began = time.monotonic()
            path, sent = ("/v1/score", b'{"customer_ids": ["C1"]}') if key else ("/livez", None)
            try:
                with urlopen(Request(service.url + path, sent, {"X-API-Key": key or ""}), timeout=20) as answer:
                    return answer.status, time.monotonic() - began
            except HTTPError as error:
                return error.code, time.monotonic() - began

        with ThreadPoolExecutor(4) as callers:
            assert Counter(status for status, _ in callers.map(ask, [crm] * 60)) == {200: 30, 429: 30}
            assert ask(till)[0] == 200
            wire[0].freeze(frozen=True)
            told = list(callers.map(ask, [till, None, None] * 150))
            assert {status for status, _ in told[1::3] + told[2::3]} == {200}
            assert 503 in {status for status, _ in told[::3]}
            assert max(seconds for _, seconds in told) < 2.0
            wire[0].freeze(frozen=False)
            until = time.monotonic() + 20
            while ask(till)[0] != 200:
                assert time.monotonic() < until
