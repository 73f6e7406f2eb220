"""Metrics: how good scores were, once we know what became of everybody.

Answers, of calibrated probabilities and mature outcomes: do the scores rank (`roc_auc`, `pr_auc`, `lift`), do they
mean what they say (`log_loss`, `brier`, `ece`), and what would acting on them earn (`max_profit`).

Reads two arrays and returns numbers; knows no table, no model and no cutoff. The outcome is whatever the model
predicts: churned, or reactivated. Each function names its source.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.outcomes import NoChurners, WrongScores, checked, outcomes

FloatArray = NDArray[np.float64]

SMALLEST = float(np.finfo(np.float64).eps)  # the log loss of a sure and wrong answer stays finite, as in scikit-learn


def base_rate(churned: FloatArray) -> float:
    """Share of customers for whom the outcome came true, in [0, 1].

    Raises:
        WrongScores: no customers, or outcomes other than 0 and 1.
    """
    happened = np.asarray(churned, dtype=np.float64)
    if len(happened) == 0:
        raise WrongScores("there are no customers.")
    return float(outcomes(happened).mean())


def roc_auc(churned: FloatArray, scores: FloatArray) -> float:
    """Chance that a random churner scores above a random stayer; a tie counts half.

    Args:
        churned: 1.0 for churned, 0.0 for stayed; mature labels only. Shape (n,).
        scores: anything that ranks, in the order of `churned`. Shape (n,).

    Returns:
        Area under the ROC curve in [0, 1]; 0.5 is chance.

    Raises:
        NoChurners, NoStayers: only one outcome occurs.
        WrongScores: lengths differ, a score is not finite, an outcome is neither 0 nor 1.

    Source: Hanley, McNeil (1982), Radiology 143(1): the Mann-Whitney statistic.
    """
    happened, scores = checked(churned, scores, both=True)
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[where]  # average rank of a tie, from 1
    churners = happened.sum()
    above = ranks[happened > 0].sum() - churners * (churners + 1) / 2
    return float(above / (churners * (len(happened) - churners)))


def pr_auc(churned: FloatArray, scores: FloatArray) -> float:
    """Average precision: mean share of churners among those scored at least as high, over the churners.

    Args:
        churned: 1.0 for churned, 0.0 for stayed; mature labels only. Shape (n,).
        scores: anything that ranks. Ties are taken together. Shape (n,).

    Returns:
        Average precision in (0, 1]; chance is the base rate.

    Raises:
        NoChurners: there is nobody to find.
        WrongScores: see `roc_auc`.

    Source: Davis, Goadrich (2006), ICML: the step-wise area under the precision-recall curve, not interpolated.
    """
    happened, scores = checked(churned, scores)
    if not happened.any():
        raise NoChurners(customers=len(happened))
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = np.cumsum(happened[order])[last_of_tie]
    precision = found / (last_of_tie + 1)
    return float(np.sum(np.diff(found, prepend=0.0) * precision) / found[-1])


def log_loss(churned: FloatArray, scores: FloatArray) -> float:
    """Mean surprise at what happened, in nats a customer; the base rate's entropy is the bar to be under.

    Args:
        churned: 1.0 for churned, 0.0 for stayed. One outcome alone is allowed. Shape (n,).
        scores: probabilities in [0, 1]. Shape (n,).

    Raises:
        WrongScores: see `roc_auc`; or a score outside [0, 1].

    Source: Good (1952), "Rational Decisions", J. R. Stat. Soc. B 14.
    """
    happened, scores = checked(churned, scores, probabilities=True)
    sure = np.clip(scores, SMALLEST, 1 - SMALLEST)
    return float(-np.mean(happened * np.log(sure) + (1 - happened) * np.log1p(-sure)))


def brier(churned: FloatArray, scores: FloatArray) -> float:
    """Mean squared distance between probability and outcome, in [0, 1]; base rate x (1 - base rate) is the bar.

    Args:
        churned: 1.0 for churned, 0.0 for stayed. Shape (n,).
        scores: probabilities in [0, 1]. Shape (n,).

    Raises:
        WrongScores: see `log_loss`.

    Source: Brier (1950), Monthly Weather Review 78(1).
    """
    happened, scores = checked(churned, scores, probabilities=True)
    return float(np.mean((scores - happened) ** 2))


@dataclass(frozen=True)
class CalibrationBin:
    """One bin of a calibration curve: how many customers, what they were told, what happened."""

    n: int
    mean_score: float
    base_rate: float


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error in [0, 1], with the bins it comes from, lowest scores first."""

    ece: float
    bins: tuple[CalibrationBin, ...]


