"""What nobody should write to a socket: broken lengths, chunks, paths, floods, pipelines; with uvicorn in this process.

Each connection is answered by the contract or ended, in time; the service answers others as before, and holds no more
memory than before.
"""

import contextlib
import gc
import http.client
import io
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.test_openapi import CUSTOMER, Shop
from tests.listening import listening

GOOD = json.dumps({"customer_ids": [CUSTOMER]}).encode()
SECONDS = 8.0
MOST_GROWN_BYTES = 100_000_000


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The whole application under uvicorn; a body has 0.3 s to come."""
    shop = Shop(tmp_path_factory.mktemp("wire"), rate_limit_per_minute=0, body_timeout_s=0.3)
    with listening(shop.guard) as found:
        yield found
    shop.desk.close()
    shop.intake.close()


def told(port: int, sent: bytes, *, idle_s: float = 1.0) -> bytes:
    """What comes back until the other side ends the connection, or is silent for some time."""
    found, until = b"", time.monotonic() + SECONDS
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connected:
        with contextlib.suppress(ConnectionError):
            connected.sendall(sent)
        connected.settimeout(idle_s)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while more := connected.recv(65_536):
                found += more
                assert time.monotonic() < until, "it does not end"
    return found


class Kept(io.BytesIO):
    """Bytes that answers are read from one after the other; as a socket, because http.client asks for one."""

    def makefile(self, *_: Any) -> io.BytesIO:
        """Itself."""
        return self

    def close(self) -> None:
        """It is read on."""


def answers(raw: bytes, methods: str = "GET") -> list[tuple[int, dict[str, str], bytes]]:
    """The answers on a connection, each of the contract."""
    found, left = list[tuple[int, dict[str, str], bytes]](), Kept(raw)
    while left.tell() < len(raw):
        one = http.client.HTTPResponse(left, method=methods)  # type: ignore[arg-type]
        one.begin()
        found.append((one.status, {name.lower(): value for name, value in one.getheaders()}, one.read()))
    assert b"Traceback" not in raw
    for status, headers, body in found:
        assert status != 500
        is_page = headers.get("content-type", "").startswith("text/html") and status in (404, 422)  # for people
        if status >= 400 and methods != "HEAD" and not is_page:
            assert headers["content-type"] == "application/json"
            assert list(json.loads(body)["error"]) == ["code", "problem", "mend", "request_id"]
            assert len(body) < 2_000
    return found


def post(body: bytes, *headers: bytes, path: bytes = b"/v1/score", version: bytes = b"HTTP/1.1") -> bytes:
    lines = [b"POST " + path + b" " + version, b"Host: 127.0.0.1", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def length(size: int) -> bytes:
    return b"Content-Length: %d" % size


def alive(port: int) -> None:
    ((status, _, body),) = answers(told(port, post(GOOD, length(len(GOOD)), b"Connection: close")))
    assert (status, json.loads(body)["scores"][0]["customer_id"]) == (200, CUSTOMER)


CHUNKED = b"Transfer-Encoding: chunked"
CASES: dict[str, tuple[bytes, set[int]]] = {
    "chunks": (post(b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD), CHUNKED), {200}),
    "a chunk of no size": (post(b"zz\r\n{}\r\n0\r\n\r\n", CHUNKED), {400}),
    "a chunk of all sizes": (post(b"f" * 30 + b"\r\n{}", CHUNKED), {400, 408, 413}),
    "chunks that end nowhere": (post(b"2\r\n{}\r\n", CHUNKED), {408}),
    "length and chunks": (post(b"0\r\n\r\n" + GOOD, length(len(GOOD)), CHUNKED), {400, 422}),
    "two lengths": (post(GOOD, length(len(GOOD)), length(1)), {400}),
    "a length too short": (post(GOOD, length(5)), {0, 400}),
    "a length too long": (post(GOOD, length(len(GOOD) + 9)), {408}),
    "a length below zero": (post(GOOD, b"Content-Length: -1"), {400}),
    "a length that is none": (post(GOOD, b"Content-Length: 1e3"), {400}),
    "a length beyond all": (post(GOOD, b"Content-Length: " + b"9" * 25), {400, 413}),
    "no length": (post(GOOD), {0, 400}),
    "packed": (post(GOOD, length(len(GOOD)), b"Content-Encoding: gzip"), {200, 400, 415}),
    "expecting": (post(GOOD, length(len(GOOD)), b"Expect: 100-continue"), {200}),
    "an older version": (post(GOOD, length(len(GOOD)), version=b"HTTP/1.0"), {200}),
    "no version that there is": (post(GOOD, length(len(GOOD)), version=b"HTTP/9.9"), {400}),
    "no host": (b"GET /livez HTTP/1.1\r\n\r\n", {200, 400, 421}),
    "a host of others": (b"GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n", {200, 403, 421}),
    "many headers": (post(GOOD, *[b"X-%d: 1" % one for one in range(3000)], length(len(GOOD))), {431}),
    "a header of control": (post(GOOD, b"X-A: \x00", length(len(GOOD))), {200, 400}),
    "a header in two lines": (post(GOOD, b"X-A: 1\r\n folded: 2", length(len(GOOD))), {200, 400}),
    "upgrade": (post(GOOD, length(len(GOOD)), b"Connection: Upgrade", b"Upgrade: h2c"), {200}),
    "what HTTP/2 begins with": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 404, 405}),
    "the other form": (b"GET http://evil.example/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {200, 404}),
    "a tunnel": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", {400, 403, 404, 405}),
    "tunnel up": (b"CONNECT / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n{}", {400, 403}),
    "a star": (b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {204, 400, 404, 405}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_broken_request_is_answered_or_refused(port: int, name: str) -> None:
    sent, wanted = CASES[name]
    first, *_ = answers(told(port, sent)) or [(0, {}, b"")]  # 0: ended without an answer
    assert first[0] in wanted, first
    alive(port)


PATHS = (
    b"/..%2f..%2fetc/passwd", b"/v1/customers/%00", b"/v1/customers/%2e%2e%2f", b"/v1/customers/%c0%af",
    b"/v1/customers/%ff", b"/v1/customers/" + b"%e5%ae%a2" * 300, b"/v1/scores/%00",
    b"/v1/scores/../customers/C1", b"/v1/models/%2F", b"//v1/score", b"/v1/customers/a/b/c", b"/v1/customers/",
    b"/%", b"/%zz", b"/v1/customers/%ed%a0%80", b"/v1/scores?since=%00&since=",
    b"/v1/scores?limit=" + b"9" * 5000, b"/v1/scores?" + b"&" * 3000, b"/v1/customers/C1?language=%F0%9F",
    b"/?what=%00%ff", b"/at-risk.csv?band=%0d%0aSet-Cookie:a", b"/customer?id=%0d%0a", b"/docs/../metrics",
    b"/login?next=//evil.example",
)  # fmt: skip


@pytest.mark.parametrize("method", [b"GET", b"DELETE", b"HEAD"])
def test_a_path_that_is_none_leads_nowhere(port: int, method: bytes) -> None:
    for path in PATHS:
        sent = method + b" " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        ((status, headers, body),) = answers(told(port, sent), method.decode())
        assert status in (200, 302, 303, 400, 404, 405, 414, 422, 431), (path, status, body)
        assert b"root:" not in body
        assert "set-cookie" not in headers
        assert "evil" not in headers.get("location", "")
    alive(port)


def test_requests_in_a_pipeline_are_answered_in_their_order(port: int) -> None:
    one = post(GOOD, length(len(GOOD)))
    raw = told(port, one + post(b"{", length(1)) + one + b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + one)
    assert [status for status, *_ in answers(raw)] == [200, 400, 200, 404, 200]


def test_nothing_is_smuggled_behind_a_refused_request(port: int) -> None:
    """What follows a head that was refused is not read as a request of its own."""
    inner = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    for headers in (
        [length(len(inner)), length(1)],
        [b"Content-Length: 2000000"],
        [b"X-A: " + b"x" * 20_000, length(0)],
    ):
        assert len(answers(told(port, post(inner, *headers)))) == 1


def test_bytes_at_a_trickle_hold_nobody_up(port: int) -> None:
    """Ten callers who send a body letter by letter are sent away; others are answered meanwhile."""
    slow = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(10)]
    for one in slow:
        one.sendall(post(b"", length(1000)))
    began = time.monotonic()
    while time.monotonic() - began < 0.6:
        for one in slow:
            with contextlib.suppress(ConnectionError):
                one.sendall(b" ")
        time.sleep(0.05)
    alive(port)
    for one in slow:
        one.settimeout(3)
        found = b""
        with contextlib.suppress(ConnectionError):
            while more := one.recv(65_536):
                found += more
        one.close()
        assert not found or b" 408 " in found[:20]


@settings(
    max_examples=40 if settings.get_current_profile_name() == "ci" else 1500, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    name=st.sampled_from(sorted(CASES)), at=st.floats(0, 1), put=st.binary(max_size=6), drop=st.integers(0, 6),
    cut=st.booleans(),
)  # fmt: skip
def test_letters_changed_at_random(port: int, name: str, at: float, put: bytes, drop: int, cut: bool) -> None:
    sent = CASES[name][0]
    here = int(at * len(sent))
    changed = sent[:here] + put + (b"" if cut else sent[here + drop :])
    raw = told(port, changed, idle_s=0.2)
    with contextlib.suppress(http.client.HTTPException):  # an answer that is cut short, because we left
        answers(raw)
    assert b"HTTP/1.1 500" not in raw


def test_it_answers_as_before_and_holds_no_more_memory(port: int) -> None:
    def held() -> int:
        gc.collect()
        return int(psutil.Process().memory_info().rss)

    alive(port)
    before = held()
    for _ in range(20):
        told(port, post(b" " * 900_000, length(900_000), b"Content-Encoding: gzip", b"Connection: close"))
        told(port, post(b"10000000\r\n" + b" " * 2_000_000, CHUNKED))
    assert held() - before < MOST_GROWN_BYTES
    alive(port)


def test_callers_who_went_are_no_error_of_ours(port: int) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connected:
            connected.sendall(post(b"{", length(1000)))
            time.sleep(0.05)
    time.sleep(0.3)
    meters = told(port, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert b'status="400"' in meters
    assert b'status="500"' not in meters
