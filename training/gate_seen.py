"""What the checks of the gate look at: the evidence, and the mean of each column they need with its draws.

Every comparison shares one set of draws of whole customers (training/paired.py). Start reading at `Seen`.
"""

from dataclasses import dataclass

import numpy as np

from churn.events import BoolArray, FloatArray
from churn.metrics_profit import contact_profits
from churn.model_sections import Gate
from training.evidence import Evidence, Rival
from training.paired import Means, losses

BINS, ROWS_A_BIN = 10, 10  # the gap of a bin of one or two rows is large however well calibrated a model is
FEWEST_ROWS, FEWEST_RARER = 100, 15  # fewer in a segment say nothing
SURE = 1e-3  # log-odds are not told further apart: one customer should not decide
Columns = dict[str, tuple[FloatArray, BoolArray]]


@dataclass(frozen=True)
class Seen:
    """What the checks look at: the evidence, the limits, and the mean of each column with its draws."""

    evidence: Evidence
    limits: Gate
    names: list[str]
    means: Means

    @property
    def alpha(self) -> float:
        """The doubt that is allowed."""
        return 1 - self.limits.confidence

    @property
    def champion(self) -> Rival | None:
        """The champion, where it can be asked about the same rows and is another one."""
        evidence = self.evidence
        if evidence.is_champion or evidence.is_afresh or not isinstance(evidence.champion, Rival):
            return None
        return evidence.champion

    def of(self, name: str, *, share: int = 1) -> tuple[float, float, float]:
        """Mean, lower and upper edge of a column, of which so many share the doubt."""
        place = self.names.index(name)
        return float(self.means.value[place]), *self.means.interval(place, self.alpha / share)

    def loss_of(self, probability: FloatArray, rows: BoolArray | None = None) -> float:
        """Mean log loss of some rows."""
        found = losses(self.evidence.rows.outcome, probability)
        return float(found.mean() if rows is None else found[rows].mean())


def columns_of(evidence: Evidence) -> Columns:
    """The columns that the checks need: differences to the rivals, overall and by segment, and the gaps of bins."""
    outcome, ours = evidence.rows.outcome, evidence.probability
    everybody, mine = np.ones(len(outcome), dtype=bool), losses(outcome, ours)
    columns: Columns = {"level": (ours - outcome, everybody)}
    theirs = {name: mine - losses(outcome, told) for name, told in evidence.rivals.items()}
    if isinstance(evidence.champion, Rival):
        told = evidence.champion.probability
        theirs["champion"] = mine - losses(outcome, told)
        if evidence.stakes is not None:
            gained = contact_profits(outcome, ours, evidence.stakes) - contact_profits(outcome, told, evidence.stakes)
            columns["profit"] = (gained, everybody)
    for rival, difference in theirs.items():
        columns[f"loss {rival}"] = (difference, everybody)
        columns |= {f"{name} {rival}": (difference, rows) for name, rows in told_apart(evidence).items()}
    bins = max(1, min(BINS, len(ours) // ROWS_A_BIN))
    for number, rows in enumerate(np.array_split(np.argsort(ours, kind="stable"), bins)):
        columns[f"bin {number}"] = (ours - outcome, np.isin(np.arange(len(ours)), rows))
    return columns | _rankings(evidence)


def _rankings(evidence: Evidence) -> Columns:
    """What telling the customers of a segment apart saves, and what it saves beyond the claim; of the champion too."""
    champion, columns = evidence.champion, Columns()
    whose = {"": evidence.probability} | ({"champion": champion.probability} if isinstance(champion, Rival) else {})
    for who, probability in whose.items():
        for name, rows in told_apart(evidence).items():
            found, claimed = _ranking(evidence.rows.outcome, probability, rows)
            columns |= {f"found {name} {who}": (found, rows), f"lacks {name} {who}": (found - claimed, rows)}
    return columns


def _ranking(outcome: FloatArray, probability: FloatArray, rows: BoolArray) -> tuple[FloatArray, FloatArray]:
    """What telling customers of a segment apart saves of log loss, and what it would as claimed. Each of shape (n,).

    Saved is what the same scores lose once they are shuffled within the segment, on average: the mean of the outcome
    times the log-odds, each less its mean. A model that means what it says saves what it claims: the same of its
    probability. Scores by chance save nothing.
    """
    sure = np.clip(probability, SURE, 1 - SURE)
    odds = np.log(sure) - np.log1p(-sure)
    happened, told, odds = (one - one[rows].mean() for one in (outcome, probability, odds))
    return np.asarray(happened * odds), np.asarray(told * odds)


def told_apart(evidence: Evidence) -> dict[str, BoolArray]:
    """The segments that are large enough to say something of."""
    outcome, found = evidence.rows.outcome, dict[str, BoolArray]()
    for name, rows in evidence.segments.items():
        happened = int(outcome[rows].sum())
        if rows.sum() >= FEWEST_ROWS and min(happened, int(rows.sum()) - happened) >= FEWEST_RARER:
            found[name] = rows
    return found
