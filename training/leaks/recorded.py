"""When were events recorded, and is that when they say? Kinds that thin out towards the end of the log.

An event that is written down weeks after the day it is dated, by a source that does not say so, is missing from the
last weeks of the log: nobody has written it yet. A model learned from past cutoffs meets it there as if it had always
been known. So each kind's rate of the last days is held against its own rates before, beside those of the events that
qualify (so that a growing or shrinking business is none), and against what its own delays explain.
Reads times only, no outcome. Start reading at `thinning`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from churn.calendar import DAY_US, Int64Array
from churn.events import Events

WINDOWS_DAYS: Final = (7, 14, 30, 60, 90)
LEAST_WINDOWS = 6  # before the last one, to know what is usual
MOST_WINDOWS = 24
LEAST_EXPECTED = 30.0  # events in the last window, were it as usual
LEFT_SHARE = 0.6  # of the rarest window before; fewer are too few
SHORT = (7, 14)  # days; windows so short are compared with all before, others with up to `MOST_WINDOWS`


@dataclass(frozen=True)
class Lane:
    """The events of one kind: when they happened and how much later they reached us. Shape (n,), microseconds."""

    time_us: Int64Array
    delay_us: Int64Array


@dataclass(frozen=True)
class Recorded:
    """Lanes by kind of event; `kind reason_code` for the rows of a kind that have one."""

    lanes: Mapping[str, Lane]

    @classmethod
    def together(cls, found: Iterable["Recorded"]) -> Self:
        """Those of several parts as one."""
        lanes: dict[str, list[Lane]] = {}
        for one in found:
            for name, lane in one.lanes.items():
                lanes.setdefault(name, []).append(lane)
        return cls(
            {
                name: Lane(
                    *(np.concatenate([getattr(lane, part) for lane in all_]) for part in ("time_us", "delay_us"))
                )
                for name, all_ in lanes.items()
            }
        )


@dataclass(frozen=True)
class Thin:
    """A kind whose events are missing from the end of the log.

    Args:
        kind: of event. reason_code: which of its rows, or empty.
        days: the last days of the log that were looked at.
        found: events in them. expected: as usual.
        delayed: share of its events that reached us more than an hour after they happened.
    """

    kind: str
    reason_code: str
    days: int
    found: int
    expected: float
    delayed: float


def recorded(events: Events) -> Recorded:
    """When the events of a log, or of a part of it, happened and reached us; corrected versions left out."""
    delay_us = np.maximum(events.known_us - events.time_us, 0)
    lanes: dict[str, Lane] = {}
    reasons = events.reason_code
    for code, kind in enumerate(events.kind.levels):
        mine = np.flatnonzero(events.kind.codes == code)
        lanes[kind] = Lane(events.time_us[mine], delay_us[mine])
        mine = mine[reasons.codes[mine] >= 0]
        mine = mine[np.argsort(reasons.codes[mine], kind="stable")]  # a code may be free text, and each row another
        found, begins = np.unique(reasons.codes[mine], return_index=True)
        for reason, rows in zip(found, np.split(mine, begins[1:]), strict=False):  # of none, one empty part
            lanes[f"{kind}\0{reasons.levels[reason]}"] = Lane(events.time_us[rows], delay_us[rows])
    return Recorded(lanes)


def thinning(seen: Recorded, qualifying: Collection[str], *, until_us: int) -> Iterator[Thin]:
    """Kinds, or rows of a kind with one reason code, that thin out towards the end; a qualifying kind is none.

    Args:
        seen: when events were recorded.
        qualifying: the kinds that churn is defined by.
        until_us: the end of the log, microseconds since 1970 UTC.
    """
    usual = [lane.time_us for name, lane in seen.lanes.items() if name in qualifying]
    if not usual:
        return
    base = np.concatenate(usual)
    theirs = {days: _counts(base, days, until_us) for days in WINDOWS_DAYS}
    for name in sorted(seen.lanes):
        kind, _, reason = name.partition("\0")
        if kind not in qualifying and len(seen.lanes[name].time_us) >= LEAST_EXPECTED:
            found = (_thin(seen.lanes[name], theirs[days], days, until_us) for days in WINDOWS_DAYS)
            worst = max((one for one in found if one), key=lambda one: one[1] - one[0], default=None)
            if worst:
                delayed = float((seen.lanes[name].delay_us > DAY_US / 24).mean())
                yield Thin(kind, reason, worst[2], worst[0], worst[1], delayed)


def _thin(lane: Lane, theirs: Int64Array, days: int, until_us: int) -> tuple[int, float, int] | None:
    """Events found, expected, and the days, where a kind is thinner in the last days than it ever was."""
    mine = _counts(lane.time_us, days, until_us)
    windows = min(len(mine), len(theirs), 1 + MOST_WINDOWS if days not in SHORT else len(theirs))
    first = int(np.flatnonzero(mine)[-1]) if mine.any() else 0  # a kind that is new has no windows before that
    windows = min(windows, first)  # the oldest one is cut short
    if windows < 1 + LEAST_WINDOWS or not theirs[:windows].all():
        return None
    rates = mine[:windows] / theirs[:windows]
    explained = _reached(lane, days)
    expected = float(np.median(rates[1:]) * theirs[0] * explained)
    least = float(rates[1:].min() * theirs[0] * explained)
    if expected < LEAST_EXPECTED or mine[0] >= LEFT_SHARE * least - 2 * np.sqrt(least):
        return None
    return int(mine[0]), expected, days


def _counts(time_us: Int64Array, days: int, until_us: int) -> Int64Array:
    """Events by window of so many days, the last one first."""
    age = (until_us - 1 - time_us) // (days * DAY_US)
    return np.bincount(age[age >= 0]).astype(np.int64)


def _reached(lane: Lane, days: int) -> float:
    """The share of a window's events that have reached us by its end, going by the delays that the source tells."""
    if not lane.delay_us.any():
        return 1.0
    return float(np.clip(1 - lane.delay_us / (days * DAY_US), 0, 1).mean())
