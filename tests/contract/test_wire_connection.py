"""Connections themselves, with uvicorn in this process: heads that are slow, endless or no HTTP."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
import uvicorn.config

from serving import connection
from serving.connection import Connection, take_over
from tests.listening import listening


async def app(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch, listening(app) as found:
        patch.setattr(connection, "HEAD_SECONDS", 0.3)
        yield found


def all_of(connected: socket.socket) -> bytes:
    """What comes until the other side ends it."""
    connected.settimeout(10)
    told = b""
    with contextlib.suppress(ConnectionError):
        while more := connected.recv(65_536):
            told += more
    return told


def refused(told: bytes, status: int, code: str) -> None:
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), told
    assert b"content-type: application/json" in head
    assert b"connection: close" in head
    error = json.loads(body)["error"]
    assert (error["code"], list(error)) == (code, ["code", "problem", "mend", "request_id"])
    assert error["request_id"].encode() in head


@pytest.mark.parametrize("first", [b"", b"POST /v1/score HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_a_head_that_does_not_come_is_not_waited_for(port: int, first: bytes) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(first)
        refused(all_of(connected), 408, "head_too_slow")
    assert 0.2 < time.monotonic() - began < 5


def test_a_head_that_does_not_end_is_not_read(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(2000):
                connected.sendall(b"X-%d: %s\r\n" % (number, b"x" * 100))
                if number % 100 == 0:
                    time.sleep(0.001)
        told = all_of(connected)
    assert not told or b"431" in told[:20], "where it still sends, its answer may be lost to a reset"


def test_what_is_no_http_is_told_so(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
        refused(all_of(connected), 400, "no_http")


def test_a_good_connection_is_used_again_and_again(port: int) -> None:
    body = b"x" * 300_000
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.settimeout(10)
        for _ in range(3):
            connected.sendall(
                b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            time.sleep(0.4)  # longer than a head may take: a body is the application's to bound
            connected.sendall(body)
            told = b""
            while told.count(b"x") < len(body):
                told += connected.recv(65_536)
            assert told.startswith(b"HTTP/1.1 200")
        connected.sendall(b"GET / HTTP/1.1\r\n")
        refused(all_of(connected), 408, "head_too_slow")


def test_another_s_server_takes_our_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.config, "HTTP_PROTOCOLS", dict(uvicorn.config.HTTP_PROTOCOLS))
    take_over()
    config = uvicorn.Config(app)
    config.load()
    assert config.http_protocol_class is Connection


UPGRADE = b"POST / HTTP/1.1\r\nHost: a\r\n%s: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize("name", [b"Connection", b"connection"])
@pytest.mark.parametrize("pieces", [1, 2, 7])
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: 5\r\n\r\n", b"hello"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    ],
)
def test_who_asks_for_another_protocol_is_answered_in_this_one(
    port: int, name: bytes, pieces: int, framing: bytes, body: bytes
) -> None:
    """Java's own client does, whenever there is no TLS; its body is no less a body, and its connection goes on."""
    sent = (UPGRADE % name + framing + body) * 3
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.settimeout(10)
        for at in range(pieces):
            connected.sendall(sent[at * len(sent) // pieces : (at + 1) * len(sent) // pieces])
            time.sleep(0.01)
        told = b""
        while told.count(b"hello") < 3:
            more = connected.recv(65_536)
            assert more, told
            told += more
    assert told.count(b"HTTP/1.1 200") == 3
