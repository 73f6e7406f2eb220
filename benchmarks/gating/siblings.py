"""A simulated shop and models of one recipe, each fitted on other customers; and what is wrong with some of them.

Start reading at `Siblings`.
"""

import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from churn.calendar import Calendar, Int64Array, to_us
from churn.cutoffs import fold_at
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events, FloatArray
from features.catalogue import catalogue
from features.simulation import SimulationSettings, simulate
from features.snapshots import freeze
from training.baseline import BaseRate, RecencyRule
from training.fit import Fitted, fit
from training.gate_verdict import Check, parity_check
from training.plan import numbered
from training.recipe import Recipe
from training.rows import Columns, Rows

LIFECYCLE = Lifecycle(
    definition=ChurnDefinition(horizon_days=60, lapse={"rule": "silence", "days": 90}),
    calendar=Calendar("Asia/Shanghai"),
)
TESTS = (date(2025, 7, 1), date(2025, 8, 1))
FITTED_ON = 5_000  # customers of the cohort
SPOILT = 4  # models of each spoilt kind: each is told from a good one at once
RECIPE = Recipe(learning_rate=0.1, max_trees=150, patience=10, folds=2)  # quicker, and as good here


@dataclass(frozen=True)
class World:
    """Rows to learn from and to judge on.

    Args:
        learn: of the cutoffs before. test: of the cutoffs to judge on.
        truth: the true chance of each test row. Shape (n,).
        whose: the customer of each test row, as a number below `customers`. Shape (n,).
        customers: how many the test rows have.
        seed: of the shop.
    """

    learn: Rows
    test: Rows
    truth: FloatArray
    whose: Int64Array
    customers: int
    seed: int


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
    whose, ids = pd.factorize(test.customer)
    chances = np.clip(truth.reindex(asked).to_numpy(), 1e-4, 1 - 1e-4)
    return World(learn, test, chances, whose, len(ids), seed)


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


class Siblings:
    """Models of random draws of customers, asked about every test row; and what is wrong with some.

    Args:
        world: the shop.
        count: how many models.

    Attributes:
        knows: the customers each learned from. Shape (models, customers).
        equal: what each says of the test rows. Shape (models, n), as is `shuffled`.
        shuffled: the same of a few models of labels that belong to others.
        leak: the same of a few with a feature that knows the outcome, and what the certificate says of on-line rows.
        rivals: recency rule and base rate, fitted on the same rows.
    """

    def __init__(self, world: World, count: int) -> None:
        self.world, self.random = world, np.random.default_rng(world.seed)
        _, ids = pd.factorize(world.test.customer)
        drawn = [self.random.permutation(world.customers)[:FITTED_ON] for _ in range(count)]
        self.knows = np.array([np.isin(np.arange(world.customers), one) for one in drawn])
        learn = [world.learn.take(np.isin(world.learn.customer, ids[one])) for one in drawn]
        self.equal = [asked(fitted(rows, world.seed), world.test) for rows in learn]
        self.shuffled = [self._shuffled(rows) for rows in learn[:SPOILT]]
        self.leak = [self._leak(rows) for rows in learn[:SPOILT]]
        self.rivals = [
            {"recency_rule": RecencyRule.fit(rows, "churn").probability(world.test),
             "base_rate": BaseRate.fit(rows).probability(world.test)} for rows in learn
        ]  # fmt: skip

    def _shuffled(self, rows: Rows) -> FloatArray:
        """A model of labels that belong to others."""
        return asked(
            fitted(replace(rows, outcome=self.random.permutation(rows.outcome)), self.world.seed), self.world.test
        )

    def _leak(self, rows: Rows) -> tuple[FloatArray, Check]:
        """A model of a feature that knows the outcome, and what the certificate of its on-line rows says."""
        off_line = leaking(self.world.test, self.random, is_known=True)
        on_line = leaking(self.world.test, self.random, is_known=False)
        unlike = int((~((off_line.X == on_line.X) | (np.isnan(off_line.X) & np.isnan(on_line.X)))).any(axis=1).sum())
        certificate = {"feature_set_hash": "f", "definition_id": "d", "rows": "staged", "count": len(off_line),
                       "mismatches": unlike, "passed": not unlike}  # fmt: skip
        model = fitted(leaking(rows, self.random, is_known=True), self.world.seed)
        return asked(model, off_line), parity_check(certificate, "f", "d")
