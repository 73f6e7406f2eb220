"""One lesson, three learners: what each is given, which of them may serve, and how good that one turned out.

    rows + what is known --choose (training/ladder.py)--> rule | BG/NBD | LightGBM --fit--> trees and calibrator

Every learner gives the same kind of model, so that nobody after this asks which it was. Start reading at `Lesson`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from churn.calendar import from_us
from churn.events import FloatArray
from churn.grade import Grade, Learner
from churn.settings import Settings
from features.parts import HERE, Engine
from features.snapshots import Snapshot
from training.blend import blended
from training.btyd.rival import Abstains, Known
from training.fit import Fitted
from training.floors import check
from training.ladder import Choice, choose, too_thin
from training.learning import fit_snapshot, rows_of
from training.monotone import signs_of
from training.recipe import Recipe
from training.rows import Rows, TooFewRows
from training.simple import fit_counting, fit_rule
from training.skill import skill_intervals, surprise


@dataclass(frozen=True)
class Lesson:
    """Everything a learner may learn from.

    Args:
        model: churn or reactivation.
        rows: mature rows.
        snapshot: that they are from.
        known: what counting models learn from.
        settings: floors, seed and threads.
        recipe: LightGBM's.
        engine: where trees of all features grow.
        progress: told what is going on.
    """

    model: str
    rows: Rows
    snapshot: Snapshot
    known: Known
    settings: Settings
    recipe: Recipe
    engine: Engine
    progress: Callable[[str], None]

    @property
    def too_little(self) -> str | None:
        """Why LightGBM is not tried, or None."""
        floors = self.settings.training
        few = self.rows.why_too_few(min_rows=floors.min_rows, min_positives=floors.min_positives)
        return few or too_thin(self.rows, floors.seed)

    def choose(self, judge: Rows | None = None) -> Choice:
        """Who may serve.

        Args:
            judge: the rows that the gate will judge by, where there will be a gate: what it could not judge is not
                chosen. How many they are counts, never who does better on them.
        """
        training, definition = self.settings.training, self.settings.definition
        return choose(
            self.rows,
            self.model,
            self.settings.lifecycle,
            lambda at: Known.of(self.snapshot, from_us(at), definition, seed=training.seed),
            boost=lambda some: replace(self, rows=some, engine=HERE, progress=lambda _text: None).boosted(),
            seed=training.seed,
            richest=training.richest_learner,
            why_not=self.too_little or self._unjudged(judge),
        )

    def _unjudged(self, judge: Rows | None) -> str | None:
        """Why the gate could not judge LightGBM, or None."""
        floors = self.settings.training
        few = judge and judge.why_too_few(min_rows=floors.min_rows, min_positives=floors.min_positives)
        return f"the gate could not judge it: {few} at the test cutoffs" if few else None

    def fit(self, learner: Learner, *, like: Fitted | None = None) -> Fitted:
        """Learn it.

        Args:
            learner: of three.
            like: an earlier fit whose number of trees and features to read are taken over; None: both are found.

        Raises:
            CannotCount: BG/NBD was chosen, and there is none of these rows that can serve.
        """
        self.progress(f"{self.model}: fitting {learner}")
        if learner == "recency_rule":
            return fit_rule(self.rows, self.model, seed=self.settings.training.seed)
        if learner == "bg_nbd":
            counted = fit_counting(self.rows, self.model, self.known)
            if isinstance(counted, Abstains):
                raise CannotCount(self.model, counted.why)
            return counted
        signs = signs_of(self.rows.columns, self.settings.training.monotone, self.model)
        return blended(self.boosted(like), self.model, self.rows, self.known, self.recipe, signs)

    def boosted(self, like: Fitted | None = None) -> Fitted:
        """LightGBM alone, without BG/NBD's share."""
        asked = (self.model, self.rows, self.snapshot, self.settings, self.recipe, self.progress, self.engine)
        return fit_snapshot(*asked, like=like)


class CannotCount(TooFewRows):
    """BG/NBD was chosen on some of the customers and cannot be fitted to all, or not be written as trees."""

    def __init__(self, model: str, why: str) -> None:
        super().__init__(model, "newest", f"nothing to count visits by ({why})")


def enough(snapshot: Snapshot, model: str, role: str, settings: Settings, engine: Engine) -> Rows:
    """The rows of a model to learn from or to judge by.

    Raises:
        FewCustomers, NobodyToAsk, SameOutcome: there are too few of them.
    """
    rows = rows_of(snapshot, model, settings, engine, is_test=role == "test")
    least = settings.training.min_customers
    customers = snapshot.columns("customer_id")["customer_id"].nunique()  # of both models: who the shop knows
    check(model, role, customers=customers, rows=len(rows), happened=int(rows.outcome.sum()), least=least)
    return rows


def graded(learner: Learner, rows: Rows, ours: FloatArray, rule: FloatArray, *, seed: int) -> Grade:
    """The grade of a learner on test rows.

    Args:
        learner: whose.
        rows: the test rows.
        ours: its probabilities of them. Shape (n,).
        rule: those of the recency rule. Shape (n,).
        seed: of the draws.
    """
    mine, theirs = surprise(rows, ours), surprise(rows, rule)
    customers: Sequence[Any] = rows.customer.tolist()
    low, high = skill_intervals([(theirs, mine)], customers, seed=seed)[0]
    skill = 1 - float(np.sum(mine) / max(float(np.sum(theirs)), 1e-12))
    return Grade.of(skill, low, high, customers=len(set(customers)), learner=learner)
