"""What a model's figures will be, before anybody's outcome is known: expectations over outcomes, from scores alone.

Calibrated scores say how likely each outcome is, so they say how good they are: of customers told 0.9, one in ten will
not do it, and is what the Brier score, the log loss and the ranking will lose. Rate, Brier score, log loss and profit
are exact expectations. ROC AUC is a ratio: the expected number of well-ordered pairs over the expected number of pairs,
off by the order of 1 / (number of the rarer outcome). Each figure carries its standard deviation: how far chance alone
takes the figure that comes from what was expected, customers being independent of one another given their scores.

It rests on the scores being right. Where the world has changed and the scores have not, it says what would be true had
it not (blind to concept drift), so it decides nothing. `chances` asks the other question: what would these scores show
if each customer's true chance were another? Reads arrays; knows no model and no cohort. Start reading at `expected`.

Sources: NannyML documentation, "How it works: performance estimation" (confidence-based performance estimation, CBPE);
Kivimäki, Białek, Nurminen, Kuberski (2025), "Confidence-based Estimators for Predictive Performance in Model
Monitoring", JAIR 82 (unbiased if calibrated; errors are Poisson binomial).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.metrics import base_rate, brier, log_loss, roc_auc
from churn.metrics_profit import Stakes, contact_profits
from churn.outcomes import WrongScores

FloatArray = NDArray[np.float64]

FIGURES = ("roc_auc", "log_loss", "brier", "rate", "profit")
SURE = 1e-12  # a score of 0 or 1 has no logarithm


@dataclass(frozen=True)
class Expected:
    """A figure before outcomes are known.

    Args:
        value: its expectation.
        deviation: standard deviation of the figure that comes, by chance alone; same unit.
    """

    value: float
    deviation: float


def expected(
    scores: FloatArray, *, chances: FloatArray | None = None, stakes: Stakes | None = None
) -> dict[str, Expected]:
    """Every figure of `FIGURES` that these scores let expect; profit only where stakes are given.

    Args:
        scores: probabilities in [0, 1]. Shape (n,).
        chances: the true chances; None: the scores are right. Shape (n,).
        stakes: what contacting everybody at or above the break-even probability earns and costs.

    Raises:
        WrongScores: no scores, one that is no probability, or other than as many chances.
    """
    scores, chances = _checked(scores, scores if chances is None else chances)
    found = {
        "roc_auc": expected_roc_auc(scores, chances),
        "log_loss": expected_log_loss(scores, chances),
        "brier": expected_brier(scores, chances),
        "rate": expected_rate(chances),
    }
    if stakes is not None:
        found["profit"] = expected_profit(scores, chances, stakes)
    return found


def realised(outcome: FloatArray, scores: FloatArray, *, stakes: Stakes | None = None) -> dict[str, float]:
    """The same figures once outcomes are known.

    Args:
        outcome: 1.0 where it came true, else 0.0. Shape (n,).
        scores: probabilities that were told. Shape (n,).
        stakes: as for `expected`.

    Raises:
        OneOutcome: everybody has the same outcome. WrongScores: see `churn.metrics.log_loss`.
    """
    found = {
        "roc_auc": roc_auc(outcome, scores),
        "log_loss": log_loss(outcome, scores),
        "brier": brier(outcome, scores),
        "rate": base_rate(outcome),
    }
    if stakes is not None:
        found["profit"] = float(contact_profits(outcome, scores, stakes).mean())
    return found


def expected_rate(chances: FloatArray) -> Expected:
    """The share for whom it will come true. Exact."""
    return _mean(chances, chances, lambda happens: np.full(len(chances), happens))


def expected_brier(scores: FloatArray, chances: FloatArray) -> Expected:
    """The Brier score. Exact."""
    return _mean(scores, chances, lambda happens: (scores - happens) ** 2)


def expected_log_loss(scores: FloatArray, chances: FloatArray) -> Expected:
    """The log loss, nats a customer. Exact."""
    sure = np.clip(scores, SURE, 1 - SURE)
    return _mean(scores, chances, lambda happens: -np.log(sure if happens else 1 - sure))


def expected_profit(scores: FloatArray, chances: FloatArray, stakes: Stakes, *, share: float | None = None) -> Expected:
    """Profit per customer of contacting everybody at or above the break-even probability. Exact.

    For scores that are right no other cut-off is expected to earn more: this is the highest expected profit, though not
    the expectation of the best cut-off in hindsight (`churn.metrics.max_profit`), which is higher.

    Args:
        scores: probabilities that were told. Shape (n,).
        chances: true ones. Shape (n,).
        stakes: what a contact is worth.
        share: contact so large a share instead, highest scores first, ties in part; in (0, 1].
    """
    contacted = (scores >= stakes.break_even).astype(np.float64) if share is None else _highest(scores, share)
    saved, wasted = stakes.saved_amount, stakes.wasted_amount
    return _mean(scores, chances, lambda happens: contacted * (saved if happens else -wasted))


def expected_roc_auc(scores: FloatArray, chances: FloatArray) -> Expected:
    """ROC AUC: expected well-ordered pairs over expected pairs; a tie counts half.

    The deviation is that of the ratio's linear part, in each customer's outcome. Where hardly any pair is expected the
    value is 0.5, and so is the deviation: it says nothing.

    Source: Hanley, McNeil (1982), Radiology 143(1), for the statistic; the delta method for its deviation.
    """
    _, level = np.unique(scores, return_inverse=True)
    happens, stays = np.bincount(level, weights=chances), np.bincount(level, weights=1 - chances)
    chance = chances * (1 - chances)  # of a pair with oneself, which is none
    pairs = happens.sum() * stays.sum() - chance.sum()
    if pairs < 1:
        return Expected(0.5, 0.5)
    stays_below = np.cumsum(stays) - stays / 2
    happens_above = happens.sum() - np.cumsum(happens) + happens / 2
    value = float(((happens * stays_below).sum() - chance.sum() / 2) / pairs)
    pull = (stays_below - happens_above)[level] - value * (stays.sum() - happens.sum())
    return Expected(value, float(np.sqrt((chance * pull**2).sum()) / pairs))


def shifted(scores: FloatArray, *, level: float = 0.0, slope: float = 1.0) -> FloatArray:
    """Chances whose log-odds are `slope` x those of the scores (about their mean) + `level`. Shape (n,)."""
    sure = np.clip(scores, SURE, 1 - SURE)
    odds = np.log(sure / (1 - sure))
    centre = odds.mean()
    moved: FloatArray = 1 / (1 + np.exp(-(centre + slope * (odds - centre) + level)))
    return moved


def _mean(scores: FloatArray, chances: FloatArray, figure: Callable[[int], FloatArray]) -> Expected:
    """A figure that is a mean over customers of one value if it happens and another if not."""
    if_so, if_not = figure(1), figure(0)
    value = (chances * if_so + (1 - chances) * if_not).mean()
    return Expected(float(value), float(np.sqrt((chances * (1 - chances) * (if_so - if_not) ** 2).sum()) / len(scores)))


def _highest(scores: FloatArray, share: float) -> FloatArray:
    """How much of each customer lies in the highest-scored share: 1, 0, or a part for those tied at its edge."""
    if not 0 < share <= 1:
        raise WrongScores(f"a share of {share} is not in (0, 1].")
    reached = int(np.ceil(share * len(scores)))
    edge = np.partition(scores, len(scores) - reached)[len(scores) - reached]
    above, tied = scores > edge, scores == edge
    return np.asarray(above + tied * ((reached - above.sum()) / tied.sum()))


def _checked(scores: FloatArray, chances: FloatArray) -> tuple[FloatArray, FloatArray]:
    scores, chances = np.asarray(scores, dtype=np.float64), np.asarray(chances, dtype=np.float64)
    if scores.ndim != 1 or scores.shape != chances.shape:
        raise WrongScores(f"scores have shape {scores.shape}, chances {chances.shape}.")
    if len(scores) == 0:
        raise WrongScores("there are no customers.")
    for values in (scores, chances):
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise WrongScores("a probability lies outside [0, 1].")
    return scores, chances
