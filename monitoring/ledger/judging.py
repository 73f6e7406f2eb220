"""Figures of judged answers, exactly, from the answers themselves; counts of them, for later.

Start reading at `judge_rows`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.cohort import CHURN
from churn.events import BoolArray, FloatArray
from churn.metrics import CalibrationBin, base_rate, brier, ece, lift, log_loss, pr_auc, roc_auc
from churn.metrics_profit import Stakes, contact_profits
from monitoring.ledger.answers import Answers
from monitoring.ledger.catalogue import digests_of, mix, total
from monitoring.ledger.cohort import Became
from monitoring.ledger.counts import Counts, bins_of, groups_of, intervals


@dataclass(frozen=True)
class Rules:
    """How answers are judged.

    Args:
        definition_id: answers under another definition of churn are left out.
        min_rows: fewer are too few. min_positives: fewer of either outcome, likewise.
        seed: of the intervals.
        stakes: what a contact is worth; None where [costs] are not set.
    """

    definition_id: str
    min_rows: int
    min_positives: int
    seed: int
    stakes: Stakes | None = None

    def is_enough(self, n: int, positives: int) -> bool:
        """Whether so many answers say anything."""
        return n >= self.min_rows and min(positives, n - positives) >= self.min_positives


@dataclass(frozen=True)
class Judged:
    """What became of some answers, and the counts that it can be told from again.

    Args:
        became: figures. counts: None where nothing was judged.
        digest: of the answers and their outcomes.
    """

    became: Became
    counts: Counts | None
    digest: int


def judge_rows(answers: Answers, outcome: FloatArray, rules: Rules, *, model: str) -> Judged:
    """What became of mature answers.

    Args:
        answers: of one model, the first of a day.
        outcome: of each; NaN where nobody knows. Shape (n,).
        rules: how they are judged.
        model: churn or reactivation; money is told of churn alone.
    """
    ours = np.array([one == rules.definition_id for one in answers.definitions], dtype=np.bool_)[answers.definition]
    known = ours & ~np.isnan(outcome)
    left_out = {"other_definition": int((~ours).sum()), "no_outcome": int((ours & ~known).sum())}
    left_out = {why: rows for why, rows in left_out.items() if rows}
    if not known.any():
        return Judged(Became(0, 0, left_out=left_out), None, 0)
    customer, came, told = answers.customer[known], outcome[known], answers.probability[known]
    levels = np.array(answers.customers.to_pylist(), dtype=object)
    stakes = rules.stakes if model == CHURN else None
    earned = None if stakes is None else contact_profits(came, told, stakes)
    counts = Counts.of(came, told, groups_of(levels)[customer], earned)
    became = Became(len(came), int(came.sum()), left_out=left_out)
    if rules.is_enough(became.n, became.positives):
        exact = _exact(came, told, earned)
        became = Became(
            became.n, became.positives, intervals(counts, rules.seed, exact), ece(came, told).bins,
            log_loss(came, np.full(len(came), base_rate(came))), left_out,
        )  # fmt: skip
    return Judged(became, counts, _digest(answers, outcome, known))


def pooled(judged: list[Judged], rules: Rules) -> Judged:
    """Several judged parts together: of one alone what it says, of more what their counts say."""
    told = [one for one in judged if one.counts is not None]
    left_out: dict[str, int] = {}
    for one in judged:
        for why, rows in one.became.left_out.items():
            left_out[why] = left_out.get(why, 0) + rows
    if len(told) == 1:
        return Judged(_with(told[0].became, left_out), told[0].counts, told[0].digest)
    counts: Counts | None = None
    for one in told:
        counts = one.counts if counts is None or one.counts is None else counts + one.counts
    if counts is None:
        return Judged(Became(0, 0, left_out=left_out), None, 0)
    became = Became(counts.n, counts.positives, left_out=left_out)
    if rules.is_enough(became.n, became.positives):
        bins: tuple[CalibrationBin, ...] = bins_of(counts)
        share = became.positives / became.n
        base = -(share * np.log(share) + (1 - share) * np.log1p(-share))
        became = Became(became.n, became.positives, intervals(counts, rules.seed), bins, float(base), left_out)
    return Judged(became, counts, sum(one.digest for one in told) % 2**64)


def _with(became: Became, left_out: dict[str, int]) -> Became:
    return Became(became.n, became.positives, became.figures, became.bins, became.base_log_loss, left_out)


def _exact(came: FloatArray, told: FloatArray, earned: FloatArray | None) -> dict[str, float]:
    expected, actual = float(told.mean()), base_rate(came)
    figures = {
        "roc_auc": roc_auc(came, told),
        "pr_auc": pr_auc(came, told),
        "log_loss": log_loss(came, told),
        "brier": brier(came, told),
        "ece": ece(came, told).ece,
        "lift": lift(came, told),
        "expected_rate": expected,
        "actual_rate": actual,
        "rate_ratio": actual / max(expected, 1e-12),
    }
    return figures | ({} if earned is None else {"profit_per_customer": float(earned.mean())})


def _digest(answers: Answers, outcome: FloatArray, known: BoolArray) -> int:
    """Of who was judged, on what, and what became of them."""
    mine: NDArray[np.uint64] = digests_of(answers.take(known))
    return total(mix(mine ^ outcome[known].view(np.uint64)))
