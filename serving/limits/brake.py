"""A brake on callers without a good key: after so many failures in a minute they are told to wait, at no cost to us.

Counted per address (of IPv6 per /64) and over all, in each worker's memory. Nobody can lock another's key out: a key
that `churn keys` made always enters, since nobody guesses it; a key of the settings, of which nobody knows how good it
is, enters from a braked address only if it entered from there before. Start reading at `Brake.failed`.
"""

import ipaddress
import time
from collections.abc import Callable

from serving.auth import Key
from serving.refusals import TooManyFailures

MINUTE_S, MOST_ADDRESSES, OVER_ALL = 60, 10_000, 10
MOST_REFUSED = 1000  # addresses of which it is written down, in a minute


class Brake:
    """The failures of this minute.

    Args:
        per_minute: failures an address may make; ten times as many all together. 0: any number.
        now: seconds since 1970.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.time) -> None:
        self._per_minute, self._now = per_minute, now
        self._minute, self._all = 0, 0
        self._failed: dict[str, int] = {}
        self._refused: set[str] = set()
        self._entered: set[tuple[str, str]] = set()

    def failed(self, address: str) -> None:
        """Count a caller who could not enter.

        Raises:
            TooManyFailures: there were too many this minute.
        """
        self.check(address)
        place = _place(address)
        self._all += 1
        if place in self._failed or len(self._failed) < MOST_ADDRESSES:
            self._failed[place] = self._failed.get(place, 0) + 1

    def entered(self, key: Key, address: str) -> None:
        """Let a caller with a good key in, unless the key may have been guessed just now.

        Raises:
            TooManyFailures: it may.
        """
        if key.made_here or (address, key.name) in self._entered:
            return
        self.check(address)
        if len(self._entered) < MOST_ADDRESSES:
            self._entered.add((address, key.name))

    def check(self, address: str) -> None:
        """Refuse an address that failed too often.

        Raises:
            TooManyFailures: it did, or too many did all together.
        """
        now = int(self._now())
        if now // MINUTE_S != self._minute:
            self._minute, self._all = now // MINUTE_S, 0
            self._failed.clear()
            self._refused.clear()
        most, place = self._per_minute, _place(address)
        if most and (self._all >= OVER_ALL * most or self._failed.get(place, 0) >= most):
            error = TooManyFailures(MINUTE_S - now % MINUTE_S)
            error.first = place not in self._refused and len(self._refused) < MOST_REFUSED
            if error.first:
                self._refused.add(place)
            raise error


def _place(address: str) -> str:
    """What is counted as one: an IPv4 address, or the /64 of an IPv6 one, which anybody has for themselves."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    except ValueError:
        return address
