"""What HiGHS is asked: the prices of limits, and the best whole choice, of a few customers.

Customers who are alike (same profits, same costs) are one variable with a count: a thousand equals are no thousand
cases to try. SciPy carries HiGHS. Reads `Problem`s. Start reading at `prices_of_few`.

Source: Huangfu and Hall (2018), "Parallelizing the dual revised simplex method", Mathematical Programming Computation
10; https://docs.scipy.org/doc/scipy/reference/generated/scipy.optimize.milp.html
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import block_array, csr_array, vstack

from campaigns.plan.problem import NONE, UNITS, FloatArray, IntArray, Problem

NODES: Final = 1_500  # of the search tree; counted, not timed, so that a plan is the same on every machine
SECONDS: Final = 6.0  # a last resort; a plan that meets it says how far from the best it may be


@dataclass(frozen=True)
class Whole:
    """A whole choice of a few.

    Args:
        choice: column of each, or NONE. Shape (n,).
        bound: what no whole choice of theirs can exceed.
    """

    choice: IntArray
    bound: float


@dataclass(frozen=True)
class Crowd:
    """What the others earn and take together, by each of some choices of theirs.

    Args:
        earned: shape (c,).
        used: of each limit. Shape (c, m).
    """

    earned: FloatArray
    used: FloatArray


@dataclass(frozen=True)
class _Alike:
    """Those who are alike, and their options that earn something.

    Args:
        group: of each customer. Shape (n,). counts: customers a group. of_group, column: of each option. Shape (v,).
        rows: what each option takes of each limit and of its group. Shape (m + groups, v).
    """

    group: IntArray
    counts: FloatArray
    of_group: IntArray
    column: IntArray
    earns: FloatArray
    rows: csr_array
    most: FloatArray


def prices_of_few(problem: Problem, crowd: Crowd | None = None) -> tuple[FloatArray, float]:
    """What one more unit of each limit would earn, were customers divisible; by linear programming.

    A limit that cannot be kept is given the highest price that could pay, so that there is always an answer.

    Args:
        problem: of the few; its limits are of everybody.
        crowd: the others, who do as they did in some of the choices; none where None.

    Returns:
        Prices, not below 0 (shape (m,)); and what the divisible would earn: no prices can have a lower bound.
    """
    prices = np.zeros(len(problem.most))
    bounded = np.flatnonzero(np.isfinite(problem.most))
    crowd = crowd or Crowd(np.zeros(1), np.zeros((1, len(prices))))
    alike = _alike(problem, bounded)
    earns = np.concatenate([alike.earns, crowd.earned])
    if not earns.any() or not bounded.size:
        return prices, float(earns.max(initial=0.0))
    taken = alike.rows[: len(bounded)].tocoo()
    dearest = np.full(len(bounded), earns.max())
    np.maximum.at(dearest, taken.row, alike.earns[taken.col] / np.maximum(taken.data, 1 / UNITS))
    beyond = csr_array(np.eye(len(bounded)))
    theirs = csr_array(crowd.used[:, bounded].T)
    rows = block_array([[alike.rows[: len(bounded)], theirs, -beyond], [alike.rows[len(bounded) :], None, None]])
    one_of = np.concatenate([np.zeros(len(alike.earns)), np.ones(len(crowd.earned)), np.zeros(len(bounded))])
    found = linprog(
        np.concatenate([-earns, dearest * 1.01]), A_ub=rows.tocsr(), b_ub=alike.most, A_eq=csr_array(one_of[None, :]),
        b_eq=[1.0], method="highs",
    )  # fmt: skip
    prices[bounded] = np.maximum(-found.ineqlin.marginals[: len(bounded)], 0.0)
    return prices, -float(found.fun)


def best_of_few(problem: Problem) -> Whole:
    """The best whole choice within the limits, by branch and bound; limits must not be below 0."""
    bounded = np.flatnonzero(np.isfinite(problem.most))
    alike = _alike(problem, bounded)
    nobody = np.full(len(problem), NONE)
    if not alike.earns.size:
        return Whole(nobody, 0.0)
    scale = 1000.0 / alike.earns.max()  # HiGHS stops within 1e-6 of the objective; that is to be next to nothing
    with _silent():
        found = milp(
            -alike.earns * scale, integrality=np.ones(len(alike.earns)), bounds=Bounds(0, alike.counts[alike.of_group]),
            constraints=LinearConstraint(alike.rows, ub=alike.most),
            options={"mip_rel_gap": 0.0, "node_limit": NODES, "time_limit": SECONDS},
        )  # fmt: skip
    most = float(alike.earns @ alike.counts[alike.of_group])
    bound = most if found.mip_dual_bound is None else -float(found.mip_dual_bound) / scale
    if found.x is None:
        return Whole(nobody, bound)
    choice = _handed_out(alike, np.rint(found.x).astype(np.int64))
    if not problem.fits(choice):  # passed by less than HiGHS can see
        return Whole(nobody, bound)
    return Whole(choice, max(bound, problem.earned(choice)))


@contextmanager
def _silent() -> Iterator[None]:
    """HiGHS says some things past every switch, on the very stdout that carries the JSON of a command."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _alike(problem: Problem, bounded: IntArray) -> _Alike:
    both = np.concatenate([problem.profit, problem.units], axis=1)
    _, first, group, counts = np.unique(both, axis=0, return_index=True, return_inverse=True, return_counts=True)
    profit, units = problem.profit[first], problem.units[first]
    of_group, column = np.nonzero(np.isfinite(profit))
    limits = problem.uses[:, column]
    limits[0] = units[of_group, column] / UNITS
    own = csr_array((np.ones(len(of_group)), (of_group, np.arange(len(of_group)))), shape=(len(first), len(of_group)))
    rows = vstack([csr_array(limits[bounded]), own], format="csr")
    most = np.concatenate([problem.most[bounded], counts])
    return _Alike(group.ravel(), counts.astype(float), of_group, column, profit[of_group, column], rows, most)


def _handed_out(alike: _Alike, taken: IntArray) -> IntArray:
    """Each group's options to its customers, in their order."""
    choice = np.full(len(alike.group), NONE)
    order = np.argsort(alike.group, kind="stable")
    begins = np.concatenate([[0], np.cumsum(alike.counts)]).astype(np.int64)
    place = begins[:-1].copy()
    for option in np.flatnonzero(taken):
        group, count = alike.of_group[option], taken[option]
        choice[order[place[group] : place[group] + count]] = alike.column[option]
        place[group] += count
    return choice
