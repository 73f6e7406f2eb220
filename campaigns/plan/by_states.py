"""The best whole choice near the prices: states of what is left of each limit, one customer after the other.

At the prices everybody has a best choice; another one is worse by its regret. A plan loses against the bound the sum of
its regrets, and what it leaves unused of each limit at that limit's price. Those whose regret is least are tried first.
A state goes if another one has as many contacts left, no less money and no more loss, or if its regrets alone exceed
what the best plan found loses: no better plan could follow from it. When the next customer's regret exceeds that too,
nothing is left to try, and the plan is proven. Where the states become too many, those of most regret go, and the bound
remembers the least of them; a plan found so makes the next, wider search shorter.

Source: Pisinger (1995), "A minimal algorithm for the multiple-choice knapsack problem", EJOR 83(2). Start
reading at `best_by_states`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from campaigns.plan.problem import NONE, UNITS, FloatArray, IntArray, Judged, Problem

SEARCHES: Final = ((1_000, 1e7), (8_000, 2e7), (60_000, 4e7))  # states kept at most; states looked at in all
TRIED: Final = 10_000  # customers
A_STEP: Final = 2_000  # states that a step counts for beside its own
NOISE: Final = 1e-9  # of sums of floats


@dataclass(frozen=True)
class _Tried:
    """The customers to be tried, those of least regret first, and what each of their options changes.

    Args:
        who: their places. Shape (t,).
        margin: regret of the second best. Shape (t,).
        regret: of each option, that of no action last. Shape (t, k + 1); infinite where it is none.
        takes: how much more of each limit than their own choice: money in units. Shape (t, k + 1, r).
        price: of one more of each. Shape (r,).
        left: of each, when everybody takes their own. Shape (r,).
    """

    who: IntArray
    margin: FloatArray
    regret: FloatArray
    takes: FloatArray
    price: FloatArray
    left: FloatArray


@dataclass
class _Found:
    """The best plan so far, by its loss against the bound, and the least loss that any other plan could have."""

    choice: IntArray
    loss: float
    least: float = 0.0


def best_by_states(problem: Problem, judged: Judged, prices: FloatArray, start: IntArray) -> tuple[IntArray, float]:
    """The best choice found, and what no choice can exceed.

    Limits without a price are left out as long as the best choice keeps to them all the same.

    Args:
        problem: of any size.
        judged: what everybody takes at the prices.
        prices: of the limits. Shape (m,).
        start: a choice that keeps to all limits. Shape (n,).
    """
    bound = problem.bound(prices, judged)
    kept = (prices > 0) | (problem.used(judged.choice) > problem.most + 0.5 / UNITS)
    while True:
        found = _Found(start, max(bound - problem.earned(start), 0.0))
        tried = _tried(problem, judged, prices, np.flatnonzero(kept))
        for most, looked_at in SEARCHES:
            if found.least >= found.loss - NOISE:
                break
            _search(tried, judged.choice, found, most, looked_at)
        passed = problem.used(found.choice) > problem.most + 0.5 / UNITS
        if not passed.any():
            break
        kept = kept | passed
    earned = problem.earned(found.choice)
    return found.choice, max(bound - found.least, earned) if found.least < found.loss - NOISE else earned


def _tried(problem: Problem, judged: Judged, prices: FloatArray, limits: IntArray) -> _Tried:
    size = min(TRIED, len(judged.margin))
    who = np.argpartition(judged.margin, size - 1)[:size]
    who = who[np.argsort(judged.margin[who], kind="stable")]
    nobody = np.zeros((len(who), 1))
    units = np.concatenate([problem.units[who], nobody], axis=1)
    uses = np.concatenate([problem.uses, np.zeros((len(problem.uses), 1))], axis=1)
    takes = np.stack([units if one == 0 else np.broadcast_to(uses[one], units.shape) for one in limits], axis=2)
    price = np.where(limits == 0, prices[limits] / UNITS, prices[limits])
    left = np.concatenate([problem.profit[who], nobody], axis=1) - takes @ price
    own = judged.choice[who]  # NONE is the last column too
    rows = np.arange(len(who))
    regret = np.maximum(left[rows, own][:, None] - left, 0.0)
    unused = problem.most[limits] - problem.used(judged.choice)[limits]
    unused = np.rint(np.where(limits == 0, unused * UNITS, unused))
    return _Tried(who, judged.margin[who], regret, takes - takes[rows, own][:, None, :], price, unused)


def _search(tried: _Tried, own: IntArray, found: _Found, most: int, looked_at: float) -> None:
    """Look for a plan better than the one found, and for how good any could be."""
    left, regret = tried.left[None, :], np.zeros(1)
    past: list[tuple[IntArray, IntArray]] = []
    best, at, dropped, finished = found.loss, (-1, -1), np.inf, len(tried.who) == len(own)
    for step in range(-1, len(tried.who)):
        if step >= 0:
            if tried.margin[step] > best + NOISE or looked_at < 0:
                finished = tried.margin[step] > best + NOISE
                break
            left, regret, came, option = _next(tried, step, left, regret, best)
            looked_at -= A_STEP + len(regret)
            if len(regret) > most:
                kept = np.sort(np.argpartition(regret, most)[:most])
                dropped = min(dropped, float(np.delete(regret, kept).min()))
                left, regret, came, option = left[kept], regret[kept], came[kept], option[kept]
            past.append((came.astype(np.int32), option.astype(np.int32)))
        if not len(regret):
            finished = True
            break
        loss = np.where((left >= 0).all(axis=1), regret + left @ tried.price, np.inf)
        if loss.min() < best - NOISE:
            best, at = float(loss.min()), (step, int(loss.argmin()))
    alive = np.inf if finished else float(regret.min(initial=np.inf))
    if best < found.loss:
        found.choice, found.loss = _followed(past, tried, own, at), best
    found.least = max(found.least, min(best, dropped, alive))


def _next(
    tried: _Tried, step: int, left: FloatArray, regret: FloatArray, best: float
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Every state with every option of the next customer, without those that can lead nowhere."""
    options = np.flatnonzero(tried.regret[step] <= best + NOISE)
    more = regret[None, :] + tried.regret[step][options][:, None]
    nth, came = np.nonzero(more <= best + NOISE)
    regrets, lefts = more[nth, came], left[came] - tried.takes[step][options[nth]]
    kept = _undominated(lefts, regrets + lefts @ tried.price)
    return lefts[kept], regrets[kept], came[kept], options[nth[kept]]


