"""How often does the gate let the wrong one in, and a better one pass? Error rates on the simulator, with intervals.

Run: python benchmarks/gate.py [--trials 200] [--customers 24000] [--seed 11] [--json]. Models of one recipe are
fitted on random draws of customers; in each trial two of them are champion and challenger, judged on customers of
neither. Bad challengers: labels shuffled, a feature that knows the outcome, probabilities pushed, one stage scored at
random (the last two in a model that is better otherwise). Better ones: the champion, drawn towards the true chance.
Prints the share that passed with its 95% Wilson interval, and the gain in expected log loss.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.calendar import Calendar, to_us
from churn.cutoffs import fold_at
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events, FloatArray
from churn.metrics_profit import Stakes
from churn.model_sections import Gate
from features.catalogue import catalogue
from features.simulation import SimulationSettings, simulate
from features.snapshots import freeze
from training.baseline import BaseRate, RecencyRule
from training.evidence import Evidence, Rival, stages_of
from training.fit import Fitted, fit
from training.gate import judge
from training.gate_verdict import Check, parity_check
from training.paired import losses
from training.plan import numbered
from training.recipe import Recipe
from training.rows import Columns, Rows

LIFECYCLE = Lifecycle(
    definition=ChurnDefinition(horizon_days=60, lapse={"rule": "silence", "days": 90}),
    calendar=Calendar("Asia/Shanghai"),
)
TESTS = (date(2025, 7, 1), date(2025, 8, 1))
LIMITS, STAKES = Gate(), Stakes(value_amount=300, offer_amount=30, contact_amount=2, accept_ratio=0.3)
GAINS = (0.03, 0.06, 0.12)  # how far towards the truth
FITTED_ON, JUDGED_ON = 5_000, (1_500,)  # customers of the cohort
RECIPE = Recipe(
    learning_rate=0.1, max_trees=150, patience=10, folds=2
)  # quicker than the project's, as good as it here


@dataclass(frozen=True)
class World:
    """Rows to learn from and to judge on, and the true chance of each test row."""

    learn: Rows
    test: Rows
    truth: FloatArray
    ids: np.ndarray


def world(customers: int, seed: int) -> World:
    """A simulated shop, its rows of the churn model, and the truth."""
    simulation, calendar = simulate(SimulationSettings(customers=customers, years=3, seed=seed)), LIFECYCLE.calendar
    by_kind = simulation.events.groupby("event_type")
    alive = {str(kind): set(rows.columns[rows.notna().any()]) for kind, rows in by_kind}
    features, events = catalogue(sorted(alive), alive, LIFECYCLE), Events.from_frame(simulation.events)
    fold = fold_at(
        [calendar.midnight(day) for day in TESTS],
        first=calendar.midnight(date(2024, 2, 1)), lifecycle=LIFECYCLE, every_days=60, max_cutoffs=3,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        frozen = [
            freeze(events, features, LIFECYCLE, cutoffs, observed_until=until, log_hash="0" * 64, folder=Path(folder))
            for cutoffs, until in ((fold.train, fold.test[0]), (fold.test, simulation.observed_until))
        ]
        learn, test = (Rows.of(one.frame, Columns.of(one.manifest), "churn") for one in frozen)
    told = simulation.true_outcome_probability(TESTS, horizon_days=60, paths=2)
    key = pd.MultiIndex.from_arrays([told["customer_id"], told["cutoff"].map(to_us)])
    truth = pd.Series(told["silent_probability"].to_numpy(), index=key)
    asked = pd.MultiIndex.from_arrays([test.customer, test.cutoff_us])
    return World(learn, test, np.clip(truth.reindex(asked).to_numpy(), 1e-4, 1 - 1e-4), np.unique(test.customer))


def logit(probability: FloatArray) -> FloatArray:
    """Log-odds."""
    return np.asarray(np.log(probability) - np.log1p(-probability))


def sigmoid(raw: FloatArray) -> FloatArray:
    """Probability of log-odds."""
    return np.clip(1 / (1 + np.exp(-raw)), 1e-6, 1 - 1e-6)


def fitted(rows: Rows, seed: int) -> Fitted:
    """The project's own learner."""
    return fit(rows, whole_from_us=0, seed=seed, threads=1, recipe=RECIPE)


