"""Six campaigns and retrainings: what naive retraining unlearns, and what the rules on treated rows keep.

Run: python benchmarks/campaign_cycles.py [--strength weak] [--customers 3000] [--seeds 1 2 3] [--cycles 6]
     [--told-at 2 4 6] [--rules kept excluded weighted modelled] [--hold-out 0.2] [--processes 2] [--keep rows.csv]

The simulated shop runs undisturbed for two years. Then, every 30 days: all rules learn from the same log, the naive
model (`kept`) chooses who is at the highest risk, chance holds some out, the others are contacted as the strength says
(benchmarks/cycled/world.py: weak is three coupons a week apart; the others are a stress), and 30 days pass. One
world, in which naive retraining acts, so that the rules are compared on the very same rows. Measured at each
retraining, on one customer in five whom no rule ever learned from, against the true chance of silence if nobody is
contacted, which no rule sees: mean told less mean true (bias), slope and intercept of true log-odds on those told, ECE,
log loss and AUC by the true chance, and what a campaign on each rule's own choice would truly bring at most: customers
who would be silent and can be persuaded among the highest third, times value, less what contacts cost. Beside them
stands the bend of the labels as `churn campaign bend` tells it. Intervals are over seeds.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.cycled.rules import RULES, Figures, bent, figures, is_asked, told_by
from benchmarks.cycled.world import EVERY_DAYS, HORIZON_DAYS, LIFECYCLE, QUIET_DAYS, STRENGTHS, World, rows_at
from churn.events import FloatArray
from features.simulated_log import customer_ids
from features.simulated_truth import silence_probability
from features.touched import touched
from training.rows import Rows

NAMES = ("bias", "bias_top", "ece", "slope", "intercept", "auc", "log_loss", "brier", "profit")
COMPARED = ("bias", "bias_top", "ece", "log_loss", "auc", "profit")


@dataclass(frozen=True)
class Asked:
    """What is run: the same for every seed."""

    customers: int
    cycles: int
    strength: str
    hold_out: float
    rules: tuple[str, ...] = ("kept", "excluded", "weighted", "modelled")
    told_at: tuple[int, ...] = (2, 4, 6)


def run(asked: Asked, seed: int) -> list[Figures]:
    """One world: figures of each rule at these retrainings, with seed, cycle, rule, treated_share and bend."""
    world, found, codes = World(asked.customers, seed, asked.cycles), list[Figures](), customer_ids(asked.customers)
    strength = STRENGTHS[asked.strength]
    for cycle in range(asked.cycles + 1):
        with tempfile.TemporaryDirectory() as folder:
            every, now = rows_at(world, Path(folder))
        learn, who = every.take(~is_asked(every, seed)), pd.Index(codes).get_indexer(pd.Index(now.customer))
        marks = touched(learn.customer, learn.cutoff_us, world.treatments, LIFECYCLE)
        kept = told_by("kept", learn, marks, now, seed)
        if cycle in asked.told_at:
            found += told_of(asked, world, learn, now, kept)
        print(f"{asked.strength} seed {seed} cycle {cycle} done", file=sys.stderr, flush=True)
        if cycle < asked.cycles:
            best = np.argsort(-kept, kind="stable")[: int(strength.share * len(who))]
            world.act(who[best], asked.hold_out, strength, cycle)
            world.run(EVERY_DAYS)
    return [one | {"seed": seed} for one in found]


def told_of(asked: Asked, world: World, learn: Rows, now: Rows, kept: FloatArray) -> list[Figures]:
    """Figures of each rule at one retraining."""
    seed, rows = world.seed, is_asked(now, world.seed)
    who = pd.Index(customer_ids(asked.customers)).get_indexer(pd.Index(now.customer))[rows]
    true = np.clip(silence_probability(world.shop, world.state, HORIZON_DAYS, contacted=False)[who], 1e-6, 1 - 1e-6)
    persuadable = (world.shop.response[who] == 0).astype(float)
    marks, bend = touched(learn.customer, learn.cutoff_us, world.treatments, LIFECYCLE), bent(learn, world.treatments)
    head = {"cycle": (world.state.day - QUIET_DAYS) // EVERY_DAYS, "treated_share": marks.is_treated.mean()}
    head |= {name: np.nan if bend is None else getattr(bend, name) for name in ("bend", "low", "high")}
    told = {rule: kept if rule == "kept" else told_by(rule, learn, marks, now, seed) for rule in asked.rules}
    return [head | {"rule": rule} | figures(mine[rows], true, persuadable) for rule, mine in told.items()]


def less_naive(table: pd.DataFrame, later_than: float) -> pd.DataFrame:
    """Each rule less naive in the later cycles: mean and 95 % interval over seeds (t). Biases by their size.

    Args:
        table: rows of `run`.
        later_than: cycles up to here are left out.

    Returns:
        Columns: rule, figure, mean, low, high.
    """
    sized = table.assign(bias=table["bias"].abs(), bias_top=table["bias_top"].abs())
    late = sized[sized["cycle"] > later_than].groupby(["seed", "rule"])[list(COMPARED)].mean()
    found = []
    for rule in [one for one in table["rule"].unique() if one != "kept"]:
        for name in COMPARED:
            side = late.reset_index().pivot_table(index="seed", columns="rule", values=name)
            gap = side[rule] - side["kept"]
            half = stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
            found.append({"rule": rule, "figure": name, "mean": gap.mean(), "low": gap.mean() - half,
                          "high": gap.mean() + half})  # fmt: skip
    return pd.DataFrame(found)


def main() -> None:
    """Print the figures of each cycle, and each rule less naive, over seeds."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--strength", choices=list(STRENGTHS), default="weak")
    asked.add_argument("--customers", type=int, default=3000)
    asked.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    asked.add_argument("--cycles", type=int, default=6)
    asked.add_argument("--hold-out", type=float, default=0.2)
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--keep", type=Path, help="write every row there, CSV")
    asked.add_argument("--rules", choices=RULES, nargs="+", default=list(Asked.rules))
    asked.add_argument("--told-at", type=int, nargs="+", default=list(Asked.told_at), help="cycles to be measured")
    told = asked.parse_args()
    rules = ("kept", *(one for one in told.rules if one != "kept"))
    one = Asked(told.customers, told.cycles, told.strength, told.hold_out, rules, tuple(told.told_at))
    with ProcessPoolExecutor(told.processes) as pool:
        table = pd.DataFrame([row for rows in pool.map(partial(run, one), told.seeds) for row in rows])
    if told.keep:
        table.to_csv(told.keep, index=False)
    print(table.groupby(["cycle", "rule"], sort=False)[["treated_share", "bend", *NAMES]].mean().round(4).to_string())
    if len(told.seeds) > 1:
        print(f"\nThe later half of the cycles, less naive; mean and 95 % interval over {len(told.seeds)} seeds (t)")
        for row in less_naive(table, told.cycles / 2).itertuples():
            print(f"{row.rule:14} {row.figure:9} {row.mean:+.4f} ({row.low:+.4f} to {row.high:+.4f})")


if __name__ == "__main__":
    main()
