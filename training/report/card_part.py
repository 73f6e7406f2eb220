"""What the model card says of groups of customers, where `[fairness]` names attributes. Start at `fairness_part`."""

from typing import TYPE_CHECKING

from churn.settings import Settings
from training.challenger import Challenger
from training.report.document import attributes_of
from training.report.fairness import MEASURES, fairness
from training.report.judging import flagged_rows
from training.report.jury import OURS, Entry, jury
from training.slices import aligned
from training.study import Study, Trial

if TYPE_CHECKING:
    from training.card import Part

HEADING = "Whether groups of customers are treated alike"
HEAD = ("attribute", "group", "n", "flagged", "false positives", "false negatives", "ratio flagged", "ROC AUC", "ECE")


def fairness_part(challenger: Challenger, settings: Settings) -> "list[Part]":
    """One part of the card; none where no attributes are named.

    Raises:
        NoSuchAttribute: `[fairness]` names an attribute that no profile has.
    """
    if not settings.fairness.attributes:
        return []
    study = Study(challenger.model, (Trial.of(challenger),), {}, "")
    attributes = attributes_of([study], settings)
    if attributes is None:
        return []
    mine = jury(study.rows, {OURS: study.probability(OURS)}, settings, study.model)
    found = fairness(mine, aligned(attributes, study.rows), flagged_rows(study, settings), settings)
    rows = [
        [one["attribute"], *_group(group)] for one in found["attributes"] for group in one["groups"]
    ]  # a list a group
    return [(HEADING, _says(found), (HEAD, rows))]


def _says(found: Entry) -> list[str]:
    told = [
        (
            f"Flagged: {found['flag']}, {found['flagged_share']:.1%} of the test rows. These attributes are no "
            "features unless [fairness] as_features says so. Ratios are those to the largest group, with 95% "
            "intervals; four fifths to five fourths is a yardstick, not a law (29 CFR 1607.4(D))."
        )
    ]
    named = [
        f"{one['attribute']} {one['group']}: {one['measure'].replace('_', ' ')} {one['value']:.2f} times that of "
        f"{one['against']}"
        for one in found["named"]
    ]
    return [*told, "Named: " + "; ".join(named) + "." if named else "No group is named."]


def _group(group: Entry) -> list[str]:
    if group["abstained"]:
        return [group["group"], str(group["n"]), str(group["abstained"]), *[""] * (len(HEAD) - 4)]
    rates = [_told(group["rates"][measure]) for measure in MEASURES]
    ratio = _told(group["ratios"]["flagged_share"], 2) if "ratios" in group else "reference"
    ours = group["learners"][OURS]
    return [group["group"], str(group["n"]), *rates, ratio, _told(ours["roc_auc"]), _told(ours["ece"])]


def _told(one: Entry, places: int = 3) -> str:
    if one["value"] is None:
        return "-"
    interval = "" if one["low"] is None else f" ({one['low']:.{places}f} to {one['high']:.{places}f})"
    return f"{one['value']:.{places}f}{interval}"
