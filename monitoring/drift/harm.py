"""What a feature's shift may cost: log loss, in nats a customer, if what moved were no true change of the customers.

A feature moves scores through its contributions to the log-odds (TreeSHAP). The least change of contributions that
turns those of then into those of now pairs them by rank; its mean square is their squared Wasserstein distance. Scores
that are off by d lose p (1 - p) d^2 / 2 of log loss, to second order. So the loss is what is lost if the whole shift is
an error, as after a broken feed; where customers truly changed, it says how much the model was moved by it.

Source: Lundberg et al. (2020), Nature Machine Intelligence 2, monitoring by contributions; Kantorovich, Rubinstein for
the distance; the Kullback-Leibler divergence of two Bernoulli variables for the loss. Start reading at `losses`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.treeshap import TreeShap

QUANTILES: Final = 101
MOST_ROWS: Final = 2_000  # whose contributions are looked at


def moves_of(bundle: Bundle, trees: TreeShap, vectors: FloatArray) -> dict[str, FloatArray]:
    """Quantiles of each feature's contributions.

    Args:
        bundle: the champion's.
        trees: likewise.
        vectors: packed features, spread evenly to `MOST_ROWS`. Shape (n, f).
    """
    told = trees.contributions(bundle.prepare(_some(vectors)))[:, :-1]
    quantiles = np.quantile(told, np.linspace(0, 1, QUANTILES), axis=0)
    return {name: quantiles[:, place] for place, name in enumerate(bundle.features)}


def losses(then: Mapping[str, FloatArray], bundle: Bundle, trees: TreeShap, vectors: FloatArray) -> dict[str, float]:
    """What each feature's shift may cost, nats a customer.

    Args:
        then: `moves_of` what the champion learned from.
        bundle: the champion's.
        trees: likewise.
        vectors: packed features of now. Shape (n, f).
    """
    some = bundle.prepare(_some(vectors))
    raw, told = trees.explained(some)
    p = bundle.probability(raw)
    steep = float((p * (1 - p)).mean()) / 2
    quantiles = np.quantile(told[:, :-1], np.linspace(0, 1, QUANTILES), axis=0)
    squared = {
        name: float(((quantiles[:, place] - then[name]) ** 2).mean())
        for place, name in enumerate(bundle.features)
        if name in then
    }
    return {name: steep * one for name, one in squared.items()}


def packed(features: Sequence[str], columns: Mapping[str, FloatArray]) -> FloatArray:
    """Features side by side in the order of the vector; what is missing is null. Shape (n, f)."""
    rows = max((len(one) for one in columns.values()), default=0)
    return np.column_stack([columns.get(name, np.full(rows, np.nan)) for name in features])


def _some(vectors: FloatArray) -> FloatArray:
    if len(vectors) <= MOST_ROWS:
        return vectors
    return vectors[np.linspace(0, len(vectors) - 1, MOST_ROWS).astype(np.intp)]
