"""How far the figure that comes may lie from its estimate: chance, and cohorts that differ from what scores promise.

    past cohorts: estimate, what came  -->  how far they lie from their estimates beyond chance  -->  band of the next

Chance alone is far too narrow: scores that were right on average are off in a month (docs/adr/0037 has figures). So a
cohort's figure is normal about its estimate with two variances: chance, known from its scores, and a spread between
cohorts. Few cohorts say little of that spread, and cohorts whose horizons overlap are worth no more than those that do
not; therefore every spread counts as far as the past cohorts make it likely, and beforehand as half normal: a typical
spread is what the figure would change by if true log-odds lay 0.3 off, or were a fifth flatter. A past bias counts as
spread, too, since that of one year is no promise for the next. The band holds 9 of 10 over all of this; it is never
narrower than chance, and without a past it rests on what is assumed, and says so. Reads numbers. Start at `estimates`.

Source: Röver et al. (2021), Research Synthesis Methods 12(4), for half-normal spreads between studies; Röver (2020),
J. Statistical Software 93(6), for adding them up on a grid.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from churn.errors import DataError
from churn.estimate import Expected, expected, shifted
from churn.metrics_profit import Stakes

FloatArray = NDArray[np.float64]

KEY = "cohorts"  # of a bundle's metrics: where training keeps pairs of estimate and what came
COVERS = 0.90
ALONE = 1.6448536269514722  # standard deviations that hold as much by chance alone
USUAL_LEVEL, USUAL_SLOPE = 0.3, 0.8  # of true log-odds about the scores': what is thought of spreads beforehand
SPREADS = np.arange(0.01, 6.0, 0.02)  # times the usual one
FEWEST_COHORTS, FEWEST_INDEPENDENT = 3, 2.0
HALVINGS = 50
MOST_SCORES = 20_000
DIGITS = 8
DAY_SECONDS = 86_400.0
YEAR_SECONDS = 365.25 * DAY_SECONDS
CEILING = {"roc_auc": (0.0, 1.0), "brier": (0.0, 1.0), "rate": (0.0, 1.0), "log_loss": (0.0, math.inf)}


class WrongCohort(DataError):
    """A past cohort of a bundle is not what training writes."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"A past cohort of estimates cannot be read: {why}",
            mend="train again with this version (`churn train`, then `churn promote`).",
        )


@dataclass(frozen=True)
class Cohort:
    """What was estimated of customers asked about at one cutoff, and what came.

    Args:
        cutoff: when they were asked about, aware. n: how many.
        estimated: by figure of `churn.estimate.FIGURES`. realised: the same, once known.
    """

    cutoff: datetime
    n: int
    estimated: Mapping[str, Expected]
    realised: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """As a bundle keeps it: a figure is [estimate, deviation by chance, what came]."""
        figures = {
            name: [round(one.value, DIGITS), round(one.deviation, DIGITS), round(self.realised[name], DIGITS)]
            for name, one in self.estimated.items()
        }
        return {"cutoff": self.cutoff.isoformat(), "n": self.n, "figures": figures}

    @classmethod
    def from_json(cls, told: Any) -> Self:
        """Read what `as_json` wrote.

        Raises:
            WrongCohort: it did not.
        """
        try:
            figures = {name: tuple(map(float, each)) for name, each in told["figures"].items()}
            estimated = {name: Expected(value, deviation) for name, (value, deviation, _) in figures.items()}
            came = {name: each[2] for name, each in figures.items()}
            return cls(datetime.fromisoformat(told["cutoff"]), int(told["n"]), estimated, came)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WrongCohort(f"{error!r}.") from error


@dataclass(frozen=True)
class Estimate:
    """A figure before outcomes are known, with its band.

    Args:
        value: the expectation. low, high: the figure that comes lies between them in 9 of 10 cohorts.
        chance: half width of the band by chance alone.
        cohorts: past cohorts it was learned from. independent: how many of them their horizons are worth.
    """

    value: float
    low: float
    high: float
    chance: float
    cohorts: int
    independent: float

    @property
    def is_learned(self) -> bool:
        """Whether the past says how wide the band is; else it rests on what is assumed beforehand."""
        return self.cohorts >= FEWEST_COHORTS and self.independent >= FEWEST_INDEPENDENT


def estimates(
    scores: FloatArray,
    past: Sequence[Cohort],
    *,
    waits_days: float,
    stakes: Stakes | None = None,
    own: Sequence[Cohort] = (),
) -> dict[str, Estimate]:
    """What to expect of these scores, each figure with its band.

    Args:
        scores: calibrated probabilities. Shape (n,).
        past: earlier cohorts of the same model, or of its like.
        own: those of them that the model itself answered, as it aged.
        waits_days: from a cutoff to the day on which its outcomes are known: cutoffs nearer than that overlap.
        stakes: see `churn.estimate.expected`.

    Raises:
        WrongScores: see `churn.estimate.expected`.
    """
    few = thinned(scores)
    now, usual = expected(few, stakes=stakes), usual_spreads(few, stakes=stakes)
    narrower = math.sqrt(len(few) / len(scores))  # chance is that of all of them
    whole = {name: Expected(one.value, one.deviation * narrower) for name, one in now.items()}
    return {name: banded(name, one, usual[name], past, waits_days, own) for name, one in whole.items()}


