"""Campaigns, for people at a browser: every campaign in a table, and the pages that were written of each.

    /campaigns/                       every campaign: who is in charge, how many, when its effect can be told
    /campaigns/{campaign}/{page}      the plan, or what it did, as it was written; drawn by nobody here
    /campaigns/{room}/{page}          likewise the pages of value, segments, offers and the like

Only names that such a page can have are looked for, and no link is followed. Pages run nothing and load nothing.
Start reading at `CampaignPages.routes`.
"""

import os
import re
import stat
from html import escape
from pathlib import Path

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from churn.errors import ChurnError
from churn.page import turned
from churn.settings import Settings
from features.erasure.due import DUE, TASKS
from features.treatments import FOLDER, OTHERS
from serving.campaigns.desk import Answers
from serving.campaigns.reading import Shelf
from serving.campaigns.schemas import CampaignInfo
from serving.refusals import UnknownRoute
from serving.web.frame import View
from serving.web.login import view_of
from serving.web.runs import POLICY
from serving.web.session import Sessions

HOME, PAGE = "/campaigns/", "/campaigns/{campaign}/{file}"
SCOPES = dict.fromkeys((HOME, HOME.rstrip("/"), PAGE), "read")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}", re.ASCII)
FILE = re.compile(r"[a-z0-9_][a-z0-9_-]{0,59}\.html", re.ASCII)
AUDIT, UPLIFT = "audit", "uplift"  # rooms with a page a campaign, and a page an action
OF_A_CAMPAIGN = ("plan.html", "effect.html")


