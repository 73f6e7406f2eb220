"""What a connection is told that ends before there is a request: an error of our one shape, as bytes.

Nothing that the guard does has happened by then. Start reading at `answer`.
"""

import os

import msgspec

from serving.headers import UNLESS_OWN
from serving.refusals import Refusal
from serving.schemas import ErrorAnswer, Problem

PHRASES = {
    400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable",
}  # fmt: skip


class NoHttp(Refusal):
    """What came is no HTTP."""

    status = 400

    def __init__(self) -> None:
        super().__init__(
            "This is no HTTP request.", mend="speak HTTP/1.1; over TLS where the service has a certificate."
        )


class TooManyConnections(Refusal):
    """A worker has as many connections as it may."""

    status = 503
    retry_after_s = 1

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} connections are open already.",
            mend="wait a moment (Retry-After), use connections again and close those you do not need; "
            "[serving] max_connections allows more.",
        )


def answer(error: Refusal) -> bytes:
    """An error as a whole answer, after which the connection ends."""
    request_id = os.urandom(16).hex()
    body = msgspec.json.encode(ErrorAnswer(Problem(error.code, error.problem, error.mend, request_id)))
    wait = getattr(error, "retry_after_s", None)
    head = [
        f"HTTP/1.1 {error.status} {PHRASES[error.status]}".encode(), b"content-type: application/json",
        b"content-length: %d" % len(body), b"x-request-id: " + request_id.encode(),
        *(b": ".join(pair) for pair in UNLESS_OWN), *([] if wait is None else [b"retry-after: %d" % wait]),
        b"connection: close", b"", body,
    ]  # fmt: skip
    return b"\r\n".join(head)