def _undominated(left: FloatArray, loss: FloatArray) -> IntArray:
    """Of states alike in all limits but the first: those than which none has as much left of it and loses no more."""
    group = np.zeros(len(left), dtype=np.int64)
    for one in range(1, left.shape[1]):
        lowest = left[:, one].min(initial=0)
        group = group * int(left[:, one].max(initial=0) - lowest + 1) + (left[:, one] - lowest).astype(np.int64)
    order = np.lexsort((loss, -left[:, 0], group))
    if not order.size:
        return order
    apart = float(np.ptp(loss)) + 1.0  # so that no group outdoes the next
    place = np.concatenate([[0], np.cumsum(np.diff(group[order]) != 0)])
    good = place * apart - loss[order]
    ahead = np.maximum.accumulate(good)
    best: IntArray = order[np.concatenate([[True], good[1:] > ahead[:-1]])]
    return best


def _followed(past: list[tuple[IntArray, IntArray]], tried: _Tried, own: IntArray, at: tuple[int, int]) -> IntArray:
    """The choice that a state stands for."""
    found, place = own.copy(), at[1]
    none = tried.regret.shape[1] - 1
    for step in range(at[0], -1, -1):
        came, option = past[step]
        found[tried.who[step]] = NONE if option[place] == none else option[place]
        place = int(came[place])
    return found
