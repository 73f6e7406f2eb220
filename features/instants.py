"""When was it: texts of instants, with an offset or in a named zone, to microseconds since 1970 UTC, as DuckDB SQL.

An instant is a date or date and time, year first, with or without an offset (`2024-03-10`, `2024-03-10 14:05`,
`2024-03-10T14:05:00.123+08:00`, `...Z`, `... Asia/Shanghai`). `CST` is no offset: in Shanghai and in Chicago it means
another thing. One without an offset is local time of a named zone: a time that the clock skips moves forward, one that
comes twice means the first, as everywhere in `churn.calendar`. Reads no clock.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from churn.calendar import Calendar, Int64Array, to_us

SECOND_US = 1_000_000
FIRST_YEAR, LAST_YEAR = 1900, 2100  # before and after, a zone keeps the offset it had there
BEGINNING_US = -(2**62)
ABBREVIATION, UNIVERSAL = "(?i)(^|[^a-z/_])[a-z]+$", "(?i)(^|[^a-z/_])(z|utc|gmt)$"  # of a zone, behind date and time
YEAR_1000_US = -30_610_224_000_000_000  # `20/03/10` is no date of the year 20


def clock_us_sql(text: str) -> str:
    """SQL for the instant that a text gives, microseconds since 1970, null where it gives none.

    Where the text has no offset it is the time on the clock of an unnamed zone. The session must stand in UTC.
    """
    instant = f"epoch_us(TRY_CAST(trim({text}) AS TIMESTAMPTZ))"
    tail = f"substr(trim({text}), 12)"
    abbreviated = f"regexp_matches({tail}, '{ABBREVIATION}') AND NOT regexp_matches({tail}, '{UNIVERSAL}')"
    told = f"trim({text}) < 'A' AND NOT ({abbreviated})"  # no word, `epoch` say
    return f"CASE WHEN {told} AND {instant} >= {YEAR_1000_US} THEN {instant} END"


def has_offset_sql(text: str) -> str:
    """SQL for whether a text that gives an instant says how far its clock is from UTC."""
    return f"regexp_matches(substr(trim({text}), 11), '[-+A-SU-Za-su-z]')"  # T only parts date from time


def offset_us_sql(clock_us: str, timezone: str, first_us: int, last_us: int) -> str:
    """SQL for the offset of a zone at a time on its clock that lies in `[first_us, last_us]`, microseconds."""
    since, values = offsets(timezone)
    low, high = (int(np.searchsorted(since, edge, side="right")) - 1 for edge in (first_us, last_us))
    steps = "".join(f"WHEN {clock_us} < {since[i + 1]} THEN {values[i]} " for i in range(low, high))
    return f"CASE {steps}ELSE {values[high]} END" if steps else str(values[high])


def offsets(timezone: str) -> tuple[Int64Array, Int64Array]:
    """Which offset a zone has, by time on its clock.

    Returns:
        The local microseconds from which on an offset holds, ascending, and the offsets in microseconds. The offset
        of a local time is that of the last start at or before it.

    Raises:
        SettingsError: no such zone.
    """
    changes = _changes(Calendar(timezone).zone)
    starts, values = [BEGINNING_US], [changes[0][1]]
    for (_, earlier), (change_us, later) in pairwise(changes):
        starts.append(change_us + max(earlier, later))  # fold=0 (PEP 495): the earlier offset rules skip and repeat
        values.append(later)
    return np.array(starts, dtype=np.int64), np.array(values, dtype=np.int64)


@lru_cache(maxsize=64)
def _changes(zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """When (UTC microseconds) a zone takes which offset; the first entry is the offset it begins with."""
    moment, end, day = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 1, 1, tzinfo=UTC), timedelta(days=1)
    offset = _offset_us(zone, moment)
    changes = [(to_us(moment), offset)]
    while moment < end:
        following = moment + day
        if (later := _offset_us(zone, following)) != offset:
            changes.append((to_us(_first_with(zone, later, moment, following)), later))
            offset = later
        moment = following
    return tuple(changes)


def _first_with(zone: ZoneInfo, offset_us: int, before: datetime, since: datetime) -> datetime:
    """The second at which a zone takes an offset, between an instant that does not have it and one that has."""
    while since - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(since - before) // timedelta(seconds=2))
        before, since = (before, middle) if _offset_us(zone, middle) == offset_us else (middle, since)
    return since


def _offset_us(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
