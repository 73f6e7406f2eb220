"""Which weeks of the past teach: of a column that jumped, none from the jump on until it is back.

A fault that stands in the log would else be the usual a month later: its alarm would end while it stands, the same
fault would be seen no second time, and its mend would ring. So weeks are lived through again, one by one: a column is
held against its last sound weeks, by what it did over as many weeks before. What has not come back after `LONGEST`
weeks is the new usual, and so is what the champion learned from. Pure. Start reading at `Sound`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churn.events import BoolArray, FloatArray
from monitoring.drift.limits import LEAST, novelty, predictive_limit
from monitoring.drift.weeks import LAGS, Past, distance

RECENT: Final = 104  # weeks that limits are learnt from
LONGEST: Final = 26  # weeks after which a column that has not come back is taken as it is
PEAK, IN_SEASON = 0.75, 2.0  # of a column's own most, at which it is in season; how much farther it may go then


@dataclass(frozen=True)
class Step:
    """Some columns against the same of their last sound week.

    Args:
        weeks: ago. columns: their places. then: their counts. Shape (n, b).
        limit: multiple of a column's own most that a quiet week stays under.
        bar: distance that none of them is expected to pass. Shape (n,).
    """

    weeks: int
    columns: NDArray[np.intp]
    then: FloatArray
    limit: float
    bar: FloatArray


class Sound:
    """The weeks of a past, and which of them are sound.

    Args:
        past: whose weeks.
        is_judged: which columns can jump. Shape (f,).
        chance: of a false alarm, see `monitoring.budget`.
        since: weeks up to this instant all teach; None: all do.
    """

    def __init__(self, past: Past, is_judged: BoolArray, chance: float, since: datetime | None) -> None:
        self._past, self._judged, self._chance = past, is_judged, chance
        self._counts, self._at = past.columns.counts, [week.at for week in past.weeks]
        self._apart: dict[int, FloatArray] = {}
        self.weeks: BoolArray = np.ones(self._counts.shape[:2], dtype=np.bool_)
        for place, at in enumerate(self._at):
            if since is not None and at > since:
                self.weeks[place] = ~self._has_jumped(place, at)

    def steps(self, place: int, at: datetime, lag: int) -> Iterator[Step]:
        """What each column of a week is held against, so many weeks ago or more; nothing where nothing can be learnt.

        Args:
            place: of the week; weeks from it on say nothing.
            at: its instant.
            lag: weeks ago.
        """
        known = self.weeks[: max(place - lag + 1, 0)]
        if not len(known):
            return
        last = np.where(known.any(axis=0), len(known) - 1 - np.argmax(known[::-1], axis=0), -LONGEST)
        for weeks in np.unique(place - last):
            columns = np.flatnonzero(place - last == weeks)
            learnt = self._learnt(int(weeks), place, at) if weeks <= LONGEST else None
            if learnt is not None:
                bar = learnt[0] * learnt[1][columns]
                if weeks > lag and (usual := self._learnt(lag, place, at)):
                    bar = np.minimum(bar, usual[0] * usual[1][columns])  # back is what is as near as it ever was
                yield Step(int(weeks), columns, self._counts[place - weeks, columns], learnt[0], bar)

    def _has_jumped(self, place: int, at: datetime) -> BoolArray:
        found: BoolArray = np.zeros(len(self._judged), dtype=np.bool_)
        for lag in LAGS:
            for step in self.steps(place, at, lag):
                found[step.columns] |= distance(step.then, self._counts[place, step.columns]) > step.bar
        return found & self._judged

    def _learnt(self, lag: int, place: int, at: datetime) -> tuple[float, FloatArray] | None:
        """The limit, and what each column did at most within so many weeks before a week. Shape (f,)."""
        if place <= lag:
            return None
        if lag not in self._apart:
            self._apart[lag] = distance(self._counts[:-lag], self._counts[lag:])
        is_sound = self.weeks[: place - lag] & self.weeks[lag:place]
        before = np.where(is_sound, self._apart[lag][: place - lag], np.nan)
        recent = before[-RECENT:]
        limit = predictive_limit(novelty(recent[:, self._judged]), self._chance)
        if limit is None:
            return None
        return limit, np.maximum(np.nan_to_num(recent).max(axis=0), LEAST) * self._in_season(before, lag, at)

    def _in_season(self, before: FloatArray, lag: int, at: datetime) -> FloatArray:
        """More room for columns that move most around this time of the year: next year its days fall otherwise."""
        like = [week - lag for week in self._past.like(at) if 0 <= week - lag < len(before)]
        if not like:
            return np.ones(before.shape[1])
        most, then = (np.nan_to_num(one).max(axis=0) for one in (before, before[like]))
        return np.where(then >= PEAK * most, IN_SEASON, 1.0)
