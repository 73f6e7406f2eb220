"""BG/NBD and Pareto/NBD as rivals: from histories to the probability of the outcome, or why they keep silent.

They learn when customers come from everybody's history up to the test cutoff, which holds no outcome of it, and say
who will not come in the horizon. Each is given the better of its own probability and one recalibrated on the training
rows, by held-out log loss, as the learner is (training/calibrating.py). Start reading at `fit_btyd`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, Self

import numpy as np

from churn.calendar import DAY_US, to_us
from churn.calibration import Calibrator
from churn.definition import ChurnDefinition, Subscription
from churn.events import FloatArray
from churn.outcomes import OneOutcome
from features.snapshots import Snapshot
from training.btyd import bg_nbd, pareto_nbd
from training.btyd.fitting import Found, NotFound
from training.btyd.histories import Histories, histories, needed
from training.calibrating import HeldOut, calibrate
from training.recipe import Recipe
from training.rows import Columns, Rows, fold_of

Family = Literal["bg_nbd", "pareto_nbd"]
FAMILIES: tuple[Family, ...] = ("bg_nbd", "pareto_nbd")
CERTAIN = 1e-9


@dataclass(frozen=True)
class Abstains:
    """A rival without numbers, and why."""

    why: str


@dataclass(frozen=True)
class Known:
    """What may be learned from beside labelled rows.

    Args:
        definition: the outcome asked about.
        customers: everybody who is asked about at the instant after which nothing is known; None: cannot be read.
        whole_from_us: from when on a lookback lies within the log.
        seed: of folds and lots.
    """

    definition: ChurnDefinition
    customers: Histories | None
    whole_from_us: int
    seed: int

    @classmethod
    def of(cls, snapshot: Snapshot, cutoff: datetime, definition: ChurnDefinition, *, seed: int) -> Self:
        """What is known at a cutoff of a snapshot, by the features of everybody asked about there."""
        three = needed(snapshot.feature_names)
        customers = None
        if three is not None:
            frame = snapshot.columns("event_timestamp", *three)
            now = frame[frame["event_timestamp"] == cutoff]
            customers = histories(now[list(three)].to_numpy(dtype=np.float64, na_value=np.nan))
        whole_from_us = to_us(snapshot.log_begins) + definition.lookback_days * DAY_US
        return cls(definition, customers, whole_from_us, seed)

    @cached_property
    def found(self) -> dict[Family, Found | NotFound]:
        """Parameters by family, as far as anybody has asked: rivals, ladder and share need the same."""
        return {}


@dataclass(frozen=True)
class Btyd:
    """A fitted buy-till-you-die model.

    Args:
        family: which.
        model: churn or reactivation.
        parameters: as its module names them, times in days.
        places: of the three features that make a history.
        gap_days, horizon_days: of the outcome.
        calibrator: log-odds to probability.
    """

    family: Family
    model: str
    parameters: tuple[float, ...]
    places: tuple[int, ...]
    gap_days: int
    horizon_days: int
    calibrator: Calibrator = field(default_factory=Calibrator)

    def raw(self, X: FloatArray) -> FloatArray:
        """Log-odds of the outcome, not calibrated. Shape (n,)."""
        return self.of_histories(histories(X[:, list(self.places)]))

    def of_histories(self, of: Histories) -> FloatArray:
        """Log-odds of the outcome of histories. Shape (n,)."""
        silent = bg_nbd.silent if self.family == "bg_nbd" else pareto_nbd.silent
        told = silent(np.array(self.parameters), of, gap_days=self.gap_days, horizon_days=self.horizon_days)
        p = np.clip(told, CERTAIN, 1 - CERTAIN)
        return np.asarray((np.log(p) - np.log1p(-p)) * (1.0 if self.model == "churn" else -1.0))

    def probability(self, rows: Rows) -> FloatArray:
        """Of the outcome. Shape (n,)."""
        return self.calibrator.probability(self.raw(rows.X))


def fit_btyd(family: Family, model: str, rows: Rows, known: Known) -> Btyd | Abstains:
    """Fit one family.

    Args:
        family: bg_nbd or pareto_nbd.
        model: churn or reactivation.
        rows: training rows with both outcomes, to recalibrate on.
        known: the histories to learn from.
    """
    fitted = fit_raw(family, model, rows.columns, known)
    if isinstance(fitted, Abstains):
        return fitted
    return replace(fitted, calibrator=calibrator_of(fitted.raw(rows.X), rows, known))


def fit_raw(family: Family, model: str, columns: Columns, known: Known) -> Btyd | Abstains:
    """Fit one family, without a calibrator."""
    if isinstance(known.definition.lapse, Subscription):
        return Abstains("a subscriber's renewals follow a calendar, which buy-till-you-die models do not know")
    three = needed(columns.names)
    if three is None or known.customers is None:
        return Abstains("it needs days since, tenure and mean pause of the qualifying events, and one was left out")
    places = tuple(columns.names.index(name) for name in three)
    fits = {"bg_nbd": bg_nbd.fit_bg_nbd, "pareto_nbd": pareto_nbd.fit_pareto_nbd}
    if family not in known.found:
        known.found[family] = fits[family](known.customers, seed=known.seed)
    found = known.found[family]
    if isinstance(found, NotFound):
        return Abstains(found.why)
    definition = known.definition
    return Btyd(family, model, found.parameters, places, definition.gap_days, definition.horizon_days)


def calibrator_of(raw: FloatArray, rows: Rows, known: Known) -> Calibrator:
    """The calibrator of log-odds that were not fitted to these outcomes; none where an outcome is missing in a fold."""
    recipe = Recipe()
    held_out = HeldOut(raw, rows.outcome, fold_of(rows.customer, recipe.folds, seed=known.seed), rows.cutoff_us)
    try:
        return calibrate(held_out, recipe, whole_from_us=known.whole_from_us).calibrator
    except OneOutcome:
        return Calibrator()
