"""How far a month may lie from what was told of it, when few months say how far months do.

    deviations of months, their chance variance, the present error --> half widths that hold 9 months in 10

Months' log-odds are normal about what was told, with a spread that a few overlapping months tell badly. So every spread
counts as far as these months are likely under it: a short past gives a wide interval, and a past whose deviations are
chance alone does not say that there is none. What is known of such spreads beforehand is little, and stated: half
normal, 0.5 in log-odds, as in meta-analyses of odds. Reads arrays. Start reading at `half_widths`.

Source: Roever et al. (2021), "On weakly informative prior distributions for the heterogeneity parameter in Bayesian
random-effects meta-analysis", Research Synthesis Methods 12(4); Roever (2020), J. Statistical Software 93(6), for
spreads on a grid.
"""

import numpy as np
from scipy.special import ndtr

from churn.events import FloatArray

COVERS = 0.90
SPREADS = np.arange(0.005, 3.0, 0.01)  # in log-odds
USUAL = 0.5  # a spread beyond twice this would be news
BORROWED = 3.0  # cohorts that all fifths together are worth to one of them
WIDEST, HALVINGS = 10.0, 40


def half_widths(off: FloatArray, noise: FloatArray, error: FloatArray, worth: float) -> FloatArray:
    """Half widths of the interval of a month to come.

    Args:
        off: deviations of past months, by fifths. Shape (m, b).
        noise: their variance by chance and by what was told badly. Shape (m, b).
        error: variance of what is told now. Shape (b,).
        worth: how many months that do not overlap these are worth; at most m.

    Returns:
        In log-odds. Shape (b,).
    """
    weight = _likely(off, noise, worth)
    deviation = np.sqrt(SPREADS[:, None] ** 2 + error)
    low, high = np.zeros(len(error)), np.full(len(error), WIDEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = ((2 * ndtr(middle / deviation) - 1) * weight).sum(axis=0) < COVERS
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(high)


def _likely(off: FloatArray, noise: FloatArray, worth: float) -> FloatArray:
    """How likely each of SPREADS is, for each fifth; columns add up to 1. Shape (s, b)."""
    variance = SPREADS[:, None, None] ** 2 + noise
    fits = -0.5 * (np.log(variance) + off**2 / variance).mean(axis=1)
    said = worth * fits + BORROWED * fits.mean(axis=1, keepdims=True) - 0.5 * (SPREADS[:, None] / USUAL) ** 2
    weight = np.exp(said - said.max(axis=0))
    return np.asarray(weight / weight.sum(axis=0))
