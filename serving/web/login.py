"""`/login` and `/logout`: a key in, a session out.

    GET /login      the form            POST /login     key -> cookie, and on to `next`
    POST /logout    the session ends; takes the token of its forms

Wrong keys meet the same brake as everywhere. Where nobody needs a key there is nothing to log in to. Start reading at
`LoginDesk`.
"""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request as Asked
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from churn.sections import Business
from serving.auth import is_same_origin
from serving.door import Admission, Request
from serving.refusals import Forbidden, InvalidRequest, Later, Refusal
from serving.web.frame import View, spoken, whole
from serving.web.session import SCOPE, Sessions
from serving.web.words import WORDS, say

LOGIN, LOGOUT = "/login", "/logout"
SCOPES = {f"POST {LOGOUT}": SCOPE}
MOST_FIELD, MOST_FIELDS = 4096, 50


class NotOurForm(Forbidden):
    """A form did not come from a page of the session that sends it."""

    def __init__(self) -> None:
        super().__init__("This form did not come from a page of ours.", mend="load the page again and send it anew.")


class LoginDesk:
    """Where people log in.

    Args:
        door: knows the keys. sessions: makes and ends sessions.
        business: what the page says it is. language: of the page, where a browser asks for none of ours.
    """

    def __init__(self, door: Admission, sessions: Sessions, business: str, language: str = "en") -> None:
        self._door, self._sessions, self._business, self._language = door, sessions, business, language

    def routes(self) -> list[BaseRoute]:
        """The routes of this desk."""
        return [
            Route(LOGIN, self.page, methods=["GET"]),
            Route(LOGIN, self.login, methods=["POST"]),
            Route(LOGOUT, self.logout, methods=["POST"]),
        ]

    async def page(self, asked: Asked) -> Response:
        """Answer `GET /login`."""
        where = local_path(asked.query_params.get("next", "/"))
        return RedirectResponse(where, 303) if self._door.is_open else self._form(asked, where)

    async def login(self, asked: Asked) -> Response:
        """Answer `POST /login`."""
        fields, request = await form(asked), request_of(asked)
        where = local_path(fields.get("next", "/"))
        if self._door.is_open:
            return RedirectResponse(where, 303)
        try:
            if not is_same_origin(request.headers, asked.headers.get("host", "")):
                raise NotOurForm
            typed = fields.get("key", "").strip().encode() or None
            key = self._door.log_in(asked.state.caller, typed, request.address, SCOPE)
        except Refusal as error:
            asked.state.untold = isinstance(error, Later) and not error.first
            return self._form(asked, where, error)
        return RedirectResponse(where, 303, {"Set-Cookie": self._sessions.begin(key, secure=request.secure)})

    async def logout(self, asked: Asked) -> Response:
        """Answer `POST /logout`."""
        await checked_form(asked, self._sessions)
        return RedirectResponse(LOGIN, 303, {"Set-Cookie": self._sessions.end(request_of(asked))})

    def _form(self, asked: Asked, where: str, error: Refusal | None = None) -> Response:
        language = spoken(asked, self._language)
        problem = f'<p class="problem" role="alert">{escape(_told(error, language))}</p>' if error else ""
        words = {name: escape(say(name, language)) for name in ("key", "key_help", "login")}
        body = (
            f'<main class="narrow"><h1>{escape(self._business)}</h1>{problem}<form method="post" action="{LOGIN}">'
            f'<label for="key">{words["key"]}</label>'
            f'<input id="key" name="key" type="password" autocomplete="current-password" required autofocus '
            f'aria-describedby="help"><p class="quiet" id="help">{words["key_help"]}</p>'
            f'<input type="hidden" name="next" value="{escape(where)}"><button>{words["login"]}</button></form></main>'
        )
        title = f"{say('login', language)} · {self._business}"
        page = whole(title, body, language, status=error.status if error else 200)
        if isinstance(error, Later):
            page.headers["Retry-After"] = str(error.retry_after_s)
        return page


def _told(error: Refusal, language: str) -> str:
    """What went wrong, in a language of the pages where they have words for it."""
    seconds = error.retry_after_s if isinstance(error, Later) else 0
    return say(error.code, language, seconds=seconds) if error.code in WORDS else f"{error.problem} {error.mend}"


def view_of(request: Asked, business: Business, sessions: Sessions) -> View:
    """The view that a request of somebody who may be logged in asks for."""
    csrf = sessions.csrf(request_of(request))
    return View.of(request, business=business.name, language=business.language, csrf=csrf)


def request_of(asked: Asked) -> Request:
    """What the door looks at, of a request."""
    address = asked.client.host if asked.client else "unknown"
    return Request(dict(asked.scope["headers"]), asked.method, address, asked.url.scheme == "https")


async def form(asked: Asked) -> dict[str, str]:
    """The fields of a form, each once.

    Raises:
        InvalidRequest: there are too many.
    """
    text = (await asked.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidRequest("it has too many fields", "send the form as the page has it.") from error
    return {name: values[0][:MOST_FIELD] for name, values in fields.items()}


async def checked_form(asked: Asked, sessions: Sessions) -> dict[str, str]:
    """The fields of a form that came from a page of the session; every form that changes something is read by this.

    Raises:
        NotOurForm: it did not.
    """
    fields = await form(asked)
    if asked.state.caller.by_page and not sessions.is_form_of(request_of(asked), fields.get("csrf", "")):
        raise NotOurForm
    return fields


def local_path(text: str) -> str:
    """A path of ours to go on to; the first page for anything else."""
    fine = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if fine else "/"
