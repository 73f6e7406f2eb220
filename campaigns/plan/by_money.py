"""The best whole choice where money alone is short: states of money and profit, one customer after the other.

At the price of money everybody has a best choice; another one is worse by its regret. Those whose regret is least are
tried first, and every state is a sum of such changes. A state goes if another one costs no more and earns no less, or
if its regrets already exceed the gap: no plan that follows from it could be better than the best one found. When the
next customer's regret exceeds the gap, nothing is left to try, and the plan is proven.

Source: Pisinger (1995), "A minimal algorithm for the multiple-choice knapsack problem", EJOR 83(2).
Start reading at `best_by_money`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from campaigns.plan.problem import NONE, UNITS, FloatArray, IntArray, Judged, Problem

STATES: Final = 30_000  # most that are kept; more, and the rest of the gap is told
TRIED: Final = 2_000  # customers, likewise
NOISE: Final = 1e-9  # of sums of floats


@dataclass(frozen=True)
class _States:
    """Money left over (in units) and profit of each, and from which state and option it came."""

    left: FloatArray
    profit: FloatArray
    came_from: IntArray
    option: IntArray


def best_by_money(problem: Problem, judged: Judged, price: float) -> tuple[IntArray, float]:
    """The best choice for a budget, no other limit being short.

    Args:
        problem: whose budget is the only limit that can be passed.
        judged: what everybody takes at the price of money.
        price: of one unit of the currency, above 0.

    Returns:
        The choice (NONE for nobody), and what no choice can exceed.
    """
    money = np.rint(problem.most[0] * UNITS)
    begin = money - np.rint(problem.used(judged.choice)[0] * UNITS)
    bound = problem.earned(judged.choice) + price * begin / UNITS
    order = np.argsort(judged.margin, kind="stable")[:TRIED]
    past = [_States(np.array([begin]), np.array([problem.earned(judged.choice)]), np.array([-1]), np.array([NONE]))]
    best, at = (past[0].profit[0], (0, 0)) if begin >= 0 else (-np.inf, (-1, -1))
    proven = len(order) == len(judged.margin)
    for step, who in enumerate(order, start=1):
        if judged.margin[who] > bound - best + NOISE:
            proven = True
            break
        now = _tried(problem, judged, past[-1], int(who), least=(best, price))
        fits = np.flatnonzero(now.left >= 0)
        if fits.size and now.profit[fits[-1]] > best:  # the dearest that fits earns most
            best, at = now.profit[fits[-1]], (step, int(fits[-1]))
        if len(now.left) > STATES:
            proven = False
            break
        past.append(now)
        if not len(now.left):
            proven = True
            break
    if at[0] < 0:
        return np.full(len(problem), NONE), bound
    if at[0] >= len(past):
        past.append(now)
    choice = _followed(past, order, judged.choice, at)
    return choice, problem.earned(choice) if proven else max(bound, problem.earned(choice))


def _tried(problem: Problem, judged: Judged, states: _States, who: int, least: tuple[float, float]) -> _States:
    """Every state with every option of a customer, without those that can lead nowhere."""
    best, price = least
    own = int(judged.choice[who])
    options = [NONE, *np.flatnonzero(np.isfinite(problem.profit[who])).tolist()]
    earns = {one: 0.0 if one == NONE else float(problem.profit[who, one]) for one in options}
    costs = {one: 0.0 if one == NONE else float(problem.units[who, one]) for one in options}
    left = np.concatenate([states.left - (costs[one] - costs[own]) for one in options])
    profit = np.concatenate([states.profit + (earns[one] - earns[own]) for one in options])
    came = np.tile(np.arange(len(states.left)), len(options))
    option = np.repeat(np.array(options, dtype=np.int64), len(states.left))
    kept = np.flatnonzero(profit + price * left / UNITS >= best - NOISE)
    kept = kept[np.lexsort((-profit[kept], -left[kept]))]  # cheapest first; of equals the one that earns most
    ahead = np.maximum.accumulate(profit[kept])
    better = np.concatenate([[True], profit[kept][1:] > ahead[:-1]]) if kept.size else np.zeros(0, dtype=np.bool_)
    kept = kept[better]
    return _States(left[kept], profit[kept], came[kept], option[kept])


def _followed(past: list[_States], order: IntArray, choice: IntArray, at: tuple[int, int]) -> IntArray:
    """The choice that a state stands for."""
    found, place = choice.copy(), at[1]
    for step in range(at[0], 0, -1):
        states = past[step]
        found[order[step - 1]] = states.option[place]
        place = int(states.came_from[place])
    return found
