"""The pages for people: the list at risk at `/`, one customer at `/customer?id=`, the list as a file.

Behind the same keys: who has none is sent to the login. What is shown of a customer is what `GET
/v1/customers/{customer_id}` tells. Start reading at `WebDesk.routes`.
"""

from collections.abc import Awaitable, Callable, Iterator
from html import escape
from typing import Protocol

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from churn.errors import ChurnError
from churn.settings import Settings
from serving.audit.scribe import about
from serving.changes.journal import Journal
from serving.changes.state import State
from serving.customer_view import LONGEST_ID, Customer
from serving.refusals import Refusal, UnknownCustomer
from serving.web.frame import View
from serving.web.listed import ROWS, csv_lines, list_page
from serving.web.login import view_of
from serving.web.missing import spellings, unknown_page
from serving.web.person import person_page
from serving.web.session import Sessions
from serving.web.wanted import Wanted
from serving.web.words import say

HOME, CUSTOMER, FILE = "/", "/customer", "/at-risk.csv"
SCOPES = dict.fromkeys((HOME, CUSTOMER, FILE), "read")
MOST_ROWS = 100_000  # of a file
TOP = 10
ALIKE = 10  # ids that are offered instead of one that nobody has
Endpoint = Callable[[Request], Awaitable[Response]]


class Looks(Protocol):
    """What looks at one customer: serving.customer_view.CustomerView."""

    async def look(self, customer_id: str, language: str, top: int) -> Customer:
        """One customer, scored now."""
        ...


class WebDesk:
    """Where people look.

    Args:
        settings: of the business.
        looks: looks at one customer.
        sessions: of people who logged in.
    """

    def __init__(self, settings: Settings, looks: Looks, sessions: Sessions) -> None:
        self._business, self._journal = settings.business, Journal(settings.folder)
        self._looks, self._sessions, self._calendar = looks, sessions, settings.lifecycle.calendar

    def routes(self) -> list[BaseRoute]:
        """The routes of the pages."""
        return [
            Route(HOME, self._shown(self.home), methods=["GET"]),
            Route(CUSTOMER, self._shown(self.customer), methods=["GET"]),
            Route(FILE, self._shown(self.file), methods=["GET"]),
        ]

    async def home(self, request: Request) -> Response:
        """Answer `GET /`: the list, a page of it."""
        view, wanted = self._view(request), Wanted.of(request.query_params)
        found = await anyio.to_thread.run_sync(self._listed, wanted, ROWS + 1, ROWS * (wanted.page - 1))
        about(request.scope, [one.customer_id for one in found[:ROWS]])
        begun = bool(found) or await anyio.to_thread.run_sync(self._journal.last_seq) > 0
        content = list_page(
            view, wanted, found[:ROWS], currency=self._business.currency, calendar=self._calendar,
            more=len(found) > ROWS, begun=begun,
        )  # fmt: skip
        return view.page(view.say("at_risk" if wanted.model == "churn" else "coming_back"), content)

    async def customer(self, request: Request) -> Response:
        """Answer `GET /customer?id=`."""
        view, asked = self._view(request), request.query_params.get("id", "").strip()
        about(request.scope, [asked])
        try:
            found = await self._looks.look(asked[: LONGEST_ID + 1], view.language, TOP)
        except UnknownCustomer:
            like = await anyio.to_thread.run_sync(self._alike, asked)
            about(request.scope, [asked, *like])
            return view.page(say("find", view.language), unknown_page(view, asked, like), status=404)
        content = person_page(view, found, currency=self._business.currency, calendar=self._calendar)
        return view.page(asked, content)

    async def file(self, request: Request) -> Response:
        """Answer `GET /at-risk.csv`: everybody the filter lets through."""
        wanted = Wanted.of(request.query_params)
        found = await anyio.to_thread.run_sync(self._listed, wanted, MOST_ROWS, 0)
        about(request.scope, [one.customer_id for one in found])
        headers = {"Content-Disposition": f'attachment; filename="{wanted.model}-at-risk.csv"'}
        return StreamingResponse(_pieces(found), media_type="text/csv; charset=utf-8", headers=headers)

    def _alike(self, asked: str) -> list[str]:
        """Ids that begin as somebody typed, in capitals or not."""
        found = [self._journal.beginning(letters, ALIKE) for letters in spellings(asked)]
        return list(dict.fromkeys(one for some in found for one in some))[:ALIKE]

    def _shown(self, endpoint: Endpoint) -> Endpoint:
        """A route whose errors are pages too."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ChurnError as error:
                view, status = self._view(request), error.status if isinstance(error, Refusal) else 503
                said = f"<p>{escape(error.problem)}</p><p>{escape(error.mend)}</p><p><code>{error.code}</code></p>"
                heading = view.say("not_now")
                return view.page(heading, f'<h1>{heading}</h1><div class="problem">{said}</div>', status=status)

        return answer

    def _view(self, request: Request) -> View:
        return view_of(request, self._business, self._sessions)

    def _listed(self, wanted: Wanted, limit: int, offset: int) -> list[State]:
        return self._journal.at_risk(
            limit, model=wanted.model, band=wanted.band, stage=wanted.stage,
            least_probability=wanted.least_percent / 100, offset=offset,
        )  # fmt: skip


def _pieces(states: list[State]) -> Iterator[bytes]:
    """The lines of the file, many at a time."""
    lines, held = csv_lines(states), list[bytes]()
    for line in lines:
        held.append(line)
        if len(held) == 1000:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)
