"""Has the world moved? How far the features and scores of now are from those the champion learned from.

The measure is the population stability index over all rows, on bins fixed by the reference, with a bin for null. No
p-value: with enough customers everything is significant. The bar of a feature is the greater of `[monitoring]
psi_watch` and what the feature does from cutoff to cutoff anyway, plus three times what chance adds for so few rows.
Features that move by themselves as time passes (season, tenure, and all that counts over everything "ever") are shown
and not judged.
"""

from dataclasses import dataclass

import numpy as np

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.histogram import Histogram, psi
from churn.page import Two
from monitoring.champion import Champion
from monitoring.drift.reference import Reference, moves_by_itself
from monitoring.drift.weeks import reference_scores
from monitoring.reading.seen import Seen

LEAST_LOSS_NATS = 0.001  # a customer: log-odds that are off by a tenth; less does no harm worth an alarm
NOISE = 3.0  # times the average PSI of two samples of one population


@dataclass(frozen=True)
class Jump:
    """How far a column is from where it was some weeks ago.

    Args:
        weeks: ago. psi: against that week, the same customers. bar: what no quiet week is expected to pass.
    """

    weeks: int
    psi: float
    bar: float

    @property
    def ago(self) -> Two:
        """How long ago, in words."""
        spans = {1: ("a week", "一周"), 4: ("a month", "一个月")}
        return spans.get(self.weeks, (f"{self.weeks} weeks", f" {self.weeks} 周"))


@dataclass(frozen=True)
class FeatureDrift:
    """How far one feature has moved.

    Args:
        feature: name. group: code of its reason group.
        psi: population stability index, now against the reference.
        bar: above it, the feature has moved.
        is_judged: false for what moves with the calendar.
        null_then: share of null on the reference rows; null_now: now.
        median_then: on the reference rows, None for categories and where it was always null; median_now: of the sample.
        counts_then: rows a bin (known ..., unseen, null); counts_now: now.
        jumps: how far from the weeks just before; empty without a past.
        psi_season: least shift from the weeks around this time of the years that were learned from; None without any.
        loss_nats: what the shift may cost, see monitoring/drift/harm.py; None where it was not asked.
    """

    feature: str
    group: str
    psi: float
    bar: float
    is_judged: bool
    null_then: float
    null_now: float
    median_then: float | None
    median_now: float | None
    counts_then: tuple[int, ...]
    counts_now: tuple[int, ...]
    jumps: tuple[Jump, ...] = ()
    psi_season: float | None = None
    loss_nats: float | None = None

    @property
    def has_moved(self) -> bool:
        """Whether it has gone far from what the champion learned, and neither the season nor its weight excuses it."""
        weighs = self.loss_nats is None or self.loss_nats >= LEAST_LOSS_NATS
        return self.is_judged and self.psi > self.bar and weighs and not self.is_season

    @property
    def has_jumped(self) -> bool:
        """Whether it moved within a week or a month as it never did before."""
        return self.is_judged and any(one.psi > one.bar for one in self.jumps)

    @property
    def is_season(self) -> bool:
        """Whether it is far from the year's average, and as it was around this time of a year that was learned from."""
        return self.psi > self.bar and self.psi_season is not None and self.psi_season <= self.bar

    @property
    def farthest(self) -> Jump | None:
        """The jump that lies highest over its bar."""
        return max(self.jumps, key=lambda one: one.psi / one.bar, default=None)


@dataclass(frozen=True)
class ScoreDrift:
    """How far the scores have moved.

    Args:
        n: customers with a score of this champion.
        coverage: share of the cohort of now that has one.
        psi: population stability index against the champion's percentiles; floor: what chance shows on average.
        mean_then: mean probability on the reference rows; mean_now: now.
        counts_then: reference rows a bin, on which the percentiles rest; counts_now: scores.
        bar: the most that scores differed while the champion learned, with its margin; None without a past.
        jumps: how far from the weeks just before; empty without a past.
    """

    n: int
    coverage: float
    psi: float
    floor: float
    mean_then: float
    mean_now: float
    counts_then: tuple[int, ...]
    counts_now: tuple[int, ...]
    bar: float | None = None
    jumps: tuple[Jump, ...] = ()

    @property
    def has_jumped(self) -> bool:
        """Whether the scores moved within a week or a month as they never did before."""
        return any(one.psi > one.bar for one in self.jumps)


def feature_drift(
    champion: Champion, reference: Reference, seen: Seen, names: list[str], *, watch: float
) -> list[FeatureDrift]:
    """How far each feature has moved, the worst against its bar first.

    Args:
        champion: whose features.
        reference: what they looked like.
        seen: the model's rows of now, at least one.
        names: the features that can be compared.
        watch: PSI below which nothing is worth a look.
    """
    found = [_drift(champion.bundle, reference, name, seen, watch) for name in names]
    return sorted(found, key=lambda one: (not one.is_judged, -one.psi / one.bar, one.feature))


def _drift(bundle: Bundle, reference: Reference, name: str, seen: Seen, watch: float) -> FeatureDrift:
    then, now = reference.features[name], seen.columns[name]
    group = bundle.reasons.get(name, "")
    floor = then.histogram.noise_floor(now.rows)
    is_category = name in bundle.categories
    return FeatureDrift(
        feature=name,
        group=group,
        psi=psi(np.array(then.histogram.counts), np.array(now.counts)),
        bar=max(watch, then.usual_psi) + NOISE * floor,
        is_judged=not moves_by_itself(name, group),
        null_then=then.null_share,
        null_now=now.null_share,
        median_then=None if is_category else bundle.usual.get(name),
        median_now=None if is_category else seen.median(name),
        counts_then=then.histogram.counts,
        counts_now=now.counts,
    )


def score_drift(champion: Champion, reference: Reference, now: FloatArray, cohort: int) -> ScoreDrift | None:
    """How far the scores have moved; None without a score.

    Args:
        champion: whose percentiles.
        reference: how many rows they stand for.
        now: the probabilities that it last told of customers of now. Shape (n,).
        cohort: how many customers it is asked about now.
    """
    if len(now) == 0:
        return None
    then = reference_scores(champion.bundle, max(reference.rows, 1))
    histogram = Histogram.of_numbers(then)
    return ScoreDrift(
        n=len(now),
        coverage=min(len(now) / max(cohort, 1), 1.0),
        psi=histogram.psi(now),
        floor=histogram.noise_floor(len(now)),
        mean_then=float(then.mean()),
        mean_now=float(now.mean()),
        counts_then=histogram.counts,
        counts_now=tuple(histogram.binning.count(now).tolist()),
    )
