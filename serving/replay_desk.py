"""`GET /v1/scores/{score_id}`: an answer of the past, made again and held to what was told then.

It reads the event log and may read a model, so it runs in a thread, one at a time in a worker, and more than a few
that wait are sent away: answers of now go before those of the past. Start reading at `ReplayDesk.get`.
"""

from collections.abc import Callable
from functools import partial

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.settings import Settings
from serving.audit.scribe import about
from serving.languages import preferred
from serving.queries import Query
from serving.refusals import ReplaysBusy
from serving.replay_schemas import Replay
from serving.schemas import MOST_REASONS

PATH = "/v1/scores/{score_id}"
SCOPES = {PATH: "score"}
MOST_WAITING = 8
HOW = f"give `language` as en or zh and `top_reasons` as 0 to {MOST_REASONS}, or leave them out."
encode = msgspec.json.Encoder().encode


class ReplayDesk:
    """Where who asks for an answer of the past comes to.

    Args:
        settings: of the business.
        again: what makes an answer again, of an id, in a language, with so many reasons; serving/replay.py where None.
    """

    def __init__(self, settings: Settings, again: Callable[[str, str, int], Replay] | None = None) -> None:
        self._settings, self._make = settings, again or partial(_again, settings)
        self._alone: anyio.CapacityLimiter | None = None
        self._waiting = 0

    def routes(self) -> list[BaseRoute]:
        """The route of this desk."""
        return [Route(PATH, self.get, methods=["GET"])]

    async def get(self, request: Request) -> Response:
        """Answer `GET /v1/scores/{score_id}`."""
        language, top = self._wanted(request)
        if self._waiting >= MOST_WAITING:
            raise ReplaysBusy
        self._alone = self._alone or anyio.CapacityLimiter(1)  # made where the loop runs
        self._waiting += 1
        try:
            told = await anyio.to_thread.run_sync(
                self._make, request.path_params["score_id"], language, top, limiter=self._alone
            )
        finally:
            self._waiting -= 1
        about(request.scope, [one for one in [(told.told or {}).get("customer_id")] if one])
        return Response(encode(told), media_type="application/json")

    def _wanted(self, request: Request) -> tuple[str, int]:
        """Language and number of the reasons.

        Raises:
            InvalidRequest: one cannot be.
        """
        language, top = Query(request.query_params, ("language", "top_reasons"), HOW).words()
        language = language or preferred(request.headers.get("accept-language", ""))
        top = self._settings.serving.top_reasons if top is None else top
        return language or self._settings.business.language, top


def _again(settings: Settings, score_id: str, language: str, top: int) -> Replay:
    from serving.replay import replay  # pandas and the catalogue: a worker that nobody asks needs neither

    return replay(settings, score_id, language=language, top=top)
