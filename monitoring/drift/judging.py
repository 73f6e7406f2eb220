"""Judges one champion's rows of a week against what it learned and against the quiet past. Pure: no file, no clock.

    jumped   against the week and the month before, each column by what it did in the past: a fault, a unit, a join
    moved    against what the champion learned, each column by the farthest any week of its learning was: grow old
    joint    whether rows of now can be told from earlier ones by several columns together

A season is compared with its like of the years that were learned from. Start reading at `look`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from churn.events import FloatArray
from churn.monitoring_sections import Monitoring
from monitoring.budget import weekly_chance
from monitoring.champion import Champion
from monitoring.drift.joint import Joint
from monitoring.drift.reference import Reference
from monitoring.drift.shift import FeatureDrift, ScoreDrift, feature_drift, score_drift
from monitoring.drift.trial import Trial
from monitoring.drift.weeks import SCORES, Past, Week, week_of
from monitoring.reading.seen import seen_of


@dataclass(frozen=True)
class Drift:
    """How one champion's columns have moved.

    Args:
        features: what may cost most first. score: None without a score.
        joint: None where it could not be asked.
        weeks: of the past that limits were learnt from; too few give none, and nothing can have jumped.
        limits: by lag in weeks, and 0 for the level: multiples of a column's own most that a quiet week stays under.
        is_resolved: whether there are rows enough to see what would be seen on all.
        past: the weeks themselves.
        at: the instant judged.
    """

    features: tuple[FeatureDrift, ...]
    score: ScoreDrift | None
    joint: Joint | None
    weeks: int
    limits: Mapping[int, float]
    is_resolved: bool
    past: Past
    at: datetime


def look(
    champion: Champion,
    reference: Reference,
    past: Past,
    rows: pd.DataFrame,
    probabilities: FloatArray | None,
    rules: Monitoring,
    *,
    now: datetime,
    learned: tuple[datetime, datetime] | None = None,
    known_until: datetime | None = None,
    joint: Joint | None = None,
    losses: Mapping[str, float] | None = None,
) -> Drift:
    """Judge rows of a week that are all here, as a benchmark has them.

    Args:
        champion: whose.
        reference: what it learned.
        past: of the same customers; weeks at or after `now` are left out.
        rows: its cohort of now, features as columns, at least one row.
        probabilities: of these rows, NaN where there is none. Shape (n,).
        rules: `[monitoring]`.
        now: the instant judged.
        learned: first and last cutoff of the champion's snapshot; None: not known, levels keep the snapshot's bar.
        known_until: the end of the log that it learned from; jumps until then are no news. None: none of the past is.
        joint: how well these rows were told from earlier ones (`monitoring.drift.joint`).
        losses: of each feature, what its shift may cost (`monitoring.drift.harm`).
    """
    seen = seen_of(rows, reference, sample_rows=len(rows))
    names = [name for name in champion.bundle.features if name in seen.columns and seen.columns[name].is_number]
    features = feature_drift(champion, reference, seen, names, watch=rules.psi_watch)
    told = np.empty(0) if probabilities is None else probabilities[np.isfinite(probabilities)]
    score = score_drift(champion, reference, told, len(rows))
    week = week_of(champion.bundle, reference, rows, probabilities, now)
    return judged(
        champion,
        past,
        week,
        features,
        score,
        rules,
        learned=learned,
        known_until=known_until,
        joint=joint,
        losses=losses,
    )


def judged(
    champion: Champion,
    past: Past,
    week: Week,
    features: Sequence[FeatureDrift],
    score: ScoreDrift | None,
    rules: Monitoring,
    *,
    learned: tuple[datetime, datetime] | None = None,
    known_until: datetime | None = None,
    joint: Joint | None = None,
    losses: Mapping[str, float] | None = None,
) -> Drift:
    """Hold what was counted against the past; see `look`.

    Args:
        champion: whose.
        past: weeks of a sample of customers.
        week: the same customers now.
        features: all rows against the reference.
        score: likewise.
        rules: `[monitoring]`.
        learned: see `look`, as known_until, joint and losses.
        known_until: likewise.
        joint: likewise.
        losses: likewise.
    """
    known, chance = past.before(week.at), weekly_chance(rules.false_alarms_per_quarter)
    trial = Trial(champion, known, week, chance, learned, known_until)
    jumps, levels = trial.jumps(), trial.levels(features, score, rules)
    seen = [
        replace(
            one,
            jumps=jumps.of(one.feature),
            bar=levels.bars.get(one.feature, one.bar),
            psi_season=levels.season.get(one.feature),
            loss_nats=None if losses is None else losses.get(one.feature),
        )
        for one in features
    ]
    if score is not None:
        score = replace(score, bar=levels.bars.get(SCORES), jumps=jumps.of(SCORES))
    limits = jumps.limits | ({0: levels.limit} if levels.limit else {})
    ranked = tuple(sorted(seen, key=_rank))
    return Drift(ranked, score, joint, len(known.weeks), limits, jumps.is_resolved, known, week.at)


def _rank(one: FeatureDrift) -> tuple[bool, bool, float, float, str]:
    """Alarms, then what may cost most; where nobody says, what lies highest over its bar."""
    over = max([one.psi / one.bar, *(jump.psi / jump.bar for jump in one.jumps)])
    return (not one.is_judged, not (one.has_jumped or one.has_moved), -(one.loss_nats or 0.0), -over, one.feature)
