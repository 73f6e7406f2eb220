"""Whoever judges: all learners on any part of the rows, by the same draws of customers.

A part below the floors, or with one outcome only, abstains with its reason. Start reading at `Jury`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from churn.events import BoolArray, FloatArray
from churn.metrics import base_rate
from churn.metrics_profit import Stakes
from churn.settings import Settings
from training.report.draws import Draws
from training.report.figures import Judgement, compare, judge
from training.rows import Rows

OURS = "lightgbm"
Entry = dict[str, Any]


@dataclass(frozen=True)
class Jury:
    """Judges parts of some rows, all by the same draws of customers.

    Args:
        rows: judged rows.
        probabilities: of each learner. Shape (n,) each.
        draws: of their customers.
        stakes: what a contact is worth, or None.
        min_rows, min_positives: floors; below them a part abstains.
    """

    rows: Rows
    probabilities: Mapping[str, FloatArray]
    draws: Draws
    stakes: Stakes | None
    min_rows: int
    min_positives: int

    def on(self, mask: BoolArray, *, curves: bool = False) -> Entry:
        """The figures of all learners on a part of the rows, or why there are none.

        Args:
            mask: the part. Shape (n,).
            curves: with calibration bins, gains and the expected maximum profit.
        """
        rows = self.rows.take(mask)
        told: Entry = {"n": len(rows), "customers": len(set(rows.customer))}
        told["abstained"] = rows.why_too_few(min_rows=self.min_rows, min_positives=self.min_positives)
        if told["abstained"]:  # nor a rate, which of a few customers would tell what became of each
            return told | {"base_rate": None, "learners": {}, "against": {}}
        told["base_rate"] = base_rate(rows.outcome)
        found = self._judgements(mask, rows, whole=curves)
        ours = found.get(OURS)
        told["learners"] = {name: one.figures() for name, one in found.items()}
        told["against"] = {} if ours is None else {n: compare(ours, one) for n, one in found.items() if n != OURS}
        told["best"] = min(found, key=lambda name: found[name].values["log_loss"])
        if curves:
            told["calibration"] = {name: one.bins for name, one in found.items()}
            told["gains"] = {name: one.gains for name, one in found.items()}
        return told

    def _judgements(self, mask: BoolArray, rows: Rows, *, whole: bool) -> dict[str, Judgement]:
        drawn = self.draws.take(mask)
        return {
            name: judge(rows.outcome, probability[mask], drawn, stakes=self.stakes, whole=whole)
            for name, probability in self.probabilities.items()
        }


def jury(rows: Rows, probabilities: Mapping[str, FloatArray], settings: Settings, model: str) -> Jury:
    """The jury of some rows of a model, with the floors, costs and seed of the settings."""
    training = settings.training
    stakes = Stakes.of(settings.costs) if model == "churn" else None
    draws = Draws.of(rows.customer, seed=training.seed)
    return Jury(rows, probabilities, draws, stakes, training.min_rows, training.min_positives)


def ours_of(entry: Mapping[str, Any]) -> str:
    """Whose pictures are shown: our model's, or of a log too small for it the best learner's."""
    return OURS if OURS in entry["learners"] else str(entry["best"])
