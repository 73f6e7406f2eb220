"""Every figure of one learner on some rows, each with its draws: what tables and comparisons are made of.

Reads outcomes and probabilities; knows no slice, no page. Start reading at `judge`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from churn.events import FloatArray
from churn.metrics import SMALLEST, ece, max_profit
from churn.metrics_drawn import Bins, Levels, brier_parts, equal_mass, exact_bins
from churn.metrics_profit import Stakes, contact_profits
from training.evaluate import judged
from training.expected_profit import accept_ratios, expected_max_profit
from training.report.draws import Draws, interval

LOWER_IS_BETTER = ("log_loss", "brier", "reliability", "ece")
MOVED_BY_NOISE = ("reliability", "ece", "resolution")  # distances: drawing adds to them
GAINS = tuple(place / 20 for place in range(1, 21))
COMPARED = ("log_loss", "roc_auc", "profit")
AHEAD, WITHIN, BEHIND = "ahead", "within", "behind"
Figure = dict[str, Any]  # value, low, high


@dataclass(frozen=True)
class Judgement:
    """The figures of a learner on some rows.

    Args:
        values: figure by name.
        draws: the same figure in each draw. Shape (draws,) each.
        bins: of the calibration plot: n, told, happened, low, high.
        gains: share reached, share of outcomes found, low, high.
    """

    values: Mapping[str, float]
    draws: Mapping[str, FloatArray]
    bins: list[Figure]
    gains: list[Figure]

    def figures(self) -> dict[str, Figure]:
        """Each figure with its 95% interval, null where the draws tell none."""
        told = {name: figure(value, self.draws[name], name) for name, value in self.values.items()}
        if told["ece"]["low"] is not None and told["ece"]["value"] <= told["ece_by_chance"]["high"]:
            told["ece"]["low"] = told["reliability"]["low"] = 0.0  # no more than perfect calibration would show
        return told


def judge(
    outcome: FloatArray,
    probability: FloatArray,
    draws: Draws,
    *,
    stakes: Stakes | None = None,
    whole: bool = False,
) -> Judgement:
    """All figures of one learner on rows with both outcomes.

    Args:
        outcome: 1.0 or 0.0. Shape (n,).
        probability: in [0, 1]. Shape (n,).
        draws: of these rows' customers.
        stakes: what a contact is worth; None: no profits.
        whole: with calibration bins, gains and the expected maximum profit.

    Raises:
        OneOutcome: everybody has the same outcome.
    """
    levels, bins = draws.levels(outcome, probability), draws.bins(outcome, probability)
    bin_of = equal_mass(probability)
    parts = brier_parts(outcome, probability, bin_of)
    chance = bins.ece_by_chance(exact_bins(outcome, probability, bin_of))
    values = {name: value for name, value in judged(outcome, probability).items() if name not in ("n", "base_rate")}
    values |= {"reliability": parts.reliability, "resolution": parts.resolution, "uncertainty": parts.uncertainty}
    values |= {"within_bins": parts.within, "ece_by_chance": float(np.nanmean(chance))}
    drawn = _drawn(outcome, probability, draws, levels, bins) | {"ece_by_chance": chance}
    if stakes is not None:
        values |= _profits(outcome, probability, stakes)
        if whole:
            values["expected_max_profit"] = expected_max_profit(outcome, probability, stakes)
            drawn["expected_max_profit"] = levels.expected_max_profit(stakes, accept_ratios(stakes))
        drawn["profit"] = draws.means(contact_profits(outcome, probability, stakes))
        drawn["max_profit"] = levels.max_profit(stakes)
    if not whole:
        return Judgement(values, drawn, [], [])
    return Judgement(values, drawn, _bins(outcome, probability, bins), _gains(outcome, probability, levels))


def figure(value: float, draws: FloatArray, name: str) -> Figure:
    """A number and its interval."""
    found = interval(draws, around=value if name in MOVED_BY_NOISE else None)
    low, high = found or (None, None)
    return {"value": value, "low": low, "high": high}


def compare(ours: Judgement, theirs: Judgement) -> dict[str, Figure]:
    """How much better ours is than a rival on the same rows and draws, figure by figure; below 0: worse.

    Returns:
        By figure: value (of the difference), low, high, standard_error, and verdict: `ahead` or `behind` by more than
        one standard error, or `within` it.
    """
    return {name: _difference(ours, theirs, name) for name in COMPARED if name in ours.values and name in theirs.values}


def _difference(ours: Judgement, theirs: Judgement, name: str) -> Figure:
    sign = -1.0 if name in LOWER_IS_BETTER else 1.0
    value = sign * (ours.values[name] - theirs.values[name])
    drawn = sign * (ours.draws[name] - theirs.draws[name])
    error = float(np.nanstd(drawn))
    verdict = AHEAD if value > error else BEHIND if value < -error else WITHIN
    return {**figure(value, drawn, name), "standard_error": error, "verdict": verdict}


def _drawn(
    outcome: FloatArray, probability: FloatArray, draws: Draws, levels: Levels, bins: Bins
) -> dict[str, FloatArray]:
    sure = np.clip(probability, SMALLEST, 1 - SMALLEST)
    surprise = -np.where(outcome > 0, np.log(sure), np.log1p(-sure))
    brier = draws.means((probability - outcome) ** 2)
    drawn = {
        "roc_auc": levels.roc_auc(),
        "pr_auc": levels.pr_auc(),
        "log_loss": draws.means(surprise),
        "brier": brier,
        "ece": bins.ece(),
        "lift_10": levels.lift(),
        "reliability": bins.reliability(),
        "resolution": bins.resolution(),
        "uncertainty": bins.uncertainty(),
    }
    drawn["within_bins"] = brier - drawn["reliability"] + drawn["resolution"] - drawn["uncertainty"]
    return drawn


def _profits(outcome: FloatArray, probability: FloatArray, stakes: Stakes) -> dict[str, float]:
    """Money per customer: of the rule fixed beforehand, and of the best cut-off."""
    best = max_profit(
        outcome,
        probability,
        value_amount=stakes.value_amount,
        offer_amount=stakes.offer_amount,
        contact_amount=stakes.contact_amount,
        accept_ratio=stakes.accept_ratio,
    )
    return {
        "profit": float(contact_profits(outcome, probability, stakes).mean()),
        "max_profit": best.per_customer_amount,
    }


def _bins(outcome: FloatArray, probability: FloatArray, drawn: Bins) -> list[Figure]:
    rates = drawn.rate()
    return [
        {"n": one.n, "told": one.mean_score, **figure(one.base_rate, rates[place], "rate")}
        for place, one in enumerate(ece(outcome, probability).bins)
    ]


def _gains(outcome: FloatArray, probability: FloatArray, levels: Levels) -> list[Figure]:
    level = np.unique(probability, return_inverse=True)[1]
    exact = Levels(*(np.bincount(level, weights=one).astype(np.float64)[:, None] for one in (outcome, 1 - outcome)))
    return [{"share": share, **figure(float(exact.found(share)[0]), levels.found(share), "found")} for share in GAINS]
