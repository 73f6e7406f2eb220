"""Who is due, for the people who do it: tasks of the newest list by channel, whoever opted out since left out.

    /campaigns/due/?channel=phone&page=2

Start reading at `DuePage.routes`.
"""

from datetime import date
from html import escape
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.errors import ChurnError
from churn.settings import Settings
from features.live.opted_out import NOBODY, Objections
from features.opt_outs import CONTACT
from serving.audit.scribe import about
from serving.campaigns.desk import Answers
from serving.campaigns.due import DueList, newest
from serving.web.frame import View
from serving.web.login import view_of
from serving.web.session import Sessions

PATH = "/campaigns/due/"
SCOPES = dict.fromkeys((PATH, PATH.rstrip("/")), "read")
ROWS = 50
MOST_PAGES = 100_000


class DuePage:
    """Where staff see what to do today.

    Args:
        settings: of the business.
        desk: what knows the time, and who objects by now.
        sessions: of people who logged in.
    """

    def __init__(self, settings: Settings, desk: Answers, sessions: Sessions) -> None:
        self._settings, self._desk, self._sessions = settings, desk, sessions

    def routes(self) -> list[BaseRoute]:
        """The routes of this page."""
        return [Route(path, self.page, methods=["GET"]) for path in SCOPES]

    async def page(self, request: Request) -> Response:
        """Answer `GET /campaigns/due/`."""
        view = view_of(request, self._settings.business, self._sessions)
        title = view.say("room_due")
        try:
            found = await anyio.to_thread.run_sync(newest, self._settings.folder)
            today = self._settings.lifecycle.calendar.day_of(self._desk.counter.scorer.clock.now())
            if found is None:
                return view.page(title, f'<h1>{title}</h1><p class="problem">{view.say("no_list_yet")}</p>')
            return view.page(title, await anyio.to_thread.run_sync(self._content, request, view, found, today))
        except ChurnError as error:
            return view.refused(title, error)

    def _content(self, request: Request, view: View, found: DueList, today: date) -> str:
        counts, query = found.counts(), request.query_params
        channels = list(dict.fromkeys(channel for channel, *_ in counts))
        asked = query.get("channel", "")
        channel = asked if asked in channels else next(iter(channels), "")
        number = query.get("page", "1")
        page = min(max(int(number), 1), MOST_PAGES) if number.isascii() and number.isdigit() and len(number) < 7 else 1
        rows = found.of(channel, ROWS * (page - 1), ROWS + 1)
        told = self._without_objections(rows[:ROWS], channel)
        about(request.scope, [row["customer_id"] for row in told])
        old = "" if found.day == today else f'<p class="problem">{view.say("old_list", day=found.day)}</p>'
        return (
            f"<h1>{view.say('due_on', day=found.day)}</h1>{old}{_overview(view, counts)}"
            f"{_tabs(view, channels, channel)}{_tasks(view, told)}{_pages(view, channel, page, more=len(rows) > ROWS)}"
        )

    def _without_objections(self, rows: list[dict[str, Any]], channel: str) -> list[dict[str, Any]]:
        tables = self._desk.counter.tables
        objections: Objections = tables.objections if tables else NOBODY
        ids = [row["customer_id"] for row in rows]
        gone = objections.among(ids, CONTACT) | objections.among(ids, channel)
        return [row for row in rows if row["customer_id"] not in gone]


def _overview(view: View, counts: list[tuple[str, str, int, int]]) -> str:
    heads = (("channel", ""), ("act", ""), ("tasks", "number"), ("overdue", "number"))
    body = "".join(
        f'<tr><th scope="row">{escape(channel)}</th><td>{escape(action)}</td><td class="number">{tasks:,}</td>'
        f'<td class="number">{f"{late:,}" if late else "–"}</td></tr>'
        for channel, action, tasks, late in counts
    )
    return _table(view, "room_due", heads, body)


def _tabs(view: View, channels: list[str], chosen: str) -> str:
    here = ' aria-current="page"'
    links = "".join(
        f'<a href="{PATH}?channel={quote(one, safe="")}"{here if one == chosen else ""}>{escape(one)}</a>'
        for one in channels
    )
    return f'<nav class="tabs" aria-label="{view.say("channel")}">{links}</nav>'


def _tasks(view: View, rows: list[dict[str, Any]]) -> str:
    heads = tuple((name, "") for name in ("customer_id", "what_to_do", "because", "due_by", "in_charge"))
    return _table(view, "tasks", heads, "".join(_task(view, row) for row in rows)) if rows else ""


def _task(view: View, row: dict[str, Any]) -> str:
    first, other = ("zh", "en") if view.language == "zh" else ("en", "zh")
    text, why = (row[f"{name}_{first}"] or row[f"{name}_{other}"] or "" for name in ("text", "why"))
    late = f' <span class="mark">{view.say("overdue")}</span>' if row["is_overdue"] else ""
    where = f"/customer?id={quote(row['customer_id'], safe='')}"
    return (
        f'<tr><th scope="row"><a href="{where}">{escape(row["customer_id"])}</a></th><td>{escape(text)}</td>'
        f"<td>{escape(why)}</td><td>{escape(row['due'] or '')}{late}</td><td>{escape(row['owner'] or '–')}</td></tr>"
    )


def _table(view: View, name: str, heads: tuple[tuple[str, str], ...], body: str) -> str:
    top = "".join(f'<th scope="col" class="{kind}">{view.say(head)}</th>' for head, kind in heads)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{view.say(name)}"><table class="list due">'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _pages(view: View, channel: str, page: int, *, more: bool) -> str:
    def link(to: int, name: str, rel: str) -> str:
        return f'<a href="{PATH}?channel={quote(channel, safe="")}&amp;page={to}" rel="{rel}">{view.say(name)}</a>'

    links = (link(page - 1, "before", "prev") if page > 1 else "") + (link(page + 1, "next", "next") if more else "")
    return f'<nav class="pages" aria-label="{view.say("pages_of_list")}">{links}</nav>' if links else ""
