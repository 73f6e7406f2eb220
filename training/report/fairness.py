"""Are groups of customers treated alike? Shares flagged, error rates and calibration by group, with intervals.

Groups are told by the profile attributes of `[fairness] attributes`, as they were known at each cutoff. The largest
group of an attribute is what the others are compared with. A difference is *named* where its ratio lies outside four
fifths .. five fourths and the interval, widened for the number of comparisons, excludes 1.

Source: Equal Employment Opportunity Commission (1978), 29 CFR 1607.4(D), the four-fifths rule, here a yardstick and no
law; Hardt, Price, Srebro (2016), NeurIPS (error rates); Dunn (1961), J. Am. Stat. Assoc. 56 (Bonferroni).
Start reading at `fairness`.
"""

import numpy as np
import pandas as pd

from churn.events import BoolArray, FloatArray
from churn.settings import Settings
from training.report.draws import Draws
from training.report.figures import figure
from training.report.jury import Entry, Jury
from training.rows import Rows
from training.slices import groups_of

LOW, HIGH = 0.8, 1.25  # four fifths, and the other way round
MEASURES = ("flagged_share", "false_positive_rate", "false_negative_rate")


def fairness(jury: Jury, attributes: pd.DataFrame | None, flagged: BoolArray, settings: Settings) -> Entry:
    """The groups of each attribute that `[fairness]` names.

    Args:
        jury: the judged rows.
        attributes: beside the rows.
        flagged: rows that would be acted on. Shape (n,).
        settings: which attributes.
    """
    names = settings.fairness.attributes
    if not names or attributes is None:
        return {"attributes": [], "named": [], "why": "no [fairness] attributes are set"}
    share = settings.fairness.flagged_share
    told = [_attribute(jury, name, groups_of(attributes[name]), flagged) for name in names]
    return {
        "flag": "band high" if share is None else f"the top {share:.0%} of each cutoff",
        "flagged_share": float(flagged.mean()),
        "attributes": told,
        "named": [finding for one in told for finding in one["named"]],
    }


def _attribute(jury: Jury, name: str, groups: np.ndarray, flagged: BoolArray) -> Entry:
    masks = {str(group): groups == group for group in sorted(set(groups))}
    reference = max(masks, key=lambda group: int(masks[group].sum()))
    rates = {group: _rates(jury.rows.take(mask), flagged[mask], jury.draws.take(mask)) for group, mask in masks.items()}
    judged = {group: jury.on(mask) for group, mask in masks.items()}
    others = [group for group in masks if group != reference and not judged[group]["abstained"]]
    comparisons = max(len(others) * len(MEASURES), 1)
    told, named = [], []
    for group, mask in masks.items():
        entry = {"group": group, "share_of_rows": float(mask.mean()), **judged[group]}
        if not judged[group]["abstained"]:
            entry["rates"] = {one: figure(*rates[group][one], one) for one in rates[group]}
        if group in others and not judged[reference]["abstained"]:
            entry["ratios"] = {m: _ratio(rates[group][m], rates[reference][m], comparisons) for m in MEASURES}
            named += [
                {"attribute": name, "group": group, "against": reference, "measure": measure, **found}
                for measure, found in entry["ratios"].items()
                if found["named"]
            ]
        told.append(entry)
    return {"attribute": name, "reference": reference, "comparisons": comparisons, "groups": told, "named": named}


def _rates(rows: Rows, flagged: BoolArray, draws: Draws) -> dict[str, tuple[float, FloatArray]]:
    """Each rate and its draws: of all, of those for whom it did not come true, of those for whom it did."""
    flag, happened = flagged.astype(np.float64), rows.outcome
    parts = {
        "flagged_share": (flag, np.ones(len(flag))),
        "false_positive_rate": (flag * (1 - happened), 1 - happened),
        "false_negative_rate": ((1 - flag) * happened, happened),
        "base_rate": (happened, np.ones(len(flag))),
    }
    return {name: _share(part, whole, draws) for name, (part, whole) in parts.items()}


def _share(part: FloatArray, whole: FloatArray, draws: Draws) -> tuple[float, FloatArray]:
    value = float(part.sum() / whole.sum()) if whole.sum() else np.nan
    of_all = np.zeros(len(part), dtype=np.int64)
    top, bottom = (draws.sums(of_all, 1, one)[0] for one in (part, whole))
    return value, np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _ratio(ours: tuple[float, FloatArray], theirs: tuple[float, FloatArray], comparisons: int) -> Entry:
    """Ours by theirs: its 95% interval, and whether it is named, by the interval that allows for all comparisons."""
    if not theirs[0]:
        return {"value": None, "low": None, "high": None, "named": False}
    value = ours[0] / theirs[0]
    drawn = np.log(np.maximum(ours[1], 1e-9)) - np.log(np.maximum(theirs[1], 1e-9))
    error = float(np.nanstd(drawn))
    centre, wide = float(np.log(max(value, 1e-9))), _normal_quantile(1 - 0.025 / comparisons)
    sure = abs(centre) > wide * error
    low, high = (float(np.exp(centre + side * 1.96 * error)) for side in (-1, 1))
    return {"value": value, "low": low, "high": high, "named": bool(sure and not LOW <= value <= HIGH)}


def _normal_quantile(share: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(share))
