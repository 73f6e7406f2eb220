"""What the model card says of groups of customers, where `[fairness]` names attributes. Start at `judged_groups`."""

from typing import TYPE_CHECKING

from churn.settings import Settings
from training.challenger import Challenger
from training.report.document import attributes_of
from training.report.fairness import MEASURES, fairness, times
from training.report.judging import flags_of
from training.report.jury import OURS, Entry, jury
from training.slices import aligned
from training.study import Study, Trial

if TYPE_CHECKING:
    from training.card_reasons import Part

HEADING = "Whether groups of customers are treated alike"
HEAD = ("attribute", "group", "n", "flag", "flagged", "false positives", "false negatives", "ratio flagged", "ROC AUC")


def judged_groups(challenger: Challenger, settings: Settings) -> Entry | None:
    """How the test rows of each group came out; None where no attributes are named or no profile has any.

    Raises:
        NoSuchAttribute: `[fairness]` names an attribute that no profile has.
    """
    if not settings.fairness.attributes:
        return None
    study = Study(challenger.model, (Trial.of(challenger),), {}, "")
    attributes = attributes_of([study], settings)
    if attributes is None:
        return None
    mine = jury(study.rows, {OURS: study.served}, settings, study.model)
    return fairness(mine, aligned(attributes, study.rows), flags_of(study, settings), settings)


def fairness_part(found: Entry | None) -> "list[Part]":
    """One part of the card; none where no group was judged."""
    if found is None:
        return []
    rows = [
        [one["attribute"], *cells]
        for one in found["attributes"]
        for group in one["groups"]
        for cells in _group(group, list(found["flags"]))
    ]
    return [(HEADING, _says(found), (HEAD, rows))]


def _says(found: Entry) -> list[str]:
    flagged = ", ".join(f"{flag} ({share:.0%} of the test rows)" for flag, share in found["flags"].items())
    told = (
        f"Flagged: {flagged}. These attributes are no features unless [fairness] as_features says so. Ratios are those "
        "to the largest group, with 95% intervals; four fifths to five fourths is a yardstick, not a law."
    )
    named = [
        f"{one['attribute']} {one['group']}: {one['measure'].replace('_', ' ')} ({one['flag']}) {times(one)} "
        f"times that of {one['against']}"
        for one in found["named"]
    ]
    return [told, "Named: " + "; ".join(named) + "." if named else "No group is named."]


def _group(group: Entry, flags: list[str]) -> list[list[str]]:
    """A row a flag; one that says why where the group is too small."""
    if group["abstained"]:
        return [[group["group"], str(group["n"]), str(group["abstained"]), *[""] * (len(HEAD) - 4)]]
    auc = _told(group["learners"][OURS]["roc_auc"])
    rows = []
    for flag in flags:
        rates = [_told(group["rates"][flag][measure]) for measure in MEASURES]
        ratio = _told(group["ratios"][flag]["flagged_share"], 2) if "ratios" in group else "-"
        rows.append([group["group"], str(group["n"]), flag, *rates, ratio, auc])
    return rows


def _told(one: Entry, places: int = 3) -> str:
    if one["value"] is None:
        return f"> {one['low']:.{places}f}" if one["low"] is not None else "-"
    interval = (
        "" if one["low"] is None or one["high"] is None else f" ({one['low']:.{places}f} to {one['high']:.{places}f})"
    )
    return f"{one['value']:.{places}f}{interval}"
