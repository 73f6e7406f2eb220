"""How far campaigns bend the labels: what became of the cohorts as they are, and had nobody been contacted.

    log --cohort and label at the newest mature cutoffs--> rows --TREATMENTS--> treated | held out | not planned for
    naive rate       of all rows, as a retraining that keeps the treated sees it
    untreated rate   treated rows left out, the held out standing for them (Hajek, inverse probability weights)
    bend             naive less untreated, with its 95 % interval, by customer

Where a campaign held nobody out there is no untreated rate, and it says so. Knows no learner. Start at `bends`.

Source: Hernan and Robins (2020), "Causal Inference: What If", 12.2-12.3; intervals by the spread of what each customer
adds to the difference (influence), customers drawn as a whole.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from churn.calendar import to_us
from churn.cohort import MODELS, cohort
from churn.definition import Lifecycle
from churn.events import FloatArray
from features.heirs import heirs_of, outcomes
from features.holders import NOBODY as NO_MAP
from features.holders import Holders
from features.parts import Part
from features.touched import Touched, touched

LEAST = 30  # held out: fewer say nothing that an interval could hold
Z95 = 1.959963984540054
NO_HOLD_OUT, TOO_FEW, NOBODY = "no_hold_out", "too_few", "nobody_treated"
WORDS: Final = {
    NO_HOLD_OUT: ("some were treated where nobody was held out: nobody can say what they would have done",
                  "部分客户所在活动没有随机对照组，无法得知若不行动结果会怎样"),
    TOO_FEW: (f"fewer than {LEAST} rows were held out", f"对照组不足 {LEAST} 行"),
    NOBODY: ("no campaign treated anybody here", "没有活动触及这些客户"),
}  # fmt: skip


@dataclass(frozen=True)
class Bend:
    """One model at one cutoff, or at all of them.

    Args:
        model: churn or reactivation. cutoff: None: all of them.
        rows, treated, held_out: how many. naive_rate: of all rows; treated_rate, held_out_rate: of those; None: nobody.
        untreated_rate: had nobody been contacted; None with `why_not`. bend, low, high: naive less untreated.
        effective: rows of equal weight that say as much as the weighted ones.
        why_not: code of WORDS.
    """

    model: str
    cutoff: datetime | None
    rows: int
    treated: int
    held_out: int
    naive_rate: float
    treated_rate: float | None = None
    held_out_rate: float | None = None
    untreated_rate: float | None = None
    bend: float | None = None
    low: float | None = None
    high: float | None = None
    effective: float | None = None
    why_not: str | None = None

    def as_json(self) -> dict[str, Any]:
        """By name."""
        return asdict(self) | {"cutoff": None if self.cutoff is None else self.cutoff.isoformat()}


def bends(
    parts: Sequence[Part],
    treatments: pd.DataFrame,
    lifecycle: Lifecycle,
    cutoffs: Sequence[datetime],
    observed_until: datetime,
    holders: Holders = NO_MAP,
) -> list[Bend]:
    """How far campaigns bend the labels of each model, cutoff by cutoff and over all.

    Args:
        parts: of the log.
        treatments: TREATMENTS of all campaigns.
        lifecycle: cohorts and outcomes.
        cutoffs: mature ones.
        observed_until: what labels know.
        holders: whose an id is.
    """
    frames = [_labelled(part, lifecycle, cutoff, observed_until) for part in parts for cutoff in cutoffs]
    found: list[Bend] = []
    everything = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    for model in MODELS:
        rows = everything[everything["model"] == model] if len(everything) else everything
        if not len(rows):
            continue
        for cutoff in cutoffs:
            mine = rows[rows["cutoff_us"] == to_us(cutoff)]
            if len(mine):
                found.append(bend_of(model, cutoff, mine, treatments, lifecycle, holders))
        found.append(bend_of(model, None, rows, treatments, lifecycle, holders))
    return found


def bend_of(
    model: str,
    cutoff: datetime | None,
    rows: pd.DataFrame,
    treatments: pd.DataFrame,
    lifecycle: Lifecycle,
    holders: Holders = NO_MAP,
) -> Bend:
    """How far campaigns bend the labels of some rows.

    Args:
        model: churn or reactivation.
        cutoff: of all rows; None: of several.
        rows: columns customer_id, cutoff_us, outcome.
        treatments: TREATMENTS.
        lifecycle: when an outcome is decided.
        holders: whose an id is.
    """
    outcome = rows["outcome"].to_numpy(dtype=np.float64)
    customer = rows["customer_id"].to_numpy(dtype=object)
    marks = touched(customer, rows["cutoff_us"].to_numpy(dtype=np.int64), treatments, lifecycle, holders)
    treated, held_out = (
        float(outcome[one].mean()) if one.any() else None for one in (marks.is_treated, marks.is_held_out)
    )
    told = (model, cutoff, len(rows), int(marks.is_treated.sum()), int(marks.is_held_out.sum()), float(outcome.mean()))
    why = _why_not(marks)
    if why:
        return Bend(*told, treated, held_out, why_not=why)
    weight = np.where(marks.is_treated, 0.0, marks.weight)
    rate = float((weight * outcome).sum() / weight.sum())
    moved = outcome - outcome.mean() - weight * (outcome - rate) / weight.mean()
    half = Z95 * _spread(moved, customer)
    bend = float(outcome.mean()) - rate
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return Bend(*told, treated, held_out, rate, bend, bend - half, bend + half, effective)


def _why_not(marks: Touched) -> str | None:
    if not marks.is_treated.any():
        return NOBODY
    if marks.stands_for_nobody.any():
        return NO_HOLD_OUT
    return TOO_FEW if marks.is_held_out.sum() < LEAST else None


def _spread(moved: FloatArray, customer: "np.ndarray[Any, Any]") -> float:
    """Standard error of a mean, customers drawn as a whole."""
    codes = pd.factorize(customer)[0]
    added = np.bincount(codes, weights=moved)
    return float(np.sqrt((added**2).sum()) / len(moved))


def _labelled(part: Part, lifecycle: Lifecycle, cutoff: datetime, observed_until: datetime) -> pd.DataFrame:
    events = part.read()
    people = cohort(events, lifecycle, cutoff)
    heirs = heirs_of(part, events)
    became = outcomes(people, events, lifecycle, cutoff=cutoff, observed_until=observed_until, heirs=heirs)
    people = people.assign(outcome=became.to_numpy(dtype=np.float64, na_value=np.nan), cutoff_us=to_us(cutoff))
    return people[people["outcome"].notna()]
