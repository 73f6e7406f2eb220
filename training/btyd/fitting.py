"""The most likely parameters of a buy-till-you-die model, from several starts, or why there are none.

Parameters are positive; they are searched as logarithms, with time in units of the mean time customers are known, so
that one set of starts suits every business. A weak prior (a standard deviation of 3 in each logarithm) keeps fifty
customers from running off to infinity; a thousand do not feel it. Knows no likelihood. Start reading at `fit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from churn.events import FloatArray
from training.btyd.histories import Histories

SPREAD = 3.0  # of the prior, in logarithms
REACH = 12.0  # logarithms beyond which a parameter is as good as infinite
FLAT = 1e-3  # slope of the mean log-likelihood at which a search has arrived
SCOUTS = 1_500  # rows that try the starts
MOST_ROWS = 10_000  # rows that find the parameters
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -1.0, -1.0, 1.0), (1.0, 1.0, -1.0, 0.0), (-0.5, 0.0, 1.0, 2.0))

LogLikelihood = Callable[[FloatArray, Histories], FloatArray]


@dataclass(frozen=True)
class Found:
    """Parameters, in the unit of the histories' days, and how likely the histories are under them."""

    parameters: tuple[float, ...]
    log_likelihood: float


@dataclass(frozen=True)
class NotFound:
    """No parameters: the search did not arrive, and a number would be wrong."""

    why: str


def fit(
    log_likelihood: LogLikelihood,
    customers: Histories,
    scaled: Sequence[bool],
    *,
    seed: int,
    prior: float = 1.0,
    starts: Sequence[Sequence[float]] = STARTS,
) -> Found | NotFound:
    """Find the most likely parameters.

    Args:
        log_likelihood: of each history, given positive parameters. Shape (n,).
        customers: whom to learn from.
        scaled: which parameters are a stretch of time.
        seed: of the lot that draws rows, where there are very many.
        prior: weight of the prior; 0: pure likelihood.
        starts: logarithms to search from.
    """
    known = customers.grouped()
    if len(known) == 0 or not known.repeats.any():
        return NotFound("no customer of the history came back, so nothing tells how often they come or when they leave")
    unit = float(np.average(known.known_days, weights=known.weight))
    one = Histories(known.repeats, known.last_days / unit, known.known_days / unit, known.weight)
    scouts, rows = (one.sample(most, seed=seed) for most in (SCOUTS, MOST_ROWS))
    tried = [_search(log_likelihood, scouts, np.array(start), prior) for start in starts]
    best = min((found for found in tried if np.isfinite(found.fun)), key=lambda found: found.fun, default=None)
    if best is None:
        return NotFound("the likelihood is not finite from any start")
    last = best if rows is scouts else _search(log_likelihood, rows, best.x, prior)
    if not np.isfinite(last.fun) or np.abs(last.jac).max() > FLAT or np.abs(last.x).max() > REACH - 1e-6:
        return NotFound(f"the search for its parameters did not arrive ({last.message})")
    values = np.exp(last.x) * np.where(scaled, unit, 1.0)
    total = float((log_likelihood(values, known) * known.weight).sum())
    return Found(tuple(float(value) for value in values), total)


def _search(log_likelihood: LogLikelihood, rows: Histories, start: FloatArray, prior: float) -> optimize.OptimizeResult:
    """Descend from a start; the objective is the mean surprise a customer, with the prior's share."""

    def surprise(logs: FloatArray) -> float:
        told = log_likelihood(np.exp(logs), rows)
        pull = 0.5 * prior * float(((logs / SPREAD) ** 2).sum())
        value = (pull - float((told * rows.weight).sum())) / rows.customers
        return value if np.isfinite(value) else 1e6

    return optimize.minimize(
        surprise, start, method="L-BFGS-B", bounds=[(-REACH, REACH)] * len(start), options={"maxiter": 300}
    )
