"""The best list for a budget, proven: prices first, then a whole choice of the few whom prices leave in doubt.

    Problem --prices of limits--> a bound nobody can exceed --the doubtful, chosen whole--> Solution and its gap

1. Prices. With a price for every limit each customer chooses for themselves, and what all of them keep plus what the
   limits are worth bounds every plan (Lagrange). The price of money alone is found exactly, by halving; those of
   several limits by linear programmes of the few whose choice is close, in which all the others do as in one of the
   choices seen so far, or in shares of them: so no round forgets what an earlier one has shown.
2. The few. Those with the closest choices are tried one after the other (by_states); the many who are alike are counted
   and left to branch and bound (highs).
3. Proof. Whoever's next best choice is worse by more than the gap (bound less plan) cannot choose otherwise in any
   better plan. If all the others were tried, the plan is the best there is; if not, the gap is told.
   docs/adr/0045 has the argument.

Source: Balas and Zemel (1980), "An algorithm for large zero-one knapsack problems", Operations Research 28(5);
Pisinger (1995), "A minimal algorithm for the multiple-choice knapsack problem", EJOR 83(2).
Start reading at `solve`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from campaigns.plan.by_states import best_by_states
from campaigns.plan.highs import Crowd, best_of_few, prices_of_few
from campaigns.plan.one_price import price_of_money
from campaigns.plan.problem import NONE, FloatArray, IntArray, Judged, Problem

FEW: Final = 2_000  # customers of one linear programme
SAMPLED: Final = 8  # of so many one, for prices to begin with
ROUNDS: Final = 20
EVEN: Final = 1e-10  # of the bound, by which it may miss the lowest there is
NOISE: Final = 1e-12  # of floats that should be equal
MANY: Final = 20  # customers of a kind, on average, who are counted rather than tried one by one


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
    prices, chosen, bound = _limited(few, own)
    choice[wanted] = chosen
    earned = few.earned(chosen)
    return Solution(choice, earned, max(bound, earned), prices)


def _limited(problem: Problem, own: Judged) -> tuple[FloatArray, IntArray, float]:
    """Prices, the best choice found and what none can exceed, where not everybody can have their own."""
    if problem.used(own.choice)[0] > problem.most[0]:
        prices, start = price_of_money(problem)
        if problem.fits(start):  # what is best with fewer limits, and keeps the others all the same, is best with all
            return prices, *_chosen(problem, prices, start)
    prices = prices_of(problem)
    return prices, *_chosen(problem, prices, _dearer(problem, prices))


def _chosen(problem: Problem, prices: FloatArray, start: IntArray) -> tuple[IntArray, float]:
    """The best choice found, beginning with one that fits, and what none can exceed."""
    judged = problem.judged(prices)
    chosen, bound = _alike(problem, judged, start, problem.bound(prices, judged))
    if bound - problem.earned(chosen) <= NOISE * bound:
        return chosen, bound
    chosen, least = best_by_states(problem, judged, prices, chosen)
    return chosen, min(bound, least)


def prices_of(problem: Problem, start: FloatArray | None = None) -> FloatArray:
    """The prices with the lowest bound: what one more unit of each limit would earn, were customers divisible.

    Args:
        problem: of any size.
        start: prices to begin with; those of a sample where None.
    """
    if not np.isfinite(problem.most).any():
        return np.zeros(len(problem.most))
    if len(problem) <= FEW:
        return prices_of_few(problem)[0]
    prices = _sampled(problem) if start is None else start
    best, lowest = prices, np.inf
    said: list[IntArray] = []  # what everybody chose at the prices tried
    for _ in range(ROUNDS):
        judged = problem.judged(prices)
        said.append(judged.choice)
        bound = problem.bound(prices, judged)
        if bound < lowest:
            best, lowest = prices, bound
        close = closest(judged, FEW)
        prices, least = prices_of_few(problem.of_rows(close), _crowds(problem, said, close))
        if lowest - least <= EVEN * lowest:
            break
    return best


def _crowds(problem: Problem, said: list[IntArray], close: IntArray) -> Crowd:
    """What everybody but a few earned and took by each of some choices."""
    earned, used = [], []
    for one in said:
        theirs = one.copy()
        theirs[close] = NONE
        earned.append(problem.earned(theirs))
        used.append(problem.used(theirs))
    return Crowd(np.array(earned), np.array(used))


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


def _alike(problem: Problem, judged: Judged, chosen: IntArray, bound: float) -> tuple[IntArray, float]:
    """The best whole choice, where all who could choose otherwise in a better plan than one given are of few kinds.

    Of others, the one given and its bound.
    """
    doubtful = _within(judged, bound - problem.earned(chosen))
    left = problem.most - _by_others(problem, judged, doubtful)
    if len(doubtful) < MANY or (left < 0).any():
        return chosen, bound
    both = np.concatenate([problem.profit[doubtful], problem.units[doubtful]], axis=1)
    if len(np.unique(both, axis=0)) * MANY > len(doubtful):
        return chosen, bound
    whole = best_of_few(problem.of_rows(doubtful, left))
    trial, theirs = judged.choice.copy(), judged.choice.copy()
    trial[doubtful], theirs[doubtful] = whole.choice, NONE
    least = min(bound, problem.earned(theirs) + whole.bound)
    return (trial, least) if problem.earned(trial) > problem.earned(chosen) else (chosen, least)


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
