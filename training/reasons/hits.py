"""Does the top modelled reason hit what was really behind it? Beside a random and the commonest reason.

Truth is a set of groups of reasons that would be right for a customer: from what they stated before they left, or, on
the simulated shop, from the term of the hazard that made them leave. A hit is a named group in that set. Three
baselines name a group without a model: any of the groups at random (exactly: the share of groups that would be right),
and the one group that is right most often, told on the same customers, which is more than anybody could know.

A model need not hit: it rests on traces, and silence traces every cause. So four ways to name are counted: the
strongest group, the strongest that raises the chance, the strongest raising one that is no mere symptom (silence,
rhythm, season, tenure), and the raising one that is largest beside its usual size (`spread_of`).
Start reading at `hit_rates`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churn.events import BoolArray, FloatArray
from training.reasons.counted import Share
from training.reasons.grouped import Groups, IntArray, raising, strongest

CAUSE_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {  # true cause on the simulated shop: groups that would be right
    "newness": ("tenure", "rhythm", "loyalty"),
    "anger": ("service", "satisfaction", "returns"),
    "mood": ("satisfaction", "service", "returns"),
    "interest": ("engagement",),
    "fatigue": ("campaigns",),
    "channel": ("profile",),
    "sales": ("price",),
    "cadence": ("rhythm",),
    "product": ("breadth",),
}


@dataclass(frozen=True)
class HitRates:
    """How often a named group was right.

    Args:
        top: the strongest group. top_raising: the strongest that raises the chance. top_cause: of those, no symptom.
        unusual: the raising one that is largest beside its usual size.
        random: expected of a group at random among all; random_cause: among those that are no symptom.
        commonest: of naming always the one group that is right most often, and which. commonest_named: of naming
            always the group that the model names most often as top cause, and which.
        causes: what was true, and for how many.
    """

    top: Share
    top_raising: Share
    top_cause: Share
    unusual: Share
    random: float
    random_cause: float
    commonest: Share
    commonest_group: str
    commonest_named: Share
    commonest_named_group: str
    causes: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            name: value.as_json() if isinstance(value, Share) else dict(value) if name == "causes" else value
            for name, value in vars(self).items()
        }


def hit_rates(
    sums: FloatArray, groups: Groups, truth: Sequence[str], right: Mapping[str, Sequence[str]], *, spread: FloatArray
) -> HitRates:
    """Count hits.

    Args:
        sums: contributions of each group to each score. Shape (n, g).
        groups: their codes.
        truth: what was behind each customer's leaving. Length n.
        right: for each such cause the groups that would be right; one that no group of the model can be right for
            counts as a miss of everybody.
        spread: the usual size of each group's contribution, of all customers, not of those who left. Shape (g,).
    """
    table = {cause: np.isin(groups.codes, right.get(cause, ())) for cause in set(truth)}
    hits = np.array([table[cause] for cause in truth]).reshape(len(truth), len(groups.codes))
    cause = raising(sums, ~groups.is_symptom)
    common = int(hits.sum(axis=0).argmax())
    named = int(np.bincount(cause[cause >= 0], minlength=len(groups.codes)).argmax())
    return HitRates(
        top=_share(hits, strongest(sums)),
        top_raising=_share(hits, raising(sums)),
        top_cause=_share(hits, cause),
        unusual=_share(hits, raising(sums / spread)),
        random=float(hits.mean()),
        random_cause=float(hits[:, ~groups.is_symptom].mean()),
        commonest=Share.of(hits[:, common]),
        commonest_group=groups.codes[common],
        commonest_named=Share.of(hits[:, named]),
        commonest_named_group=groups.codes[named],
        causes={one: list(truth).count(one) for one in sorted(set(truth))},
    )


def _share(hits: BoolArray, named: IntArray) -> Share:
    """How often the named group was right; where none was named, it is a miss."""
    return Share.of(hits[np.arange(len(named)), named] & (named >= 0))
