"""BG/NBD: customers come at a steady rate of their own and may leave, for good, after any visit.

Rates are gamma distributed over customers (r, alpha), the chance to leave after a visit is beta distributed (a, b).
In the modified model, ours by default, a customer may leave after the *first* visit too; in the original one whoever
came once is alive for ever. Everything is elementary but a gap before the horizon, which takes 32 quantiles of the
beta. Start reading at `silent`.

Source: Fader, Hardie, Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2), eqs. 6-8 (original);
Batislam, Denizel, Filiztekin (2007), International Journal of Research in Marketing 24(3), and Hoppe, Wagner (2007),
Marketing - Journal of Research and Management 3(2) (modified). That nobody comes in a window follows from a rate that
is Gamma(r + x, alpha + T) given a live customer.
"""

from functools import partial

import numpy as np
from scipy.special import betaincinv, betaln, gammaln

from churn.events import FloatArray
from training.btyd.fitting import Found, NotFound, fit
from training.btyd.histories import Histories

NAMES = ("r", "alpha", "a", "b")
SCALED = (False, True, False, False)
QUANTILES = (np.arange(32) + 0.5) / 32
VISITS_BLOCK = 16_384  # customers at a time


def fit_bg_nbd(customers: Histories, *, seed: int, modified: bool = True, prior: float = 1.0) -> Found | NotFound:
    """The most likely (r, alpha, a, b), alpha in days."""
    return fit(partial(log_likelihood, modified=modified), customers, SCALED, seed=seed, prior=prior)


def log_likelihood(parameters: FloatArray, of: Histories, *, modified: bool = True) -> FloatArray:
    """Of each history. Shape (n,)."""
    r, alpha, a, b = parameters
    x = of.repeats
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = betaln(a, b + x + modified) - (r + x) * np.log(alpha + of.known_days)
    stays = np.maximum(x - (not modified), 0.0)
    gone = betaln(a + 1, b + stays) - (r + x) * np.log(alpha + of.last_days)
    told: FloatArray = start + np.where((x > 0) | modified, np.logaddexp(alive, gone), alive)
    return told


def alive(parameters: FloatArray, of: Histories, *, modified: bool = True) -> FloatArray:
    """The probability that each customer has not left. Shape (n,)."""
    r, alpha, a, b = parameters
    x = of.repeats
    stays = np.maximum(b + x - (not modified), 1e-12)
    odds = np.log(a) - np.log(stays) + (r + x) * (np.log(alpha + of.known_days) - np.log(alpha + of.last_days))
    there: FloatArray = np.exp(-np.logaddexp(0.0, odds))
    return np.where((x > 0) | modified, there, 1.0)


def silent(
    parameters: FloatArray, of: Histories, *, gap_days: float, horizon_days: float, modified: bool = True
) -> FloatArray:
    """The probability that a customer does not come in `[gap, gap + horizon)` from the cutoff. Shape (n,)."""
    r, alpha, a, b = parameters
    rate, since = r + of.repeats, alpha + of.known_days
    if gap_days == 0:
        comes = -np.expm1(-rate * np.log1p(horizon_days / since))
    else:
        shapes, where = np.unique(of.repeats, return_inverse=True)
        leaves = betaincinv(a, b + shapes[:, None] + modified, QUANTILES)[where]  # chance to leave after a visit
        gap = leaves * gap_days
        before, after = (np.log1p((gap + days) / since[:, None]) for days in (0.0, horizon_days))
        comes = (np.exp(-rate[:, None] * before) - np.exp(-rate[:, None] * after)).mean(axis=1)
    told: FloatArray = 1.0 - alive(parameters, of, modified=modified) * comes
    return told


def expected_visits(
    parameters: FloatArray, of: Histories, *, days: float, modified: bool = True, nodes: int = 128
) -> FloatArray:
    """Visits expected within so many days from the cutoff, the chance to have left included. Shape (n,).

    Of a live customer of rate l who leaves after a visit with chance p they are (1 - exp(-l p days)) / p; the mean over
    l, which is Gamma(r + x, alpha + T), is elementary, that over p is taken at quantiles of its beta.
    """
    r, alpha, a, b = parameters
    rate, since = r + of.repeats, alpha + of.known_days
    shapes, where = np.unique(of.repeats, return_inverse=True)
    at = (np.arange(nodes) + 0.5) / nodes
    leaves = np.maximum(betaincinv(a, b + shapes[:, None] + modified, at), 1e-9)
    comes = np.empty(len(of))
    for first in range(0, len(of), VISITS_BLOCK):
        rows = slice(first, first + VISITS_BLOCK)
        p = leaves[where[rows]]
        gone = -np.expm1(-rate[rows, None] * np.log1p(p * days / since[rows, None]))
        comes[rows] = (gone / p).mean(axis=1)
    return np.asarray(alive(parameters, of, modified=modified) * comes)