class CampaignPages:
    """Where people look at campaigns.

    Args:
        settings: of the business.
        desk: what knows the time.
        sessions: of people who logged in.
    """

    def __init__(self, settings: Settings, desk: Answers, sessions: Sessions) -> None:
        self._settings, self._desk, self._sessions = settings, desk, sessions
        self._shelf = Shelf(settings.folder)

    def routes(self) -> list[BaseRoute]:
        """The routes of these pages."""
        return [
            Route(HOME, self.every, methods=["GET"]),
            Route(HOME.rstrip("/"), self.here, methods=["GET"]),
            Route(PAGE, self.page, methods=["GET"]),
        ]

    async def here(self, _: Request) -> Response:
        """Answer `GET /campaigns`."""
        return RedirectResponse(HOME, 303)

    async def every(self, request: Request) -> Response:
        """Answer `GET /campaigns/`."""
        view = view_of(request, self._settings.business, self._sessions)
        heading = view.say("campaigns")
        try:
            content = await anyio.to_thread.run_sync(self._table, view)
        except ChurnError as error:
            return view.refused(heading, error)
        return view.page(heading, f"<h1>{heading}</h1>{content}")

    async def page(self, request: Request) -> Response:
        """Answer `GET /campaigns/{campaign}/{file}`."""
        campaign, file = request.path_params["campaign"], request.path_params["file"]
        content = await anyio.to_thread.run_sync(self._read, campaign, file)
        if content is None:
            raise UnknownRoute(request.url.path)
        view = view_of(request, self._settings.business, self._sessions)
        shown = turned(content.decode(), view.language, f'<p><a href="{HOME}">← {view.say("campaigns")}</a></p>')
        return Response(shown, media_type="text/html", headers={"Content-Security-Policy": POLICY})

    def _table(self, view: View) -> str:
        found = self._shelf.every(self._desk.counter.scorer.clock.now())
        names = ("campaign", "planned_on", "in_charge", "to_contact", "held_out", "expected", "what_it_did", "pages")
        head = "".join(f'<th scope="col">{view.say(name)}</th>' for name in names)
        rows = "".join(self._row(view, one) for one in reversed(found))  # the newest first
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{view.say("campaigns")}">{table}</div>'
        return self._rooms(view) + (scroll if found else f"<p>{view.say('no_campaign_yet')}</p>")

    def _row(self, view: View, one: CampaignInfo) -> str:
        planned = f"{self._settings.lifecycle.calendar.day_of(one.planned_at):%Y-%m-%d}"
        cells = [planned, ", ".join(one.owners) or "–", f"{one.treated:,}", f"{one.held_out:,}", self._expected(one)]
        plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        name = f'<th scope="row">{escape(one.campaign)}</th>'
        return f"<tr>{name}{plain}<td>{self._did(view, one)}</td><td>{self._links(view, one)}</td></tr>"

    def _expected(self, one: CampaignInfo) -> str:
        """The profit that the plan expected, with its interval."""
        if one.expected_profit is None:
            return "–"
        value, low, high = (f"{part:,.0f}" for part in msgspec.structs.astuple(one.expected_profit))
        return f"{value} {self._settings.business.currency} ({low} … {high})"

    def _did(self, view: View, one: CampaignInfo) -> str:
        """What is known of its effect, or from when on it is."""
        if one.retained is not None:
            value, low, high = (f"{100 * part:+.1f}" for part in msgspec.structs.astuple(one.retained))
            doubt = "" if one.causal else f' <span class="mark">{view.say("not_causal")}</span>'
            return view.say("came_more", value=value, low=low, high=high) + doubt
        if one.causal is False:
            return view.say("not_causal")
        if one.expected_profit is not None and one.exported_at is None:
            return view.say("not_exported", campaign=one.campaign)
        if one.is_over:
            return view.say("can_be_told", campaign=one.campaign)
        until = self._settings.lifecycle.calendar.day_of(one.window_end)
        return view.say("told_from", day=f"{until:%Y-%m-%d}")

    def _links(self, view: View, one: CampaignInfo) -> str:
        """What was written of a campaign: its plan, what it did, its audit."""
        folder = self._settings.folder / FOLDER
        pages = {f"{one.campaign}/{file}": f"{file.removesuffix('.html')}_page" for file in OF_A_CAMPAIGN}
        pages[f"{AUDIT}/{one.campaign}.html"] = "audit_page"
        found = [
            f'<a href="{HOME}{where}">{view.say(name)}</a>'
            for where, name in pages.items()
            if (folder / where).is_file()
        ]
        return " · ".join(found)

    def _rooms(self, view: View) -> str:
        """Links to the pages of other rooms that were written; a campaign's audit stands in its own row."""
        folder = self._settings.folder / FOLDER
        links = []
        for path in sorted(path for room in sorted(OTHERS) for path in (folder / room).glob("*.html")):
            room, name = path.parent.name, path.stem
            if not FILE.fullmatch(path.name) or (room == AUDIT and (folder / name).is_dir()):
                continue
            told = view.say(f"{room}_{name}" if room == AUDIT else f"room_{room}")
            links.append(f'<a href="{HOME}{room}/{path.name}">{told}</a>')
        actions = sorted(path.parent.name for path in (folder / UPLIFT).glob("*/report.html"))
        told = view.say("room_uplift")
        links += [f'<a href="{HOME}{UPLIFT}/{one}.html">{told}: {escape(one)}</a>' for one in actions]
        if any((self._settings.folder / DUE).glob(f"*/{TASKS}")):
            links.insert(0, f'<a href="{HOME}due/">{view.say("room_due")}</a>')
        return f"<p>{' · '.join(links)}</p>" if links else ""

    def _read(self, campaign: str, file: str) -> bytes | None:
        """A page; None for whatever is none."""
        if not NAME.fullmatch(campaign) or not FILE.fullmatch(file):
            return None
        folder = self._settings.folder / FOLDER / campaign
        if campaign == UPLIFT:  # a folder an action
            folder, file = folder / file.removesuffix(".html"), "report.html"
        if folder.is_symlink():
            return None
        return _opened(folder / file)


def _opened(path: Path) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # it is not there, or is a link
        return None
    with os.fdopen(handle, "rb") as opened:
        return opened.read() if stat.S_ISREG(os.fstat(handle).st_mode) else None
