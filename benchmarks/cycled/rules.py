"""What each rule on treated rows tells of customers it never learned from, beside the truth without any contact.

`told_by` fits by one rule; `figures` says how far what is told is from the truth. The truth is the simulator's and is
seen by no rule. Start reading at `told_by`.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.cycled.world import CALENDAR, FIRST, LIFECYCLE
from campaigns.learning.bend import Bend, bend_of
from churn.calendar import DAY_US, to_us
from churn.events import BoolArray, FloatArray
from features.touched import Touched
from training.fit import fit
from training.plan import numbered
from training.rows import Rows, fold_of
from training.treated import by_rule

PLAIN = "modelled_plain"  # all untreated calibrate alike: what `modelled` did before the held out stood for the treated
RULES = ("kept", "excluded", "weighted", "modelled", PLAIN)
VALUE, CONTACT = 60.0, 1.0  # money of the simulated shop, for ranking profits alone
TOP = 1 / 3  # of a list, at the highest told risk
HELD = 5  # one customer in five is never learned from
Figures = dict[str, float]


def is_asked(rows: Rows, seed: int) -> BoolArray:
    """Customers of whom no rule may learn: figures are about them. Shape (n,)."""
    found: BoolArray = fold_of(rows.customer, HELD, seed=seed + 99) == 0
    return found


def told_by(rule: str, learn: Rows, marks: Touched, asked: Rows, seed: int) -> FloatArray:
    """What a model that learned by a rule says of those asked about. Shape (n,)."""
    rows = by_rule(learn, marks, "modelled" if rule == PLAIN else rule, heaviest=20, seed=seed)[0]
    if rule == PLAIN and rows.treated is not None:
        rows = replace(rows, stands=(~rows.treated).astype(np.int64))
    begins = to_us(CALENDAR.midnight(FIRST)) + LIFECYCLE.definition.lookback_days * DAY_US
    fitted = fit(rows, whole_from_us=begins, seed=seed, threads=1)
    return fitted.calibrator.probability(fitted.raw(numbered(asked, fitted.categories)))


def bent(learn: Rows, treatments: pd.DataFrame) -> Bend | None:
    """How far the labels to learn from are bent, as `churn campaign bend` tells it."""
    rows = pd.DataFrame({"customer_id": learn.customer, "cutoff_us": learn.cutoff_us, "outcome": learn.outcome})
    return bend_of("churn", None, rows, treatments, LIFECYCLE) if len(treatments) else None


def figures(told: FloatArray, true: FloatArray, persuadable: FloatArray) -> Figures:
    """How far what is told is from the truth, and what a campaign on the highest third would bring at most.

    Args:
        told: by a rule. Shape (n,).
        true: chance of silence if nobody is contacted, in (0, 1). Shape (n,).
        persuadable: 1 for whom a coupon can turn. Shape (n,).
    """
    p, raw = np.clip(told, 1e-6, 1 - 1e-6), np.log(np.clip(told, 1e-6, None) / np.clip(1 - told, 1e-6, None))
    slope, intercept = np.polyfit(raw, np.log(true / (1 - true)), 1)
    order = np.argsort(told, kind="stable")
    ece = sum(abs(told[one].mean() - true[one].mean()) * len(one) for one in np.array_split(order, 10)) / len(told)
    best = np.argsort(-told, kind="stable")[: int(TOP * len(told))]
    profit = float((VALUE * true[best] * persuadable[best] - CONTACT).sum()) / len(told)
    return {
        "bias": float(told.mean() - true.mean()), "bias_top": float(told[best].mean() - true[best].mean()),
        "ece": float(ece), "slope": float(slope), "intercept": float(intercept), "auc": auc(told, true),
        "log_loss": float(-(true * np.log(p) + (1 - true) * np.log(1 - p)).mean()),
        "brier": float((true * (1 - p) ** 2 + (1 - true) * p**2).mean()), "profit": profit,
    }  # fmt: skip


def auc(told: FloatArray, true: FloatArray) -> float:
    """AUC that is expected where each comes true with its true chance: pairs by p (1 - q), ties half."""
    _, place = np.unique(told, return_inverse=True)
    churned, stayed = (np.bincount(place, weights=one) for one in (true, 1 - true))
    below = np.cumsum(stayed) - stayed
    return float((churned * (below + stayed / 2)).sum() / (churned.sum() * stayed.sum()))
