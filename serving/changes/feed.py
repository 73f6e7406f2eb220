"""`GET /v1/scores?since=<cursor>`: each customer of whom there is something new, once, as they stand now.

    no `since`: everybody, from the beginning --> scores, next --> `since=<next>` --> what changed meanwhile ...

The journal says who; the scores are made by the path of every answer, and logged like any. Takes a key with the scope
`score`. Start reading at `Feed.get`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import anyio.to_thread
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.audit.scribe import about
from serving.changes.journal import Journal
from serving.queries import Query
from serving.schemas import MOST_CUSTOMERS, Language, Score

PATH = "/v1/scores"
SCOPES = {PATH: "score"}
LIMIT = 100
CURSOR = "^[0-9a-f]{8}-[0-9]{1,18}$"
HOW = "ask `GET /v1/scores?since=<next of the last page>&limit=1 to 1000&what=band or all`; all may be left out."
encode = msgspec.json.Encoder().encode


class ChangesAnswer(msgspec.Struct, frozen=True):
    """Customers of whom there is something new, each once, and where to go on."""

    scores: Annotated[list[Score], Meta(description="As they stand now; who changed longest ago comes first.")]
    next: Annotated[str, Meta(description="Ask with `since=` this next time. Opaque.")]
    more: Annotated[bool, Meta(description="There is more already: ask again at once.")]


class Answers(Protocol):
    """What answers a request: serving.app.Desk."""

    def words(self, request: Request, language: Language | None, top: int | None) -> tuple[str, int]:
        """The language of an answer, and how many reasons it has at most."""
        ...

    async def told(self, customer_ids: Sequence[str], language: str, top: int) -> list[Score]:
        """Score these customers; logged."""
        ...


class Feed:
    """Where readers of changes come to.

    Args:
        folder: the artifacts of the business.
        desk: what answers.
    """

    def __init__(self, folder: Path, desk: Answers) -> None:
        self._journal, self._desk = Journal(folder), desk

    def routes(self) -> list[BaseRoute]:
        """The route of changes."""
        return [Route(PATH, self.get, methods=["GET"])]

    def close(self) -> None:
        """Read no more."""
        self._journal.close()

    async def get(self, request: Request) -> Response:
        """Answer `GET /v1/scores`."""
        query = Query(request.query_params, {"since", "limit", "what", "language", "top_reasons"}, HOW)
        limit = query.number("limit", least=1, most=MOST_CUSTOMERS, unset=LIMIT)
        band_only = query.one_of("what", ("all", "band")) == "band"
        language, top = self._desk.words(request, *query.words())
        since = query.like("since", CURSOR)
        page = await anyio.to_thread.run_sync(lambda: self._journal.page(since, limit, band_only=band_only))
        about(request.scope, page.customer_ids)
        scores = await self._desk.told(page.customer_ids, language, top) if page.customer_ids else []
        return Response(encode(ChangesAnswer(scores, page.cursor, page.more)), media_type="application/json")
