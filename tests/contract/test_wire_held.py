"""Connections that somebody would like to hold: by drops, by trailers, by not reading, by their number."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from serving import connection
from serving.connection import Connection
from tests.contract.test_wire_connection import refused
from tests.listening import listening

LONG = 40_000_000
gone = list[bool]()  # callers who did not stay for a long answer


alive = set[Connection]()


class Seen(Connection):
    """A connection that says while it stands."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        alive.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        alive.discard(self)
        super().connection_lost(exc)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Tells the body back; some paths answer before they have read it, late, at length, or with their headers."""
    start = {"type": "http.response.start", "status": 200}
    if scope["path"] == "/long":
        await send(start | {"headers": [(b"content-length", b"%d" % LONG)]})
        for number in range(40):
            await send({"type": "http.response.body", "body": b"x" * (LONG // 40), "more_body": number < 39})
        if (await receive())["type"] == "http.disconnect" and connection.WRITE_SECONDS < 1:
            gone.append(True)
        return
    body = b""
    while scope["path"] not in {"/early", "/whole", "/short"}:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] in {"/late", "/later"}:
        await asyncio.sleep(0.2 if scope["path"] == "/late" else 1.5)
    body = {"/whole": b"x" * LONG, "/short": b"x" * 8192}.get(scope["path"], body)
    if scope["path"] == "/headers":
        body = repr(scope["headers"]).encode()
    await send(start | {"headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch, listening(app, Seen, timeout_keep_alive=1) as found:
        patch.setattr(connection, "HEAD_SECONDS", 0.3)
        patch.setattr(connection, "REST_SECONDS", 0.3)
        yield found


class Held:
    """A connection that is kept, and what came on it."""

    def __init__(self, port: int, sent: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.sendall(sent)

    def ends_within(self, seconds: float, *, dripping: bytes = b"") -> bytes:
        """All that comes, while a drop goes out now and then; it has to end in time."""
        told, until = b"", time.monotonic() + seconds
        self.socket.settimeout(0.1)
        with contextlib.suppress(ConnectionError):
            while True:
                assert time.monotonic() < until, "it is held"
                try:
                    more = self.socket.recv(65_536)
                except TimeoutError:
                    if dripping:
                        self.socket.sendall(dripping)
                    continue
                if not more:
                    break
                told += more
        self.socket.close()
        return told


GET = b"GET /early HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "dripping"),
    [
        (b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (CHUNKED % b"/early", b"1\r\nx\r\n"),
        (CHUNKED % b"/early" + b"0\r\n", b"a: b\r\n"),
        (GET, b"\r\n"),
    ],
    ids=["body", "chunks", "trailers", "line ends"],
)
def test_after_its_answer_a_connection_is_not_held_by_drops(port: int, sent: bytes, dripping: bytes) -> None:
    told = Held(port, sent).ends_within(3, dripping=dripping)
    assert told.startswith(b"HTTP/1.1 200")
    assert told.count(b"HTTP/1.1 ") == (2 if dripping == b"\r\n" else 1), "one answer a request"


def test_what_was_not_read_may_still_come_and_the_connection_goes_on(port: int) -> None:
    held = Held(port, b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
    assert held.socket.recv(65_536).startswith(b"HTTP/1.1 200")
    held.socket.sendall(b"0123456789" + GET)
    assert held.socket.recv(65_536).startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1" not in held.ends_within(3), "then it is idle, and ends as any does"


def test_a_body_that_nobody_reads_does_not_go_on_for_ever(port: int) -> None:
    held = Held(port, CHUNKED % b"/early")
    assert held.socket.recv(65_536).startswith(b"HTTP/1.1 200")
    with pytest.raises(ConnectionError):
        held.socket.sendall((b"ffff\r\n" + b"x" * 65_535 + b"\r\n") * 500)
    held.socket.close()


def test_a_trailer_is_no_header(port: int) -> None:
    """A proxy in front takes headers away that mean something to us; trailers it may pass on."""
    body = b"1\r\nx\r\n0\r\nX-API-Key: k\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n"
    held = Held(port, CHUNKED % b"/headers" + body)
    held.socket.settimeout(5)
    told = held.socket.recv(65_536)
    assert b"transfer-encoding" in told
    assert b"x-api-key" not in told
    assert b"10.0.0.1" not in told
    held.socket.sendall(GET)
    assert held.socket.recv(65_536).startswith(b"HTTP/1.1 200")
    held.socket.close()


@pytest.mark.parametrize("piece", [b"a: b\r\n" * 10_000, b"a: " + b"b" * 60_000], ids=["many", "long"])
def test_trailers_that_do_not_end_are_not_read(port: int, piece: bytes) -> None:
    held = Held(port, CHUNKED % b"/" + b"0\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(20):
            held.socket.sendall(piece)
            time.sleep(0.002)
    told = held.ends_within(2)
    assert not told or b" 431 " in told[:20]


def test_what_is_wrong_behind_a_request_does_not_cut_its_answer(port: int) -> None:
    told = Held(port, b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + b"\x00garbage").ends_within(5)
    first, second, third = (b"HTTP/1.1 " + one for one in told.split(b"HTTP/1.1 ")[1:])
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 200")
    refused(third, 400, "no_http")


def test_who_does_not_read_the_answer_is_gone(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WRITE_SECONDS", 0.3)
    held = Held(port, b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    until = time.monotonic() + 5
    while not gone:
        assert time.monotonic() < until, "it waits for ever"
        time.sleep(0.02)
    gone.clear()
    held.socket.close()


@pytest.mark.parametrize("path", [b"/long", b"/whole"], ids=["pieces", "one piece"])
def test_who_reads_on_gets_it_all_in_whatever_time(port: int, monkeypatch: pytest.MonkeyPatch, path: bytes) -> None:
    monkeypatch.setattr(connection, "WRITE_SECONDS", 0.2)
    held, got = Held(port, b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path), 0
    while got < LONG:
        more = held.socket.recv(500_000)
        assert more, "it was cut"
        got += len(more)
        time.sleep(0.005)
    held.socket.close()


def test_short_answers_that_nobody_reads_hold_nothing_either(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keep-alive that is over waits for the rest to go out; with a few kilobytes left nothing else would end that."""
    monkeypatch.setattr(connection, "WRITE_SECONDS", 0.3)
    before, held = set(alive), socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    held.connect(("127.0.0.1", port))
    with contextlib.suppress(OSError):  # ended already
        for _ in range(1000):
            held.sendall(b"GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.002)
            if any(one.transport.get_write_buffer_size() for one in set(alive) - before):
                break
    until = time.monotonic() + 5
    while set(alive) - before:
        assert time.monotonic() < until, "it is held"
        time.sleep(0.05)
    held.close()


def test_the_end_of_a_body_and_the_next_request_in_one_piece(port: int) -> None:
    held = Held(port, b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
    assert held.socket.recv(65_536).startswith(b"HTTP/1.1 200")
    held.socket.sendall(b"worldGET /later HTTP/1.1\r\nHost: a\r\n\r\n")  # later than a keep-alive is long
    assert held.socket.recv(65_536).startswith(b"HTTP/1.1 200")
    held.socket.close()


def test_more_connections_than_there_may_be_are_told_so(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "most", 3)
    monkeypatch.setattr(connection, "FULL_SECONDS", 0.2)
    monkeypatch.setattr(connection, "SPARE", 1)
    until, held = time.monotonic() + 5, list[socket.socket]()
    while len(held) < 3:  # those of other tests may not have ended yet
        one = socket.create_connection(("127.0.0.1", port), timeout=5)
        one.sendall(GET)
        if one.recv(65_536).startswith(b"HTTP/1.1 200"):
            held.append(one)
        else:
            one.close()
        assert time.monotonic() < until
    for first in (GET, b""):
        told = Held(port, first).ends_within(3)
        refused(told, 503, "too_many_connections")
        assert b"retry-after: 1" in told
    waits, beyond = Held(port, b""), Held(port, b"")
    assert beyond.ends_within(0.15) == b"", "those beyond all are not even told"
    waits.socket.close()
    held[1].sendall(GET)
    assert held[1].recv(65_536).startswith(b"HTTP/1.1 200"), "who is in is answered"
    for one in held:
        one.close()
    time.sleep(0.1)
    assert Held(port, GET).ends_within(3).startswith(b"HTTP/1.1 200")
