"""Who may ask: API keys with scopes, and where the service may listen without any.

A key is configured as `name:scope+scope:sha256 of the key in hex`, so that no file holds the key itself. Scopes:
`score` (POST /v1/score), `read` (pages, metrics, documents), `events` (live events), `erase` (DELETE of a customer).
Without keys the service listens on loopback only, and answers only to a loopback name in `Host`, so that no web page
can reach it through a name of its own. Reads no file and no environment. Start reading at `Keys`.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from churn.errors import SettingsError
from serving.refusals import Forbidden, Unauthorised

SCOPES = ("score", "read", "events", "erase")
LOCAL_NAMES = {"localhost", "ip6-localhost"}
HOW = (
    "make a key (`openssl rand -hex 24`), then set "
    '`[serving] api_keys = ["crm:score+read:<sha256 of the key>"]` or the variable CHURN_API_KEYS; see docs/api.md.'
)


class BadKey(SettingsError):
    """An API key in the settings does not have its form."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"The API key {name!r} cannot be used: {fault}.", mend=HOW)


class OpenToAll(SettingsError):
    """The service is asked to listen beyond this machine, and nobody needs a key."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"Listening on {host!r} would let anybody in: no API key is set.",
            mend=f"keep `[serving] host` at 127.0.0.1, or {HOW}",
        )


@dataclass(frozen=True)
class Key:
    """One caller's key: a name for the log, what it may do, and the hash it is known by."""

    name: str
    scopes: frozenset[str]
    digest: bytes


@dataclass(frozen=True)
class Keys:
    """All keys of a service; none means loopback only."""

    keys: tuple[Key, ...] = ()

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
        return bool(self.keys)

    def check_host(self, host: str) -> None:
        """Refuse to listen beyond this machine without a key.

        Raises:
            OpenToAll: that was asked for.
        """
        if not self and not is_loopback(host):
            raise OpenToAll(host)

    def admit(self, headers: Mapping[str, str], scope: str) -> str | None:
        """The name of the caller, who may use `scope`; None where no key is needed.

        Raises:
            Unauthorised: no key, or an unknown one. Forbidden: it lacks the scope, or the Host is foreign.
        """
        if not self:
            _check_named(headers.get("host", ""))
            return None
        key = self._find(_presented(headers))
        if scope not in key.scopes:
            raise Forbidden(
                f"The key {key.name!r} has no scope {scope!r}.",
                mend=f"use a key with that scope, or add it to the key's scopes: `{key.name}:...+{scope}:...`.",
            )
        return key.name

    def _find(self, presented: str | None) -> Key:
        if not presented:
            raise Unauthorised("This service needs an API key.")
        digest = hashlib.sha256(presented.encode()).digest()
        matching = [key for key in self.keys if hmac.compare_digest(key.digest, digest)]  # always all of them
        if not matching:
            raise Unauthorised("This API key is not known.")
        return matching[0]


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine only."""
    bare = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare in LOCAL_NAMES


def _key(text: str) -> Key:
    name, _, rest = text.strip().partition(":")
    scopes, _, digest = rest.partition(":")
    chosen = frozenset(scopes.split("+"))
    if not name or not digest:
        raise BadKey(name or "?", "its form is name:scope+scope:sha256")
    if not chosen <= set(SCOPES):
        raise BadKey(name, f"unknown scopes {', '.join(sorted(chosen - set(SCOPES)))}; there are {', '.join(SCOPES)}")
    if len(digest) != 64 or not all(letter in "0123456789abcdefABCDEF" for letter in digest):
        raise BadKey(name, "the last part is the SHA-256 of the key, 64 hex digits")
    return Key(name, chosen, bytes.fromhex(digest))


def _presented(headers: Mapping[str, str]) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else headers.get("x-api-key")


def _check_named(host: str) -> None:
    bare = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    if not is_loopback(bare):
        raise Forbidden(
            f"This service has no keys and answers to this machine only, not to {host[:100]!r}.",
            mend="ask it as 127.0.0.1 or localhost, or give it keys; see docs/api.md.",
        )
