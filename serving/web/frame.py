"""The frame of the pages: head, navigation, language, banner, footer; and what a page may load, which is nothing.

    view = View.of(request, ...)      in which language, for whom
    view.page(title, content)         the whole page
    spoken(request, usual)            the language alone, and `whole` the page without the head: of the login

A language that was chosen stays, in a cookie that holds nothing else. Start reading at `View.of`.
"""

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from churn.errors import ChurnError
from serving.customer_view import LONGEST_ID
from serving.languages import LANGUAGES, preferred
from serving.web.banner import open_banner
from serving.web.look import STYLE
from serving.web.words import say

COOKIE = "churn_language"
YEAR_S = 365 * 86_400
MOST_FIELDS = 50  # of a query; more go into no link of ours
NAMES = {"en": "English", "zh": "中文"}
HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class View:
    """One look at a page.

    Args:
        business: what the page says it is.
        language: en or zh.
        path: of the page; query: what it was asked with, without the language.
        csrf: the token of the session's forms; empty where there is no session to end.
        is_open: nobody needs a key.
        chose: the language was chosen just now.
    """

    business: str
    language: str
    path: str = "/"
    query: str = ""
    csrf: str = ""
    is_open: bool = False
    chose: bool = False

    @classmethod
    def of(cls, request: Request, *, business: str, language: str, csrf: str) -> "View":
        """The view that a request asks for: the language of its query, its cookie, its browser or the business."""
        pairs = request.query_params.multi_items()[:MOST_FIELDS]
        rest = [pair for pair in pairs if pair[0] != "language"]
        caller = request.state.caller
        return cls(
            business, spoken(request, language), request.url.path, urlencode(rest), csrf if caller.by_page else "",
            is_open=caller.open, chose=dict(pairs).get("language") in LANGUAGES,
        )  # fmt: skip

    def say(self, key: str, **facts: object) -> str:
        """A text of the pages as HTML; its facts are escaped here."""
        return escape(say(key, self.language, **facts))

    def page(self, title: str, content: str, *, status: int = 200) -> Response:
        """The whole page.

        Args:
            title: plain text.
            content: HTML.
            status: of the answer.
        """
        body = (
            f'<a class="skip" href="#content">{self.say("skip")}</a>{open_banner(self.is_open, self.language)}'
            f'{self._top()}<main id="content">{content}</main>'
        )
        answer = whole(f"{title} · {self.business}", body, self.language, status=status)
        if self.chose:
            answer.set_cookie(COOKIE, self.language, max_age=YEAR_S, httponly=True, samesite="lax")
        return answer

    def refused(self, heading: str, error: ChurnError) -> Response:
        """A page that says why there is none, and how to mend it; 503."""
        said = f'<div class="problem"><p>{escape(error.problem)}</p><p>{escape(error.mend)}</p></div>'
        return self.page(heading, f"<h1>{heading}</h1>{said}", status=503)

    def _top(self) -> str:
        where = {"/": "list", "/monitoring/": "monitoring", "/campaigns/": "campaigns", "/docs": "documents"}
        links = "".join(f'<a href="{path}">{self.say(name)}</a>' for path, name in where.items())
        find = (
            f'<form action="/customer" method="get" role="search" aria-label="{self.say("find")}"><input name="id" '
            f'required maxlength="{LONGEST_ID}" autocomplete="off" spellcheck="false" '
            f'aria-label="{self.say("customer_id")}" placeholder="{self.say("customer_id")}">'
            f"<button>{self.say('find')}</button></form>"
        )
        return (
            f'<header class="top"><div><b>{escape(self.business)}</b>{find}'
            f'<nav aria-label="{self.say("pages")}">{links}</nav>'
            f'<nav aria-label="{self.say("language")}">{self._languages()}</nav>{self._logout()}</div></header>'
        )

    def _languages(self) -> str:
        (other,) = [one for one in LANGUAGES if one != self.language]
        where = f"{self.path}?{self.query}&language={other}" if self.query else f"{self.path}?language={other}"
        return f'<a href="{escape(where)}" lang="{other}" hreflang="{other}">{NAMES[other]}</a>'

    def _logout(self) -> str:
        if not self.csrf:
            return ""
        hidden = f'<input type="hidden" name="csrf" value="{escape(self.csrf)}">'
        return (
            f'<form method="post" action="/logout">{hidden}<button class="plain">{self.say("logout")}</button></form>'
        )


def spoken(request: Request, usual: str) -> str:
    """The language of a page: that of its query, of the cookie, of the browser, or the usual one."""
    asked, kept = request.query_params.get("language"), request.cookies.get(COOKIE)
    wished = asked if asked in LANGUAGES else kept if kept in LANGUAGES else None
    return wished or preferred(request.headers.get("accept-language", "")) or usual


def whole(title: str, body: str, language: str, *, status: int = 200) -> Response:
    """A page that may load nothing and run nothing.

    Args:
        title: plain text.
        body: HTML.
        language: en or zh.
        status: of the answer.
    """
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY, "Content-Language": language})
