"""Sessions of people at the pages: a signed cookie, bound to the key with which they logged in.

    cookie      <what>.<HMAC-SHA256 of it>      what: name and mark of the key, when it ends, an id of chance
    csrf        HMAC of the same under another name, in every form: a page of elsewhere cannot know it

A session may only read, and is good as long as its key is: revoked, expired or without the scope, it ends. Nothing is
kept but the ids of those who logged out (serving/limits/once.py). The secret is the business's own, `keys/session.key`.
Start reading at `Sessions.begin`; serving/web/login.py has the pages.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from features.signing_key import made_once
from serving.auth import Key, Keys, is_same_origin
from serving.door import Request
from serving.limits.once import Once

SECRET = Path("keys") / "session.key"
SCOPE = "read"
NAME, NAME_OVER_TLS = "churn", "__Host-churn"
SAFE = {"GET", "HEAD"}
MARK_LETTERS = 16
SKEW_S = 60  # of workers on several machines


class Session(msgspec.Struct, frozen=True, array_like=True):
    """What a cookie says.

    Args:
        name: of the key. mark: the beginning of its hash.
        until_s: when the session ends, seconds since 1970.
        id: of chance.
    """

    name: str
    mark: str
    until_s: int
    id: str


class Sessions:
    """The sessions of one business.

    Args:
        folder: the artifacts of the business.
        hours: how long one lasts.
        ended: remembers who logged out.
        now: seconds since 1970.
    """

    def __init__(self, folder: Path, *, hours: float, ended: Once, now: Callable[[], float] = time.time) -> None:
        self._folder, self._seconds, self._ended, self._now = folder, round(3600 * hours), ended, now
        self._held = b""

    def begin(self, key: Key, *, secure: bool) -> str:
        """The Set-Cookie of a new session.

        Args:
            key: with which somebody logs in; it has the scope `read`.
            secure: they came by TLS, and the cookie goes by no other way.
        """
        session = Session(key.name, _mark(key), int(self._now()) + self._seconds, secrets.token_urlsafe(16))
        what = base64.urlsafe_b64encode(msgspec.json.encode(session)).rstrip(b"=")
        return _cookie(f"{what.decode()}.{self._sign(b'session', what)}", self._seconds, secure=secure)

    def end(self, request: Request) -> str:
        """The Set-Cookie that ends the session of a request."""
        session = self.of(request)
        if session is not None:
            self._ended.claim(f"session:{session.id}", session.until_s - self._now())
        return _cookie("", 0, secure=request.secure)

    def caller(self, request: Request, keys: Keys) -> Key | None:
        """Whose session a request belongs to, as a key that may only read; None: nobody's.

        A request that changes something has to come from a page of ours, whatever its cookie says.
        """
        session = self.of(request)
        if session is None or (request.method not in SAFE and not _from_our_page(request)):
            return None
        for key in keys.named(session.name):
            if _mark(key) == session.mark and key.may(SCOPE) and not _is_over(key, self._now()):
                return Key(
                    key.name, frozenset({SCOPE}), key.digest, key.expires_s, key.rate_per_minute, key.quota_per_day
                )
        return None

    def of(self, request: Request) -> Session | None:
        """The session that the cookie of a request names; None: no good one."""
        what = self._what(request)
        session = _read(what) if what is not None else None
        if session is None or not self._lasts(session) or self._ended.knows(f"session:{session.id}"):
            return None
        return session

    def _lasts(self, session: Session) -> bool:
        """Whether it is not over, and began: one of a clock that has stepped back since would last longer by that."""
        now = self._now()
        return now < session.until_s <= now + self._seconds + SKEW_S

    def csrf(self, request: Request) -> str:
        """What forms of this session carry in their field `csrf`; empty where there is none."""
        what = self._what(request)
        return self._sign(b"csrf", what) if what is not None else ""

    def is_form_of(self, request: Request, token: str) -> bool:
        """Whether a form came from a page of this session."""
        wanted = self.csrf(request)
        return bool(wanted) and hmac.compare_digest(wanted.encode(), token.encode("utf-8", "replace"))

    def _what(self, request: Request) -> bytes | None:
        """What the cookie says, if it is signed."""
        name = NAME_OVER_TLS if request.secure else NAME
        for one in request.headers.get(b"cookie", b"").split(b";"):
            given, _, value = one.strip().partition(b"=")
            what, _, signature = value.partition(b".")
            if given == name.encode() and what:
                return what if hmac.compare_digest(self._sign(b"session", what).encode(), signature) else None
        return None

    def _sign(self, purpose: bytes, what: bytes) -> str:
        self._held = self._held or made_once(self._folder / SECRET)
        made = hmac.digest(self._held, purpose + b":" + what, hashlib.sha256)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _read(what: bytes) -> Session | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(what + b"=" * (-len(what) % 4)), type=Session)
    except (binascii.Error, msgspec.DecodeError):  # signed by a version to come
        return None


def _cookie(value: str, seconds: int, *, secure: bool) -> str:
    name = NAME_OVER_TLS if secure else NAME
    kept = f"Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    return f"{name}={value}; {kept}" + ("; Secure" if secure else "")


def _mark(key: Key) -> str:
    """What tells a key from another of its name, and nobody what it is."""
    return hashlib.sha256(b"session mark" + key.digest).hexdigest()[:MARK_LETTERS]


def _is_over(key: Key, now_s: float) -> bool:
    return key.expires_s is not None and now_s >= key.expires_s


def _from_our_page(request: Request) -> bool:
    headers = request.headers
    told = b"origin" in headers or b"sec-fetch-site" in headers
    return told and is_same_origin(headers, headers.get(b"host", b"").decode("latin-1"))
