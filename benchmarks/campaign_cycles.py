"""Six campaigns and retrainings: what naive retraining unlearns, and what the rules on treated rows keep.

Run: python benchmarks/campaign_cycles.py [--strength weak] [--customers 3000] [--seeds 1 2 3] [--cycles 6]
     [--hold-out 0.2] [--processes 2] [--keep rows.csv]

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
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.cycled.rules import RULES, Figures, bent, figures, is_asked, told_by
from benchmarks.cycled.world import EVERY_DAYS, HORIZON_DAYS, LIFECYCLE, STRENGTHS, World, rows_at
from features.simulated_log import customer_ids
from features.simulated_truth import silence_probability
from features.touched import touched

NAMES = ("bias", "bias_top", "ece", "slope", "intercept", "auc", "log_loss", "brier", "profit")
COMPARED = ("bias", "bias_top", "ece", "log_loss", "auc", "profit")


def cycles(customers: int, seed: int, count: int, strength: str, hold_out: float) -> list[Figures]:
    """One world: figures of each rule at each retraining, with seed, cycle, rule, treated_share and bend."""
    world, found, codes = World(customers, seed, count), list[Figures](), pd.Index(customer_ids(customers))
    for cycle in range(count + 1):
        with tempfile.TemporaryDirectory() as folder:
            every, now = rows_at(world, Path(folder))
        learn, asked = every.take(~is_asked(every, seed)), is_asked(now, seed)
        who = codes.get_indexer(pd.Index(now.customer))
        true = np.clip(silence_probability(world.shop, world.state, HORIZON_DAYS, contacted=False)[who], 1e-6, 1 - 1e-6)
        persuadable = (world.shop.response[who] == 0).astype(float)
        marks = touched(learn.customer, learn.cutoff_us, world.treatments, LIFECYCLE)
        told = {rule: told_by(rule, learn, marks, now, seed) for rule in (RULES if marks.is_any else RULES[:1])}
        bend = bent(learn, world.treatments)
        head = {"seed": seed, "cycle": cycle, "strength": strength, "treated_share": marks.is_treated.mean()}
        head |= {name: np.nan if bend is None else getattr(bend, name) for name in ("bend", "low", "high")}
        for rule in RULES:
            mine = told.get(rule, told["kept"])[asked]
            found.append(head | {"rule": rule} | figures(mine, true[asked], persuadable[asked]))
        print(f"{strength} seed {seed} cycle {cycle} done", file=sys.stderr, flush=True)
        if cycle < count:
            best = np.argsort(-told["kept"], kind="stable")[: int(STRENGTHS[strength].share * len(who))]
            world.act(who[best], hold_out, STRENGTHS[strength], cycle)
            world.run(EVERY_DAYS)
    return found


def less_naive(table: pd.DataFrame, later_than: float) -> pd.DataFrame:
    """Each rule less naive in the later cycles: mean and 95 % interval over seeds (t). Biases by their size.

    Args:
        table: rows of `cycles`.
        later_than: cycles up to here are left out.

    Returns:
        Columns: rule, figure, mean, low, high.
    """
    sized = table.assign(bias=table["bias"].abs(), bias_top=table["bias_top"].abs())
    late = sized[sized["cycle"] > later_than].groupby(["seed", "rule"])[list(COMPARED)].mean()
    found = []
    for rule in RULES[1:]:
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
    told = asked.parse_args()
    run = partial(cycles, told.customers, count=told.cycles, strength=told.strength, hold_out=told.hold_out)
    with ProcessPoolExecutor(told.processes) as pool:
        table = pd.DataFrame([row for one in pool.map(run, told.seeds) for row in one])
    if told.keep:
        table.to_csv(told.keep, index=False)
    print(table.groupby(["cycle", "rule"], sort=False)[["treated_share", "bend", *NAMES]].mean().round(4).to_string())
    if len(told.seeds) > 1:
        print(f"\nThe later half of the cycles, less naive; mean and 95 % interval over {len(told.seeds)} seeds (t)")
        for row in less_naive(table, told.cycles / 2).itertuples():
            print(f"{row.rule:14} {row.figure:9} {row.mean:+.4f} ({row.low:+.4f} to {row.high:+.4f})")


if __name__ == "__main__":
    main()
