"""The plan of a campaign: who is chosen for what within money and contacts, and whom chance keeps out.

    PEOPLE + OFFERS + budget + capacities --solve--> Plan

The hold-out is drawn by a hash after the choice, so that it depends on nothing the choice goes by. Budget and
capacities hold for all who are chosen, whichever way chance falls: those to be contacted never cost more than the
budget, and about the hold-out's share of it is left over. Start reading at `plan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.catalogue.offers import Offers
from campaigns.hold_out import held_out
from campaigns.people import People
from campaigns.plan.between import Interval, between
from campaigns.plan.limits import limits_of
from campaigns.plan.problem import NONE, IntArray, Limit, Problem
from campaigns.plan.reasons import Chosen, decided
from campaigns.plan.solve import Solution, solve
from churn.settings import Settings


@dataclass(frozen=True)
class Asked:
    """What a plan is asked for.

    Args:
        campaign: its id.
        budget: of the business's currency; None: as much as pays.
        capacities: as on the command line.
        only: churn or reactivation; None: both compete for the same money.
    """

    campaign: str
    budget: float | None = None
    capacities: tuple[str, ...] = ()
    only: str | None = None


@dataclass(frozen=True)
class Plan:
    """A plan, nothing of it written yet.

    Args:
        asked: what it is an answer to.
        offers: what it was chosen from.
        problem: the choice as arrays; its limits are those of all who are chosen, held out or not.
        limits: of contacts.
        solution: who was chosen.
        is_held_out: of those chosen, whom chance keeps out. Shape (n,).
        decisions: everybody, in or out, and why; the columns of `decided`.
        interval: of the profit with those to be contacted.
        best_left_out: what the best of those would earn who earn less than they cost; NaN where there are none.
    """

    asked: Asked
    offers: Offers
    problem: Problem
    limits: tuple[Limit, ...]
    solution: Solution
    is_held_out: NDArray[np.bool_]
    decisions: pd.DataFrame
    interval: Interval
    best_left_out: float

    @property
    def treated(self) -> IntArray:
        """Column of the action of each who is to be contacted, or NONE. Shape (n,)."""
        return np.where(self.is_held_out, NONE, self.solution.choice)

    def totals(self) -> dict[str, Any]:
        """Counts and money: of those chosen, and of those to be contacted."""
        chosen, treated = self.solution.choice != NONE, self.treated != NONE
        return {
            "looked_at": len(chosen), "chosen": int(chosen.sum()), "to_contact": int(treated.sum()),
            "held_out": int(self.is_held_out.sum()),
            "expected_cost_amount": self.problem.used(self.treated)[0],
            "expected_profit_amount": self.interval.expected,
            "expected_profit_low": self.interval.expected_low, "expected_profit_high": self.interval.expected_high,
            "realised_profit_low": self.interval.realised_low, "realised_profit_high": self.interval.realised_high,
            "interval_leaves_out": list(self.interval.leaves_out), "interval_level": 0.9,
        }  # fmt: skip

    def by_action(self) -> list[dict[str, Any]]:
        """Of each action and stage: who is to be contacted, at which cost, for which profit; most profit first."""
        rows = self.decisions[self.treated != NONE]
        grouped = rows.groupby(["action", "stage"], dropna=False)[["cost_amount", "expected_profit_amount"]]
        table = grouped.agg(["size", "sum"])
        found = [
            {"action": key[0], "stage": key[1], "customers": int(line.iloc[0]), "cost_amount": float(line.iloc[1]),
             "expected_profit_amount": float(line.iloc[3])}
            for key, line in table.iterrows()
        ]  # fmt: skip
        return sorted(found, key=lambda one: -one["expected_profit_amount"])

    def by_reason(self) -> dict[str, int]:
        """How many are in or out, by code, most first."""
        return {str(code): int(count) for code, count in self.decisions["code"].value_counts().items()}


def plan(settings: Settings, people: People, offers: Offers, asked: Asked) -> Plan:
    """Choose.

    Args:
        settings: `[campaigns]` and the seed.
        people: everybody.
        offers: what each action would earn with each of them.
        asked: budget, capacities, for whom.

    Raises:
        StrangeCapacity: a capacity cannot be read.
    """
    limits = limits_of(offers.actions, asked.capacities)
    problem, is_other = problem_of(people, offers, asked, limits)
    solution = solve(problem)
    ids = people.rows["customer_id"].to_numpy(dtype=object)
    out = np.zeros(len(people), dtype=np.bool_)
    chosen = np.flatnonzero(solution.choice != NONE)
    out[chosen] = held_out(settings, asked.campaign, ids[chosen])
    treated = np.where(out, NONE, solution.choice)
    currency = settings.business.currency
    told = decided(people, offers, problem, Chosen(solution.choice, solution.prices, is_other), currency)
    unearned = told.loc[(told["expected_profit_amount"] <= 0) & ~told["is_in"], "expected_profit_amount"]
    return Plan(
        asked, offers, problem, tuple(limits), solution, out, told,
        between(offers, treated, seed=settings.campaigns.seed), float(unearned.max()) if len(unearned) else np.nan,
    )  # fmt: skip


def problem_of(
    people: People, offers: Offers, asked: Asked, limits: Sequence[Limit]
) -> tuple[Problem, NDArray[np.bool_]]:
    """The choice as arrays, and whom it is not for."""
    is_other = np.zeros(len(people), dtype=np.bool_)
    if asked.only is not None:
        is_other = (people.rows["model"] != asked.only).to_numpy(dtype=np.bool_)
    profit = np.where(is_other[:, None], np.nan, offers.profit.astype(np.float64))
    return Problem.of(profit, offers.cost.astype(np.float64), asked.budget, limits), is_other
