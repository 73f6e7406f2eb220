"""Expected maximum profit: what the best campaign earns where nobody knows how many will accept. The only empulse.

The share who accept is taken as Beta-distributed around `[costs] accept_ratio`, as sure as twenty answers would make
us: with .3 that is the Beta(6, 14) of the paper. It fits a campaign that keeps customers (EMPC); for winning back
lapsed ones there is no such arithmetic (churn/metrics_profit.py says why). Start reading at `accept_ratios`.
"""

import numpy as np

from churn.events import FloatArray
from churn.metrics_profit import Stakes

ANSWERS = 20.0  # alpha + beta: how sure we are of the accept ratio
QUANTILES = 20
EDGE = 0.01  # a share of 0 or 1 has no Beta distribution


def beta_of(stakes: Stakes) -> tuple[float, float]:
    """Alpha and beta of the share who accept.

    Source: Verbraken, Verbeke, Baesens (2013), IEEE TKDE 25(5), section 5: alpha 6, beta 14 for a mean of .3.
    """
    mean = min(max(stakes.accept_ratio, EDGE), 1 - EDGE)
    return ANSWERS * mean, ANSWERS * (1 - mean)


def accept_ratios(stakes: Stakes) -> tuple[float, ...]:
    """Equally likely shares who accept: the middle of each twentieth of the distribution."""
    from scipy.special import betaincinv

    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return tuple(float(one) for one in betaincinv(*beta_of(stakes), middles))


def expected_max_profit(churned: FloatArray, probabilities: FloatArray, stakes: Stakes) -> float:
    """The expected maximum profit as empulse computes it, exactly; money per customer.

    Args:
        churned: 1.0 for churned, 0.0 for stayed; both occur. Shape (n,).
        probabilities: anything that ranks. Shape (n,).
        stakes: what a contact is worth.
    """
    from empulse.metrics import empc_score

    alpha, beta = beta_of(stakes)
    found = empc_score(
        churned.astype(int),
        probabilities,
        alpha=alpha,
        beta=beta,
        clv=stakes.value_amount,
        incentive_cost=stakes.offer_amount,
        contact_cost=stakes.contact_amount,
    )
    return float(found)
