"""Routes as a plain ASGI application whose every error has the one shape. Start reading at `application`."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.errors import ChurnError
from serving.guard import error_response
from serving.refusals import Refusal, UnknownRoute, WrongMethod

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


def application(routes: Sequence[BaseRoute], lifespan: Lifespan | None = None) -> Starlette:
    """Routes as an application whose every error has the one shape; `Guard` belongs around it."""
    handlers = {HTTPException: _http_error, ChurnError: _our_error, Exception: _our_error}
    app = Starlette(routes=list(routes), exception_handlers=handlers, lifespan=lifespan)  # type: ignore[arg-type]
    app.router.redirect_slashes = False  # a redirect would lead to whatever Host the caller wrote
    return app


async def _http_error(request: Request, error: HTTPException) -> Response:
    refusal: Refusal = UnknownRoute(request.url.path)
    if error.status_code == 405:
        refusal = WrongMethod(request.method, _allowed(request))
    return error_response(refusal, request.state.request_id)


def _allowed(request: Request) -> str:
    """The methods of a path, of all routes that share it."""
    path, routes = request.scope["path"], [one for one in request.app.routes if isinstance(one, Route)]
    found = {method for one in routes if one.path_regex.match(path) for method in one.methods or ()}
    return ", ".join(sorted(found))


async def _our_error(request: Request, error: Exception) -> Response:
    return error_response(error, request.state.request_id)
