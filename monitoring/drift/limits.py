"""Limits learnt from a quiet past: how far may a week be from the rest before it is like no week before?

    novelty(distances)            of each past week: the farthest that any column went, in multiples of what that
                                  column did in all other weeks
    predictive_limit(past, chance)  what a further quiet week exceeds with this chance, also after few weeks
    noise_limit(...)              what chance alone adds where today's rows are fewer than the past's

A column is measured by itself, the family of all columns is judged by its maximum: one limit for a hundred columns, and
no p-value. Reads arrays; knows no feature. Start reading at `novelty`.
"""

from statistics import NormalDist
from typing import Final

import numpy as np

from churn.events import FloatArray

LEAST: Final = 0.03  # a distance below it (PSI .001) is nothing, however still a column has stood
APART: Final = 4  # weeks around one that are left out of what it is compared with
TAIL: Final = 0.25  # share of past weeks that say how the tail falls off
UNQUIET: Final = 0.05  # share of past weeks that may have been anything but quiet
FEWEST: Final = 12  # past weeks, below which nothing can be learnt
FARTHEST: Final = 4.0  # times a column's own most; beyond it nothing is quiet


def novelty(distances: FloatArray) -> FloatArray:
    """How unlike all others each week was, by its most unlike column.

    Args:
        distances: of each week and column, at least 0; NaN where there is none. Shape (t, f).

    Returns:
        Multiples of the column's most in weeks farther away than `APART`. Shape (t,).
    """
    weeks, filled = len(distances), np.nan_to_num(distances)
    found = np.full(weeks, np.nan)
    nothing = np.zeros((1, distances.shape[1]))
    up = np.concatenate([nothing, np.maximum.accumulate(filled)])  # the most of all weeks before one
    down = np.concatenate([np.maximum.accumulate(filled[::-1])[::-1], nothing])  # of it and all later ones
    for week in np.flatnonzero(~np.isnan(distances).all(axis=1)).tolist():
        first, last = max(week - APART, 0), min(week + APART + 1, weeks)
        if first > 0 or last < weeks:
            found[week] = np.max(filled[week] / np.maximum(np.maximum(up[first], down[last]), LEAST))
    return found


def predictive_limit(past: FloatArray, chance: float) -> float | None:
    """What a further quiet week exceeds with this chance.

    The logarithms of the largest quarter are taken as exponential beyond its lower end, the largest few of all as
    anything (they may not have been quiet: type II censoring); the limit allows for how few weeks it is learnt from.

    Args:
        past: a positive number a past week. Shape (t,).
        chance: of a further one to pass the limit, in (0, TAIL].

    Returns:
        A multiple, at least 1; None where there are fewer than `FEWEST` weeks.

    Source: Epstein, Sobel (1953), "Life testing", JASA 48 (censored exponential); its predictive distribution is
    Lomax's (1954).
    """
    known = np.sort(np.log(np.maximum(past[np.isfinite(past)], 1e-6)))
    if len(known) < FEWEST:
        return None
    beyond = max(round(TAIL * len(known)), 3)
    start = float(known[-beyond - 1])
    excess = known[-beyond:] - start
    kept = beyond - min(round(UNQUIET * len(known)), beyond - 2)
    mean = (excess[:kept].sum() + (beyond - kept) * excess[kept - 1]) / kept
    reach = kept * mean * ((beyond / len(known) / chance) ** (1 / kept) - 1)
    return float(np.clip(np.exp(start + reach), 1.0, FARTHEST))


def missing(rows: int, past_rows: int) -> float:
    """What today's rows lack to be those of the past: nothing where as many came, for they are the same customers."""
    return max(1 / max(rows, 1) - 1 / max(past_rows, 1), 0.0)


def noise_limit(bins: int, inverse_rows: float, chance: float) -> float:
    """The PSI that sampling alone passes with this chance.

    Args:
        bins: that hold anybody.
        inverse_rows: sum of 1 / n over both sides, or what `missing` says.
        chance: in (0, 1).

    Source: a scaled chi-squared (Yurdakul, Naranjo 2020), its quantile by Wilson and Hilferty (1931).
    """
    degrees = max(bins - 1, 1)
    z = NormalDist().inv_cdf(1 - chance)
    quantile = degrees * (1 - 2 / (9 * degrees) + z * (2 / (9 * degrees)) ** 0.5) ** 3
    return float(inverse_rows * quantile)
