"""Six campaigns and retrainings: what naive retraining unlearns, and what the rules on treated rows keep.

Run: python benchmarks/campaign_cycles.py [--customers 4000] [--seeds 1 2 3] [--cycles 6] [--times 3] [--hold-out 0.2]

The simulated shop runs undisturbed for two years. Then, every 30 days: all rules learn from the same log, the naive
model (`kept`) chooses the third at the highest risk, chance holds some out, the others are contacted `--times` times, a
week apart (once is one coupon; it moves few), and 30 days pass. One world, in which naive retraining acts, so that the
rules are compared on the very same rows. Measured at each retraining, against the true chance of silence if nobody is
contacted, which no rule sees: mean told less mean true (bias), slope and intercept of true log-odds on those told, ECE
and log loss against the true chance, and what a campaign on each rule's own choice would truly bring: customers who
would be silent and can be persuaded among the chosen, times value, less what contacts
cost: the most it could. Intervals are over seeds.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.calendar import DAY_US, Calendar, to_us
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events, FloatArray
from features.catalogue import catalogue
from features.simulated_calendar import shop_calendar
from features.simulated_customers import COUPON, open_shop
from features.simulated_day import step
from features.simulated_log import customer_ids, event_frame
from features.simulated_truth import silence_probability
from features.snapshots import freeze
from features.touched import touched
from training.fit import fit
from training.plan import numbered
from training.rows import Columns, Rows
from training.treated import by_rule

RULES = ("kept", "excluded", "weighted", "modelled")
FIRST, QUIET_DAYS, EVERY_DAYS, HORIZON_DAYS = date(2023, 1, 1), 730, 30, 45
VALUE, CONTACT = 60.0, 1.0  # money of the simulated shop, for ranking profits alone
PLANNED_SHARE = 1 / 3
CALENDAR = Calendar("Asia/Shanghai")
LIFECYCLE = Lifecycle(ChurnDefinition(horizon_days=HORIZON_DAYS), calendar=CALENDAR)
Figures = dict[str, float]


@dataclass
class World:
    """The shop as it runs: state, what was seen, who was planned for."""

    customers: int
    seed: int
    cycles: int
    seen: list = field(default_factory=list)
    planned: list = field(default_factory=list)

    def __post_init__(self) -> None:
        days = QUIET_DAYS + self.cycles * EVERY_DAYS
        self.calendar = shop_calendar(FIRST, days + 400, CALENDAR.timezone)
        self.shop, self.state = open_shop(self.calendar, self.customers, days, self.seed)
        self.due: dict[int, np.ndarray] = {}
        self.run(QUIET_DAYS)

    def run(self, days: int) -> None:
        """Let days pass, with whatever contacts are due."""
        for _ in range(days):
            actions = self.due.get(self.state.day, np.zeros(self.customers, dtype=np.int8))
            today = self.state.day
            self.state, sightings = step(self.shop, self.state, actions, campaign="cycle")
            self.seen.append((today, sightings))

    @property
    def now(self) -> pd.Timestamp:
        """The midnight at which the next day begins, UTC."""
        return pd.Timestamp(int(self.calendar.midnight_us[self.state.day]), unit="us", tz="UTC").as_unit("us")

    def act(self, chosen: np.ndarray, hold_out: float, times: int, cycle: int) -> None:
        """Plan for some, hold out by chance, contact the others `times` times a week apart."""
        treated = np.random.default_rng([self.seed, cycle, 11]).random(len(chosen)) >= hold_out
        for week in range(times):
            actions = np.zeros(self.customers, dtype=np.int8)
            actions[chosen[treated]] = COUPON
            self.due[self.state.day + 7 * week] = actions
        frame = pd.DataFrame({"customer_id": customer_ids(self.customers)[chosen], "is_treated": treated})
        ends = self.now + timedelta(days=EVERY_DAYS)
        self.planned.append(frame.assign(planned_at=self.now, window_end=ends, propensity=1 - hold_out))

    @property
    def treatments(self) -> pd.DataFrame:
        """Who was planned for, by campaign."""
        return pd.concat(self.planned, ignore_index=True) if self.planned else pd.DataFrame()


def rows_at(world: World, folder: Path) -> tuple[Rows, Rows]:
    """Rows to learn from, mature by now, and those of now, whose outcome nobody knows."""
    log = event_frame(world.seen, world.calendar, customers=world.customers, until=world.now, seed=world.seed)
    alive = {kind: set(part.columns[part.notna().any()]) for kind, part in log.groupby("event_type")}
    features = catalogue(sorted(alive), alive, LIFECYCLE)
    today = FIRST + timedelta(days=world.state.day)
    days = [today - timedelta(days=HORIZON_DAYS + EVERY_DAYS * back) for back in range(8)]
    cutoffs = [CALENDAR.midnight(day) for day in [*days, today]]
    snapshot = freeze(
        Events.from_frame(log), features, LIFECYCLE, cutoffs,
        observed_until=world.now.to_pydatetime(), log_hash=f"{world.seed}", folder=folder,
    )  # fmt: skip
    columns, frame = Columns.of(snapshot.manifest), snapshot.frame
    now = frame[(frame["event_timestamp"] == cutoffs[-1]) & (frame["model"] == "churn")]
    return Rows.of(frame, columns, "churn"), Rows.of(now.assign(label=0.0), columns, "churn")


def told_by(rule: str, learn: Rows, asked: Rows, world: World) -> FloatArray:
    """What a model that learned by a rule says of those asked about. Shape (n,)."""
    marks = touched(learn.customer, learn.cutoff_us, world.treatments, LIFECYCLE)
    rows = by_rule(learn, marks, rule, heaviest=20, seed=world.seed)[0]
    begins = to_us(CALENDAR.midnight(FIRST)) + LIFECYCLE.definition.lookback_days * DAY_US
    fitted = fit(rows, whole_from_us=begins, seed=world.seed, threads=1)
    return fitted.calibrator.probability(fitted.raw(numbered(asked, fitted.categories)))


def figures(told: FloatArray, true: FloatArray, persuadable: FloatArray) -> Figures:
    """How far what is told is from the truth, and what a campaign on the highest third would bring."""
    p, raw = np.clip(told, 1e-6, 1 - 1e-6), np.log(np.clip(told, 1e-6, None) / np.clip(1 - told, 1e-6, None))
    slope, intercept = np.polyfit(raw, np.log(true / (1 - true)), 1)
    groups = np.array_split(np.argsort(told, kind="stable"), 10)
    ece = sum(abs(told[one].mean() - true[one].mean()) * len(one) for one in groups) / len(told)
    best = np.argsort(-told, kind="stable")[: int(PLANNED_SHARE * len(told))]
    profit = float((VALUE * true[best] * persuadable[best] - CONTACT).sum()) / len(told)
    return {
        "bias": float(told.mean() - true.mean()), "bias_top": float(told[best].mean() - true[best].mean()),
        "ece": float(ece), "slope": float(slope), "intercept": float(intercept),
        "log_loss": float(-(true * np.log(p) + (1 - true) * np.log(1 - p)).mean()),
        "brier": float((true * (1 - p) ** 2 + (1 - true) * p**2).mean()), "profit": profit,
    }  # fmt: skip


def cycles(customers: int, seed: int, count: int, times: int, hold_out: float) -> list[Figures]:
    """One world: figures of each rule at each retraining, with seed, cycle, rule and treated_share."""
    world, found = World(customers, seed, count), list[Figures]()
    codes = pd.Index(customer_ids(customers))
    for cycle in range(count + 1):
        with tempfile.TemporaryDirectory() as folder:
            learn, asked = rows_at(world, Path(folder))
        who = codes.get_indexer(pd.Index(asked.customer))
        true = np.clip(silence_probability(world.shop, world.state, HORIZON_DAYS, contacted=False)[who], 1e-6, 1 - 1e-6)
        persuadable = (world.shop.response[who] == 0).astype(float)
        marks = touched(learn.customer, learn.cutoff_us, world.treatments, LIFECYCLE)
        told = {rule: told_by(rule, learn, asked, world) for rule in (RULES if marks.is_any else RULES[:1])}
        for rule in RULES:
            mine = figures(told.get(rule, told["kept"]), true, persuadable)
            found.append({"seed": seed, "cycle": cycle, "rule": rule, "treated_share": marks.is_treated.mean(), **mine})
        print(f"seed {seed} cycle {cycle} done", file=sys.stderr, flush=True)
        if cycle < count:
            best = np.argsort(-told["kept"], kind="stable")[: int(PLANNED_SHARE * len(who))]
            world.act(who[best], hold_out, times, cycle)
            world.run(EVERY_DAYS)
    return found


def main() -> None:
    """Print the figures of the last cycle, and each rule less naive, over seeds."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--customers", type=int, default=4000)
    asked.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    asked.add_argument("--cycles", type=int, default=6)
    asked.add_argument("--times", type=int, default=3)
    asked.add_argument("--hold-out", type=float, default=0.2)
    asked.add_argument("--processes", type=int, default=2)
    told = asked.parse_args()
    with ProcessPoolExecutor(told.processes) as pool:
        run = partial(cycles, told.customers, count=told.cycles, times=told.times, hold_out=told.hold_out)
        runs = list(pool.map(run, told.seeds))
    table = pd.DataFrame([row for run in runs for row in run])
    names = ["treated_share", "bias", "bias_top", "ece", "slope", "intercept", "log_loss", "brier", "profit"]
    print(table.groupby(["cycle", "rule"], sort=False)[names].mean().round(4).to_string())
    late = table[table["cycle"] > told.cycles / 2].groupby(["seed", "rule"])[names].mean()
    if len(told.seeds) < 2:
        return
    print(f"\nThe later half of the cycles, less naive; mean and 95 % interval over {len(told.seeds)} seeds (t)")
    from scipy import stats

    for rule in RULES[1:]:
        for name in ("bias", "bias_top", "ece", "log_loss", "profit"):
            side = late[name].reset_index().pivot_table(index="seed", columns="rule", values=name)
            size = side.abs() if name.startswith("bias") else side
            gap = size[rule] - size["kept"]
            half = stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
            print(f"{rule:10} {name:9} {gap.mean():+.4f} ({gap.mean() - half:+.4f} to {gap.mean() + half:+.4f})")


if __name__ == "__main__":
    main()
