"""The scores of past weeks as lines: their mean, and how far they were from those of the learning.

Start reading at `score_weeks`.
"""

from dataclasses import dataclass

import numpy as np

from monitoring.drift.shift import ScoreDrift
from monitoring.drift.weeks import Past, distance


@dataclass(frozen=True)
class ScoreWeeks:
    """A place a week.

    Args:
        days: of the cutoffs, ISO.
        means: mean score; None where nobody was scored.
        apart: PSI against the scores of the learning.
    """

    days: list[str]
    means: list[float | None]
    apart: list[float | None]


def score_weeks(past: Past, score: ScoreDrift | None) -> ScoreWeeks:
    """The weeks in which somebody was scored.

    Args:
        past: whose.
        score: of now, for what it was when the champion learned.
    """
    weeks = [one for one in past.weeks if len(one.scores) and one.scores.sum()]
    then = np.array(score.counts_then, dtype=np.float64) if score else None
    apart = [_psi(then, np.asarray(one.scores, dtype=np.float64)) for one in weeks]
    means = [float(one.mean_score) if np.isfinite(one.mean_score) else None for one in weeks]
    return ScoreWeeks([f"{one.at:%Y-%m-%d}" for one in weeks], means, apart)


def _psi(then: np.ndarray | None, now: np.ndarray) -> float | None:
    if then is None or len(then) != len(now):
        return None
    return float(distance(then, now) ** 2)
