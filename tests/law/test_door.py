"""Whatever a request holds, the door answers it: no error of ours, one shape, dressed, no way around a scope."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.test_wire_door import key_of, opened

PATHS = (
    "/v1/score", "/v1/events", "/v1/scores", "/v1/customers/", "/login", "/logout", "/readyz", "/metrics", "/", "/docs",
)  # fmt: skip
NAMES = (
    b"authorization", b"x-api-key", b"cookie", b"host", b"origin", b"content-length", b"x-request-id", b"accept",
    b"x-forwarded-for", b"x-forwarded-proto", b"sec-fetch-site", b"access-control-request-method", b"webhook-id",
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([
        b"Bearer ", b"bearer x", b"churn=a.b", b"churn=.", b"__Host-churn=a.b.c", b"9" * 5000, b"-1", b"text/html",
        b"https://crm.example", b"null", b"127.0.0.1", b"[::1]:3000", b"\xff\xfe", b"10.0.0.1, ,", b"https",
    ]),
)  # fmt: skip
REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "BREW"]),
    st.one_of(st.sampled_from(PATHS), st.text(max_size=30).map("/".__add__), st.sampled_from(PATHS).flatmap(
        lambda path: st.text(max_size=8).map(path.__add__))),
    st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6),
    st.one_of(st.binary(max_size=60), st.just(b"&" .join([b"a=1"] * 60))),
    st.sampled_from(["http", "https"]),
)  # fmt: skip


@pytest.fixture(scope="module", params=[False, True])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service that is open, and one with a key."""
    folder: Path = tmp_path_factory.mktemp("door")
    if request.param:
        key_of(folder, "crm", "score")
    with opened(folder, cors_origins=("https://crm.example",), trusted_proxies=("10.0.0.0/8",)) as asked:
        yield asked.app


def answer(app: Any, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes, scheme: str) -> Any:
    sent: list[Any] = []
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return left.pop() if left else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": b"", "query_string": b"next=%2F&since=x",
        "headers": headers, "scheme": scheme, "client": ("10.0.0.1", 5), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    anyio.run(app, scope, receive, send)
    return sent


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=REQUESTS)
def test_every_request_is_answered_in_one_shape(app: Any, request: Any) -> None:
    first, *rest = answer(app, *request)
    headers = dict(first["headers"])
    assert first["status"] != 500, request
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"content-security-policy" in headers
    assert len([name for name, _ in first["headers"] if name == b"x-request-id"]) == 1
    if first["status"] >= 400 and request[0] != "HEAD" and request[1] != "/login":
        assert list(json.loads(b"".join(one["body"] for one in rest))) == ["error"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=REQUESTS)
def test_nobody_without_a_key_is_told_anything(app: Any, request: Any) -> None:
    if app._door.is_open:
        return
    first, *_ = answer(app, *request)
    anybodys = request[1] in ("/login", "/readyz", "/livez", "/healthz") or request[0] == "OPTIONS"
    assert anybodys or first["status"] in (303, 401, 408, 413, 429, 431), request
