"""A connection that is not kept waiting: the head of a request comes soon and is small, or the connection ends.

uvicorn itself waits for a request line and headers for ever and takes any number of them; a few hundred such
connections, at no cost to whoever opens them, fill a worker's memory and files. Both servers take this in its place
(serving/plain_server.py; `take_over` for BentoML's). What is no HTTP gets an error of our one shape. Start reading at
`Connection`.
"""

import asyncio
import os
from typing import Any

import msgspec
import uvicorn.config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.body import HeadersTooLarge, HeadTooSlow
from serving.refusals import Refusal
from serving.schemas import ErrorAnswer, Problem

HEAD_SECONDS = 10.0
HEAD_BYTES = 65_536
PHRASES = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class NoHttp(Refusal):
    """What came is no HTTP."""

    status = 400

    def __init__(self) -> None:
        super().__init__(
            "This is no HTTP request.", mend="speak HTTP/1.1; over TLS where the service has a certificate."
        )


class Connection(HttpToolsProtocol):
    """uvicorn's, with bounds to the head of a request."""

    _clock: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, not for ever."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some bytes, unless they make a head too large."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._clock is not None and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HeadersTooLarge(HEAD_BYTES))

    def on_message_begin(self) -> None:
        """Begin a head; that of the first request began with the connection."""
        if self._clock is None:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._stop()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as every error is answered."""
        del msg
        self._refuse(NoHttp())

    def _should_upgrade_to_ws(self) -> bool:
        return False  # nothing here speaks WebSocket

    def _begin(self) -> None:
        self._head_bytes = 0
        self._clock = self.loop.call_later(HEAD_SECONDS, self._refuse, HeadTooSlow(HEAD_SECONDS))

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _refuse(self, error: Refusal) -> None:
        self._stop()
        if self.transport.is_closing():
            return
        now = self.cycle
        if now is None or now.response_complete or (now.more_body and not now.response_started and not self.pipeline):
            self.transport.write(_answer(error))  # otherwise an answer is on its way
        self.transport.close()


def _answer(error: Refusal) -> bytes:
    request_id = os.urandom(16).hex()
    body = msgspec.json.encode(ErrorAnswer(Problem(error.code, error.problem, error.mend, request_id)))
    head = (
        f"HTTP/1.1 {error.status} {PHRASES[error.status]}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-request-id: {request_id}\r\nx-content-type-options: nosniff\r\n"
        "cache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def take_over() -> None:
    """Have a server in this process that we do not start ourselves, BentoML's, use our connections."""
    protocols: dict[str, Any] = uvicorn.config.HTTP_PROTOCOLS
    protocols["auto"] = f"{__name__}:{Connection.__name__}"
