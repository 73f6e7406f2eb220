"""What becomes of rows that campaigns touched, by `[training] treated_rows`: the risk told is that of the untreated.

    kept        as if there were no campaigns
    excluded    treated rows leave
    weighted    treated rows leave, and the held out stand for them: a row of weight 5 stands five times
    modelled    treated rows stay with a level of their own, beside that of their cutoff; the untreated calibrate, and
                those held out stand for the treated there

Test rows are weighted under every rule but `kept`: customers treated after the cutoff were chosen by what they did
since, so those left over are not whom the model is asked about. Rows stand several times rather than carry a weight:
fits, stops, calibration, intervals by customer and the gate then see the same rows. A weight between two whole numbers
is drawn by a hash of customer and cutoff. No treatment, no change: the rows given are the rows returned. Start at
`settled`; why: docs/adr/0048.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from churn.errors import DataError
from churn.events import FloatArray
from churn.settings import Settings
from features.contacts_outside import outside_contacts
from features.holders import read_holders
from features.parts import HERE, Engine
from features.touched import Touched, touched
from features.treatments import read_treatments
from training.rows import IntArray, Rows, fold_of

KEPT, EXCLUDED, WEIGHTED, MODELLED = "kept", "excluded", "weighted", "modelled"
LOTS, TREATED = 10_000, "treated_rows"


class TreatedOnCluster(DataError):
    """A cluster grows trees from every row of a snapshot, the treated among them."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} rows were treated by campaigns, and a cluster cannot leave them out.",
            mend='train on one node ([cluster] unset), or set [training] treated_rows = "kept" knowing that campaigns '
            "then bend what is learned (`churn campaign bend`).",
        )


@dataclass(frozen=True)
class Tally:
    """What a rule did to rows; goes into manifest and card.

    Args:
        rule: of `[training] treated_rows`, or as test rows are treated.
        rows: there were. treated: of them. held_out: kept out by chance of all that was planned.
        unrepresented: treated by campaigns that held nobody out, or contacted beside all plans: nobody stands for them.
        left: rows to learn from or to judge by, repeats counted. effective: rows of equal weight that say as much.
        lightest, heaviest: for how many rows one stands. capped: rows that would have stood for more.
    """

    rule: str
    rows: int
    treated: int
    held_out: int
    unrepresented: int
    left: int
    effective: float
    lightest: float = 1.0
    heaviest: float = 1.0
    capped: int = 0

    def as_json(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """What people read."""
        what = f"{self.treated:,} of {self.rows:,} rows were treated by campaigns"
        how = {
            KEPT: "and kept: the risk told is that under campaigns",
            EXCLUDED: f"and left out; {self.left:,} rows stay",
            WEIGHTED: f"and left out; {self.held_out:,} held out by chance stand for them, one for {self.heaviest:g} "
            f"at most; the rows say as much as {self.effective:,.0f} of equal weight",
            MODELLED: "and have a level of their own; the untreated calibrate, "
            f"{self.held_out:,} held out by chance for the treated",
        }[self.rule]
        alone = f"; {self.unrepresented:,} of them where nobody was held out, so that nobody stands for them"
        return f"{what} {how}{alone if self.unrepresented and self.rule != KEPT else ''}."


def settled(rows: Rows, settings: Settings, *, is_test: bool = False, engine: Engine = HERE) -> tuple[Rows, Tally]:
    """Rows by the rule of the settings, and what it did.

    Args:
        rows: of one model.
        settings: whose rule, treatments and outcomes.
        is_test: rows to judge by.
        engine: where trees grow.

    Returns:
        The very rows given where no campaign touched them, or all are kept.

    Raises:
        TreatedOnCluster: a cluster grows the trees.
    """
    rule: str = settings.training.treated_rows
    planned = read_treatments(settings.folder)
    if rule != KEPT:  # who was contacted beside all plans is no more untreated
        planned = pd.concat([planned, outside_contacts(settings, planned)], ignore_index=True)
    holders = read_holders(settings.folder)
    found = touched(rows.customer, rows.cutoff_us, planned, settings.lifecycle, holders)
    if rule != KEPT and found.is_any and engine is not HERE:
        raise TreatedOnCluster(int(found.is_treated.sum()))
    rule = WEIGHTED if is_test and rule != KEPT else rule
    return by_rule(rows, found, rule, heaviest=settings.training.heaviest_row, seed=settings.training.seed)


def by_rule(rows: Rows, found: Touched, rule: str, *, heaviest: int, seed: int) -> tuple[Rows, Tally]:
    """Rows by a rule.

    Args:
        rows: of one model.
        found: what campaigns did to them.
        rule: kept, excluded, weighted or modelled.
        heaviest: for how many rows one stands at most.
        seed: of the draw of fractions.
    """
    count = len(rows)
    told = Tally(rule, count, int(found.is_treated.sum()), int(found.is_held_out.sum()),
                 int(found.stands_for_nobody.sum()), count, float(count))  # fmt: skip
    if rule == KEPT or not found.is_any:
        return rows, told
    stay = np.flatnonzero(~found.is_treated)
    if rule == EXCLUDED:
        return rows.take(stay), replace(told, left=len(stay), effective=float(len(stay)))
    wanted = found.weight[stay]
    times = _times(rows, stay, np.minimum(wanted, heaviest), seed)
    effective = round(float(times.sum() ** 2 / max((times.astype(np.float64) ** 2).sum(), 1.0)), 1)
    told = replace(told, lightest=float(wanted.min(initial=1.0)), heaviest=float(times.max(initial=1)),
                   capped=int((wanted > heaviest).sum()), effective=effective)  # fmt: skip
    if rule == MODELLED:
        stands = np.zeros(count, dtype=np.int64)
        stands[stay] = times
        return replace(rows, treated=found.is_treated, stands=stands), told
    return rows.take(np.repeat(stay, times)), replace(told, left=int(times.sum()))


def _times(rows: Rows, stay: IntArray, weight: FloatArray, seed: int) -> IntArray:
    """How often each row stands: its weight, fractions drawn by hash. Shape (m,)."""
    whole: IntArray = np.floor(weight).astype(np.int64)
    part = weight - whole
    if not (part > 1e-9).any():
        return whole
    names = [f"{one}@{at}" for one, at in zip(rows.customer[stay], rows.cutoff_us[stay], strict=True)]
    drawn: IntArray = whole + (fold_of(names, LOTS, seed=seed + 2) < np.round(part * LOTS))
    return drawn


def tallies(found: dict[str, Tally]) -> dict[str, Any]:
    """What goes into the manifest; nothing where no campaign touched anybody."""
    return {role: one.as_json() for role, one in found.items() if one.treated or one.held_out}
