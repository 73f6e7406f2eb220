"""What time it is: the one clock that ingest, stages, freshness, valid-until and maturity ask.

`[business] clock = "wall"` is the clock on the wall; `"log"` stands where the log ends, for logs of the past: their
customers are asked about as if today were that day, and every answer and page says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        ...


class WallClock:
    """The clock on the wall."""

    def now(self) -> datetime:
        """This instant."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class StoppedClock:
    """A clock that stands, where a log ends or where a test wants it."""

    at: datetime

    def now(self) -> datetime:
        """The instant at which it stands."""
        return self.at


def clock(kind: Literal["wall", "log"], observed_until: datetime) -> Clock:
    """The clock that a business's settings ask for."""
    return WallClock() if kind == "wall" else StoppedClock(observed_until)
