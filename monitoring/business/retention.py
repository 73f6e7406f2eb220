"""Retention and churn of one period, by the usual formula and by cohort, and the stock and flow between the stages.

    usual formula   (customers at the end - customers acquired) / customers at the start: 100, 20, 90 -> 70 %
    by cohort       of those who were active at the start, how many are active at the end
    gap             their difference: won back in the period, less those who were acquired and left within it

A customer is active from the first qualifying event until the definition calls them lapsed. Every number comes from one
table of moves, in which each customer is once, so that all of them reconcile. Start reading at `retention`.

Source of the formula: Reichheld & Sasser (1990), Harvard Business Review 68(5), 105-111, speak of defection rates; the
form with the acquired taken off is that of the trade (docs/business.md).
"""

from dataclasses import dataclass

import numpy as np

from churn.calendar import Int64Array
from monitoring.business.counts import STATES
from monitoring.business.panel import ACTIVE, LAPSED, PROSPECT, STAGES
from monitoring.business.survival import Share, wilson

BEFORE = (0, 1 + PROSPECT)  # states of those who have not bought yet
LIVING = tuple(1 + place for place in ACTIVE)
GONE = 1 + LAPSED


@dataclass(frozen=True)
class Retention:
    """Customers of one period.

    Args:
        start: active at its start. end: at its end.
        acquired: whose first order lies in it.
        kept: of those at the start, active at the end too. lapsed: of those at the start, not.
        won_back: lapsed at the start and active at the end.
        left_at_once: acquired, and lapsed again by the end.
    """

    start: int
    end: int
    acquired: int
    kept: int
    lapsed: int
    won_back: int
    left_at_once: int

    @property
    def by_formula(self) -> float | None:
        """(end - acquired) / start; it may lie above 1, or below 0. None without customers at the start."""
        return (self.end - self.acquired) / self.start if self.start else None

    @property
    def by_cohort(self) -> Share | None:
        """Of those at the start, the share that is active at the end."""
        return wilson(self.kept, self.start) if self.start else None

    @property
    def churn(self) -> Share | None:
        """Of those at the start, the share that is lapsed at the end."""
        return wilson(self.lapsed, self.start) if self.start else None

    @property
    def gap(self) -> float | None:
        """By formula less by cohort; (won back - left at once) / start, exactly."""
        return (self.won_back - self.left_at_once) / self.start if self.start else None


def retention(flow: Int64Array) -> Retention:
    """The figures of one table of moves, shape (STATES, STATES)."""
    living, before = list(LIVING), list(BEFORE)
    return Retention(
        start=int(flow[living].sum()),
        end=int(flow[:, living].sum()),
        acquired=int(flow[np.ix_(before, [*living, GONE])].sum()),
        kept=int(flow[np.ix_(living, living)].sum()),
        lapsed=int(flow[living, GONE].sum()),
        won_back=int(flow[GONE, living].sum()),
        left_at_once=int(flow[before, GONE].sum()),
    )


@dataclass(frozen=True)
class Stock:
    """One stage over one period: start + in - out = end.

    Args:
        stage: value of `churn.stages.Stage`. start, end: customers in it.
        came: from other stages, or not known before. went: to other stages. stayed: in it at both ends.
    """

    stage: str
    start: int
    came: int
    went: int
    end: int
    stayed: int


def stocks(flow: Int64Array) -> tuple[Stock, ...]:
    """Every stage of one table of moves, in the order of the lifecycle."""
    assert flow.shape == (STATES, STATES)
    starts, ends, stays = flow.sum(axis=1), flow.sum(axis=0), np.diag(flow)
    return tuple(
        Stock(
            stage.value, int(starts[place]), int(ends[place] - stays[place]), int(starts[place] - stays[place]),
            int(ends[place]), int(stays[place]),
        )
        for place, stage in enumerate(STAGES, start=1)
    )  # fmt: skip
