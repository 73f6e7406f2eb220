"""How often a key may ask: so many requests a minute and a day, counted together by all workers.

Minutes and days are those of UTC. A worker holds leases out of the shared counts (serving/limits/counts.py), so that
most requests are counted in its memory. Knows no server. Start reading at `RateLimit.take`.
"""

import time
from collections.abc import Callable
from pathlib import Path

from serving.auth import Key
from serving.limits.counts import DAY, MINUTE, Counts, RateLimitUnavailable, SqliteCounts, Window
from serving.refusals import TooManyRequests

__all__ = ["RateLimit", "RateLimitUnavailable"]


class Lease:
    """What a worker may still let pass for a key in a span."""

    __slots__ = ("left", "number", "refused", "rest", "window")

    def __init__(self, window: Window) -> None:
        self.window, self.number, self.left, self.rest, self.refused = window, -1, 0, 1, False

    def ready(self, counts: Counts, key: str, limit: int, number: int) -> bool:
        """Whether one more may pass; asks the shared counts where this worker has none left."""
        if number != self.number:
            self.number, self.left, self.rest, self.refused = number, 0, 1, False
        if not self.left and self.rest:
            self.left, self.rest = counts.lease(key, self.window, number, limit)
        return self.left > 0

    def refusal(self, limit: int, now: int) -> TooManyRequests:
        """What a caller is told who has none left."""
        error = TooManyRequests(limit, self.window.name, self.window.seconds - now % self.window.seconds)
        error.first, self.refused = not self.refused, True
        return error


class RateLimit:
    """Limits that the workers of one service share.

    Args:
        counts: where they count, or the path of a SQLite file to count in.
        per_minute: requests a key may make in a minute, unless it has a limit of its own; 0: any number.
        per_day: the same for a day.
        now: seconds since 1970.
    """

    def __init__(
        self, counts: Counts | Path, per_minute: int, per_day: int = 0, now: Callable[[], float] = time.time
    ) -> None:
        self._counts = SqliteCounts(counts) if isinstance(counts, Path) else counts
        self._per_minute, self._per_day, self._now = per_minute, per_day, now
        self._held: dict[str, tuple[Lease, Lease]] = {}

    def take(self, key: Key) -> list[tuple[bytes, bytes]]:
        """Count one request; the headers that say what is left.

        Raises:
            TooManyRequests: the key has none left in this minute or day.
            RateLimitUnavailable: nobody can count.
        """
        minute = self._per_minute if key.rate_per_minute is None else key.rate_per_minute
        day = self._per_day if key.quota_per_day is None else key.quota_per_day
        if not minute and not day:
            return []
        now, held = int(self._now()), self._held.get(key.name)
        if held is None:
            held = self._held[key.name] = Lease(MINUTE), Lease(DAY)
        limited = [(lease, limit) for lease, limit in zip(held, (minute, day), strict=True) if limit]
        for lease, limit in limited:
            if not lease.ready(self._counts, key.name, limit, now // lease.window.seconds):
                raise lease.refusal(limit, now)
        for lease, _ in limited:
            lease.left -= 1
        return _told(limited, now)

    def close(self) -> None:
        """End connections."""
        self._counts.close()


def _told(limited: list[tuple[Lease, int]], now: int) -> list[tuple[bytes, bytes]]:
    """The headers of draft-ietf-httpapi-ratelimit-headers: what there is, and what is left as far as we know."""
    policy = ", ".join(f'"{lease.window.name}";q={limit};w={lease.window.seconds}' for lease, limit in limited)
    left = ", ".join(
        f'"{lease.window.name}";r={lease.left + lease.rest};t={lease.window.seconds - now % lease.window.seconds}'
        for lease, _ in limited
    )
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]
