"""Real ids outside, pseudonyms inside: each request's ids are exchanged on the way in, and back on the way out.

    {"customer_ids": ["C1"]} --> {"customer_ids": ["p_x7..."]} --> routes --> ..."p_x7..." --> ..."C1"

An ASGI layer between the guard and the routes, there only where the settings ask for it. It exchanges the fields of
bodies that name customers, the customer in a path and in a query; an answer gets back the ids of its own request and
no others, so that a feed of everybody speaks of pseudonyms. What it cannot read does not pass: of a body nobody knows
who else would find an id in it. Start reading at `Veil.__call__`.
"""

import html
import json
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.pseudonyms import Pseudonyms
from serving.refusals import MalformedJson

ONE = frozenset({"customer_id", "related_customer_id", "source_id"})
MANY = frozenset({"customer_ids"})
QUERY = frozenset({"customer_id", "customer", "id", "q"})
PATHS = ("/v1/customers/", "/customers/")
WITH_BODIES = "/v1/"
LONGEST = 256  # a longer id in a body is refused at the door, and has to arrive as it is for that
IN_ADDRESS = b"/customer?id="
NOTHING = b"null"
MARK, LETTERS = b"p_", 45  # what a pseudonym begins with, and how long it is
DEEPEST = 8  # levels of a body
MOST_ITEMS = 1001  # of a list; one more than any route takes, so that it is refused as too long
Fields = dict[str, msgspec.Raw]
decode_fields = msgspec.json.Decoder(Fields).decode
decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
decode_text = msgspec.json.Decoder(str).decode
encode = msgspec.json.Encoder().encode
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def veiled(app: ASGIApp, names: Pseudonyms | None) -> ASGIApp:
    """Routes that know customers by pseudonyms, asked with real ids; the routes themselves where there are none."""
    return app if names is None else Veil(app, names)


class Veil:
    """Exchanges ids.

    Args:
        app: the routes.
        names: what they call customers.
    """

    def __init__(self, app: ASGIApp, names: Pseudonyms) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with pseudonyms, and its answer back with the ids that it came with."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._names)
        exchange.place(scope)
        body, events = b"", list[Message]()
        if scope["method"] not in ("GET", "HEAD") and scope["path"].startswith(WITH_BODIES):
            body, events = await _whole(receive)
            scope.setdefault("state", {})["as_sent"] = body  # what a signature is of
            body = exchange.body(body)
            scope["headers"] = _sized(scope["headers"], len(body))
            receive = _again(body, events, receive)
        await self._app(scope, receive, Return(send, exchange) if exchange.known else send)


