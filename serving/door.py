"""Whether a request may enter, and as whom: its key or its session, the scope that its route takes, its limits.

Open routes ask for nothing, but whoever brings a good key is told more there (`known`). A wrong key meets the brake, a
good one its own limits. Knows no server: it reads the headers of a request. Start reading at `Admission.admit`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from serving.auth import Key, Keys, Ring, check_local, check_scope, presented
from serving.limits.brake import Brake
from serving.rate_limit import RateLimit
from serving.refusals import Refusal, Unauthorised

Raw = Mapping[bytes, bytes]
Pairs = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Caller:
    """Who asks.

    Args:
        name: of the key; None where nobody needs one, or none was brought.
        key: the key itself. by_page: it came as the cookie of a session.
        known: may be told what strangers are not. open: nobody needs a key.
        headers: what the answer says of the limits.
    """

    name: str | None = None
    key: Key | None = None
    by_page: bool = False
    known: bool = False
    open: bool = False
    headers: Pairs = field(default_factory=list)


class Request(NamedTuple):
    """What the door looks at.

    Args:
        headers: by name, in small letters.
        method: GET, POST ...
        address: where it comes from.
        secure: it came by TLS.
    """

    headers: Raw
    method: str = "GET"
    address: str = "unknown"
    secure: bool = False


class Doorkeeper(Protocol):
    """What knows the sessions of people (serving/web/session.py)."""

    def caller(self, request: "Request", keys: Keys) -> Key | None:
        """Whose session a request belongs to, as a key that may only read; None: nobody's."""


class NoSessions:
    """A service without pages to log in to."""

    def caller(self, request: "Request", keys: Keys) -> Key | None:
        """Nobody."""


class Admission:
    """The door.

    Args:
        ring: knows the keys.
        limit: how often each may ask.
        brake: on those without a good one.
        sessions: of people at the pages.
        used: told of each use of a key, and when.
        now: seconds since 1970.
    """

    def __init__(
        self,
        ring: Ring,
        limit: RateLimit,
        *,
        brake: Brake | None = None,
        sessions: Doorkeeper | None = None,
        used: Callable[[Key, float], None] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ring, self._limit, self._now = ring, limit, now
        self._brake, self._sessions, self._used = brake or Brake(0), sessions or NoSessions(), used

    def admit(self, caller: Caller, request: Request, wanted: str) -> None:
        """Find out who asks, and whether key, scope and limits allow it.

        Args:
            caller: is told who it is, also where it may not enter.
            request: what it brings.
            wanted: the scope that its route takes.

        Raises:
            Unauthorised: no key, or an unknown one. Forbidden: it lacks the scope, or the Host is foreign.
            TooManyRequests: it asks too often. TooManyFailures: somebody at its address failed too often.
        """
        keys = self._ring.now()
        if not keys:
            check_local(request.headers)
            caller.known = caller.open = True
            return
        key, caller.by_page = self._key(keys, request)
        caller.name, caller.key, caller.known = key.name, key, True
        caller.headers = self._limit.take(key)  # before its scope: what it may not do counts too
        check_scope(key, wanted)

    def log_in(self, caller: Caller, brought: bytes | None, address: str, wanted: str) -> Key:
        """Whose key somebody types in at the pages; it is counted as any request of that key.

        Args:
            caller: is told who it is.
            brought: what was typed.
            address: where it comes from.
            wanted: the scope that it has to have.

        Raises:
            Unauthorised: nobody's. Forbidden: it lacks the scope. TooManyRequests, TooManyFailures: too often.
        """
        key = self.check(brought, address)
        caller.name, caller.key, caller.known = key.name, key, True
        caller.headers = self._limit.take(key)
        check_scope(key, wanted)
        return key

    def stranger(self, caller: Caller, request: Request) -> None:
        """Find out who asks an open route: known is who brings a good key, or is on this machine and needs none.

        It is answered either way; but a wrong key counts as one here too, or keys could be tried here for nothing.
        """
        keys = self._ring.now()
        try:
            if not keys:
                check_local(request.headers)
                caller.known = caller.open = True
            elif (brought := presented(request.headers)) is not None:
                caller.known = self.check(brought, request.address).may("read")
        except Refusal:
            return

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a key."""
        return not self._ring.now()

    def _key(self, keys: Keys, request: Request) -> tuple[Key, bool]:
        brought = presented(request.headers)
        if brought is None and (key := self._sessions.caller(request, keys)) is not None:
            return key, True
        return self.check(brought, request.address), False

    def check(self, brought: bytes | None, address: str) -> Key:
        """Whose key this is; failures are counted, use is noted.

        Raises:
            Unauthorised: nobody's. TooManyFailures: there were too many of those.
        """
        keys = self._ring.now()
        try:
            key = keys.find(brought, self._now())
        except Unauthorised:
            self._brake.failed(address)
            raise
        self._brake.entered(key, address)
        if self._used is not None:
            self._used(key, self._now())
        return key
