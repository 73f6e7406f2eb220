"""The best list for a budget, proven: prices first, then a whole choice of the few whom prices leave in doubt.

    Problem --prices of limits--> a bound nobody can exceed --the doubtful, chosen whole--> Solution and its gap

1. Prices. With a price for every limit each customer chooses for themselves, and what all of them keep plus what the
   limits are worth bounds every plan (Lagrange). The best prices come from a linear programme of the few customers
   whose choice is close, everybody else staying at theirs; once nobody else changes, they are the best for all.
2. The few. Those with the closest choices are chosen whole by branch and bound, within what the others leave.
3. Proof. Whoever's next best choice is worse by more than the gap (bound less plan) cannot choose otherwise in any
   better plan. If all the others were among the few, the plan is the best there is; if not, they are taken in, and
   2 again. docs/adr/0045 has the argument.

Source: Balas and Zemel (1980), "An algorithm for large zero-one knapsack problems", Operations Research 28(5);
Pisinger (1995), "A minimal algorithm for the multiple-choice knapsack problem", EJOR 83(2).
Start reading at `solve`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from campaigns.plan.by_money import best_by_money
from campaigns.plan.highs import best_of_few, prices_of_few
from campaigns.plan.problem import NONE, FloatArray, IntArray, Judged, Problem

FEW: Final = 4_000  # customers of one linear programme
MOST: Final = 16_000  # likewise, where the first few were too few
SAMPLED: Final = 8  # of so many one, for prices to begin with
ROUNDS: Final = 6
NOISE: Final = 1e-12  # of floats that should be equal
DOUBTFUL: Final = (150, 600, 2_500, 10_000)  # customers chosen whole, as many as the proof needs


@dataclass(frozen=True)
class Solution:
    """Whom each action goes to.

    Args:
        choice: column of each customer's action, or NONE. Shape (n,).
        profit: expected, of all of them.
        bound: what no other choice within the limits can exceed.
        prices: what one more unit of each limit would earn, the budget's first. Shape (m,).
    """

    choice: IntArray
    profit: float
    bound: float
    prices: FloatArray

    @property
    def gap(self) -> float:
        """By how much, at most, another choice could be better; 0 where this is proven to be the best."""
        return max(self.bound - self.profit, 0.0)


def solve(problem: Problem) -> Solution:
    """The choice that earns most within the limits.

    Args:
        problem: of any size.
    """
    wanted = np.flatnonzero(np.isfinite(problem.profit).any(axis=1))
    choice = np.full(len(problem), NONE)
    few = problem.of_rows(wanted)
    free = np.zeros(len(problem.most))
    own = few.judged(free)
    if few.fits(own.choice):
        choice[wanted] = own.choice
        earned = few.earned(own.choice)
        return Solution(choice, earned, earned, free)
    prices = prices_of(few)
    judged = few.judged(prices)
    found = _by_money(few, judged, prices)
    chosen, bound = found or _whole(few, judged, few.bound(prices, judged))
    if (chosen == NONE).all():
        chosen = _dearer(few, prices)
    choice[wanted] = chosen
    earned = few.earned(chosen)
    return Solution(choice, earned, max(bound, earned), prices)


def prices_of(problem: Problem, start: FloatArray | None = None) -> FloatArray:
    """The prices with the lowest bound: what one more unit of each limit would earn, were customers divisible.

    Args:
        problem: of any size.
        start: prices to begin with; those of a sample where None.
    """
    if len(problem) <= FEW:
        return prices_of_few(problem)
    prices = _sampled(problem) if start is None else start
    best, lowest, size = prices, np.inf, FEW
    for _ in range(ROUNDS):
        judged = problem.judged(prices)
        bound = problem.bound(prices, judged)
        if bound < lowest:
            best, lowest = prices, bound
        close = closest(judged, size)
        prices = prices_of_few(problem.of_rows(close, problem.most - _by_others(problem, judged, close)))
        again = problem.judged(prices)
        moved = np.flatnonzero(again.choice != judged.choice)
        if np.isin(moved, close).all():
            return prices if problem.bound(prices, again) <= lowest else best
        size = min(2 * size, MOST, len(problem))
    return best


def _by_money(problem: Problem, judged: Judged, prices: FloatArray) -> tuple[IntArray, float] | None:
    """The best choice where no contact has a price: without the limits of contacts, which it may turn out to keep.

    None where contacts have one, or where it does not keep them.
    What is best with fewer limits, and keeps the others all the same, is best with all of them.
    """
    if not prices[0] or prices[1:].any():
        return None
    chosen, bound = best_by_money(problem, judged, float(prices[0]))
    return (chosen, bound) if problem.fits(chosen) else None


def closest(judged: Judged, size: int) -> IntArray:
    """Places of those whose choice is closest, and of all as close as the last of them, in order of place."""
    if size >= len(judged.margin):
        return np.arange(len(judged.margin))
    return _within(judged, float(np.partition(judged.margin, size - 1)[size - 1]))


def _within(judged: Judged, margin: float) -> IntArray:
    return np.flatnonzero(judged.margin <= margin * (1 + 1e-9) + NOISE)


def _sampled(problem: Problem) -> FloatArray:
    rng = np.random.default_rng(len(problem))  # it only sets where the search begins
    some = np.sort(rng.permutation(len(problem))[: len(problem) // SAMPLED])
    return prices_of(problem.of_rows(some, problem.most * (len(some) / len(problem))))


def _by_others(problem: Problem, judged: Judged, few: IntArray) -> FloatArray:
    """What those beside a few take of every limit."""
    theirs = judged.choice.copy()
    theirs[few] = NONE
    return problem.used(theirs)


def _whole(problem: Problem, judged: Judged, bound: float) -> tuple[IntArray, float]:
    """The best whole choice found, and what none can exceed."""
    chosen, before = np.full(len(problem), NONE), 0
    for size in DOUBTFUL:
        few = closest(judged, size)
        gap = bound - problem.earned(chosen)
        if before and len(np.unique(judged.margin[_within(judged, gap)])) <= DOUBTFUL[-1]:
            few = np.union1d(few, _within(judged, gap))
        left = problem.most - _by_others(problem, judged, few)
        if len(few) == before or (left < 0).any():
            continue
        before = len(few)
        whole = best_of_few(problem.of_rows(few, left))
        trial = judged.choice.copy()
        trial[few] = whole.choice
        if problem.earned(trial) > problem.earned(chosen):
            chosen = trial
        gap = bound - problem.earned(chosen)
        if np.isin(_within(judged, gap), few, assume_unique=True).all():  # the others cannot do better than they do
            theirs = judged.choice.copy()
            theirs[few] = NONE
            return chosen, min(bound, problem.earned(theirs) + whole.bound)
    return chosen, bound


def _dearer(problem: Problem, prices: FloatArray) -> IntArray:
    """What everybody takes at prices so much higher that it fits: a plan, if no better one was found."""
    lowest, highest = 1.0, 2.0
    while not problem.fits(problem.judged(prices * highest + NOISE * (highest - 1)).choice):
        highest *= 2
    for _ in range(ROUNDS):
        middle = (lowest + highest) / 2
        fits = problem.fits(problem.judged(prices * middle + NOISE * (middle - 1)).choice)
        lowest, highest = (lowest, middle) if fits else (middle, highest)
    return problem.judged(prices * highest + NOISE * (highest - 1)).choice
