"""Faults that are none: a column that is empty, or the same for everybody, as the log itself has had it in past weeks.

No campaign for ninety days, and nobody was contacted in ninety days: that is how it was a year ago too. Weeks that have
been so ever since do not count: a source that broke last month is not as ever. The snapshot's cutoffs lie a month apart
and miss such weeks; the quiet past does not. Start at `broken_now`.
"""

import numpy as np

from churn.histogram import IntArray
from monitoring.data.contract import MORE_NULL, Fault, faults
from monitoring.drift.reference import Reference
from monitoring.drift.weeks import Past
from monitoring.reading.seen import Seen

ALIKE = {"all_null", "nulls", "constant"}


def broken_now(seen: Seen, then: Reference, past: Past | None) -> list[Fault]:
    """Everything that is broken in the features of now, but for what some past week of the log had too.

    Args:
        seen: the model's rows of now. Not empty.
        then: what the features looked like when it learned.
        past: weeks before now; None where nobody looked back.
    """
    return [one for one in faults(seen, then) if one.code not in ALIKE or not _was_so(one, seen, past)]


def _was_so(fault: Fault, seen: Seen, past: Past | None) -> bool:
    """Whether some week was so too; those that led up to now without a break may be of the same fault."""
    now = seen.columns[fault.feature].counts
    weeks = [week.counts[fault.feature] for week in (past.weeks if past else ()) if fault.feature in week.counts]
    if fault.code == "constant":
        was = [_in_one_bin(then, int(np.argmax(now[:-1]))) for then in weeks]
    else:
        was = [bool(then.sum()) and then[-1] / then.sum() >= fault.share - MORE_NULL for then in weeks]
    while was and was[-1]:
        was.pop()
    return any(was)


def _in_one_bin(counts: IntArray, place: int) -> bool:
    """Whether everybody with a value stood in this bin."""
    there = int(counts[:-1].sum())
    return there > 0 and int(counts[place]) == there
