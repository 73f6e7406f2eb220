"""Is the activity of the last weeks like that of no quiet week before? Early signs held to what the log always did.

    sign of a week       logarithm of actual over expected early activity
    move of some weeks   median sign of the last five, less the median sign of the quiet year before them
    limit                what such moves of the quiet past let expect, at a stated chance of a false alarm

Medians, so that one festival week, or two, is no sign; moves of the past, so that a season that comes every year is
allowed for. Weeks of an alarm are not quiet: neither the year nor the limit learns from them. Reads weeks; no file.
Start reading at `judged`.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from churn.events import BoolArray, FloatArray
from monitoring.before.early import EarlyWeek
from monitoring.before.found import Abstention, Early

LAST: Final = 5  # weeks that are looked at together
YEAR: Final = 52  # weeks that say what is usual
FEWEST_BEFORE: Final = 12
FEWEST_MOVES: Final = 25  # of the past, worth five that do not overlap: below that no limit can be told
LEAST: Final = 0.2  # a move of a fifth is nothing, however still the past was
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
        needed = LAST + FEWEST_BEFORE + FEWEST_MOVES
        why = (
            f"{len(weeks)} past weeks say enough of early activity; at least {needed} must.",
            f"仅有 {len(weeks)} 个过去的周能说明早期活跃情况；至少需要 {needed} 周。",
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
        known = known[~np.isnan(known)][-YEAR:]
        if len(known) < FEWEST_MOVES:
            continue
        limits[week] = max(LEAST, reach(known, chance))
        if abs(moves[week]) > limits[week]:
            quiet[first : week + 1] = False
    return moves, limits


def reach(known: FloatArray, chance: float) -> float:
    """What a further quiet move exceeds, either way, with this chance: Student's t about none, for moves that overlap.

    Args:
        known: quiet moves; neighbours share all but one of their weeks, so they are worth a fifth of their number.
        chance: in (0, 1).

    Source: Abramowitz, Stegun (1964), 26.7.5, for the quantile of Student's t from the normal one.
    """
    worth, z = len(known) / LAST, NormalDist().inv_cdf(1 - chance / 2)
    wider = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    quantile = z + sum(one / worth**power for power, one in enumerate(wider, start=1))
    return float(quantile * np.sqrt((known**2).mean() * (1 + 1 / worth)))