def ece(churned: FloatArray, scores: FloatArray, *, bins: int = 10) -> CalibrationError:
    """How far probabilities lie from what happened, on average over bins of equal mass.

    Customers are ordered by score and cut into `bins` bins of (as nearly as possible) equally many; ties go by
    position, so bins stay equal even when many customers share a score. With fewer customers than bins, a bin each.

    Args:
        churned: 1.0 for churned, 0.0 for stayed. Shape (n,).
        scores: probabilities in [0, 1]. Shape (n,).
        bins: how many bins of equal mass.

    Raises:
        WrongScores: see `log_loss`.

    Source: Nguyen, O'Connor (2015), EMNLP (adaptive, equal-mass bins); Naeini et al. (2015), AAAI (the error).
    """
    happened, scores = checked(churned, scores, probabilities=True)
    order = np.argsort(scores, kind="stable")
    table = tuple(
        CalibrationBin(n=len(rows), mean_score=float(scores[rows].mean()), base_rate=float(happened[rows].mean()))
        for rows in np.array_split(order, min(bins, len(order)))
    )
    error = sum(row.n * abs(row.mean_score - row.base_rate) for row in table) / len(scores)
    return CalibrationError(ece=float(error), bins=table)


def lift(churned: FloatArray, scores: FloatArray, *, share: float = 0.1) -> float:
    """How many times more churners the riskiest customers hold than customers at large.

    Args:
        churned: 1.0 for churned, 0.0 for stayed; mature labels only. Shape (n,).
        scores: churn probabilities, in the order of `churned`. Shape (n,).
        share: the share of customers a campaign can reach, in (0, 1].

    Returns:
        Lift, dimensionless; 1.0 is chance and 1 / base rate the ceiling. Customers tied at the edge count in
        part, so the order of the rows does not matter.

    Raises:
        NoChurners: nobody churned, so there is nothing to be better than.
        WrongScores: see `roc_auc`; or a share outside (0, 1].

    Source: Neslin et al. (2006), "Defection Detection", J. Marketing Research 43(2), top-decile lift.
    """
    happened, scores = checked(churned, scores)
    if not happened.any():
        raise NoChurners(customers=len(happened))
    if not 0 < share <= 1:
        raise WrongScores(f"a share of {share} is not in (0, 1].")
    reached = math.ceil(share * len(scores))
    edge = np.partition(scores, len(scores) - reached)[len(scores) - reached]
    above, tied = scores > edge, scores == edge
    found = happened[above].sum() + (reached - above.sum()) * happened[tied].mean()
    return float(found / reached / happened.mean())


@dataclass(frozen=True)
class Profit:
    """The best a campaign could have earned: money per customer of the base, and the share to contact."""

    per_customer_amount: float
    share: float


def max_profit(
    churned: FloatArray,
    scores: FloatArray,
    *,
    value_amount: float,
    offer_amount: float,
    contact_amount: float,
    accept_ratio: float,
) -> Profit:
    """Most a retention campaign could have earned by contacting the riskiest customers, over all cut-offs.

    A churner contacted accepts with `accept_ratio` and then brings value - offer; a stayer always takes the offer;
    every contact costs. Contacting nobody earns 0, and is the answer where everything else loses.

    Args:
        churned: 1.0 for churned, 0.0 for stayed. Shape (n,).
        scores: anything that ranks; tied customers are contacted together or not at all. Shape (n,).
        value_amount: what a saved customer is worth.
        offer_amount: what the offer costs when taken.
        contact_amount: what a contact costs.
        accept_ratio: share of churners who accept the offer and stay, in [0, 1].

    Raises:
        WrongScores: see `roc_auc`.

    Source: Neslin et al. (2006); Verbraken, Verbeke, Baesens (2013), IEEE TKDE 25(5), the maximum profit measure.
    """
    happened, scores = checked(churned, scores)
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    contacted = last_of_tie + 1
    churners = np.cumsum(happened[order])[last_of_tie]
    saved = churners * (accept_ratio * (value_amount - offer_amount) - contact_amount)
    wasted = (contacted - churners) * (offer_amount + contact_amount)
    profit = np.append(0.0, (saved - wasted) / len(scores))
    best = int(profit.argmax())
    return Profit(per_customer_amount=float(profit[best]), share=float(np.append(0, contacted)[best] / len(scores)))
