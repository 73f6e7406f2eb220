"""The door of the real thing: TLS, proxies, keys that come and go while it runs, and a log that names nobody."""

import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from churn.settings import load
from serving.audit.lines import lines
from tests import certificates, running_service
from tests.command_line import churn

pytestmark = pytest.mark.slow

MORE = """
workers = 2
server = "{server}"
tls_cert_file = "service.pem"
tls_key_file = "service.key"
trusted_proxies = ["127.0.0.0/8"]
[keys]
failures_per_minute = 0
"""
SECRETS = ("C1", "客户-3", "whom-nobody-knows", "leaver@example.com")


@dataclass
class Door:
    """A service that runs behind TLS."""

    config: Path
    port: int
    root: Path
    log: Path

    def ask(self, path: str, body: object = None, method: str | None = None, **headers: str) -> tuple[int, Any, Any]:
        sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", sent, given, method=method)
        context = ssl.create_default_context(cafile=str(self.root))
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers


@pytest.fixture(scope="module", params=["bentoml", pytest.param("uvicorn", marks=pytest.mark.nightly)])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp(request.param)
    root, *_ = certificates.make(folder)
    config = running_service.a_business(folder, MORE.format(server=request.param))
    with running_service.running(config) as service:
        note, deadline = service.settings.folder / "serving" / "service.json", time.monotonic() + 120
        while "Serving on https://" not in (said := service.log.read_text()):
            assert service.process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        assert "OPEN: no API key is set" in said
        yield Door(config, int(json.loads(note.read_text())["port"]), root, service.log)


def key_of(door: Door, name: str, *scopes: str, more: tuple[str, ...] = ()) -> str:
    words = [word for scope in scopes for word in ("--scope", scope)]
    told = churn("keys", "create", name, *words, *more, "--json", config=door.config)
    return str(json.loads(told.out)["key"])


def test_it_is_reached_by_tls_of_today_alone(door: Door) -> None:
    status, _, headers = door.ask("/livez")
    assert (status, headers["strict-transport-security"]) == (200, "max-age=31536000")
    with pytest.raises((OSError, urllib.error.URLError)):
        urllib.request.urlopen(f"http://127.0.0.1:{door.port}/livez", timeout=5)
    for version, spoken in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)):
        context = ssl.create_default_context(cafile=str(door.root))
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python says that TLS 1.1 is old
            context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", door.port), timeout=5) as raw:
            if spoken:
                with context.wrap_socket(raw, server_hostname="127.0.0.1") as wrapped:
                    assert wrapped.version() == "TLSv1.2"
            else:
                with pytest.raises((ssl.SSLError, OSError)):
                    context.wrap_socket(raw, server_hostname="127.0.0.1")


def test_keys_come_and_go_in_every_worker_while_it_runs(door: Door) -> None:
    body = {"customer_ids": ["C1"]}
    assert door.ask("/v1/score", body)[0] == 200, "open: nobody needs a key yet"
    key = key_of(door, "crm", "score")
    time.sleep(1.0)
    assert {door.ask("/v1/score", body)[0] for _ in range(12)} == {401}
    assert {door.ask("/v1/score", body, X_API_Key=key)[0] for _ in range(12)} == {200}
    new = json.loads(churn("keys", "rotate", "crm", "--grace", "0h", "--json", config=door.config).out)["key"]
    time.sleep(1.0)
    assert {door.ask("/v1/score", body, X_API_Key=key)[0] for _ in range(12)} == {401}
    assert {door.ask("/v1/score", body, X_API_Key=new)[0] for _ in range(12)} == {200}
    assert churn("keys", "revoke", "crm", config=door.config).code == 0
    time.sleep(1.0)
    assert {door.ask("/v1/score", body, X_API_Key=new)[0] for _ in range(12)} == {401}


def test_workers_let_no_more_through_than_the_limit(door: Door) -> None:
    key = key_of(door, "often", "score", more=("--quota", "60/day", "--rate", "0"))
    time.sleep(1.0)
    with ThreadPoolExecutor(4) as callers:
        asked = [callers.submit(door.ask, "/v1/score", {"customer_ids": ["C1"]}, X_API_Key=key) for _ in range(120)]
    statuses = Counter(one.result()[0] for one in asked)
    assert set(statuses) == {200, 429}
    lease = 60 // 16
    assert 60 - lease <= statuses[200] <= 60 or datetime.now(UTC).hour == 0, "a day of UTC may end in between"


def test_what_is_no_http_gets_our_error_from_either_server(door: Door) -> None:
    context = ssl.create_default_context(cafile=str(door.root))
    raw = socket.create_connection(("127.0.0.1", door.port), timeout=5)
    with raw, context.wrap_socket(raw, server_hostname="127.0.0.1") as wrapped:
        wrapped.sendall(b"nonsense\r\n\r\n")
        assert b'"code":"no_http"' in wrapped.recv(4096)


def test_a_long_header_is_refused(door: Door) -> None:
    assert door.ask("/livez", X_Long="x" * 20_000)[0] == 431


def test_who_asks_by_a_proxy_is_known_by_the_proxy_s_word(door: Door) -> None:
    key_of(door, "any", "read")
    time.sleep(1.0)
    assert door.ask("/v1/score", {}, X_Forwarded_For="6.6.6.6, 203.0.113.7, 127.0.0.9")[0] == 401
    time.sleep(0.2)
    folder = load(door.config, environ={}).folder
    assert "203.0.113.7" in {line.address for line in lines(folder)}
    assert "6.6.6.6" not in {line.address for line in lines(folder)}


def test_no_customer_stands_in_the_log(door: Door) -> None:
    """Every route, with good and bad requests, whoever they are about; then the log is searched."""
    key = key_of(door, "all", "admin")
    time.sleep(1.0)
    document = json.loads(door.ask("/openapi.json", X_API_Key=key)[1])
    seen = set()
    for path, methods in document["paths"].items():
        for whom in SECRETS:
            quoted = urllib.parse.quote(whom, safe="")
            here = path.replace("{customer_id}", quoted).replace("{score_id}", quoted).replace("{model}", quoted)
            for method in methods:
                bodies = [None] if method == "get" else [
                    {"customer_ids": [whom]}, {"customer_ids": [whom], "language": whom}, {"customer_ids": whom},
                    {"events": [{"customer_id": whom, "event_id": whom, "event_type": "order",
                                 "event_timestamp": "2026-01-01T00:00:00Z"}]},
                    {"customers": [{"customer_id": whom, "events": [{"event_type": whom}]}]}, whom.encode(),
                ]  # fmt: skip
                for body in bodies:
                    for given in ({"X_API_Key": key}, {}):
                        status, _, _ = door.ask(f"{here}?q={quoted}", body, method.upper(), **given)
                        seen.add(status)
                        assert status != 500, (path, method, body)
        door.ask(path + urllib.parse.quote("/C1"), X_API_Key=key)
    assert {200, 401, 422} <= seen
    time.sleep(0.5)
    text = door.log.read_text()
    assert "request.answered" in text
    assert {whom for whom in SECRETS if re.search(rf"(?<!\w){re.escape(whom)}(?!\w)", text)} == set()
