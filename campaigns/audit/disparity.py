"""Does a group get worse terms than the others: raw, and among customers alike in what the business says it goes by?

    raw         mean of the group less mean of the others, Welch's interval
    adjusted    the same among customers of like need: within narrow strata, what need still explains taken off

Where too few of a group have anybody of like need among the others, nobody can say: `worse_unalike`, if worse raw.
A group is `worse` where its adjusted difference is surely below nought: by the variance of a random assignment within
strata, over all groups and measures that were looked at (Holm). `worse_by_need`: surely so raw, and not once need is
taken off. Reads arrays; knows no table. Start reading at `disparities`.

Source: Cochran (1954), "Some methods for strengthening the common chi-squared tests", Biometrics 10(4), weighting of
strata; Holm (1979), "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6(2).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
LEAST: Final = 50  # a group, or its others, with fewer is not judged: the normal interval would be a guess
STRATUM: Final = 40  # customers of like need that are compared with one another, at least
MOST_STRATA: Final = 50
WORSE, BY_NEED, UNALIKE, FINE, TOO_FEW = "worse", "worse_by_need", "worse_unalike", "fine", "too_few"


@dataclass(frozen=True)
class Interval:
    """A difference, between which amounts it lies, and how surely it is not above nought."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Disparity:
    """How one group fares by one measure.

    Args:
        dimension: what tells the groups. group: this one. others: whom it is held against.
        measure: offered (share that is offered something) or offer_amount (worth of it, nought where none).
        n: customers of the group; n_others: of the others.
        mean: of the group. mean_others: of the others. ratio: of both; NaN where the others get nothing.
        raw, adjusted: differences; None where too few, or too few of like need.
        verdict: worse, worse_by_need, worse_unalike, fine or too_few.
    """

    dimension: str
    group: str
    others: str
    measure: str
    n: int
    n_others: int
    mean: float
    mean_others: float
    ratio: float
    raw: Interval | None = None
    adjusted: Interval | None = None
    verdict: str = TOO_FEW

    def as_json(self) -> dict[str, Any]:
        """For machines; no number that is none."""
        told = asdict(self)
        return told | {"ratio": None if math.isnan(self.ratio) else self.ratio}


@dataclass(frozen=True)
class Comparison:
    """Two sides to be held against one another: those of a group, and those it is held against. Each of shape (n,)."""

    dimension: str
    group: str
    others: str
    inside: BoolArray
    outside: BoolArray


def disparities(
    measures: Mapping[str, FloatArray],
    comparisons: Sequence[Comparison],
    strata: IntArray,
    need: FloatArray,
    *,
    level: float = 0.95,
    least: float = 0.0,
    customer: IntArray | None = None,
) -> list[Disparity]:
    """How each group fares by each measure.

    Args:
        measures: by name, of each customer. Each of shape (n,).
        comparisons: what is held against what.
        strata: customers of like need share a number. Shape (n,).
        need: what the business says that it goes by, any scale. Shape (n,).
        level: of intervals, and with which no fair plan at all is called worse.
        least: a difference of less than this share of the others' mean is not called worse, however sure.
        customer: whose row each is, where customers have several: rows of one count as one draw. Shape (n,).
    """
    found = [
        _looked_at(values, one, name, strata, need, level, customer)
        for one in comparisons
        for name, values in measures.items()
    ]
    surely = _holm([one.adjusted for one in found], 1 - level)
    raw = _holm([one.raw for one in found], 1 - level)
    return [_judged(one, surely[place], raw[place], least) for place, one in enumerate(found)]