def thinned(scores: FloatArray, most: int = MOST_SCORES) -> FloatArray:
    """Scores at evenly spaced ranks, where there are more than so many: as good as all, for what is expected."""
    if len(scores) <= most:
        return scores
    ranks = ((np.arange(most) + 0.5) * len(scores) / most).astype(np.int64)
    return np.partition(scores, ranks)[ranks]


def usual_spreads(scores: FloatArray, *, stakes: Stakes | None = None) -> dict[str, float]:
    """How far each figure would lie off if true log-odds were 0.3 higher, or lower, or a fifth flatter than told."""
    told = expected(scores, stakes=stakes)
    moves = [{"level": USUAL_LEVEL}, {"level": -USUAL_LEVEL}, {"slope": USUAL_SLOPE}]
    others = [expected(scores, chances=shifted(scores, **move), stakes=stakes) for move in moves]
    return {name: max(abs(other[name].value - told[name].value) for other in others) for name in told}


def independent(cutoffs: Sequence[datetime], waits_days: float) -> float:
    """How many cohorts whose horizons do not overlap these cutoffs are worth."""
    if not cutoffs:
        return 0.0
    span_days = (max(cutoffs) - min(cutoffs)).total_seconds() / DAY_SECONDS
    return min(span_days / waits_days + 1, float(len(set(cutoffs))))


def shows_season(past: Sequence[Cohort], now: datetime, horizon_days: float) -> bool:
    """Whether outcomes of a past cohort fell on the same days of an earlier year, on half of them at least.

    A season that no past cohort shows is in no band: neither scores nor spreads know of it.

    Args:
        past: earlier cohorts.
        now: when the customers are asked about.
        horizon_days: how long outcomes take.
    """
    for one in past:
        years = (now - one.cutoff).total_seconds() / YEAR_SECONDS
        off_days = abs(years - max(round(years), 1)) * YEAR_SECONDS / DAY_SECONDS
        if off_days <= horizon_days / 2:
            return True
    return False


def banded(
    name: str, now: Expected, usual: float, past: Sequence[Cohort], waits_days: float, own: Sequence[Cohort] = ()
) -> Estimate:
    """One figure with its band.

    Args:
        name: of `churn.estimate.FIGURES`.
        now: what is expected.
        usual: the typical spread, see `usual_spreads`.
        past: earlier cohorts.
        waits_days: see `estimates`.
        own: those of them that the model itself answered: they show what months of service do, and past cohorts from
            its training do not, so they are also asked alone; the wider band counts.
    """
    mine = [one for one in past if name in one.realised]
    worth = independent([one.cutoff for one in mine], waits_days)
    alone, half = ALONE * now.deviation, _half(name, now, usual, past, waits_days)
    if own:
        half = max(half, _half(name, now, usual, own, waits_days))
    half = max(half, alone)
    floor, ceiling = CEILING.get(name, (-math.inf, math.inf))
    low, high = max(now.value - half, floor), min(now.value + half, ceiling)
    return Estimate(now.value, low, high, alone, len(mine), round(worth, 2))


def _half(name: str, now: Expected, usual: float, past: Sequence[Cohort], waits_days: float) -> float:
    mine = [one for one in past if name in one.realised]
    off = np.array([one.realised[name] - one.estimated[name].value for one in mine])
    chance = np.array([one.estimated[name].deviation for one in mine])
    return half_width(off, chance, now.deviation, independent([one.cutoff for one in mine], waits_days), usual)


def half_width(off: FloatArray, chance: FloatArray, deviation: float, worth: float, usual: float) -> float:
    """Half the width that holds the next figure in 9 of 10 cohorts.

    Args:
        off: how far past figures lay from their estimates. Shape (m,).
        chance: standard deviation of each by chance. Shape (m,).
        deviation: that of the next one.
        worth: how many cohorts that do not overlap these are worth.
        usual: the typical spread, as thought of beforehand; all in the figure's unit.
    """
    if usual <= 0:
        return ALONE * deviation
    spreads = SPREADS * usual
    said = -0.5 * SPREADS**2
    if len(off):
        variance = spreads[:, None] ** 2 + chance**2
        said = said - 0.5 * worth * (np.log(variance) + off**2 / variance).mean(axis=1)
    likely = np.exp(said - said.max())
    deviations = np.sqrt(spreads**2 + deviation**2)
    low, high = 0.0, 10 * float(deviations[-1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        held = float((_within(middle / deviations) * likely).sum() / likely.sum())
        low, high = (middle, high) if held < COVERS else (low, middle)
    return high


def _within(reach: FloatArray) -> FloatArray:
    """How likely a normal figure lies within so many of its standard deviations. Shape (k,)."""
    return np.array([math.erf(one / math.sqrt(2)) for one in reach])
