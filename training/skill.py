"""How much of the rule's log loss does a learner take away, and how sure is that? Start reading at `skill_interval`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churn.events import FloatArray
from training.rows import Rows

ROUNDS = 4_000


def surprise(rows: Rows, probability: FloatArray) -> FloatArray:
    """Log loss of each row, in nats. Shape (n,)."""
    return -np.where(rows.outcome > 0, np.log(probability), np.log1p(-probability))


def skill_interval(
    rule: FloatArray, ours: FloatArray, customers: Sequence[str], *, seed: int, sure: float = 0.975
) -> tuple[float, float]:
    """Where the skill over the rule lies: quantiles 1 - sure and sure over customers drawn anew.

    Args:
        rule: surprise (nats) of the rule on each row. Shape (n,).
        ours: that of the learner on the same rows. Shape (n,).
        customers: whose rows they are.
        seed: of the draws.
        sure: one-sided confidence of each end.

    Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 13, paired, whole customers drawn.
    """
    codes, ids = pd.factorize(np.asarray(customers, dtype=object))
    theirs, mine = (np.bincount(codes, weights=one, minlength=len(ids)) for one in (rule, ours))
    random = np.random.default_rng(seed)
    drawn = np.empty(ROUNDS)
    for turn in range(ROUNDS):
        weight = random.poisson(1.0, len(ids))
        drawn[turn] = 1 - float(weight @ mine) / max(float(weight @ theirs), 1e-12)
    low, high = np.quantile(drawn, [1 - sure, sure])
    return float(low), float(high)
