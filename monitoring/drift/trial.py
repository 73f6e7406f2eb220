"""One week against its past, columns side by side: bars learnt from what the same columns did before.

A jump is held against what a column did from week to week and from month to month; a level against the farthest that
any week of the champion's learning was from all it learned. Both limits are of the worst of all columns together, so a
hundred of them ring no more often than one. Pure. Start reading at `Trial`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churn.events import FloatArray
from churn.monitoring_sections import Monitoring
from monitoring.champion import Champion
from monitoring.drift.limits import missing, noise_limit, novelty, predictive_limit
from monitoring.drift.shift import FeatureDrift, Jump, ScoreDrift
from monitoring.drift.sound import Sound
from monitoring.drift.weeks import LAGS, SCORES, Past, Week, distance, judged_names

STALE: Final = timedelta(days=11)  # a past that ends earlier has no week before
WIDEST: Final = 1.5  # times the farthest week of the learning: farther is not excused by how the weeks spread
MOST_NOISE: Final = 0.5  # share of a bar that may be chance; beyond it rows are too few to say that nothing moved


@dataclass(frozen=True)
class Jumps:
    """Jumps by column, and the limits they were held against."""

    found: Mapping[str, tuple[Jump, ...]]
    limits: dict[int, float]
    is_resolved: bool

    def of(self, name: str) -> tuple[Jump, ...]:
        """Of a column; none where there was nothing to hold it against."""
        return self.found.get(name, ())


@dataclass(frozen=True)
class Levels:
    """Bars of each column against what was learned, least shift from the same season, the limit's multiple."""

    bars: Mapping[str, float]
    season: Mapping[str, float]
    limit: float | None


class Trial:
    """One week against its past: counts of both laid side by side."""

    def __init__(
        self,
        champion: Champion,
        past: Past,
        week: Week,
        chance: float,
        learned: tuple[datetime, datetime] | None,
        known_until: datetime | None,
    ) -> None:
        self.past, self.week, self.chance, self.learned = past, week, chance, learned
        self.names = past.columns.names
        judged = {*judged_names(champion.bundle, self.names), SCORES}
        self.is_judged = np.array([name in judged for name in self.names], dtype=np.bool_)
        self.then = past.columns.counts
        self.now = self._laid(week)
        self.sound = Sound(past, self.is_judged, chance, known_until)

    def _laid(self, week: Week) -> FloatArray:
        laid = np.zeros((len(self.names), self.then.shape[-1]))
        for place, name in enumerate(self.names):
            counts = week.scores if name == SCORES else week.counts.get(name, np.zeros(0))
            laid[place, : len(counts)] = counts[: laid.shape[1]]
        return laid

    def jumps(self) -> Jumps:
        """Against the week and the month before, or the last ones before a jump that stands."""
        weeks = self.past.weeks
        if not weeks or self.week.at - weeks[-1].at > STALE:
            return Jumps({}, {}, is_resolved=True)
        found: dict[str, dict[int, Jump]] = {}
        limits, shares = dict[int, float](), list[float]()
        for lag in LAGS:
            for step in self.sound.steps(len(weeks), self.week.at, lag):
                limits |= {lag: step.limit} if step.weeks == lag else {}
                now, learnt = self.now[step.columns], step.bar**2
                psi, noise = distance(step.then, now) ** 2, self._noise(step.then, now)
                shares += (noise / (noise + learnt))[self.is_judged[step.columns]].tolist()
                for place, one, bar in zip(step.columns, psi, learnt + noise, strict=True):
                    if np.isfinite(one):
                        jump = Jump(step.weeks, float(one), float(bar))
                        found.setdefault(self.names[place], {})[step.weeks] = jump
        told = {name: tuple(jumps.values()) for name, jumps in found.items()}
        return Jumps(told, limits, is_resolved=not shares or float(np.median(shares)) <= MOST_NOISE)

    def _noise(self, then: FloatArray, now: FloatArray) -> FloatArray:
        """What chance adds a column where fewer customers came than the past had."""
        each = self.chance / max(int(self.is_judged.sum()), 1)
        bins = ((then > 0) | (now > 0)).sum(axis=-1)
        pairs = zip(bins, now.sum(axis=-1), then.sum(axis=-1), strict=True)
        return np.array([noise_limit(int(held), missing(int(here), int(past)), each) for held, here, past in pairs])

    def levels(
        self,
        features: Sequence[FeatureDrift],
        score: ScoreDrift | None,
        rules: Monitoring,
    ) -> Levels:
        """Against what the champion learned, by the weeks of its learning."""
        learned = self.learned
        within = [place for place, one in enumerate(self.past.weeks) if learned and learned[0] <= one.at <= learned[1]]
        if not within or learned is None:
            return Levels({}, {}, None)
        reference = self._reference(features, score)
        apart = distance(reference[None], self.then[within])
        limit = min(predictive_limit(novelty(apart[:, self.is_judged]), self.chance) or WIDEST, WIDEST)
        most = np.maximum(np.nanmax(np.nan_to_num(apart), axis=0), rules.psi_watch**0.5)
        each = self.chance / max(int(self.is_judged.sum()), 1)
        floors = {one.feature: _floor(one.counts_then, one.counts_now, each) for one in features}
        floors[SCORES] = _floor(score.counts_then, score.counts_now, each) if score else 0.0
        bars = {
            name: float((limit * far) ** 2 + floors.get(name, 0.0)) for name, far in zip(self.names, most, strict=True)
        }
        return Levels(bars, self._season(learned[1]), limit)

    def _reference(self, features: Sequence[FeatureDrift], score: ScoreDrift | None) -> NDArray[np.float64]:
        """The counts that the champion learned from, laid out as the weeks are."""
        counts: dict[str, Sequence[int]] = {one.feature: one.counts_then for one in features}
        if score is not None:
            counts[SCORES] = score.counts_then
        laid = np.zeros((len(self.names), self.then.shape[-1]))
        for place, name in enumerate(self.names):
            laid[place, : len(counts.get(name, ()))] = counts.get(name, ())
        return laid

    def _season(self, learned_until: datetime) -> dict[str, float]:
        """The least shift from weeks around this time of the years that were learned from."""
        like = [place for place in self.past.like(self.week.at) if self.past.weeks[place].at <= learned_until]
        if not like:
            return {}
        nearest = distance(self.then[like], self.now[None]) ** 2
        least = np.where(np.isnan(nearest).all(axis=0), np.nan, np.min(np.nan_to_num(nearest, nan=np.inf), axis=0))
        return {name: float(one) for name, one in zip(self.names, least, strict=True) if np.isfinite(one)}


def _floor(then: Sequence[int], now: Sequence[int], chance: float) -> float:
    """PSI that two samples of one population pass with this chance."""
    held = sum(1 for one in then if one)
    return noise_limit(held, 1 / max(sum(then), 1) + 1 / max(sum(now), 1), chance)
