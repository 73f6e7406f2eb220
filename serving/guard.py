"""What every request passes: an id, the door, its bounds, the clock, the audit log; and nothing escapes it.

An ASGI middleware around our own routes. BentoML leaves a request hanging when a middleware raises before it has
answered, so every error ends here as JSON of one shape, without a traceback in it. Who may enter is for
serving/door.py to say. Logs one line a request: never a customer, never a body. Start reading at `Guard.__call__`.
"""

import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from churn.errors import ChurnError
from serving.audit.lines import Line
from serving.audit.scribe import Asked, Scribe
from serving.body import Bounds, bounded, check_headers
from serving.door import Admission, Caller, Pairs, Request
from serving.headers import Dress, dressed
from serving.metrics import Metrics
from serving.proxies import Proxies
from serving.refusals import CallerGone, Later, Refusal, Unauthorised, UnknownRoute, WrongMethod
from serving.routing import UNKNOWN, RouteTable
from serving.schemas import ErrorAnswer, Problem

MOST_BODY_BYTES = Bounds().body_bytes
OPEN = frozenset({"/livez", "/healthz", "/readyz"})
LOGIN = "/login"  # there a key is brought, so none can be asked for
UNLOGGED = OPEN | {"/metrics"}
METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
INTERNAL = "Something went wrong on our side."
log = structlog.get_logger("serving")


class Guard:
    """Stands around the routes of the service.

    Args:
        app: the routes.
        door: says who may enter.
        metrics: where requests are counted.
        scopes: route to the scope that it takes (serving/routing.py); what is not listed is not there.
        bounds: of what comes in; dress: headers of what goes out.
        proxies: whose word on where a request came from counts.
        scribe: notes who asked what.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: Admission,
        metrics: Metrics,
        scopes: Mapping[str, str],
        bounds: Bounds | None = None,
        dress: Dress | None = None,
        proxies: Proxies | None = None,
        scribe: Scribe | None = None,
    ) -> None:
        self._app, self._metrics, self._door = app, metrics, door
        self._table = RouteTable(scopes, {*OPEN, LOGIN})
        self._bounds, self._dress, self._scribe = bounds or Bounds(), dress or Dress(), scribe
        self._proxies = proxies or Proxies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            self.flush()  # of the application's end
            return
        began, headers = time.perf_counter(), dict(scope["headers"])
        self._proxies.look(scope)
        visit = Visit(_request_id(headers), self._table.route(scope["path"]), send, self._dress.pairs(scope, headers))
        state = scope.setdefault("state", {})
        state["request_id"] = visit.request_id
        try:
            allowed = self._dress.preflight(scope["method"], headers)
            if allowed is not None:
                visit.caller.headers = allowed
                await Response(status_code=204)(scope, receive, visit.send)
            else:
                state["caller"] = visit.caller
                self._enter(visit, scope, headers)
                await self._app(scope, bounded(receive, self._bounds), visit.send)
        except Exception as error:  # noqa: BLE001  # the edge: BentoML hangs on whatever escapes
            await self._told(visit, error, scope, receive)
        self._counted(visit, scope, time.perf_counter() - began)

    def flush(self) -> None:
        """Write down what has not been yet."""
        if self._scribe:
            self._scribe.flush()

    def _enter(self, visit: "Visit", scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Find out who asks, and whether the headers, the key and its limits allow it."""
        check_headers(scope["headers"], headers, self._bounds)
        method, secure = scope["method"], scope.get("scheme") == "https"
        request = Request(headers, method, _address(scope), secure)
        if visit.route in OPEN or visit.route == LOGIN:
            self._door.stranger(visit.caller, request)
            return
        self._door.admit(visit.caller, request, self._table.scope(method, visit.route))
        if visit.route == UNKNOWN:
            raise UnknownRoute(scope["path"])

    async def _told(self, visit: "Visit", error: Exception, scope: Scope, receive: Receive) -> None:
        if not isinstance(error, ChurnError | ClientDisconnect):
            log.exception("request.failed", request_id=visit.request_id, exc_info=error)
        if isinstance(error, Later) and not error.first:
            scope["state"]["untold"] = True  # a flood of requests is no flood of lines
        if visit.status is None:
            page = to_login(scope) if isinstance(error, Unauthorised) else None
            await (page or error_response(error, visit.request_id))(scope, receive, visit.send)

    def _counted(self, visit: "Visit", scope: Scope, seconds: float) -> None:
        method, status = scope["method"], visit.status or 500
        method = method if method in METHODS else "other"
        self._metrics.request(visit.route, method, status, seconds)
        if self._scribe is None or visit.route in UNLOGGED or scope["state"].get("untold"):
            return
        whose = scope["state"].get("whose") or [*filter(None, [scope.get("path_params", {}).get("customer_id")])]
        caller = visit.caller
        line = Line(
            datetime.now(UTC), visit.request_id, caller.name, caller.by_page, None if caller.known else _address(scope),
            method, visit.route, status, len(whose),
        )  # fmt: skip
        self._scribe.note(Asked(line, whose, round(1000 * seconds, 2)))


class Visit:
    """One request on its way through: its id, its route, its caller, and the status it was answered with."""

    __slots__ = ("_headers", "_send", "caller", "request_id", "route", "status")

    def __init__(self, request_id: str, route: str, send: Send, headers: Pairs) -> None:
        self.request_id, self.route = request_id, route
        self.caller = Caller()
        self.status: int | None = None
        self._send, self._headers = send, headers

    async def send(self, message: Message) -> None:
        """Pass a message on; the first one gets the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [(b"x-request-id", self.request_id.encode()), *self.caller.headers]
            message = dressed(message, [*own, *self._headers])
        await self._send(message)


def error_response(error: Exception, request_id: str) -> Response:
    """Any error as an answer: ours with its problem and mend, a stranger without a word about its inside."""
    error = CallerGone() if isinstance(error, ClientDisconnect) else error
    if isinstance(error, ChurnError):
        status = error.status if isinstance(error, Refusal) else 503
        problem = Problem(error.code, error.problem, error.mend, request_id)
    else:
        mend = f"try again; if it stays, give the operator the request id {request_id}."
        status, problem = 500, Problem("internal_error", INTERNAL, mend, request_id)
    body = msgspec.json.encode(ErrorAnswer(problem))
    return Response(body, status_code=status, headers=_headers_of(error, status), media_type="application/json")


def to_login(scope: Scope) -> Response | None:
    """Where a browser goes that asks for a page and brings no key; None for everybody else."""
    if scope["method"] != "GET" or scope["path"].startswith("/v1/"):
        return None
    if b"text/html" not in dict(scope["headers"]).get(b"accept", b""):
        return None
    asked = scope["path"] + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
    return RedirectResponse(f"{LOGIN}?{urlencode({'next': asked}, errors='replace')}", 303)


def _headers_of(error: Exception, status: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    if (wait := getattr(error, "retry_after_s", None)) is not None:
        headers["Retry-After"] = str(wait)
    if isinstance(error, WrongMethod):
        headers["Allow"] = error.allowed
    if isinstance(error, Unauthorised):
        headers["WWW-Authenticate"] = "Bearer"
    if status in (408, 413, 431):
        headers["Connection"] = "close"  # what else comes on it is not read
    return headers


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own id where it has a harmless form, a new one otherwise."""
    given = headers.get(b"x-request-id")
    return given.decode() if given and REQUEST_ID.fullmatch(given) else os.urandom(16).hex()


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
