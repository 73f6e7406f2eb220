"""How many active days are left: from the cutoff to the last event before the first lapse, by score.

Whether an event was somebody's last is known only once they have lapsed, and not everybody was watched so long. So who
lapsed within the watch counts for all who would have been seen to, had the log gone on: each is weighted by one over
the share of rows that were watched as long as their lapse took. Start reading at `fit_remaining`.

Source: Robins, Rotnitzky (1992), inverse probability of censoring weighting; Satten, Datta (2001), The American
Statistician 55(3), on its being Kaplan and Meier's estimator.
"""

import numpy as np

from churn.events import FloatArray
from churn.outlook import QUANTILES, Remaining
from training.outlook.scored import Scored
from training.outlook.why_not import CannotTell
from training.rows import Rows

ROWS_A_GROUP, MOST_GROUPS = 200, 20
FEWEST_WATCHED = 0.1  # of all rows were watched so long at least
DIGITS = 3
MOST_LAG = 0.99  # of the lapsed lapsed within so many days after their last event


def fit_remaining(scored: Scored, held: Rows, gap_days: int) -> Remaining:
    """Quantiles of the days that are left, in groups of equal score.

    Args:
        scored: held-out raw scores.
        held: the rows they are of.
        gap_days: days between cutoff and outcome window.

    Raises:
        CannotTell: no_churn, too_few, or unwatched.
    """
    if scored.model != "churn":
        raise CannotTell("no_churn")
    if len(held) < ROWS_A_GROUP:
        raise CannotTell("too_few")
    active, lapse = held.after["active_days"], held.after["lapse_days"]
    watched = np.sort(held.after["followed_days"] + gap_days)
    until = float(watched[int((1 - FEWEST_WATCHED) * (len(watched) - 1))])
    seen = lapse <= until  # false where no lapse was seen
    if not seen.any():
        raise CannotTell("unwatched")
    beyond = round(until - float(np.quantile((lapse - active)[seen], MOST_LAG)), DIGITS)
    if beyond <= 0:
        raise CannotTell("unwatched")
    as_long = (len(watched) - np.searchsorted(watched, lapse[seen], side="left")) / len(watched)
    weight = np.zeros(len(held))
    weight[seen] = 1 / as_long
    groups = np.array_split(np.argsort(scored.raw, kind="stable"), min(MOST_GROUPS, len(held) // ROWS_A_GROUP))
    knots = np.array([scored.raw[one].mean() for one in groups])
    keep = np.append(True, np.diff(knots) > 0)
    table = [_quantiles(active[one], weight[one], beyond) for one, kept in zip(groups, keep, strict=True) if kept]
    return Remaining(knots=tuple(knots[keep].tolist()), quantiles=tuple(table), beyond_days=beyond)


def _quantiles(active: FloatArray, weight: FloatArray, beyond: float) -> tuple[float, float, float]:
    """Days at each of QUANTILES, `beyond` where the weighted share does not get there before."""
    order = np.argsort(active, kind="stable")
    share = np.cumsum(weight[order]) / len(active)
    days = np.append(np.minimum(active[order], beyond), beyond)
    early, middle, late = (round(float(days[np.searchsorted(share, one)]), DIGITS) for one in QUANTILES)
    return early, middle, late
