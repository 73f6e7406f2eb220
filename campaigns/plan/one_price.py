"""The price of money alone, exact: halved until no customer chooses otherwise between too low and too high.

Whoever takes the same at both ends takes it at all prices between (what an option keeps falls in a straight line), so
that every halving looks at fewer customers. Start reading at `price_of_money`.

Source: Zemel (1980), "The linear multiple choice knapsack problem", Operations Research 28(6).
"""

from typing import Final

import numpy as np

from campaigns.plan.problem import NONE, UNITS, FloatArray, IntArray, Problem

HALVINGS: Final = 200  # more than a float has bits to halve


def price_of_money(problem: Problem) -> tuple[FloatArray, IntArray]:
    """The price of the budget with the lowest bound, all other limits aside, and a choice at it that fits the budget.

    Args:
        problem: whose free choice passes the budget.

    Returns:
        Prices of the limits, 0 but for the budget's (shape (m,)); the choice (shape (n,)), in which all those who are
        indifferent at that price take their dearer option, in order of place, as far as the money goes.
    """
    low, high = 0.0, _dearest(problem)
    cheap, dear = _choice(problem, high), _choice(problem, low)
    moves = np.flatnonzero(cheap != dear)
    money = np.rint(problem.most[0] * UNITS)
    theirs = np.rint(problem.used(cheap)[0] * UNITS) - _units(problem, moves, cheap).sum()  # of those who are settled
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high) or not len(moves):
            break
        choice = _choice(problem.of_rows(moves), middle)
        if theirs + _units(problem, moves, choice, whole=False).sum() > money:
            low, dear[moves] = middle, choice
        else:
            high, cheap[moves] = middle, choice
        settled = moves[cheap[moves] == dear[moves]]
        theirs += _units(problem, settled, cheap).sum()
        moves = moves[cheap[moves] != dear[moves]]
    more = _units(problem, moves, dear) - _units(problem, moves, cheap)
    affordable = moves[np.cumsum(more) <= money - theirs - _units(problem, moves, cheap).sum()]
    cheap[affordable] = dear[affordable]
    prices = np.zeros(len(problem.most))
    prices[0] = high
    return prices, cheap


def _dearest(problem: Problem) -> float:
    """A price at which nobody takes what costs money."""
    paid = np.isfinite(problem.profit) & (problem.units > 0)
    return float((problem.profit[paid] / problem.units[paid]).max(initial=0.0)) * UNITS * (1 + 1e-9) + 1e-9


def _choice(problem: Problem, price: float) -> IntArray:
    prices = np.zeros(len(problem.most))
    prices[0] = price
    return problem.judged(prices).choice


def _units(problem: Problem, who: IntArray, choice: IntArray, *, whole: bool = True) -> FloatArray:
    """What a choice costs of some customers; the choice is everybody's, or (not whole) theirs alone."""
    theirs = choice[who] if whole else choice
    return np.where(theirs == NONE, 0.0, problem.units[who, theirs])
