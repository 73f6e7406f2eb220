"""Counts of requests, and names that are taken once, in Redis, for services on several machines.

The only Redis of serving. A script gives out a lease in one step on the server; a key of ours lives twice as long as
its span. While the server does not answer nobody is let in, and it is asked once a second, so that requests are refused
at once. Start reading at `RedisCounts`.
"""

import time
from collections.abc import Callable
from typing import Any

from features.tls import tls_mend
from serving.limits.counts import LEAST_SHARE, MOST, Granted, RateLimitUnavailable, Window

TIMEOUT_S, PAUSE_S = 0.25, 1.0
SCRIPT = f"""
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = math.max(0, tonumber(ARGV[1]) - used)
local lease = math.min(left, math.max(1, math.min({MOST}, math.floor(left / {LEAST_SHARE}))))
if lease > 0 then
  redis.call('INCRBY', KEYS[1], lease)
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return {{lease, left - lease}}
"""


class RedisLink:
    """A server that is left alone for a moment when it does not answer.

    Args:
        url: redis:// or, with TLS, rediss://.
        clock: seconds that only go up.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url, clock
        self._client: Any = None  # redis.Redis
        self._not_before = float("-inf")

    def ask(self, question: Callable[[Any], Any]) -> Any:  # of a redis.Redis; what it answers
        """Ask the server.

        Raises:
            RateLimitUnavailable: it does not answer, or did not a moment ago.
        """
        from redis.exceptions import RedisError

        if self._clock() < self._not_before:
            raise RateLimitUnavailable("Redis", "it did not answer a moment ago")
        try:
            self._client = self._client or self._open()
            return question(self._client)
        except (RedisError, OSError, ValueError) as error:
            self._not_before = self._clock() + PAUSE_S
            unchecked = "its certificate cannot be checked, or it speaks no TLS" if tls_mend(str(error)) else None
            raise RateLimitUnavailable("Redis", unchecked or type(error).__name__) from error  # no text of a URL

    def close(self) -> None:
        """End the connections."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> Any:  # redis.Redis
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return Redis.from_url(
            self._url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 1)
        )


class RedisCounts:
    """Counts on a Redis server.

    Args:
        url: of the server.
        business: begins the names of our keys.
        clock: seconds that only go up.
    """

    def __init__(self, url: str, business: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._link, self._begin = RedisLink(url, clock), f"churn:{business}:given"

    def lease(self, key: str, window: Window, number: int, limit: int) -> Granted:
        """Give out some of what a key has left."""
        name = f"{self._begin}:{window.name}:{number}:{key}"
        lease, left = self._link.ask(lambda client: client.eval(SCRIPT, 1, name, limit, 2 * window.seconds))
        return Granted(int(lease), int(left))

    def close(self) -> None:
        """End the connections."""
        self._link.close()


class RedisOnce:
    """Names that are taken once, on a Redis server.

    Args:
        url: of the server.
        business: begins the names of our keys.
    """

    def __init__(self, url: str, business: str) -> None:
        self._link, self._begin = RedisLink(url), f"churn:{business}:taken"

    def claim(self, name: str, seconds: float) -> bool:
        """Take a name for so long; False where it is taken."""
        until_ms = max(1, round(1000 * seconds))
        return bool(self._link.ask(lambda client: client.set(f"{self._begin}:{name}", 1, nx=True, px=until_ms)))

    def knows(self, name: str) -> bool:
        """Whether a name is taken."""
        return bool(self._link.ask(lambda client: client.exists(f"{self._begin}:{name}")))

    def release(self, name: str) -> None:
        """Give a name back."""
        self._link.ask(lambda client: client.delete(f"{self._begin}:{name}"))
