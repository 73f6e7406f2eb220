"""Whether intervals held what they promise: of everybody, and of customers who came once, came again, or lapsed.

    cohorts before --which width--> the newest cohort --within or not--> shares with intervals, by group

The width is picked on cohorts whose horizon was over when the newest began, or, where the log is too short for that, on
older ones that overlap with it; the cohort of which it is told picked nothing. Nine in ten of everybody need not be
nine in ten of each group, so each is told. Reads arrays. Start reading at `counted`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from campaigns.segments.intervals import share_of
from campaigns.value.bands import PROMISED, TAILS, Bands
from campaigns.value.pasts import Pasts
from churn.events import FloatArray

CONFIDENCE = 0.95
GROUPS: Final = {
    "once": ("bought on one day, not lapsed", "仅一天下单，未流失"),
    "again": ("bought on several days, not lapsed", "多天下单，未流失"),
    "once_lapsed": ("bought on one day, lapsed", "仅一天下单，已流失"),
    "again_lapsed": ("bought on several days, lapsed", "多天下单，已流失"),
}


@dataclass(frozen=True)
class Held:
    """How many customers of a group lay within their interval.

    Args:
        group: of GROUPS. customers: of it. within: one count a tail of TAILS.
    """

    group: str
    customers: int
    within: tuple[int, ...]

    def told(self, tail: int) -> dict[str, Any]:
        """The share within one of the intervals, with its own 95% interval."""
        en, zh = GROUPS[self.group]
        return {
            "group": self.group, "en": en, "zh": zh, **share_of(self.within[tail], self.customers, CONFIDENCE)
        }  # fmt: skip


def groups_of(pasts: Pasts) -> NDArray[np.intp]:
    """The place of each customer's group in GROUPS. Shape (n,)."""
    return np.asarray((pasts.visits > 1) + 2 * pasts.lapsed.astype(np.intp), dtype=np.intp)


def counted(bands: Bands, pasts: Pasts, expected: FloatArray, spent: FloatArray) -> tuple[Held, ...]:
    """Of each group with anybody in it, how many spent within their interval.

    Args:
        bands: learned from others.
        pasts: whom, as of their cohort's instant. Shape (n,).
        expected: of them. Shape (n,).
        spent: since. Shape (n,).
    """
    ends = [bands.interval(expected, tail) for tail in range(len(TAILS))]
    within = np.array([(spent >= low) & (spent <= high) for low, high in ends])
    group = groups_of(pasts)
    found = []
    for place, name in enumerate(GROUPS):
        mine = group == place
        if mine.any():
            found.append(Held(name, int(mine.sum()), tuple(int(one) for one in within[:, mine].sum(axis=1))))
    return tuple(found)


def shares(held: Sequence[Held]) -> FloatArray:
    """The share of everybody within each of the intervals. Shape (len(TAILS),)."""
    return np.asarray(np.sum([one.within for one in held], axis=0) / sum(one.customers for one in held))


def narrowest(cohorts: Sequence[Sequence[Held]]) -> int | None:
    """The narrowest interval that held what is promised, in the mean of cohorts; the first where there are none.

    Args:
        cohorts: that choose.
    """
    if not cohorts:
        return 0
    within = np.mean([shares(one) for one in cohorts], axis=0)
    return next((tail for tail in range(len(TAILS)) if within[tail] >= PROMISED), None)
