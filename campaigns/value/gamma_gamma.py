"""Gamma-gamma: how much a visit brings, given few of them. The money half of the probability models' value.

Money of a visit is gamma distributed (p, v) around a level of the customer's own, whose v is gamma distributed over
customers (q, gamma), independently of how often they come. Whoever came once is believed little, and drawn to
everybody's mean. Reads arrays. Start reading at `fit_gamma_gamma`.

Source: Fader, Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025, eqs. 1a and 5;
Fader, Hardie, Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", J. Marketing Research
42(4).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import gammaln

from churn.events import FloatArray

REACH = 12.0  # logarithms beyond which a parameter is as good as infinite
FLAT = 1e-3  # slope of the mean log-likelihood at which the search has arrived
MOST_ROWS = 20_000


@dataclass(frozen=True)
class GammaGamma:
    """Fitted: p, q and gamma, the last in money."""

    p: float
    q: float
    gamma: float

    def expected(self, visits: FloatArray, mean_amount: FloatArray) -> FloatArray:
        """Money of a further visit, given so many of such a mean. Shape (n,)."""
        weight = self.p * visits
        return np.asarray(self.p * (self.gamma + visits * mean_amount) / (weight + self.q - 1))


def log_likelihood(parameters: FloatArray, visits: FloatArray, mean_amount: FloatArray) -> FloatArray:
    """Of each customer's mean money a visit, given positive parameters (p, q, gamma). Shape (n,)."""
    p, q, gamma = parameters
    px = p * visits
    told = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma) + (px - 1) * np.log(mean_amount)
    return np.asarray(told + px * np.log(visits) - (px + q) * np.log(gamma + visits * mean_amount))


def fit_gamma_gamma(visits: FloatArray, mean_amount: FloatArray) -> GammaGamma | None:
    """The most likely parameters; None where the search does not arrive, or the mean they give does not exist.

    Args:
        visits: with money, of each customer, 1 or more. Shape (n,).
        mean_amount: of those visits, above 0. Shape (n,).
    """
    if len(visits) > MOST_ROWS:
        kept = np.random.default_rng(0).choice(len(visits), MOST_ROWS, replace=False)
        visits, mean_amount = visits[kept], mean_amount[kept]
    unit = float(mean_amount.mean())

    def surprise(logs: FloatArray) -> float:
        q = 1 + np.exp(logs[1])  # the mean over customers exists only above 1
        told = log_likelihood(np.array([np.exp(logs[0]), q, np.exp(logs[2])]), visits, mean_amount / unit)
        value = -float(told.mean())
        return value if np.isfinite(value) else 1e6

    starts = ((0.0, 0.0, 0.0), (1.5, 1.0, 0.0), (0.5, 2.0, 1.5))
    bounds = [(-REACH, REACH)] * 3
    tried = [optimize.minimize(surprise, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(tried, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun) or np.abs(best.jac).max() > FLAT or np.abs(best.x).max() > REACH - 1e-6:
        return None
    p, above, gamma = np.exp(best.x)
    return GammaGamma(float(p), float(1 + above), float(gamma) * unit)