def asked(model: Fitted, rows: Rows) -> FloatArray:
    """What a model says of rows."""
    return model.calibrator.probability(model.raw(numbered(rows, model.categories)))


def leaking(rows: Rows, random: np.random.Generator, *, is_known: bool) -> Rows:
    """Rows whose first feature tells the outcome in nine cases of ten, which no on-line row can know."""
    told = np.where(random.random(len(rows)) < 0.9, rows.outcome, 1 - rows.outcome)
    first = told if is_known else np.full(len(rows), np.nan)
    return replace(rows, X=np.column_stack([first, rows.X[:, 1:]]))


class Pool:
    """Models of random draws of customers, asked about every test row; and what is wrong with some."""

    def __init__(self, world: World, size: int, seed: int) -> None:
        self.world, self.random, self.seed = world, np.random.default_rng(seed), seed
        self.drawn = [self.random.permutation(world.ids)[:FITTED_ON] for _ in range(size)]
        learn = [world.learn.take(np.isin(world.learn.customer, one)) for one in self.drawn]
        self.equal = [asked(fitted(rows, seed), world.test) for rows in learn]
        self.shuffled = [self._shuffled(rows) for rows in learn]
        self.leak = [self._leak(rows) for rows in learn]
        fits = [(RecencyRule.fit(rows, "churn"), BaseRate.fit(rows)) for rows in learn]
        names = ("recency_rule", "base_rate")
        self.rivals = [
            {name: one.probability(world.test) for name, one in zip(names, pair, strict=True)} for pair in fits
        ]

    def _shuffled(self, rows: Rows) -> FloatArray:
        """A model of labels that belong to others."""
        return asked(fitted(replace(rows, outcome=self.random.permutation(rows.outcome)), self.seed), self.world.test)

    def _leak(self, rows: Rows) -> tuple[FloatArray, Check]:
        """A model of a feature that knows the outcome, and what the certificate of its on-line rows says."""
        off_line = leaking(self.world.test, self.random, is_known=True)
        on_line = leaking(self.world.test, self.random, is_known=False)
        unlike = int((~((off_line.X == on_line.X) | (np.isnan(off_line.X) & np.isnan(on_line.X)))).any(axis=1).sum())
        certificate = {"feature_set_hash": "f", "definition_id": "d", "rows": "staged", "count": len(off_line),
                       "mismatches": unlike, "passed": not unlike}  # fmt: skip
        model = fitted(leaking(rows, self.random, is_known=True), self.seed)
        return asked(model, off_line), parity_check(certificate, "f", "d")


