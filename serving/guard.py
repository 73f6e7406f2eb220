"""What every request passes: an id, the key, the rate, the size, the clock; and nothing escapes it.

An ASGI middleware around our own routes. BentoML leaves a request hanging when a middleware raises before it has
answered, so every error ends here as JSON of one shape, without a traceback in it. Logs one line a request: never a
customer, never a body. Start reading at `Guard.__call__`.
"""

import re
import time
import uuid
from collections.abc import Callable, Container, Mapping
from typing import Any

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from churn.errors import ChurnError
from serving.auth import Keys
from serving.metrics import Metrics
from serving.rate_limit import RateLimit
from serving.refusals import BodyTooLarge, Refusal, ReplaysBusy, TooManyRequests, WrongMethod
from serving.schemas import ErrorAnswer, Problem

MOST_BODY_BYTES = 1_000_000
OPEN = {"/livez", "/healthz", "/readyz"}
METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
INTERNAL = "Something went wrong on our side."
log = structlog.get_logger("serving")


class Guard:
    """Stands around the routes of the service.

    Args:
        app: the routes.
        keys: who may ask.
        limit: how often.
        metrics: where requests are counted.
        scopes: path to the scope that it takes; paths that are not listed take `read`.
    """

    def __init__(
        self, app: ASGIApp, *, keys: Keys, limit: RateLimit, metrics: Metrics, scopes: Mapping[str, str]
    ) -> None:
        self._app, self._keys, self._limit, self._metrics, self._scopes = app, keys, limit, metrics, scopes
        self._known: Container[str] = {*scopes, *OPEN}
        self._patterns = {path.partition("{")[0]: path for path in scopes if "{" in path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, headers = time.perf_counter(), Headers(scope=scope)
        visit = Visit(_request_id(headers), send)
        scope.setdefault("state", {})["request_id"] = visit.request_id
        try:
            visit.caller = self._admit(self._route(scope["path"]), headers)
            await self._app(scope, _limited(headers, receive), visit.send)
        except Exception as error:  # noqa: BLE001  # the edge: BentoML hangs on whatever escapes
            await self._told(visit, error, scope, receive)
        self._counted(visit, scope, time.perf_counter() - began)

    def _route(self, path: str) -> str:
        """The path that a request is for; that of a customer is the same for all, so that no log names one."""
        return next((named for begin, named in self._patterns.items() if path.startswith(begin)), path)

    def _admit(self, path: str, headers: Headers) -> str | None:
        """Who asks, once the key and its rate allow it."""
        if path in OPEN:
            return None
        caller = self._keys.admit(headers, self._scopes.get(path, "read"))
        if caller is not None:
            self._limit.take(caller)
        return caller

    async def _told(self, visit: "Visit", error: Exception, scope: Scope, receive: Receive) -> None:
        if not isinstance(error, ChurnError | ClientDisconnect):
            log.exception("request.failed", request_id=visit.request_id, exc_info=error)
        if visit.status is None:
            await error_response(error, visit.request_id)(scope, receive, visit.send)

    def _counted(self, visit: "Visit", scope: Scope, seconds: float) -> None:
        path, method = self._route(scope["path"]), scope["method"]
        route = path if path in self._known else "unknown"
        status = visit.status or 500
        self._metrics.request(route, method if method in METHODS else "other", status, seconds)
        if path in OPEN or path == "/metrics":
            return
        log.info(
            "request.answered", request_id=visit.request_id, caller=visit.caller, route=route, status=status,
            milliseconds=round(1000 * seconds, 2),
        )  # fmt: skip


class Visit:
    """One request on its way through: its id, its caller, and the status it was answered with."""

    def __init__(self, request_id: str, send: Send) -> None:
        self.request_id, self.caller, self.status = request_id, None, None  # type: tuple[str, str | None, int | None]
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass a message on; the first one gets the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", self.request_id.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"cache-control", b"no-store"),
            ]
        await self._send(message)


def error_response(error: Exception, request_id: str) -> Response:
    """Any error as an answer: ours with its problem and mend, a stranger without a word about its inside."""
    if isinstance(error, ChurnError):
        status = error.status if isinstance(error, Refusal) else 503
        problem = Problem(error.code, error.problem, error.mend, request_id)
    else:
        mend = f"try again; if it stays, give the operator the request id {request_id}."
        status, problem = 500, Problem("internal_error", INTERNAL, mend, request_id)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests | ReplaysBusy):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, WrongMethod):
        headers["Allow"] = error.allowed
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = msgspec.json.encode(ErrorAnswer(problem))
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _request_id(headers: Headers) -> str:
    """The caller's own id where it has a harmless form, a new one otherwise."""
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _limited(headers: Headers, receive: Receive) -> Callable[[], Any]:
    """`receive`, which refuses a body over the limit, announced or not.

    Raises:
        BodyTooLarge: now, or while the body comes.
    """
    announced = headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MOST_BODY_BYTES:
        raise BodyTooLarge(MOST_BODY_BYTES)
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY_BYTES:
            raise BodyTooLarge(MOST_BODY_BYTES)
        return message

    return limited
