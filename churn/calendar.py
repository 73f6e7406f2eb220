"""Where a day begins: instants to local days and back, in the time zone of the business.

Answers: at which instant does a local day start, on which local day did something happen, and where does a window
of w days before a cutoff begin? Edges come from the calendar, never from 86,400 s x w: a day on which the clock
changes has 23 or 25 hours. Instants are int64 microseconds since 1970 UTC; days are counted from 1970-01-01.
Reads no clock. Start reading at `Calendar.window_start`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from churn.errors import NaiveTime, SettingsError

Int64Array = NDArray[np.int64]

EPOCH = date(1970, 1, 1)
DAY_US = 86_400_000_000
SPAN_DAYS, NEAR_DAYS = 512, 40_000  # local midnights are remembered in such spans, until 2079
NEVER = np.iinfo(np.int64).max  # an instant that does not come


def to_us(instant: datetime) -> int:
    """Microseconds since 1970 UTC of an aware instant.

    Raises:
        NaiveTime: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise NaiveTime(f"The instant {instant.isoformat()}")
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def from_us(time_us: int) -> datetime:
    """The aware UTC instant of microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(time_us))


@dataclass(frozen=True)
class Calendar:
    """The local days of one time zone.

    Args:
        timezone: an IANA name, for instance `Asia/Shanghai`.

    Raises:
        SettingsError: no such time zone.
    """

    timezone: str = "UTC"

    def __post_init__(self) -> None:
        _ = self.zone

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone's rules."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
            raise SettingsError(
                f"There is no time zone {self.timezone!r}.",
                mend="give an IANA name such as `Asia/Shanghai` or `Europe/London` under [business] timezone.",
            ) from error

    def midnight(self, day: date) -> datetime:
        """The first instant of a local day, as an aware UTC instant."""
        return from_us(_midnight_us(self.zone, (day - EPOCH).days))

    def midnights_us(self, first_day: int, last_day: int) -> Int64Array:
        """First instants of the local days `first_day..last_day` (days since 1970, both included)."""
        return np.array([_midnight_us(self.zone, day) for day in range(first_day, last_day + 1)], dtype=np.int64)

    def day_of(self, instant: datetime) -> date:
        """The local day on which an instant lies."""
        if instant.tzinfo is None:
            raise NaiveTime(f"The instant {instant.isoformat()}")
        return instant.astimezone(self.zone).date()

    def days_of(self, time_us: Int64Array) -> Int64Array:
        """The local days (since 1970) on which instants lie, exact across every change of the clock."""
        if not time_us.size:
            return np.zeros(0, dtype=np.int64)
        first, last = int(time_us.min()) // DAY_US - 2, int(time_us.max()) // DAY_US + 2
        if first >= 0 and last < NEAR_DAYS:
            first, last = first // SPAN_DAYS * SPAN_DAYS, (last // SPAN_DAYS + 1) * SPAN_DAYS - 1
        return first - 1 + np.searchsorted(_midnights_us(self, first, last), time_us, side="right").astype(np.int64)

    def window_start(self, cutoff: datetime, days: int) -> datetime:
        """Where the window `[start, cutoff)` of `days` days begins: local midnight, `days` days before its day."""
        return self.midnight(self.day_of(cutoff) - timedelta(days=days))

    def window_start_us(self, cutoff_us: int, days: int) -> int:
        """`window_start` in microseconds."""
        day = (self.day_of(from_us(cutoff_us)) - EPOCH).days - days
        return _midnight_us(self.zone, day)

    def plus_days(self, cutoff: datetime, days: int) -> datetime:
        """The same local time of day, `days` calendar days later (earlier when negative).

        A local time that the clock skips moves forward, one that comes twice means the first. The beginning of a day
        stays one, also where the clock skips midnight and the day begins at one.
        """
        day = self.day_of(cutoff)
        if cutoff == self.midnight(day):
            return self.midnight(day + timedelta(days=days))
        local = cutoff.astimezone(self.zone)
        shifted = (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=self.zone)
        return shifted.astimezone(UTC)


@lru_cache(maxsize=64)
def _midnights_us(calendar: Calendar, first_day: int, last_day: int) -> Int64Array:
    """`midnights_us`, remembered: one customer after the other asks for the same years."""
    return calendar.midnights_us(first_day, last_day)


@lru_cache(maxsize=65_536)
def _midnight_us(zone: ZoneInfo, day: int) -> int:
    """First instant of a local day. Where the clock skips midnight, the day begins after the skip (fold=0 says so)."""
    return to_us(datetime.combine(EPOCH + timedelta(days=day), time(), tzinfo=zone).astimezone(UTC))
