"""Campaigns over HTTP: `/v1/campaigns` for systems, `/campaigns/` for people.

    GET /v1/campaigns                       every campaign in short
    GET /v1/campaigns/{campaign}            one: its plan, the writings of its lists, what it did
    GET /v1/campaign-contacts/{campaign}    whom to contact, page by page; who opted out by now is left out

Nobody is told who was held out. Takes a key with the scope `read`. Start reading at `CampaignDesk.routes`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.settings import Settings
from features.live.opted_out import NOBODY, Objections
from features.opt_outs import CONTACT, SCORING
from serving.audit.scribe import about
from serving.campaigns.reading import Shelf
from serving.campaigns.schemas import CampaignsAnswer, Contact, ContactsAnswer
from serving.queries import Query

ALL, ONE, CONTACTS = "/v1/campaigns", "/v1/campaigns/{campaign}", "/v1/campaign-contacts/{campaign}"
SCOPES = dict.fromkeys((ALL, ONE, CONTACTS), "read")
MOST, USUAL = 1000, 200
HOW = "this path takes no parameters."
HOW_CONTACTS = "it takes `after`, `limit` (1 to 1000), `channel` and `language` (en or zh)."
encode = msgspec.json.Encoder().encode
T = TypeVar("T")


class Answers(Protocol):
    """What knows who objects: serving.app.Desk."""

    @property
    def counter(self) -> Any:  # serving.app.Counter; raises NotReady where nothing answers
        """What answers."""
        ...


class CampaignDesk:
    """Where campaigns are asked for.

    Args:
        settings: of the business.
        desk: what knows the time, and who objects by now.
    """

    def __init__(self, settings: Settings, desk: Answers) -> None:
        self._settings, self._desk, self._shelf = settings, desk, Shelf(settings.folder)

    def routes(self) -> list[BaseRoute]:
        """The routes of this desk."""
        every = {ALL: self.campaigns, ONE: self.campaign, CONTACTS: self.contacts}
        return [Route(path, endpoint, methods=["GET"]) for path, endpoint in every.items()]

    async def campaigns(self, request: Request) -> Response:
        """Answer `GET /v1/campaigns`."""
        Query(request.query_params, (), HOW)
        return _told(CampaignsAnswer(await _aside(lambda: self._shelf.every(self._now()))))

    async def campaign(self, request: Request) -> Response:
        """Answer `GET /v1/campaigns/{campaign}`."""
        Query(request.query_params, (), HOW)
        name = request.path_params["campaign"]
        return _told(await _aside(lambda: self._shelf.one(name, self._now())))

    async def contacts(self, request: Request) -> Response:
        """Answer `GET /v1/campaign-contacts/{campaign}`."""
        asked = Query(request.query_params, ("after", "limit", "channel", "language"), HOW_CONTACTS)
        limit = asked.number("limit", least=1, most=MOST, unset=USUAL)
        channel, language = asked.like("channel", "[a-z_]{1,40}"), asked.one_of("language", ("en", "zh"))
        name, after = request.path_params["campaign"], asked.like("after", "(?s:.{0,512})") or ""
        chosen = language or self._settings.business.language
        read = partial(self._shelf.contacts, name, chosen, channel=channel, after=after, limit=limit + 1)
        found, written = await _aside(lambda: (read(), self._shelf.exported_at(name, self._now())))
        page = found[:limit]
        told = self._without_objections(page)
        about(request.scope, [one.customer_id for one in told])
        return _told(ContactsAnswer(name, told, page[-1].customer_id if len(found) > limit else None, written))

    def _without_objections(self, page: list[Contact]) -> list[Contact]:
        """Those who did not opt out by now: of contact, of scores, which chose them, or of their channel."""
        tables = self._desk.counter.tables
        objections: Objections = tables.objections if tables else NOBODY
        ids = [one.customer_id for one in page]
        gone = {what: objections.among(ids, what) for what in (CONTACT, SCORING, *{one.channel for one in page})}
        everywhere = gone[CONTACT] | gone[SCORING]
        return [one for one in page if one.customer_id not in everywhere | gone[one.channel]]

    def _now(self) -> Any:  # datetime
        return self._desk.counter.scorer.clock.now()


async def _aside(act: Callable[[], T]) -> T:
    """What reads files, in a thread, so that scores are not kept waiting."""
    return await anyio.to_thread.run_sync(act)


def _told(answer: Any) -> Response:
    return Response(encode(answer), media_type="application/json")
