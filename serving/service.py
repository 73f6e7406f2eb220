"""BentoML's part: it starts workers, restarts them when they die and ends them gracefully. The only BentoML here.

Everything a caller sees is our own ASGI application, which `Front` puts before BentoML's routes: its first page loads
a script from outside, and its documents are open to anybody. Its access log, metrics and traces are off; ours cost a
fraction. Start reading at `service`.
"""

import os
from collections.abc import Callable
from typing import Any

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.connection import take_over

TIMEOUT_S = 20  # of BentoML's own routes, which nobody can reach
CONTAINERIZED = "BENTOML_CONTAINERIZED"  # set by images that BentoML makes: workers that die are not started again


class Front:
    """Sends every request to our application, and everything else (start, end) to BentoML's."""

    def __init__(self, app: ASGIApp, ours: ASGIApp) -> None:
        self._app, self._ours = app, ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by the kind of message."""
        await (self._ours if scope["type"] == "http" else self._app)(scope, receive, send)


def service(app: ASGIApp, *, workers: int, begin: Callable[[], None], end: Callable[[], None]) -> Any:
    """Make the service that `bentoml serve` runs.

    Args:
        app: what answers.
        workers: processes.
        begin: called in each worker before its first request; never in the process that watches over them.
        end: called in each worker after its last request.
    """

    @bentoml.service(
        name="churn",
        workers=workers,
        traffic={"timeout": TIMEOUT_S},
        metrics={"enabled": False, "namespace": "churn"},
        logging={"access": {"enabled": False}},
        tracing={"excluded_urls": ".*"},
    )
    class Churn:
        """A worker."""

        def __init__(self) -> None:
            begin()

        @bentoml.on_shutdown  # type: ignore[untyped-decorator,unused-ignore]
        def end(self) -> None:
            """End after the last request."""
            end()

    os.environ.pop(CONTAINERIZED, None)  # read after this; one worker of two would be gone for good, and nobody see it
    take_over()
    return _fronted(Churn, app)


def _fronted(made: Any, ours: ASGIApp) -> Any:  # a service of BentoML's, twice
    """The service with `Front` outside of everything that BentoML puts around an application.

    A middleware would stand inside BentoML's own, which keep a timer alive for as long as its timeout after every
    request and know nothing that ours do not.
    """
    kind: Any = type(made)

    class Fronted(kind):  # type: ignore[misc]
        """The same service; slots and all."""

        __slots__ = ()

        def to_asgi(self, is_main: bool = True) -> ASGIApp:  # as BentoML calls it
            """What BentoML's worker runs."""
            return Front(super().to_asgi(is_main), ours)

    made.__class__ = Fronted
    return made
