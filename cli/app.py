"""The service, assembled: the routes that the stages offer behind one guard. `churn serve` runs it.

    bentoml serve cli.app:Churn        what `churn serve` starts, after it has fetched the champions
    uvicorn cli.app:asgi               the same application without BentoML

Both read the settings that CHURN_CONFIG names. Start reading at `assemble`.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any

from churn.settings import load
from cli.door import door_of, guard_around, signatures_of
from cli.log_lines import log_as_json
from cli.started import ends_in_words
from features.encryption import appoint
from features.pseudonyms import agree
from serving.app import SCOPES, Desk, counter_of, routes
from serving.asgi import Lifespan, application
from serving.campaigns.desk import SCOPES as CAMPAIGN_SCOPES
from serving.campaigns.desk import CampaignDesk
from serving.changes.feed import SCOPES as FEED_SCOPES
from serving.changes.feed import Feed
from serving.changes.following import Follower
from serving.connection import allow
from serving.customer_view import SCOPES as VIEW_SCOPES
from serving.customer_view import CustomerView
from serving.events import SCOPES as EVENT_SCOPES
from serving.events import EventDesk
from serving.forget import SCOPES as FORGET_SCOPES
from serving.forget import ForgetDesk
from serving.guard import Guard
from serving.info import SCOPES as INFO_SCOPES
from serving.info import InfoDesk
from serving.meters_folder import forget_dead_workers, take_room
from serving.orphans import SUPERVISED, end_with
from serving.replay_desk import SCOPES as REPLAY_SCOPES
from serving.replay_desk import ReplayDesk
from serving.score_route import ScoreRoute, ShortWay
from serving.swap import Swapping
from serving.web.campaign_pages import SCOPES as CAMPAIGN_PAGE_SCOPES
from serving.web.campaign_pages import CampaignPages
from serving.web.desk import SCOPES as WEB_SCOPES
from serving.web.desk import WebDesk
from serving.web.due_page import SCOPES as DUE_SCOPES
from serving.web.due_page import DuePage
from serving.web.runs import SCOPES as RUN_SCOPES
from serving.web.runs import RunDesk
from serving.what_if import SCOPES as WHAT_IF_SCOPES
from serving.what_if import WhatIfDesk

DEFAULT_CONFIG = "churn.toml"
UNTOLD_HOURS = 48  # so far back live events are looked at of which nobody was told; every night's batch tells of all
EVERY_SCOPES = (
    SCOPES, WEB_SCOPES, INFO_SCOPES, EVENT_SCOPES, FORGET_SCOPES, FEED_SCOPES, VIEW_SCOPES, WHAT_IF_SCOPES,
    REPLAY_SCOPES, RUN_SCOPES, CAMPAIGN_SCOPES, CAMPAIGN_PAGE_SCOPES, DUE_SCOPES,
)  # fmt: skip


def assemble(
    desk: Desk,
    lifespan: Lifespan | None = None,
    *,
    events: EventDesk | None = None,
    forget: ForgetDesk | None = None,
    what_if: WhatIfDesk | None = None,
) -> Guard:
    """All routes behind the guard; they answer once the desk is open.

    Args:
        desk: where requests come to.
        lifespan: what happens at start and end, for a server that leaves that to the application.
        events: where live events come to; one that stays closed where None.
        forget: where customers are forgotten; likewise.
        what_if: where imagined customers come to; likewise.
    """
    door = door_of(desk.settings)
    view = CustomerView(desk.settings.folder, desk)
    rooms = (
        door.login,
        WebDesk(desk.settings, view, door.sessions),
        RunDesk(desk.settings, door.sessions),
        DuePage(desk.settings, desk, door.sessions),
        CampaignPages(desk.settings, desk, door.sessions),
        events or EventDesk(desk.metrics),
        forget or ForgetDesk(),
        Feed(desk.settings.folder, desk),
        view,
        ReplayDesk(desk.settings),
        InfoDesk(desk.settings.folder, desk),
        CampaignDesk(desk.settings, desk),
        what_if or WhatIfDesk(desk),
    )
    all_routes = [*routes(desk), *(route for room in rooms for route in room.routes())]
    scopes: dict[str, str] = {}
    for listed in EVERY_SCOPES:
        scopes |= listed
    app = ShortWay(application(all_routes, lifespan), ScoreRoute(desk))
    return guard_around(app, desk.settings, desk.metrics, scopes, door)


class Service:
    """A worker's desks, opened and closed together."""

    def __init__(self) -> None:
        log_as_json()
        self.desk = Desk(load(os.environ.get("CHURN_CONFIG", DEFAULT_CONFIG)))
        appoint(self.desk.settings)
        agree(self.desk.settings)
        allow(self.desk.settings.serving.max_connections)
        most, signatures = self.desk.settings.serving.max_customers, signatures_of(self.desk.settings)
        self.events = EventDesk(self.desk.metrics, most, signatures)
        self.forget = ForgetDesk()
        self.what_if = WhatIfDesk(self.desk)
        self._intake: Any = None  # features.live.intake.Intake
        self._follower: Any = None  # serving.changes.following.Follower
        self._sender: Any = None  # serving.webhooks.sender.Sender
        self._guards: list[Guard] = []
        self._swapping = Swapping(self.desk.settings, self.desk, swapped=self._swapped)

    def open(self) -> None:
        """Take the champions that were fetched, the on-line store and the inbox, and begin to answer."""
        with ends_in_words(os.environ.get(SUPERVISED)):
            self._open()

    def _open(self) -> None:
        from cli.events import intake
        from cli.forget import forget_one
        from cli.webhooks import sender
        from features.store import OnlineStore

        settings = self.desk.settings
        self.desk.open(counter_of(settings, OnlineStore(settings)))
        self.forget.open(partial(forget_one, settings))
        self._swapping.start()
        forget_dead_workers()
        take_room()
        end_with(os.environ.get(SUPERVISED))
        self._sender = sender(settings, self.desk.metrics.webhooks)
        self._sender.start()
        if not (settings.folder / "log").exists():  # rows came from elsewhere: there is nothing to add events to
            return
        self._follower = Follower(
            settings.folder, lambda: self.desk.counter, least_change=settings.serving.least_change,
            meter=self.desk.metrics,
        )  # fmt: skip
        self._intake = intake(settings, OnlineStore(settings), self.desk.metrics, self._follower.offer)
        self._intake.start()
        self._follower.mind(partial(self._intake.touched, UNTOLD_HOURS))
        self.events.open(self._intake)
        self.what_if.open(self._intake)

    def close(self) -> None:
        """Answer no more; what was answered or acknowledged is on disk."""
        self._swapping.close()
        self.events.close()
        self.what_if.close()
        self.forget.close()
        if self._sender is not None:
            self._sender.close()
        if self._follower is not None:
            self._follower.close()
        self.desk.close()
        for guard in self._guards:
            guard.flush()
        if self._intake is not None:
            self._intake.close()

    def _swapped(self) -> None:
        """Fresh rows have the features that the champions of now learned from."""
        from cli.events import features_now

        if self._intake is not None:
            self._intake.use(features_now(self.desk.settings))

    def application(self, lifespan: Lifespan | None = None) -> Guard:
        """All routes behind the guard."""
        guard = assemble(self.desk, lifespan, events=self.events, forget=self.forget, what_if=self.what_if)
        self._guards.append(guard)
        return guard


def begin(service: Service) -> None:
    """Open a worker's desks, for as long as its process lives.

    What lives now lives as long: the garbage collector, whose look at it all takes 0.1 s in which nobody is answered,
    is told to leave it alone.
    """
    service.open()
    gc.collect()
    gc.freeze()


@cache
def _bentoml() -> Any:  # a service of BentoML's
    from serving.service import service

    ours = Service()
    workers = ours.desk.settings.serving.workers
    return service(ours.application(), workers=workers, begin=partial(begin, ours), end=ours.close)


@cache
def _plain() -> Guard:
    ours = Service()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:  # the application
        begin(ours)
        yield
        ours.close()

    return ours.application(lifespan)


def __getattr__(name: str) -> Any:
    """`Churn` and `asgi`, made when a server asks for them: importing this module reads no settings."""
    made = {"Churn": _bentoml, "asgi": _plain}
    if name not in made:
        raise AttributeError(name)
    return made[name]()
