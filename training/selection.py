"""Which features survive folds: those that held-out customers are told worse without, in most folds.

Each feature of the held-out rows is shuffled among the customers of a cutoff and the loss looked at again, by models
that had not seen these customers. A feature whose shuffling does no harm in most folds goes; the vector keeps its
place, the model reads it as null. Off by default: docs/adr/0017 says what it gains. Start reading at `survivors`.
"""

import numpy as np

from churn.events import BoolArray, FloatArray
from training.boosting import Grown, Task, grow
from training.rows import IntArray

ROWS = 4_000  # held-out rows of a fold that are shuffled, at most


def survivors(task: Task, sample: IntArray, fold: IntArray, *, seed: int) -> BoolArray:
    """The features that lower the loss of held-out customers in more than half of the folds.

    Args:
        task: whose rows.
        sample: positions of the rows that take part. Shape (m,).
        fold: of each of them. Shape (m,).
        seed: of the shuffling.

    Returns:
        True for features to keep; where none survives, all do. Shape (f,).
    """
    random = np.random.default_rng(seed)
    count = len(task.rows.columns.names)
    helped = np.zeros(count)
    for number in range(task.recipe.folds):
        inside, outside = sample[fold == number], sample[fold != number]
        grown = grow(task, inside, outside, None, number)
        inside = np.sort(random.permutation(inside)[:ROWS])
        partner = _partners(task.rows.cutoff_us[inside], random)
        before = _loss(task, grown, task.rows.X[inside], inside)
        for place in range(count):
            X = task.rows.X[inside].copy()
            X[:, place] = X[partner, place]
            if not np.array_equal(X[:, place], task.rows.X[inside, place], equal_nan=True):
                helped[place] += _loss(task, grown, X, inside) > before
    kept: BoolArray = helped > task.recipe.folds / 2
    return kept if kept.any() else np.ones(count, dtype=np.bool_)


def _partners(cutoff_us: IntArray, random: np.random.Generator) -> IntArray:
    """For each row another of the same cutoff, drawn. Shape (n,)."""
    partner = np.arange(len(cutoff_us))
    for cutoff in np.unique(cutoff_us):
        mine = np.flatnonzero(cutoff_us == cutoff)
        partner[mine] = random.permutation(mine)
    return partner


def _loss(task: Task, grown: Grown, X: FloatArray, rows: IntArray) -> float:
    """Summed log loss of rows with these features."""
    raw = grown.raw(task, X)
    return float((np.maximum(raw, 0) + np.log1p(np.exp(-np.abs(raw))) - task.rows.outcome[rows] * raw).sum())
