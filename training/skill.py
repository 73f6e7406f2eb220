"""How much of the rule's log loss does a learner take away, and how sure is that? Start at `skill_intervals`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churn.events import FloatArray
from training.paired import drawn_weights
from training.rows import Rows

ROUNDS = 4_000


def surprise(rows: Rows, probability: FloatArray) -> FloatArray:
    """Log loss of each row, in nats. Shape (n,)."""
    return -np.where(rows.outcome > 0, np.log(probability), np.log1p(-probability))


def skill_intervals(
    pairs: Sequence[tuple[FloatArray, FloatArray]], customers: Sequence[str], *, seed: int, sure: float = 0.975
) -> list[tuple[float, float]]:
    """Where each skill over the rule lies: quantiles 1 - sure and sure over customers drawn anew, the same for all.

    Args:
        pairs: surprise (nats) of the rule and of the learner on each row. Each of shape (n,).
        customers: whose rows they are.
        seed: of the draws.
        sure: one-sided confidence of each end.

    Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 13, paired, whole customers drawn.
    """
    codes, ids = pd.factorize(np.asarray(customers, dtype=object))
    sums = [np.bincount(codes, weights=one, minlength=len(ids)) for pair in pairs for one in pair]
    totals = np.column_stack(sums).astype(np.float64)  # rules in even columns, learners in odd ones
    drawn = np.vstack([weight @ totals for weight in drawn_weights(len(ids), ROUNDS, seed=seed)])
    skill = 1 - drawn[:, 1::2] / np.maximum(drawn[:, ::2], 1e-12)
    ends = np.quantile(skill, [1 - sure, sure], axis=0)
    return [(float(low), float(high)) for low, high in np.round(ends.T, 9)]  # sums differ by threads beyond that
