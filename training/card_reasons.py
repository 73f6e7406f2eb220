"""The part of the model card about reasons: groups, features, and how far they can be trusted.

Start reading at `about_reasons`.
"""

from collections.abc import Sequence

from churn.bundle import Bundle
from churn.reasons import GROUPS
from training.explain import Importance
from training.reasons.deletion import Deletion
from training.reasons.told import ReasonsTold

TOP = 12
Table = tuple[Sequence[str], Sequence[Sequence[str]]]
Part = tuple[str, Sequence[str], Table | None]  # heading, paragraphs, table


def about_reasons(told: ReasonsTold, bundle: Bundle) -> list[Part]:
    """What it looks at, feature by feature, and how far its reasons can be trusted."""
    return [
        ("What it looks at", _shares(), _groups(told)),
        ("Feature by feature", _reading(), _features(told.features, bundle)),
        ("How far its reasons can be trusted", _trust(told), None),
    ]


def _shares() -> list[str]:
    return ["Shares of what moves scores away from the usual one, by group of reasons. An association, not a cause."]


def _groups(told: ReasonsTold) -> Table:
    head = ["group", "share", "mean move, log-odds", "raises the chance of", "strongest for"]
    return head, [
        [
            GROUPS[one.code].en if one.code in GROUPS else one.code,
            f"{one.share:.1%}",
            f"{one.log_odds:.3f}",
            f"{one.raises:.0%}",
            f"{one.first:.1%}",
        ]
        for one in told.groups
    ]


def _reading() -> list[str]:
    return [
        (
            "Mean move: mean size of the exact contribution (path-dependent TreeSHAP). More of it: rank correlation of "
            "value and contribution; above 0, a higher value goes with a higher chance. Gain: of boosted trees alone."
        )
    ]


def _features(found: Sequence[Importance], bundle: Bundle) -> Table:
    head = ["feature", "meaning", "mean move, log-odds", "more of it", "gain"]
    return head, [
        [
            one.feature,
            bundle.texts[one.feature].en if one.feature in bundle.texts else "",
            f"{one.log_odds:.3f}",
            "-" if one.direction is None else f"{one.direction:+.2f}",
            f"{one.gain:.1%}",
        ]
        for one in found[:TOP]
    ]


def _trust(told: ReasonsTold) -> list[str]:
    gone = told.deletion
    sums = f"Contributions and base value sum to the raw score; off by at most {told.off:.0e} of {told.rows} rows."
    if not gone.beats_random.n:
        return [f"{sums} It rests on one group alone."]
    low, high = gone.beats_random.interval
    verdict = "" if gone.passed else " That is below 95%: do not rely on the order of its reasons."
    return [
        (
            f"{sums} Deletion test: taking the strongest group away (values of others at the same cutoff in its place) "
            f"moves the score more than a random other group for {gone.beats_random.share:.1%} [{low:.1%}, {high:.1%}] "
            f"of {gone.beats_random.n} customers.{verdict}{_told_first(gone)} `churn explain` tells how they stay "
            "under refit and holds them against what customers stated."
        )
    ]


def _told_first(gone: Deletion) -> str:
    """The same of the reason that a customer's reasons begin with, which need not be the strongest."""
    told = gone.told_beats_random
    if not told.n:
        return ""
    low, high = told.interval
    verdict = "" if gone.told_passed else " That is below 95%: it need not be what moves the score most."
    return (
        f" The reason told first is the strongest in the direction of the score: for {told.share:.1%} [{low:.1%}, "
        f"{high:.1%}] of {told.n} customers for whom one is clear.{verdict}"
    )
