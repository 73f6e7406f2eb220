"""Headers that every answer has, and those by which a page of another origin may ask: none, unless it is listed.

    X-Content-Type-Options, Referrer-Policy, Cross-Origin-Resource-Policy, Cache-Control: no-store,
    Content-Security-Policy        unless the answer brings its own
    Strict-Transport-Security      where the request came by TLS

Start reading at `Dress`.
"""

from collections.abc import Mapping, Sequence

from starlette.types import Message, Scope

Pairs = list[tuple[bytes, bytes]]
UNLESS_OWN: Pairs = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
]
OVER_TLS = (b"strict-transport-security", b"max-age=31536000")
MAY_SEND = b"Authorization, Content-Type, X-API-Key, X-Request-ID"
MAY_READ = b"X-Request-ID, Retry-After, RateLimit, RateLimit-Policy"
ANY_METHOD = b"GET, POST, DELETE"
REMEMBERED_S = b"600"


class Dress:
    """What answers wear.

    Args:
        cors_origins: whose pages may ask, as `https://crm.example`.
    """

    def __init__(self, cors_origins: Sequence[str] = ()) -> None:
        self._origins = {origin.encode() for origin in cors_origins}

    def pairs(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Pairs:
        """The headers of any answer to a request."""
        pairs = [OVER_TLS] if scope.get("scheme") == "https" else []
        if self._origins and headers.get(b"origin") in self._origins:
            pairs = [*pairs, *_allowed(headers), (b"access-control-expose-headers", MAY_READ)]
        return pairs

    def preflight(self, method: str, headers: Mapping[bytes, bytes]) -> Pairs | None:
        """What a browser is told that asks whether a listed page may ask; None where nobody asks that."""
        if method != "OPTIONS" or b"access-control-request-method" not in headers:
            return None
        if headers.get(b"origin") not in self._origins:
            return None
        return [
            (b"access-control-allow-methods", ANY_METHOD),
            (b"access-control-allow-headers", MAY_SEND),
            (b"access-control-max-age", REMEMBERED_S),
        ]


def dressed(message: Message, pairs: Pairs) -> Message:
    """The beginning of an answer with these headers, and with those that it has not of its own."""
    headers = [*message.get("headers", ()), *pairs]
    names = {name for name, _ in headers}
    message["headers"] = [*headers, *(pair for pair in UNLESS_OWN if pair[0] not in names)]
    return message


def _allowed(headers: Mapping[bytes, bytes]) -> Pairs:
    return [(b"access-control-allow-origin", headers[b"origin"]), (b"vary", b"Origin")]