class Exchange:
    """The ids of one request, and what they were exchanged for."""

    def __init__(self, names: Pseudonyms) -> None:
        self._names = names
        self.known: dict[str, str] = {}

    def one(self, customer_id: str) -> str:
        """An id exchanged, and remembered for the answer."""
        known_as = self._names.of(customer_id)
        if known_as != customer_id:
            self.known[known_as] = customer_id
        return known_as

    def place(self, scope: Scope) -> None:
        """Exchange the customer in a path and in a query."""
        for prefix in PATHS:
            if scope["path"].startswith(prefix):
                scope["path"] = prefix + self.one(scope["path"].removeprefix(prefix))
                scope["raw_path"] = quote(scope["path"]).encode()
        asked = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        if any(name in QUERY for name, _ in asked):
            told = [(name, self.one(value) if name in QUERY else value) for name, value in asked]
            scope["query_string"] = urlencode(told).encode()

    def body(self, body: bytes) -> bytes:
        """A body with pseudonyms.

        Raises:
            MalformedJson: it cannot be read.
        """
        if not body.strip():
            return body
        try:
            return self._within(body)
        except BROKEN as error:
            raise MalformedJson(str(error)) from error

    def back(self, body: bytes, kind: str) -> bytes:
        """An answer with the ids that it was asked with."""
        spell = _in_json if "json" in kind else html.escape
        spelt = {one.encode(): spell(real).encode("utf-8", "surrogatepass") for one, real in self.known.items()}
        parts, end, at = list[bytes](), 0, body.find(MARK)
        while at >= 0:  # once through, however many ids: a thousand times through is seconds in which nobody is served
            found = spelt.get(body[at : at + LETTERS])
            if found is None:
                at = body.find(MARK, at + 1)
                continue
            if body.endswith(IN_ADDRESS, 0, at):  # of a page; spelt there otherwise than in a text
                found = quote(html.unescape(found.decode("utf-8", "replace")), safe="").encode()
            parts += [body[end:at], found]
            end = at + LETTERS
            at = body.find(MARK, end)
        return b"".join([*parts, body[end:]])

    def _within(self, raw: bytes | msgspec.Raw, depth: int = 0) -> bytes:
        """JSON with ids exchanged, whatever else it holds byte for byte.

        Raises:
            RecursionError: it is nested deeper than any request of ours; each level is read once more.
        """
        if depth > DEEPEST:
            raise RecursionError("it is nested too deep")
        text = bytes(raw)
        first = text.lstrip()[:1]
        if first == b"[":
            return encode([msgspec.Raw(self._item(one, depth)) for one in decode_items(text)[:MOST_ITEMS]])
        if first != b"{":
            return text
        return encode({name: msgspec.Raw(self._field(name, one, depth)) for name, one in decode_fields(text).items()})

    def _item(self, raw: msgspec.Raw, depth: int) -> bytes:
        """One of a list; nothing where it cannot be read, so that it spoils no other."""
        try:
            return self._within(raw, depth + 1)
        except BROKEN:
            return NOTHING

    def _field(self, name: str, raw: msgspec.Raw, depth: int) -> bytes:
        text = bytes(raw).lstrip()
        if name in ONE:
            return self._id(text)
        if name in MANY and text.startswith(b"["):
            return encode([msgspec.Raw(self._id(bytes(one).lstrip())) for one in decode_items(text)[:MOST_ITEMS]])
        return self._within(raw, depth + 1)

    def _id(self, text: bytes) -> bytes:
        """A field of an id; one that is too long, or no text, is refused by whoever reads it."""
        if not text.startswith(b'"'):
            return text
        try:
            given = decode_text(text)
        except BROKEN:
            return NOTHING
        return encode(self.one(given)) if len(given) <= LONGEST else text


class Return:
    """`send`, which gives an answer back the ids of its request; it holds the answer until it is whole."""

    def __init__(self, send: Send, exchange: Exchange) -> None:
        self._send, self._exchange = send, exchange
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """Take a message of the routes."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
            return
        self._parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        headers = self._start["headers"]
        kind = dict(headers).get(b"content-type", b"").decode("latin-1")
        body = self._exchange.back(b"".join(self._parts), kind)
        await self._send({**self._start, "headers": _sized(headers, len(body))})
        await self._send({**message, "body": body})


def _in_json(customer_id: str) -> str:
    return json.dumps(customer_id, ensure_ascii=False)[1:-1]


def _sized(headers: Iterable[tuple[bytes, bytes]], size: int) -> list[tuple[bytes, bytes]]:
    """Headers that say how long a body is by now."""
    return [(name, str(size).encode() if name == b"content-length" else value) for name, value in headers]


async def _whole(receive: Receive) -> tuple[bytes, list[Message]]:
    """A request's body, and what came that is none of it."""
    parts = list[bytes]()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts), [message]
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts), []


def _again(body: bytes, events: list[Message], receive: Receive) -> Receive:
    """`receive` for a body that was read already."""
    waiting: list[Message] = [*events] if events else [{"type": "http.request", "body": body, "more_body": False}]

    async def told() -> Message:
        return waiting.pop(0) if waiting else await receive()

    return told
