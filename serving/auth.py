"""Who may ask: API keys with scopes, and where the service may listen without any.

A key comes from `churn keys create` (serving/keys), or is configured as `name:scope+scope:sha256 of the key in hex`;
no file holds the key itself. Scopes: `score` (ask for scores), `events` (send live events), `read` (pages, metrics,
documents, past scores), `erase` (DELETE of a customer), `admin` (all of these). Without keys the service listens on
loopback only, and answers only to a loopback name in `Host`, so that no web page can reach it through a name of its
own. Reads no file and no environment. Start reading at `Keys`.
"""

import hmac
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from churn.errors import SettingsError
from serving.keys.form import digest_of
from serving.refusals import Forbidden, Unauthorised

ADMIN = "admin"
SCOPES = ("score", "events", "read", "erase", ADMIN)
LOCAL_NAMES = {"localhost", "ip6-localhost"}
NOBODY = bytes(32)
HOW = "make a key with `churn keys create NAME --scope score` (docs/security.md)."
HOW_BY_HAND = (
    "make a key (`openssl rand -hex 24`), then set "
    '`[serving] api_keys = ["crm:score+read:<sha256 of the key>"]` or the variable CHURN_API_KEYS, or better say '
    "`churn keys create crm --scope score`; see docs/security.md."
)


class BadKey(SettingsError):
    """An API key in the settings does not have its form."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"The API key {name!r} cannot be used: {fault}.", mend=HOW_BY_HAND)


class OpenToAll(SettingsError):
    """The service is asked to listen beyond this machine, and nobody needs a key."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"Listening on {host!r} would let anybody in: no API key is set.",
            mend=f"keep `[serving] host` at 127.0.0.1, or {HOW}",
        )


@dataclass(frozen=True)
class Key:
    """One caller's key.

    Args:
        name: for logs. scopes: what it may do; `admin` holds all others.
        digest: the SHA-256 that it is known by.
        expires_s: when it ends, seconds since 1970; None: never.
        rate_per_minute, quota_per_day: its own limits; None: those of the settings, 0: none.
        made_here: `churn keys` made it, so that it cannot be guessed.
        signing: secrets with which its live events have to be signed; none: they need not be.
    """

    name: str
    scopes: frozenset[str]
    digest: bytes
    expires_s: float | None = None
    rate_per_minute: int | None = None
    quota_per_day: int | None = None
    made_here: bool = False
    signing: tuple[str, ...] = ()

    def may(self, scope: str) -> bool:
        """Whether it has a scope."""
        return scope in self.scopes or ADMIN in self.scopes


class Ring(Protocol):
    """Whatever knows the keys of this moment."""

    def now(self) -> "Keys":
        """The keys of this moment."""


@dataclass(frozen=True)
class Keys:
    """All keys of a service.

    Args:
        keys: those there are.
        closed: nobody enters without a key, even where there is none: all were revoked.
    """

    keys: tuple[Key, ...] = ()
    closed: bool = False
    _by_digest: Mapping[bytes, Key] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_digest", {key.digest: key for key in self.keys})

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Read keys as the settings have them.

        Raises:
            BadKey: one has another form, an unknown scope or a name that is taken.
        """
        keys = tuple(_key(text) for text in texts)
        names = [key.name for key in keys]
        for name in names:
            if names.count(name) > 1:
                raise BadKey(name, "two keys have this name")
        return cls(keys)

    def __bool__(self) -> bool:
        return self.closed or bool(self.keys)

    def now(self) -> Self:
        """These; they do not change."""
        return self

    def named(self, name: str) -> tuple[Key, ...]:
        """The keys of one name: two while a rotated one runs out."""
        return tuple(key for key in self.keys if key.name == name)

    def find(self, presented: bytes | None, now_s: float) -> Key:
        """Whose key this is.

        The dictionary is asked with the hash of what came, which tells nobody anything about a key; what it finds is
        compared in constant time, and so is nothing with nothing. Which key it is changes the time by nothing.

        Raises:
            Unauthorised: none was brought, it is nobody's, or it has expired.
        """
        if presented is None:
            raise Unauthorised("This service needs an API key.")
        digest = digest_of(presented)
        key = self._by_digest.get(digest)
        if not hmac.compare_digest(key.digest if key else NOBODY, digest) or key is None:
            raise Unauthorised("This API key is not known.")
        if key.expires_s is not None and now_s >= key.expires_s:
            raise Unauthorised("This API key has expired.")
        return key

    def check_host(self, host: str) -> None:
        """Refuse to listen beyond this machine without a key.

        Raises:
            OpenToAll: that was asked for.
        """
        if not self and not is_loopback(host):
            raise OpenToAll(host)


def check_scope(key: Key, scope: str) -> None:
    """Refuse a caller whose key lacks a scope.

    Raises:
        Forbidden: it does.
    """
    if not key.may(scope):
        raise Forbidden(
            f"The key {key.name!r} has no scope {scope!r}.",
            mend=f"use a key with that scope: `churn keys create NAME --scope {scope}`, or in the settings "
            f"`{key.name}:...+{scope}:...`.",
        )


def presented(headers: Mapping[bytes, bytes]) -> bytes | None:
    """The key that a request brings: as a bearer, or in `X-API-Key`."""
    kind, _, token = headers.get(b"authorization", b"").partition(b" ")
    token = token.strip()
    return token if token and kind.lower() == b"bearer" else headers.get(b"x-api-key") or None


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine only."""
    bare = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare in LOCAL_NAMES


def check_local(headers: Mapping[bytes, bytes]) -> None:
    """Without keys: this machine only, and no web page of elsewhere, which a browser here may have open.

    Raises:
        Forbidden: the Host is foreign, or the request was made by a page of another origin.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if not is_loopback(without_port(host)):
        raise Forbidden(
            f"This service has no keys and answers to this machine only, not to {host[:100]!r}.",
            mend=f"ask it as 127.0.0.1 or localhost, or {HOW}",
        )
    if not is_same_origin(headers, host):
        raise Forbidden("A page of another origin may not use this service.", mend=f"ask it directly, or {HOW}")


def is_same_origin(headers: Mapping[bytes, bytes], host: str) -> bool:
    """Whether a request was not made by a page of elsewhere, as far as a browser says.

    Where it says the site (over TLS, and on this machine), that counts: `Origin` may be withheld then.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        return site in (b"none", b"same-origin")
    return origin is None or origin.decode("latin-1").partition("://")[2] == host


def without_port(host: str) -> str:
    """The name in a Host header."""
    return host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Scopes that there are not."""
    return sorted(set(scopes) - set(SCOPES))


def _key(text: str) -> Key:
    name, _, rest = text.strip().partition(":")
    scopes, _, digest = rest.partition(":")
    chosen = frozenset(scopes.split("+"))
    if not name or not digest:
        raise BadKey(name or "?", "its form is name:scope+scope:sha256")
    if unknown := unknown_scopes(chosen):
        raise BadKey(name, f"unknown scopes {', '.join(unknown)}; there are {', '.join(SCOPES)}")
    if len(digest) != 64 or not all(letter in "0123456789abcdefABCDEF" for letter in digest):
        raise BadKey(name, "the last part is the SHA-256 of the key, 64 hex digits")
    return Key(name, chosen, bytes.fromhex(digest))
