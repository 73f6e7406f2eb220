"""Who is better, and by more than chance? AUC and log loss of learners on the same rows, with paired standard errors.

A draw of the bootstrap takes customers, with all their rows at all test cutoffs, and judges every learner on it; the
standard error of a difference is its spread over draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from churn.events import FloatArray
from churn.metrics_drawn import Levels
from training.rows import IntArray

DRAWS = 200
SMALLEST = 1e-6  # no learner is believed to be surer than a million customers could show
OURS = "lightgbm"
CLASSICS = ("logistic", "recency_rule", "halving_rule", "bg_nbd", "pareto_nbd", "base_rate")


@dataclass(frozen=True)
class Judged:
    """Test rows of a fold and what each learner said of them."""

    outcome: FloatArray
    customer: np.ndarray
    probabilities: Mapping[str, FloatArray]
    cpu_s: Mapping[str, float]


@dataclass(frozen=True)
class Standing:
    """A learner on a log and model, over its folds: metrics, and differences to ours with their standard errors."""

    learner: str
    roc_auc: float
    log_loss: float
    auc_behind: float
    auc_error: float
    loss_behind: float
    loss_error: float
    cpu_s: float

    @property
    def wins(self) -> list[str]:
        """What it is better in than ours by more than one standard error."""
        better = {"roc_auc": -self.auc_behind > self.auc_error, "log_loss": -self.loss_behind > self.loss_error}
        return [name for name, is_better in better.items() if is_better]

    @property
    def keeps_up(self) -> list[str]:
        """What it is not behind ours in by more than one standard error."""
        near = {"roc_auc": self.auc_behind <= self.auc_error, "log_loss": self.loss_behind <= self.loss_error}
        return [name for name, is_near in near.items() if is_near]


def standings(folds: Sequence[Judged], *, seed: int, draws: int = DRAWS) -> list[Standing]:
    """Every learner that judged all folds; means over the folds. Positive differences: ours is better."""
    weights = _drawn(folds, np.random.default_rng(seed), draws)
    names = [name for name in folds[0].probabilities if all(name in fold.probabilities for fold in folds)]
    drawn = {name: _metrics(folds, weights, name) for name in names}
    ours, found = drawn[OURS], []
    for name, theirs in drawn.items():
        auc, loss = ours[0] - theirs[0], theirs[1] - ours[1]
        cpu_s = sum(fold.cpu_s.get(name, 0.0) for fold in folds)
        found.append(
            Standing(
                learner=name,
                roc_auc=float(theirs[0][0]),
                log_loss=float(theirs[1][0]),
                auc_behind=float(auc[0]),
                auc_error=float(auc[1:].std(ddof=1)),
                loss_behind=float(loss[0]),
                loss_error=float(loss[1:].std(ddof=1)),
                cpu_s=cpu_s,
            )
        )
    return found


def _drawn(folds: Sequence[Judged], random: np.random.Generator, draws: int) -> list[IntArray]:
    """How often each row is taken: column 0 once, then a column a draw. One array of (rows, 1 + draws) a fold."""
    ids, place = np.unique(np.concatenate([fold.customer for fold in folds]), return_inverse=True)
    times = random.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=draws).T
    times = np.hstack([np.ones((len(ids), 1), dtype=np.int64), times])
    edges = np.cumsum([len(fold.customer) for fold in folds])[:-1]
    return [times[rows] for rows in np.split(place, edges)]


def _metrics(folds: Sequence[Judged], weights: Sequence[IntArray], name: str) -> tuple[FloatArray, FloatArray]:
    """AUC and log loss of a learner by draw, means over folds. Shapes (1 + draws,)."""
    told = [_fold(fold.outcome, fold.probabilities[name], mine) for fold, mine in zip(folds, weights, strict=True)]
    auc, loss = (np.mean([one[place] for one in told], axis=0) for place in (0, 1))
    return auc, loss


def _fold(outcome: FloatArray, probability: FloatArray, weights: IntArray) -> tuple[FloatArray, FloatArray]:
    p = np.clip(probability, SMALLEST, 1 - SMALLEST)
    surprise = -(outcome * np.log(p) + (1 - outcome) * np.log1p(-p))
    loss = surprise @ weights / weights.sum(axis=0)
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=-1.0))
    happened, others = (np.add.reduceat((w[:, None] * weights)[order], starts) for w in (outcome, 1 - outcome))
    return Levels(happened, others).roc_auc(), loss
