"""Pareto/NBD: customers come at a steady rate of their own and leave, for good, at an unseen moment of their own.

Rates are gamma distributed over customers (r, alpha), and so are the rates at which they leave (s, beta). The integrals
of the paper, hypergeometric functions that overflow, are taken as they stand: over the moment of leaving, by
Gauss-Legendre, after a substitution under which the integrand is bounded and smooth. Start reading at `silent`.

Source: Schmittlein, Morrison, Colombo (1987), "Counting Your Customers", Management Science 33(1); Fader, Hardie
(2005), "A Note on Deriving the Pareto/NBD Model and Related Expressions", eqs. 14-18 and 26 for the integrals.
"""

import numpy as np
from scipy.special import gammaln, logsumexp

from churn.events import FloatArray
from training.btyd.fitting import Found, NotFound, fit
from training.btyd.histories import Histories

NAMES = ("r", "alpha", "s", "beta")
SCALED = (False, True, False, True)
NODES, WEIGHTS = (np.asarray(one) for one in np.polynomial.legendre.leggauss(20))


def fit_pareto_nbd(customers: Histories, *, seed: int, prior: float = 1.0) -> Found | NotFound:
    """The most likely (r, alpha, s, beta), alpha and beta in days."""
    return fit(log_likelihood, customers, SCALED, seed=seed, prior=prior)


def log_likelihood(parameters: FloatArray, of: Histories) -> FloatArray:
    """Of each history. Shape (n,)."""
    r, alpha, _, _ = parameters
    start = gammaln(r + of.repeats) - gammaln(r) + r * np.log(alpha)
    here, gone = _two_ways(parameters, of)
    told: FloatArray = start + np.logaddexp(here, gone)
    return told


def alive(parameters: FloatArray, of: Histories) -> FloatArray:
    """The probability that each customer has not left. Shape (n,)."""
    here, gone = _two_ways(parameters, of)
    there: FloatArray = np.exp(-np.logaddexp(0.0, gone - here))
    return there


def silent(parameters: FloatArray, of: Histories, *, gap_days: float, horizon_days: float) -> FloatArray:
    """The probability that a customer does not come in `[gap, gap + horizon)` from the cutoff. Shape (n,).

    Who is alive comes first at u with density E[rate exp(-rate u)], and is still a customer then with
    E[exp(-leaving (gap + u))]; v = 1 - (a / (a + u))^(r + x) turns the first into dv.
    """
    r, alpha, s, beta = parameters
    rate, since = r + of.repeats, alpha + of.known_days
    most = -np.expm1(-rate * np.log1p(horizon_days / since))
    v = most[:, None] * (NODES + 1) / 2
    u = since[:, None] * np.expm1(-np.log1p(-v) / rate[:, None])
    still = np.exp(-s * np.log1p((gap_days + u) / (beta + of.known_days)[:, None]))
    comes = most / 2 * (still @ WEIGHTS)
    told: FloatArray = 1.0 - alive(parameters, of) * comes
    return told


def _two_ways(parameters: FloatArray, of: Histories) -> tuple[FloatArray, FloatArray]:
    """Log-likelihood, up to what both share, of a customer who is there still and of one who has left. Shape (n,).

    With k = r + x + s and v = 1 - ((alpha + t_x) / (alpha + t))^k the share of those who left at t is
    s beta^s (alpha + t_x)^-k / k times the integral of ((alpha + t) / (beta + t))^(s + 1) dv.
    """
    r, alpha, s, beta = parameters
    x, k = of.repeats, r + of.repeats + s
    first, last = np.log(alpha + of.last_days), np.log(alpha + of.known_days)
    here = -(r + x) * last - s * np.log1p(of.known_days / beta)
    most = -np.expm1(-k * (last - first))
    v = most[:, None] * (NODES + 1) / 2
    at = np.exp(first[:, None] - np.log1p(-v) / k[:, None])  # alpha + t
    inner = logsumexp((s + 1) * (np.log(at) - np.log(at + (beta - alpha))), axis=1, b=WEIGHTS / 2)
    with np.errstate(divide="ignore"):  # nobody can have left since an event of this very instant
        gone = np.log(s) + s * np.log(beta) - k * first - np.log(k) + np.log(most) + inner
    return here, gone
