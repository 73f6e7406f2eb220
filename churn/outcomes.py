"""Outcomes and scores: the pair that every metric takes, and what is refused before anything is computed.

Answers: are these one finite score and one outcome of 0 or 1 a customer (`checked`), and do both outcomes occur
(`both_outcomes`). Reads arrays; knows no metric.
"""

import numpy as np
from numpy.typing import NDArray

from churn.errors import DataError

FloatArray = NDArray[np.float64]


class WrongScores(DataError):
    """Outcomes and scores are not two finite arrays of one length, with outcomes of 0 and 1."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"These outcomes and scores cannot be judged: {fault}",
            mend="give one finite score and one outcome of 0 or 1 per customer; "
            "leave out immature customers, whose outcome is still null.",
        )


class OneOutcome(DataError):
    """Every customer has the same outcome, so nothing can be told apart."""

    def __init__(self, *, customers: int, happened: bool) -> None:
        found = f"all of them ({customers})" if happened else f"none of {customers} customers"
        super().__init__(
            f"The outcome came true for {found}: there is nothing to tell apart.",
            mend="take more customers, more cutoffs or another horizon_days, so that both outcomes occur "
            "(`churn definition preview` counts them).",
        )


class NoChurners(OneOutcome):
    """The outcome came true for nobody, so there is nothing to be better than."""

    def __init__(self, *, customers: int) -> None:
        super().__init__(customers=customers, happened=False)


class NoStayers(OneOutcome):
    """The outcome came true for everybody, so there is nobody to tell them from."""

    def __init__(self, *, customers: int) -> None:
        super().__init__(customers=customers, happened=True)


def both_outcomes(churned: FloatArray) -> None:
    """Refuse outcomes of one kind only.

    Raises:
        NoChurners: the outcome came true for nobody (or there is nobody).
        NoStayers: it came true for everybody.
    """
    happened = np.asarray(churned) > 0
    if not happened.any():
        raise NoChurners(customers=len(churned))
    if happened.all():
        raise NoStayers(customers=len(churned))


def outcomes(happened: FloatArray) -> FloatArray:
    """Refuse outcomes other than 0 and 1 (WrongScores)."""
    if not np.isin(happened, (0.0, 1.0)).all():
        raise WrongScores("an outcome is neither 0 nor 1.")
    return happened


def checked(
    churned: FloatArray, scores: FloatArray, *, both: bool = False, probabilities: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return outcomes and scores as float arrays, or say what is wrong with them.

    Raises:
        WrongScores: lengths differ, a score is not finite, an outcome is neither 0 nor 1; with `probabilities`,
            also a score outside [0, 1].
        NoChurners, NoStayers: with `both`, only one outcome occurs.
    """
    happened, scores = np.asarray(churned, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if happened.ndim != 1 or happened.shape != scores.shape:
        raise WrongScores(f"outcomes have shape {happened.shape}, scores {scores.shape}.")
    if len(happened) == 0:
        raise WrongScores("there are no customers.")
    outcomes(happened)
    if not np.isfinite(scores).all():
        raise WrongScores(f"{int((~np.isfinite(scores)).sum())} scores are not finite.")
    if probabilities and (scores.min() < 0 or scores.max() > 1):
        raise WrongScores("a probability lies outside [0, 1].")
    if both:
        both_outcomes(happened)
    return happened, scores