def strata_of(model: NDArray[np.object_], need: FloatArray) -> IntArray:
    """Numbers of strata: by model, then by need in parts of equal size; who has no need told lies by themselves."""
    strata = np.zeros(len(need), dtype=np.int64)
    first = 0
    for name in sorted({str(one) for one in model}):
        mine = np.flatnonzero(np.array([str(one) == name for one in model]))
        told = mine[~np.isnan(need[mine])]
        strata[mine] = first
        parts = int(np.clip(len(told) // STRATUM, 1, MOST_STRATA))
        ranks = np.argsort(np.argsort(need[told], kind="stable"), kind="stable")
        strata[told] = first + 1 + ranks * parts // max(len(told), 1)
        first += parts + 1
    return strata


def _looked_at(
    values: FloatArray,
    one: Comparison,
    measure: str,
    strata: IntArray,
    need: FloatArray,
    level: float,
    customer: IntArray | None,
) -> Disparity:
    inside, outside = values[one.inside], values[one.outside]
    mean, others = (float(some.mean()) if len(some) else 0.0 for some in (inside, outside))
    told = Disparity(
        one.dimension, one.group, one.others, measure, len(inside), len(outside), mean, others,
        mean / others if others else math.nan,
    )  # fmt: skip
    if min(len(inside), len(outside)) < LEAST:
        return told
    both = one.inside | one.outside
    whose = None if customer is None else customer[both]
    adjusted = _adjusted(values[both], one.inside[both], strata[both], need[both], level, whose)
    shares = np.where(one.inside, 1 / len(inside), -1 / len(outside)) * (values - np.where(one.inside, mean, others))
    error = None if whose is None else _by_customer(shares[both], whose)
    return replace(told, raw=_raw(inside, outside, level, error), adjusted=adjusted)


def _raw(inside: FloatArray, outside: FloatArray, level: float, error: float | None) -> Interval:
    variance = inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside)
    variance = variance if error is None else error**2
    return _interval(float(inside.mean() - outside.mean()), math.sqrt(variance), level)


def _adjusted(
    values: FloatArray,
    inside: BoolArray,
    strata: IntArray,
    need: FloatArray,
    level: float,
    customer: IntArray | None = None,
) -> Interval | None:
    """The weighted difference within strata; its variance is that of a random assignment within each.

    Where customers have several rows it is the sum over customers of what each adds: terms of one customer go together
    from one campaign to the next, be it by consent or by cool-down, so that rows are no draws of their own.
    """
    codes = np.unique(strata, return_inverse=True)[1]
    left = _less_need(values, codes, need)
    n, n_in = np.bincount(codes), np.bincount(codes, inside)
    n_out = n - n_in
    usable = (n_in > 0) & (n_out > 0)
    sums, sums_in = np.bincount(codes, left), np.bincount(codes, left * inside)
    squares = np.maximum(np.bincount(codes, left**2) - sums**2 / n, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(usable, n_in * n_out / n, 0.0)
        difference = np.where(usable, sums_in / n_in - (sums - sums_in) / n_out, 0.0)
        variance = np.where(usable & (n > 2), squares / (n - 2) * (1 / n_in + 1 / n_out), 0.0)
    total = weight.sum()
    if min(n_in[usable].sum(), n_out[usable].sum()) < LEAST:
        return None
    value = float((weight * difference).sum() / total)
    error = math.sqrt(float((weight**2 * variance).sum()))
    if customer is not None:
        error = _by_customer(
            np.where(usable, 1.0, 0.0)[codes] * (inside - (n_in / n)[codes]) * (left - (sums / n)[codes]), customer
        )
    return _interval(value, error / total, level)


def _by_customer(parts: FloatArray, customer: IntArray) -> float:
    """The standard error of a sum whose parts go together within a customer."""
    sums = np.bincount(np.unique(customer, return_inverse=True)[1], parts)
    return math.sqrt(float((sums**2).sum()))


def _less_need(values: FloatArray, codes: IntArray, need: FloatArray) -> FloatArray:
    """Values less what need explains of them within each stratum, by a straight line."""
    n = np.bincount(codes)
    x = np.where(np.isnan(need), 0.0, need)
    x, y = x - (np.bincount(codes, x) / n)[codes], values - (np.bincount(codes, values) / n)[codes]
    spread = np.bincount(codes, x * x)
    slope = np.divide(np.bincount(codes, x * y), spread, out=np.zeros(len(n)), where=spread > 0)
    return np.asarray(y - slope[codes] * x)


def _interval(value: float, error: float, level: float) -> Interval:
    normal = NormalDist()
    reach = normal.inv_cdf(0.5 + level / 2) * error
    surely = normal.cdf(value / error) if error > 0 else (0.0 if value < 0 else 1.0)
    return Interval(value, value - reach, value + reach, surely)


def _holm(found: Sequence[Interval | None], alpha: float) -> list[bool]:
    """Which differences are surely below nought, over all that were looked at."""
    told = sorted((one.p, place) for place, one in enumerate(found) if one is not None)
    surely = [False] * len(found)
    for rank, (p, place) in enumerate(told):
        if p > alpha / (len(told) - rank):
            break
        surely[place] = True
    return surely


def _judged(one: Disparity, surely: bool, raw: bool, least: float) -> Disparity:
    if one.raw is None:
        return one
    material = least * one.mean_others
    if one.adjusted is None:
        return replace(one, verdict=UNALIKE if raw and -one.raw.value >= material else FINE)
    if surely and -one.adjusted.value >= material:
        return replace(one, verdict=WORSE)
    return replace(one, verdict=BY_NEED if raw and -one.raw.value >= material else FINE)
