"""One letter over one connection: posted to the address that was checked, within one deadline, no redirect followed.

A name is resolved here, each address held to what is allowed, and connected to as it was checked: what the name leads
to a moment later does not matter. TLS goes by the name. What a receiver answers is read no further than its status.
Start reading at `Line.post`.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

MOST_READ = 4096  # bytes of an answer
LONGEST_WAIT_S = 86400.0
HOLD_VERSION_4 = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]  # in their end


@dataclass(frozen=True)
class Reply:
    """What became of a letter that was posted.

    Args:
        status: of HTTP; None where there was no answer.
        problem: a code for people and logs; None where it was taken.
        retry_after_s: how long the receiver asks to be left alone.
    """

    status: int | None
    problem: str | None = None
    retry_after_s: float | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.problem is None


@dataclass(frozen=True)
class Receiver:
    """Where letters go.

    Args:
        url: in full; it may hold a secret, so it is never logged.
        timeout_s: for one letter, all in all.
        allow_private: let it lie on this machine or in its network.
        context: of TLS; that of the system where None.
        number: of its URL in the settings.
    """

    url: str
    timeout_s: float
    allow_private: bool = False
    context: ssl.SSLContext | None = None
    number: int = 1

    @property
    def shown(self) -> str:
        """Its scheme and host, for people."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def label(self) -> str:
        """What tells it from others at the same host, for meters."""
        return f"{self.number} {self.shown}"


class NotAllowed(OSError):
    """A name leads to an address where letters may not go."""


class Line:
    """A connection to a receiver, kept from letter to letter. One thread posts; any may close."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver, self._parts = receiver, urlsplit(receiver.url)
        self._path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        self._own = {"Host": self._parts.netloc, "Content-Type": "application/json", "User-Agent": "churn"}
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post a letter; where a connection that was kept has ended meanwhile, over another one."""
        was_kept = self._connection is not None
        reply = self._post(body, headers)
        return self._post(body, headers) if was_kept and reply.problem == "ended" else reply

    def close(self) -> None:
        """End the connection, under the hands of who waits on it too; the next letter opens it anew."""
        connection, self._connection = self._connection, None
        self._cut()
        if connection is not None:
            connection.close()

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        deadline = time.monotonic() + self._receiver.timeout_s
        watch = threading.Timer(self._receiver.timeout_s, self._cut)  # who drips byte after byte passes no deadline
        watch.daemon = True
        watch.start()
        try:
            connection = self._connection = self._connection or self._connected(deadline)
            connection.sock.settimeout(max(0.001, deadline - time.monotonic()))
            connection.request("POST", self._path, body, {**headers, **self._own})
            answer = connection.getresponse()
            if not _is_read(answer):
                self.close()
            return _reply(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            return Reply(None, "timeout" if time.monotonic() >= deadline else _problem(error))
        finally:
            watch.cancel()

    def _connected(self, deadline: float) -> http.client.HTTPConnection:
        """A connection to the first address that is allowed and answers."""
        host, is_tls = str(self._parts.hostname), self._parts.scheme == "https"
        port = self._parts.port or (443 if is_tls else 80)
        found = _opened(host, port, deadline, allow_private=self._receiver.allow_private)
        try:
            found.settimeout(max(0.001, deadline - time.monotonic()))
            if is_tls:
                context = self._receiver.context or ssl.create_default_context()
                found = self._socket = context.wrap_socket(found, server_hostname=host, do_handshake_on_connect=False)
                found.do_handshake()
        except BaseException:
            found.close()
            raise
        connection = http.client.HTTPConnection(host, port)  # over TLS too: it goes by the socket
        connection.auto_open, connection.sock, self._socket = 0, found, found  # 0: it never connects by itself
        return connection

    def _cut(self) -> None:
        found, self._socket = self._socket, None
        if found is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)


def _opened(host: str, port: int, deadline: float, *, allow_private: bool) -> socket.socket:
    """A socket to one of a name's addresses, each held to what is allowed before it is used."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    last: OSError = NotAllowed("no address")
    for left, (family, kind, protocol, _, address) in zip(range(len(found), 0, -1), found, strict=True):
        if not (allow_private or is_public(str(address[0]))):
            last = NotAllowed("a private address")
            continue
        one = socket.socket(family, kind, protocol)
        try:
            one.settimeout(max(0.001, (deadline - time.monotonic()) / left))  # a silent one leaves time for the next
            one.connect(address)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # headers and body go out in two pieces
        except OSError as error:
            one.close()
            last = error
        else:
            return one
    raise last


def is_public(address: str) -> bool:
    """Whether an address lies on the open internet, also where it hides one of version 4 in one of version 6."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if any(found in net for net in HOLD_VERSION_4):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if found.is_site_local or (inner is not None and not is_public(str(inner))):
            return False
    return found.is_global and not found.is_multicast


def _is_read(answer: http.client.HTTPResponse) -> bool:
    """Whether an answer was read to its end, so that the connection may be kept; its status holds whatever follows."""
    try:
        answer.read(MOST_READ)
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return answer.isclosed() and not answer.will_close  # a long one is not read to its end


def _reply(answer: http.client.HTTPResponse) -> Reply:
    if 200 <= answer.status < 300:
        return Reply(answer.status)
    wait = _wait(answer.headers.get("Retry-After", "")) if answer.status in (429, 502, 503, 504) else None
    return Reply(answer.status, f"status {answer.status}", wait)


def _wait(told: str) -> float | None:
    """Seconds that a Retry-After asks for, as a number or as a date; None where it says nothing of sense."""
    if told.isascii() and told.isdigit():
        return min(float(told[:9]), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, OverflowError):  # the year 99999999999
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, at.timestamp() - time.time()), LONGEST_WAIT_S)


def _problem(error: Exception) -> str:
    """What went wrong, as a code that holds nothing of what was sent or where to."""
    if isinstance(error, NotAllowed):
        return "address_not_allowed"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, socket.gaierror):
        return "unknown_host"
    if isinstance(error, TimeoutError):
        return "timeout"
    ended = ConnectionError | http.client.BadStatusLine | http.client.NotConnected
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "ended" if isinstance(error, ended) else "no_answer"
