"""What a model weighs: trees, bytes, and the CPU that one score with its reasons takes in this process.

Scored as the service scores: the trees of churn/treeshap.py, the bundle, the reasons; one customer at a time. Start
reading at `footprint`.
"""

import time

import numpy as np

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.explanation import Explainer
from churn.treeshap import FAST_NODES, TreeShap
from training.evidence import Footprint

ASKED, WARM = 400, 20
REASONS = 3


def footprint(bundle: Bundle, booster: str, X: FloatArray) -> Footprint:
    """Weigh a model, on rows that it was judged on.

    Args:
        bundle: all but the trees.
        booster: the trees.
        X: packed feature vectors. Shape (n, f), n at least 1.
    """
    trees, explainer = TreeShap.from_text(booster, nodes=FAST_NODES), Explainer.of(bundle)
    rows = X[np.arange(ASKED + WARM) % len(X)]
    took = np.array([_asked(trees, explainer, bundle, rows[place : place + 1]) for place in range(len(rows))])
    size = len(booster.encode()) + len(bundle.to_json().encode())
    return Footprint(booster.count("\nTree="), size, float(np.quantile(took[WARM:], 0.99)) * 1e3)


def _asked(trees: TreeShap, explainer: Explainer, bundle: Bundle, vector: FloatArray) -> float:
    """Seconds of this thread's CPU that one customer takes."""
    began = time.thread_time()
    prepared = bundle.prepare(vector)
    probability = bundle.probability(trees.raw(prepared))
    bundle.percentile(probability)
    bundle.band(probability)
    explainer.explain(trees.contributions(prepared), vector, top=REASONS)
    return time.thread_time() - began
