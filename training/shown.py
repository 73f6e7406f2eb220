"""What a challenger brings for the model card on the pages of monitoring: few figures, kept with its facts.

    features, groups   what moves its scores, the strongest first: part of the whole, direction
    calibration        of the test rows in bins of equal mass: told against happened
    fairness           groups of customers, where `[fairness]` names attributes; null where it names none

Promotion copies it into `champion/<model>.json`; nothing is read from it but by people. Start reading at `shown`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from churn.metrics import ece
from training.challenger import Challenger
from training.reasons.told import ReasonsTold
from training.report.fairness import MEASURES
from training.report.jury import OURS, Entry

CARD: Final = "card"  # in the facts of a version and in champion/<model>.json
FEATURES: Final = 12


def shown(challenger: Challenger, reasons: ReasonsTold, groups: Entry | None) -> dict[str, Any]:
    """The figures, as JSON has them.

    Args:
        challenger: which.
        reasons: what moves its scores.
        groups: how groups of customers came out.
    """
    told = ece(challenger.test_rows.outcome, challenger.probabilities[challenger.bundle.learner])
    return {
        "features": [
            {"feature": one.feature, "share": one.share, "direction": one.direction}
            for one in reasons.features[:FEATURES]
        ],
        "groups": [{"code": one.code, "share": one.share} for one in reasons.groups],
        "calibration": [asdict(one) for one in told.bins],
        "fairness": None if groups is None else _groups(groups),
    }


def _groups(found: Entry) -> dict[str, Any]:
    groups = [
        {"attribute": one["attribute"], **_group(group)} for one in found["attributes"] for group in one["groups"]
    ]
    return {"flags": dict(found.get("flags", {})), "groups": groups, "named": list(found["named"])}


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"group": group["group"], "n": group["n"]}
    if group["abstained"]:
        return told | {"too_few": str(group["abstained"])}
    rates = {flag: {one: rate[one] for one in MEASURES} for flag, rate in group["rates"].items()}
    ratios = {flag: ratio["flagged_share"] for flag, ratio in group.get("ratios", {}).items()}
    return told | {"roc_auc": group["learners"][OURS]["roc_auc"], "rates": rates, "ratios": ratios}
