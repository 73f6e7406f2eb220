"""Is the activity of the last weeks like that of no quiet week before? Early signs held to what the log always did.

    sign of a week       logarithm of actual over expected early activity
    move of some weeks   median sign of the last five, less the median sign of the quiet year before them
    limit                what such moves of the quiet past let expect, at a stated chance of a false alarm

Medians, so that one festival week, or two, is no sign; moves of the past, so that a season that comes every year is
allowed for. Weeks of an alarm are not quiet: neither the year nor the limit learns from them. Reads weeks; no file.
Start reading at `judged`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from churn.events import BoolArray, FloatArray
from monitoring.before.early import EarlyWeek
from monitoring.before.found import Abstention, Early
from monitoring.drift.limits import FEWEST, predictive_limit

LAST: Final = 5  # weeks that are looked at together
YEAR: Final = 52  # weeks that say what is usual
FEWEST_BEFORE: Final = 12
LEAST: Final = 0.12  # a move of an eighth is nothing, however still the past was
FEWEST_ACTIVE: Final = 10.0  # customers of a week that were to be active, else it says little


def judged(weeks: Sequence[EarlyWeek], days: int, chance: float) -> Early:
    """Judge the newest weeks by those before.

    Args:
        weeks: oldest first.
        days: that are early.
        chance: of a false alarm in a quiet week.
    """
    weeks = [one for one in weeks if one.expected >= FEWEST_ACTIVE]
    signs = np.array([one.sign for one in weeks])
    moves, limits = _walked(signs, chance)
    if not len(moves) or np.isnan(limits[-1]):
        why = (
            f"{len(weeks)} past weeks say enough of early activity; at least {LAST + FEWEST_BEFORE + FEWEST} must.",
            f"仅有 {len(weeks)} 个过去的周能说明早期活跃情况；至少需要 {LAST + FEWEST_BEFORE + FEWEST} 周。",
        )
        return Early(days, tuple(weeks), Abstention("short_past", why))
    odd = np.abs(moves) > limits
    since = len(odd) - int(np.argmin(odd[::-1])) if not odd.all() else 0
    return Early(
        days, tuple(weeks), None, float(moves[-1]), float(limits[-1]), tuple(moves), tuple(limits),
        odd_since=weeks[since].at if odd[-1] else None, odd_weeks=len(odd) - since if odd[-1] else 0,
    )  # fmt: skip


def _walked(signs: FloatArray, chance: float) -> tuple[FloatArray, FloatArray]:
    """The move of every week and its limit, each by what was known then; NaN where too little was. Shape (t,) each."""
    moves, limits = np.full(len(signs), np.nan), np.full(len(signs), np.nan)
    quiet: BoolArray = np.ones(len(signs), dtype=np.bool_)
    for week in range(LAST - 1, len(signs)):
        first = week - LAST + 1
        year = np.flatnonzero(quiet[:first])[-YEAR:]
        if len(year) < FEWEST_BEFORE:
            continue
        moves[week] = np.median(signs[first : week + 1]) - np.median(signs[year])
        known = moves[:first][quiet[:first]]
        limit = predictive_limit(np.abs(known[~np.isnan(known)][-YEAR:]) / LEAST, chance)
        if limit is None:
            continue
        limits[week] = LEAST * limit
        if abs(moves[week]) > limits[week]:
            quiet[first : week + 1] = False
    return moves, limits
