"""`POST /v1/score` as an ASGI application of its own, and the short way to it.

Most requests are this one, so it goes past routing, request and response objects: the body is decoded into a struct,
the answer encoded from one. Errors end in serving/guard.py as those of every route do. Start reading at `ScoreRoute`.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from churn.settings import Settings
from serving.audit.scribe import about
from serving.body import check_batch
from serving.languages import preferred
from serving.refusals import InvalidRequest, MalformedJson
from serving.schemas import Score, ScoreAnswer, ScoreRequest

PATH, METHOD = "/v1/score", "POST"
JSON = (b"content-type", b"application/json")
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ScoreRequest).decode


class Answering(Protocol):
    """What answers: serving.app.Desk."""

    settings: Settings

    async def told(self, customer_ids: Sequence[str], language: str, top: int) -> list[Score]:
        """Score customers, each named once, in their order."""
        ...


class ScoreRoute:
    """Answers `POST /v1/score`: no answer leaves before its line is in the score log."""

    def __init__(self, desk: Answering) -> None:
        self._desk, self._serving = desk, desk.settings.serving
        self._language = desk.settings.business.language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = read(await body_of(receive))
        check_batch(len(asked.customer_ids), self._serving.max_customers, "customer_ids")
        accepted = "" if asked.language else _accepted(scope)
        language = asked.language or (preferred(accepted) if accepted else None) or self._language
        top = self._serving.top_reasons if asked.top_reasons is None else asked.top_reasons
        ids = about(scope, asked.customer_ids)
        scores = await self._desk.told(ids, language, top)
        if len(ids) != len(asked.customer_ids):
            by_id = {score.customer_id: score for score in scores}
            scores = [by_id[one] for one in asked.customer_ids]
        body = encode(ScoreAnswer(scores))
        headers = [(b"content-length", b"%d" % len(body)), JSON]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class ShortWay:
    """Sends `POST /v1/score` straight to its route, and all else through the application.

    Args:
        app: with all routes.
        score: the route.
    """

    def __init__(self, app: ASGIApp, score: ASGIApp) -> None:
        self._app, self._score = app, score

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path and method."""
        is_score = scope["type"] == "http" and scope["path"] == PATH and scope["method"] == METHOD
        await (self._score if is_score else self._app)(scope, receive, send)


async def body_of(receive: Receive) -> bytes:
    """The whole body of a request.

    Raises:
        ClientDisconnect: the caller has gone.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") or message["type"] == "http.disconnect":
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        message = await receive()
        body += message.get("body", b"")
    return body


def read(body: bytes) -> ScoreRequest:
    """The request in a body.

    Raises:
        MalformedJson: no JSON. InvalidRequest: not as the schema has it.
    """
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(str(error)) from error


def _accepted(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"accept-language"]
    return found[0].decode("latin-1") if found else ""
