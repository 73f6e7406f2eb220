"""Are groups of customers treated alike? Shares flagged, error rates and calibration by group, with intervals.

Groups are told by the profile attributes of `[fairness] attributes`, as they were known at each cutoff. The largest
group of an attribute is what the others are compared with. A difference is *named* where its ratio lies outside four
fifths .. five fourths and the interval, widened for the number of comparisons, excludes 1. A group of whom (next to)
nobody is flagged has no such interval: there the bounds of both rates are compared, customers being counted.

Source: Equal Employment Opportunity Commission (1978), 29 CFR 1607.4(D), the four-fifths rule, here a yardstick and no
law; Hardt, Price, Srebro (2016), NeurIPS (error rates); Dunn (1961), J. Am. Stat. Assoc. 56 (Bonferroni); Clopper,
Pearson (1934), Biometrika 26(4) (bounds of a share, also of none).
Start reading at `fairness`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churn.events import BoolArray, FloatArray
from churn.settings import Settings
from training.report.draws import Draws
from training.report.figures import figure
from training.report.jury import Entry, Jury
from training.slices import groups_of

LOW, HIGH = 0.8, 1.25  # four fifths, and the other way round
ENOUGH = 0.95  # of the draws must tell a ratio
MEASURES = ("flagged_share", "false_positive_rate", "false_negative_rate")


@dataclass(frozen=True)
class Rate:
    """A share of some rows.

    Args:
        value: of the rows; NaN where there are none.
        draws: the same in each draw. Shape (draws,).
        customers: whose rows they are; met: with how many of them it happened at least once.
    """

    value: float
    draws: FloatArray
    customers: int
    met: int

    def below(self, alpha: float) -> float:
        """What the rate surely is not below."""
        return float(np.nanquantile(self.draws, alpha)) if self.met else 0.0

    def above(self, alpha: float) -> float:
        """What the rate surely is not above, also where it happened with nobody."""
        from scipy.special import betaincinv

        if self.met == self.customers:
            return 1.0
        counted = float(betaincinv(self.met + 1, self.customers - self.met, 1 - alpha))
        return max(counted, float(np.nanquantile(self.draws, 1 - alpha)))


def fairness(jury: Jury, attributes: pd.DataFrame | None, flags: Mapping[str, BoolArray], settings: Settings) -> Entry:
    """The groups of each attribute that `[fairness]` names.

    Args:
        jury: the judged rows.
        attributes: beside the rows.
        flags: rows that would be acted on, by what they are flagged by. Shape (n,) each.
        settings: which attributes.
    """
    names = settings.fairness.attributes
    if not names or attributes is None:
        return {"attributes": [], "named": [], "why": "no [fairness] attributes are set"}
    tables = len(names) * len(flags) * len(MEASURES)
    told = [_attribute(jury, name, groups_of(attributes[name]), flags, tables) for name in names]
    return {
        "flags": {flag: float(rows.mean()) for flag, rows in flags.items()},
        "attributes": told,
        "named": [finding for one in told for finding in one["named"]],
    }


def _attribute(jury: Jury, name: str, groups: np.ndarray, flags: Mapping[str, BoolArray], tables: int) -> Entry:
    masks = {str(group): groups == group for group in sorted(set(groups))}
    reference = max(masks, key=lambda group: int(masks[group].sum()))
    judged = {group: jury.on(mask) for group, mask in masks.items()}
    speak = [group for group in masks if not judged[group]["abstained"]]
    others = [group for group in speak if group != reference and reference in speak]
    comparisons = max(len(others) * tables, 1)
    told = {group: {"group": group, "share_of_rows": float(masks[group].mean()), **judged[group]} for group in masks}
    named = []
    for flag, flagged in flags.items():
        rates = {group: _rates(jury, masks[group], flagged) for group in speak}
        for group in speak:
            shown = {name: figure(one.value, one.draws, name) for name, one in rates[group].items()}
            told[group].setdefault("rates", {})[flag] = shown
        for group in others:
            ratios = {one: _ratio(rates[group][one], rates[reference][one], comparisons) for one in MEASURES}
            told[group].setdefault("ratios", {})[flag] = ratios
            key = {"attribute": name, "group": group, "against": reference, "flag": flag}
            named += [{**key, "measure": one, **found} for one, found in ratios.items() if found["named"]]
    about = {"attribute": name, "reference": reference, "comparisons": comparisons}
    return {**about, "groups": list(told.values()), "named": named}


def _rates(jury: Jury, mask: BoolArray, flagged: BoolArray) -> dict[str, Rate]:
    """Each rate and its draws: of all, of those for whom it did not come true, of those for whom it did."""
    draws, flag, happened = jury.draws.take(mask), flagged[mask].astype(np.float64), jury.rows.outcome[mask]
    parts = {
        "flagged_share": (flag, np.ones(len(flag))),
        "false_positive_rate": (flag * (1 - happened), 1 - happened),
        "false_negative_rate": ((1 - flag) * happened, happened),
        "base_rate": (happened, np.ones(len(flag))),
    }
    return {name: _share(part, whole, draws) for name, (part, whole) in parts.items()}


def _share(part: FloatArray, whole: FloatArray, draws: Draws) -> Rate:
    value = float(part.sum() / whole.sum()) if whole.sum() else np.nan
    of_all = np.zeros(len(part), dtype=np.int64)
    top, bottom = (draws.sums(of_all, 1, one)[0] for one in (part, whole))
    drawn = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    customers, met = (len(np.unique(draws.customer[one > 0])) for one in (whole, part))
    return Rate(value, drawn, customers, met)


def _ratio(ours: Rate, theirs: Rate, comparisons: int) -> Entry:
    """Ours by theirs: its 95% interval, and whether it is named, by the interval that allows for all comparisons."""
    usable = (ours.draws > 0) & (theirs.draws > 0)
    if not (ours.value and theirs.value) or usable.mean() < ENOUGH:
        return _rare(ours, theirs, comparisons)
    value = ours.value / theirs.value
    error = float(np.std(np.log(ours.draws[usable] / theirs.draws[usable])))
    centre, wide = float(np.log(value)), _normal_quantile(1 - 0.025 / comparisons)
    sure = abs(centre) > wide * error
    low, high = (float(np.exp(centre + side * 1.96 * error)) for side in (-1, 1))
    return {"value": value, "low": low, "high": high, "named": bool(sure and not LOW <= value <= HIGH)}


def _rare(ours: Rate, theirs: Rate, comparisons: int) -> Entry:
    """The ratio where one side has next to none: no value where theirs is 0, ends where both bounds tell one."""
    if not (ours.met or theirs.met):
        return {"value": None, "low": None, "high": None, "named": False}
    value = ours.value / theirs.value if theirs.value else None
    alpha = 0.025 / comparisons
    sure = ours.below(alpha) > theirs.above(alpha) or ours.above(alpha) < theirs.below(alpha)
    low, least = ours.below(0.025) / theirs.above(0.025), theirs.below(0.025)
    high = ours.above(0.025) / least if least > 0 else None
    beyond = value is None or not LOW <= value <= HIGH
    return {"value": value, "low": low, "high": high, "named": bool(sure and beyond)}


def _normal_quantile(share: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(share))


def times(one: Mapping[str, Any]) -> str:
    """A ratio in figures; where nobody of the reference is met, what it surely exceeds."""
    return f"{one['value']:.2f}" if one["value"] is not None else f"> {one['low']:.2f}"
