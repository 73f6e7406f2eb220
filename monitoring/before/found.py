"""What is known of answers before their outcomes are: estimates, early signs, or why there are none.

Start reading at `Estimated` and `Early`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from churn.estimate_band import Cohort, Estimate
from churn.page import Two
from monitoring.before.early import EarlyWeek


@dataclass(frozen=True)
class Abstention:
    """Why nothing is told: a code, and the sentence of the page."""

    code: str
    why: Two


@dataclass(frozen=True)
class Estimated:
    """What to expect of one champion's answers.

    Args:
        n: customers of now with a score.
        figures: by name of `churn.estimate.FIGURES`; empty where it abstains.
        abstains: why there is no estimate; None where there is one.
        past: pairs of estimate and what came that the band was learned from, oldest first.
        came: those of them that are of its own answers.
        usual: spread of each figure between cohorts, as thought of beforehand.
    """

    n: int
    figures: dict[str, Estimate]
    abstains: Abstention | None
    past: tuple[Cohort, ...] = ()
    came: tuple[Cohort, ...] = ()
    usual: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Early:
    """Early signs of one champion.

    Args:
        days: that are early.
        weeks: that say enough, oldest first.
        abstains: why nothing can be said; None where it can.
        move: logarithm of actual over expected activity in the last weeks, less what is usual.
        limit: what a quiet week stays under, either way.
        moves, limits: of every week; NaN where too little was known. Each as long as `weeks`.
        odd_since: the first of the weeks that went beyond; None where the last did not. odd_weeks: how many.
    """

    days: int
    weeks: tuple[EarlyWeek, ...]
    abstains: Abstention | None
    move: float | None = None
    limit: float | None = None
    moves: tuple[float, ...] = ()
    limits: tuple[float, ...] = ()
    odd_since: datetime | None = None
    odd_weeks: int = 0