class Trial:
    """Two siblings of a pool, judged on customers from whom neither learned."""

    def __init__(self, pool: Pool, number: int, judged_on: int) -> None:
        self.random, self.number, self.pool = np.random.default_rng([pool.seed, number]), number, pool
        self.ours, self.theirs = self.random.choice(len(pool.drawn), 2, replace=False)
        known = np.concatenate([pool.drawn[self.ours], pool.drawn[self.theirs]])
        rest = self.random.permutation(np.setdiff1d(pool.world.ids, known))
        self.chosen = np.isin(pool.world.test.customer, rest[:judged_on])
        self.rows, self.truth = pool.world.test.take(self.chosen), pool.world.truth[self.chosen]
        self.champion = pool.equal[self.theirs][self.chosen]
        self.rivals = {name: told[self.chosen] for name, told in pool.rivals[self.ours].items()}

    def passes(self, probability: FloatArray, *, rule: str = "replace", **changes: Any) -> bool:
        """Whether the gate lets a challenger pass."""
        age = LIMITS.max_age_days if rule == "renew" else 0
        evidence = Evidence(
            self.rows, probability, self.rivals,
            champion=None if rule == "first" else Rival("version 1", self.champion, age_days=age),
            segments=stages_of(self.rows), stakes=STAKES,
        )  # fmt: skip
        return judge(replace(evidence, **changes), LIMITS, seed=self.number).passed

    def better(self, share: float) -> FloatArray:
        """The champion, drawn towards the truth."""
        return sigmoid((1 - share) * logit(self.champion) + share * logit(self.truth))

    def gain(self, probability: FloatArray) -> float:
        """The share of the champion's expected log loss that a model saves; outcomes are not looked at."""
        told = [self.truth * losses(np.ones(len(one)), one) + (1 - self.truth) * losses(np.zeros(len(one)), one)
                for one in (self.champion, probability)]  # fmt: skip
        return float(1 - told[1].mean() / told[0].mean())

    def bad(self) -> dict[str, tuple[FloatArray, dict[str, Any]]]:
        """Challengers that must not pass, with what else the gate is told of them."""
        stages, broken = self.rows.stage.astype(str), self.better(0.2)
        largest = max(set(stages) - {"active"}, key=lambda one: int((stages == one).sum()))
        mine = np.flatnonzero(stages == largest)
        broken[mine] = self.random.permutation(broken[mine])
        leak, proof = self.pool.leak[self.ours]
        return {
            "labels shuffled": (self.pool.shuffled[self.ours][self.chosen], {}),
            "better, but pushed": (sigmoid(1.5 * logit(self.better(0.2)) - 1.0), {}),
            "better, but one stage at random": (broken, {}),
            "leaking feature": (leak[self.chosen], {"others": (proof,)}),
        }


def trials(world: World, count: int, seed: int, pool_size: int) -> pd.DataFrame:
    """One row a trial, scenario and number of customers judged on: whether the gate let it pass."""
    pool, found = Pool(world, pool_size, seed), list[dict[str, Any]]()
    for number in range(count):
        for judged_on in JUDGED_ON:
            trial = Trial(pool, number, judged_on)
            cases = [(f"{name}, {rule}", *told, rule) for name, told in trial.bad().items()
                     for rule in ("replace", "first")]  # fmt: skip
            equal = pool.equal[trial.ours][trial.chosen]
            cases += [(f"equal, {rule}", equal, {}, rule) for rule in ("replace", "renew")]
            cases += [(f"better by {share:g}, replace", trial.better(share), {}, "replace") for share in GAINS]
            for case, probability, changes, rule in cases:
                told = {"passed": trial.passes(probability, rule=rule, **changes), "gain": trial.gain(probability)}
                found.append({"case": case, "judged_on": judged_on} | told)
        if number % 10 == 9:
            print(f"{number + 1} of {count}", file=sys.stderr, flush=True)
    return pd.DataFrame(found)


def wilson(passed: int, n: int) -> tuple[float, float]:
    """95% interval of a share. Source: Wilson (1927), JASA 22."""
    z, share = 1.959964, passed / n
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def figures(table: pd.DataFrame) -> dict[str, Any]:
    """Shares that passed, with their intervals."""
    told: dict[str, Any] = {}
    for (case, judged_on), rows in table.groupby(["case", "judged_on"], sort=False):
        passed, n = int(rows["passed"].sum()), len(rows)
        wrongly = int((rows["passed"] & (rows["gain"] <= 0)).sum())
        low, high = wilson(passed, n)
        told[f"{case} on {judged_on} customers"] = {
            "trials": n, "passed": passed, "though_no_better": wrongly,
            "share": round(passed / n, 4), "low": round(low, 4), "high": round(high, 4),
            "gain_ratio": round(float(rows["gain"].mean()), 4), "gain_spread": round(float(rows["gain"].std()), 4),
        }  # fmt: skip
    return told


def main() -> None:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--customers", type=int, default=30_000)
    parser.add_argument("--pool", type=int, default=20)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    told = figures(trials(world(chosen.customers, chosen.seed), chosen.trials, chosen.seed, chosen.pool))
    print(json.dumps({"figures": told}, indent=1) if chosen.json else pd.DataFrame(told).T.to_string())


if __name__ == "__main__":
    main()
