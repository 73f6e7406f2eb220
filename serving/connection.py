"""A connection that is not kept waiting: what is asked comes soon and is small, what is answered is read, or it ends.

    head        within HEAD_SECONDS, at most HEAD_BYTES; so do what frames a body in chunks, and its trailers
    body        bounded by the application (serving/body.py); what it did not read may come for REST_SECONDS after it
    answer      whoever reads less than WRITE_BYTES of it in WRITE_SECONDS is gone, also where it is shorter than that
    all         at most `Connection.most` at once; one more is told to come back

uvicorn itself waits for each of these for ever and takes any number; some hundred such connections, at no cost to
whoever opens them, fill a worker's memory and files. It takes the trailers of a body for headers, too, though no proxy
in front of us has looked at them; here nobody hears of them. Both servers use this in its place
(serving/plain_server.py; `take_over` for BentoML's). What is no HTTP gets an error of our one shape, after the answers
that are under way. Start reading at `Connection`.
"""

import asyncio
import time
from typing import Any, ClassVar

import httptools
import structlog
import uvicorn.config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.body import HeadersTooLarge, HeadTooSlow
from serving.refusals import Refusal
from serving.turned_away import NoHttp, TooManyConnections, answer

HEAD_SECONDS = 10.0
HEAD_BYTES = 65_536
REST_SECONDS, REST_BYTES = 10.0, 1_000_000
WRITE_SECONDS, WRITE_BYTES = 30.0, 65_536
FULL_SECONDS, SPARE = 1.0, 64  # so long, and so many beyond all, may be told that it is full
SAY_S = 60.0
UPGRADES = {b"upgrade", b"http2-settings"}
log = structlog.get_logger("serving")


class Connection(HttpToolsProtocol):
    """uvicorn's, with bounds."""

    most: ClassVar[int] = 500
    said_at: ClassVar[float] = float("-inf")
    _clock: asyncio.TimerHandle | None = None  # of what has to come next
    _unread: asyncio.TimerHandle | None = None  # of what has to be read
    _under_way = False  # a message has begun and not ended
    _is_head = True
    _framing = _body = 0  # bytes of that message
    _is_full = False
    _plain = b""  # a head that asked for another protocol, without that
    _error: Refusal | None = None  # after which nothing is listened to

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, not for ever."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(1, 0)  # a byte that is not taken is one that waits: nothing else ends that
        beyond = len(self.connections) - self.most
        if beyond <= 0:
            self._wait(HEAD_SECONDS, HeadTooSlow(HEAD_SECONDS))
            return
        _say_full(self.most)
        self._is_full = True
        if beyond > SPARE:
            transport.abort()
        else:
            self._wait(FULL_SECONDS, TooManyConnections(self.most))

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        self._is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some bytes, unless they make a head, or what frames a body, too large."""
        if self._error is not None:
            return
        if self._is_full:
            self._refuse(TooManyConnections(self.most))
            return
        if self._clock is None and not self._under_way:  # so that a lone line end does not stop all clocks
            self._wait(HEAD_SECONDS, HeadTooSlow(HEAD_SECONDS))
        self._framing += len(data)
        self._unset_keepalive_if_required()
        self._parse(data)
        if self._framing > HEAD_BYTES + self._body and not self.transport.is_closing():
            self._refuse(HeadersTooLarge(HEAD_BYTES))

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._under_way = self._is_head = True
        self._unset_keepalive_if_required()  # it may have come with the end of the one before
        if self._clock is None:
            self._wait(HEAD_SECONDS, HeadTooSlow(HEAD_SECONDS))
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer, which comes after the body, is none."""
        if self._is_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._plain = self._without_upgrade()
            return
        super().on_headers_complete()
        self._is_head = False
        self._stop()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; of one that nobody reads any more not too many."""
        self._body += len(body)
        self._framing -= len(body)
        super().on_body(body)
        if self.cycle.response_complete and self._body > REST_BYTES:
            self.transport.close()

    def on_message_complete(self) -> None:
        """A message has ended; where it was answered before, the next one is waited for as after any answer."""
        if self._plain:
            return
        self._under_way, self._framing, self._body = False, 0, 0
        self._stop()
        super().on_message_complete()
        if self.cycle.response_complete and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.transport.close)

    def on_response_complete(self) -> None:
        """Go on to the next one; after the last one before an error, to the error."""
        super().on_response_complete()
        if self.transport.is_closing() or not self.cycle.response_complete:
            return
        if self._error is not None:
            self._tell(self._error)
        elif self._under_way and self._clock is None:
            self._clock = self.loop.call_later(REST_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        """What is answered is not read as fast as it comes."""
        super().pause_writing()
        if self._unread is None:
            self._mind_reader()

    def resume_writing(self) -> None:
        """It is read."""
        self._is_read()
        super().resume_writing()

    def _should_upgrade_to_ws(self) -> bool:
        return False  # nothing here speaks WebSocket

    def _parse(self, data: bytes) -> None:
        """Have bytes parsed, those of a request that asks for another protocol as if it did not: HTTP allows that.

        The parser ends where another protocol is asked for, and drops the body; Java's client asks for HTTP/2 so.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as told:
                data, self._plain = self._plain + data[told.args[0] :], b""
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            except httptools.HttpParserError:
                self._refuse(NoHttp())
                return
            else:
                return

    def _without_upgrade(self) -> bytes:
        lines = [b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)]
        for name, value in self.headers:
            if name == b"connection":
                kept = [one for one in value.split(b",") if one.strip().lower() not in UPGRADES]
                lines += [b"connection:" + b",".join(kept)] if kept else []
            elif name not in UPGRADES:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _wait(self, seconds: float, error: Refusal) -> None:
        self._clock = self.loop.call_later(seconds, self._refuse, error)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _mind_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(WRITE_SECONDS, self._look_whether_read, left)

    def _look_whether_read(self, before: int) -> None:
        """Go on waiting for who reads, however long it takes; not for anybody else."""
        if self.transport.get_write_buffer_size() > max(0, before - WRITE_BYTES):
            self.transport.abort()
        else:
            self._mind_reader()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _refuse(self, error: Refusal) -> None:
        """Listen no more; answers that are under way go first."""
        self._stop()
        if self._error is not None or self.transport.is_closing():
            return
        self._error, now = error, self.cycle
        waits_for_body = now is not None and now.more_body and not now.response_started and not self.pipeline
        if now is None or now.response_complete or waits_for_body:
            self._tell(error)

    def _tell(self, error: Refusal) -> None:
        """Say why, unless what is wrong belongs to a request that has its answer, and end."""
        if self._is_head or not self._under_way or not self.cycle.response_complete:
            self.transport.write(answer(error))
        self.transport.close()


def _say_full(most: int) -> None:
    """Say in the log, now and then, that there are too many."""
    now = time.monotonic()
    if now - Connection.said_at >= SAY_S:
        Connection.said_at = now
        log.warning("connections.full", most=most)


def allow(most: int) -> None:
    """Let so many connections be open at once in this process."""
    Connection.most = most


def take_over() -> None:
    """Have a server in this process that we do not start ourselves, BentoML's, use our connections."""
    protocols: dict[str, Any] = uvicorn.config.HTTP_PROTOCOLS
    protocols["auto"] = f"{__name__}:{Connection.__name__}"
