"""What `churn monitor` found, for people at a browser: the pages of its runs, as it wrote them.

    /monitoring/                        on to the newest run, in the language of who asks
    /monitoring/runs/<instant>/<page>   one page of a run; drawn by nobody here, read from its folder

Only names that a run can have are looked for, so that no path leads out of its folder, and no link is followed. Pages
of ours may run nothing. Evidently's have scripts inside: they run in a sandbox without an origin, from where no cookie,
no other page and no network can be reached. Start reading at `RunDesk.routes`.
"""

import os
import re
import stat
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from churn.settings import Settings
from serving.refusals import UnknownRoute
from serving.web.frame import View
from serving.web.login import view_of
from serving.web.session import Sessions

HOME, PAGE = "/monitoring/", "/monitoring/runs/{run}/{file}"
SCOPES = dict.fromkeys((HOME, HOME.rstrip("/"), PAGE), "read")
FOLDER = Path("monitoring") / "runs"
RUN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z", re.ASCII)
OURS = re.compile(r"(?:index|data|drift|performance|business|model|history)(?:\.(?:en|zh))?\.html")
EVIDENTLY = re.compile(r"evidently-(?:churn|reactivation)\.html")
NUMBERS = re.compile(r"(?:verdict|figures|evidently)\.json")
ELSEWHERE = "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
POLICY = f"default-src 'none'; style-src 'unsafe-inline'; {ELSEWHERE}"
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    f"img-src data: blob:; font-src data:; {ELSEWHERE}"
)


class RunDesk:
    """Where people look at what monitoring found.

    Args:
        settings: of the business.
        sessions: of people who logged in.
    """

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._folder, self._business, self._sessions = settings.folder / FOLDER, settings.business, sessions

    def routes(self) -> list[BaseRoute]:
        """The routes of this desk."""
        return [
            Route(HOME, self.newest, methods=["GET"]),
            Route(HOME.rstrip("/"), self.newest, methods=["GET"]),
            Route(PAGE, self.page, methods=["GET"]),
        ]

    async def newest(self, request: Request) -> Response:
        """Answer `GET /monitoring/`: the way to the newest run."""
        view = self._view(request)
        where = await anyio.to_thread.run_sync(self._front, view.language)
        if where is not None:
            return RedirectResponse(f"{HOME}runs/{where}", 303)
        heading = view.say("monitoring")
        said = f"<h1>{heading}</h1><p>{view.say('no_run_yet')}</p>"
        return view.page(heading, said, status=404)

    async def page(self, request: Request) -> Response:
        """Answer `GET /monitoring/runs/{run}/{file}`."""
        run, file = request.path_params["run"], request.path_params["file"]
        content = await anyio.to_thread.run_sync(self._read, run, file)
        if content is None:
            is_person = "text/html" in request.headers.get("accept", "")
            if is_person and RUN.fullmatch(run) and OURS.fullmatch(file):
                return self._gone(self._view(request))
            raise UnknownRoute(request.url.path)
        if NUMBERS.fullmatch(file):
            return Response(content, media_type="application/json")
        policy = SANDBOX if EVIDENTLY.fullmatch(file) else POLICY
        return Response(content, media_type="text/html", headers={"Content-Security-Policy": policy})

    def _view(self, request: Request) -> View:
        return view_of(request, self._business, self._sessions)

    def _gone(self, view: View) -> Response:
        """For who follows the link of an old letter: `churn prune` takes old runs."""
        heading = view.say("monitoring")
        way = f'<a href="{HOME}">{view.say("newest_run")}</a>'
        return view.page(heading, f"<h1>{heading}</h1><p>{view.say('run_gone')} {way}</p>", status=404)

    def _front(self, language: str) -> str | None:
        """The front page of the newest run that has one, in this language where there is one."""
        try:
            names = sorted((one.name for one in self._folder.iterdir() if RUN.fullmatch(one.name)), reverse=True)
        except OSError:  # no run yet
            return None
        for run in names:
            for file in (f"index.{language}.html", "index.html"):
                if (self._folder / run / file).is_file():
                    return f"{run}/{file}"
        return None

    def _read(self, run: str, file: str) -> bytes | None:
        """A file of a run; None for whatever is none."""
        if not RUN.fullmatch(run) or not any(kind.fullmatch(file) for kind in (OURS, EVIDENTLY, NUMBERS)):
            return None
        folder = self._folder / run
        if folder.is_symlink():
            return None
        try:
            handle = os.open(folder / file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:  # it was pruned, or is a link
            return None
        with os.fdopen(handle, "rb") as opened:
            return opened.read() if stat.S_ISREG(os.fstat(handle).st_mode) else None
