"""The service, assembled: the routes that the stages offer behind one guard. `churn serve` runs it.

    bentoml serve cli.app:Churn        what `churn serve` starts, after it has fetched the champions
    uvicorn cli.app:asgi               the same application without BentoML

Both read the settings that CHURN_CONFIG names. Start reading at `assemble`.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import structlog

from churn.settings import Settings, load
from serving.app import SCOPES, Desk, Lifespan, application, counter_of, routes
from serving.auth import Keys
from serving.guard import Guard
from serving.rate_limit import RateLimit

DEFAULT_CONFIG = "churn.toml"
LIMITS = "limits.sqlite"


def keys_of(settings: Settings) -> Keys:
    """The keys of the settings, and those of the variable CHURN_API_KEYS, parted by spaces or commas.

    Raises:
        BadKey: one has another form.
    """
    given = os.environ.get("CHURN_API_KEYS", "").replace(",", " ").split()
    return Keys.of([*settings.serving.api_keys, *given])


def assemble(desk: Desk, lifespan: Lifespan | None = None) -> Guard:
    """All routes behind the guard; they answer once the desk is open.

    Args:
        desk: where requests come to.
        lifespan: what happens at start and end, for a server that leaves that to the application.
    """
    settings = desk.settings
    limit = RateLimit(settings.folder / "serving" / LIMITS, settings.serving.rate_limit_per_minute)
    return Guard(
        application(routes(desk), lifespan), keys=keys_of(settings), limit=limit, metrics=desk.metrics, scopes=SCOPES
    )


def open_desk(desk: Desk) -> None:
    """Take the champions that were fetched and the on-line store, and begin to answer."""
    from features.store import OnlineStore

    desk.open(counter_of(desk.settings, OnlineStore(desk.settings)))


def log_as_json() -> None:
    """One JSON object a line on stdout, as log collectors read it; a traceback stays inside its line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        cache_logger_on_first_use=True,
    )


def _desk() -> Desk:
    log_as_json()
    return Desk(load(os.environ.get("CHURN_CONFIG", DEFAULT_CONFIG)))


@cache
def _bentoml() -> Any:  # a service of BentoML's
    from serving.service import service

    desk = _desk()
    workers = desk.settings.serving.workers
    return service(assemble(desk), workers=workers, begin=lambda: open_desk(desk), end=desk.close)


@cache
def _plain() -> Guard:
    desk = _desk()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:  # the application
        open_desk(desk)
        yield
        desk.close()

    return assemble(desk, lifespan)


def __getattr__(name: str) -> Any:
    """`Churn` and `asgi`, made when a server asks for them: importing this module reads no settings."""
    made = {"Churn": _bentoml, "asgi": _plain}
    if name not in made:
        raise AttributeError(name)
    return made[name]()
