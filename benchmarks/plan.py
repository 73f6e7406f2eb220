"""How long the choice of a plan takes, how much memory, and how near it is to the best: drawn customers, ten actions.

    PYTHONPATH=. python benchmarks/plan.py 1000000

Money is drawn (chances, values, ten actions of different costs), with a budget and with capacities beside it. Start
reading at `main`.
"""

import resource
import sys
import time

import numpy as np

from campaigns.plan.highs import NODES, SECONDS, best_of_few
from campaigns.plan.problem import NONE, FloatArray, Limit, Problem
from campaigns.plan.solve import solve

ACTIONS = 10
SMALL = 5_000  # customers, up to whom HiGHS is asked about everybody beside it


def drawn(count: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Profit and cost of each customer and action; a third of the actions is none for them."""
    rng = np.random.default_rng(seed)
    turnable, value = rng.beta(1, 3, (count, 1)), rng.gamma(2, 40, (count, 1))
    take_up = rng.uniform(0.05, 0.3, ACTIONS)
    offer, contact = rng.choice([0, 5, 10, 20.0], ACTIONS), rng.choice([0.05, 0.1, 1, 5, 8.0], ACTIONS)
    cost = contact + offer * (1 - turnable * (1 - take_up))
    profit = turnable * take_up * value - cost
    profit[rng.random(profit.shape) < 1 / 3] = np.nan
    return profit, cost


def main(count: int) -> None:
    """Print seconds of processor, peak memory, profit and gap."""
    short = [Limit("a", (0, 1, 2), count // 200), Limit("all", tuple(range(ACTIONS)), count // 12)]
    for seed in (1, 2):
        profit, cost = drawn(count, seed)
        for name, limits in (("budget", []), ("budget and capacities", short)):
            began = time.process_time()
            problem = Problem.of(profit, cost, count * 0.05, limits)
            found = solve(problem)
            took, peak = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(
                f"{count:,} customers, seed {seed}, {name}: {took:.1f} s of processor, peak {peak:.2f} GiB, "
                f"{(found.choice != NONE).sum():,} chosen, profit {found.profit:,.2f}, gap {found.gap:.2g}",
                flush=True,
            )
            if count <= SMALL:
                began = time.process_time()
                whole = best_of_few(problem)
                print(
                    f"    HiGHS on everybody, {NODES} nodes or {SECONDS:.0f} s: {time.process_time() - began:.1f} s of "
                    f"processor, profit {problem.earned(whole.choice):,.2f}, gap "
                    f"{whole.bound - problem.earned(whole.choice):.2g}",
                    flush=True,
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
