"""The quiet past: what a sample of customers looked like to each champion at the last two years of weekly cutoffs.

    log, bucket by bucket --sample by the customer's number--> features as they would have been then --> counts a week

The first run computes all weeks, each later one the new week; only counts are kept. Of the week before, and once a
month, rows of the sample stay in memory for the domain classifier, and go with the run. Start reading at `pasts`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from churn.definition import Lifecycle
from churn.events import FloatArray
from features.feature_set import FeatureSet
from features.log import LogManifest
from features.parts import Part
from features.snapshots import last_midnight
from monitoring.champion import Champion
from monitoring.drift.harm import moves_of
from monitoring.drift.joint import columns_of, told_apart
from monitoring.drift.kept import place_of, read_past, write_past
from monitoring.drift.sums import Asked, Rows, Sums, summed
from monitoring.drift.weeks import FEWEST, JointWeek, Past
from monitoring.reading.windows import reference_rows

WEEKS: Final = 104
MOST_CUSTOMERS: Final = 20_000  # of a log; a part of them, a half, a quarter ..., where there are more
JOINT_EVERY, JOINT_WEEKS = 4, 48  # how often, and how far back, weeks are told apart
JOINT_CUSTOMERS: Final = 10_000  # of both models, whose rows are told apart
Say = Callable[[str], None]


@dataclass(frozen=True)
class Back:
    """A champion's past, and the rows of the week before now.

    Args:
        past: counts of weeks.
        before: of the customers whose rows are told apart; None where there is no such week.
        joint_share: of all customers, whose rows these are.
    """

    past: Past
    before: Rows | None
    joint_share: float


def share_of(customers: int) -> float:
    """The share of a log's customers that is looked at: all, a half, a quarter ... of them, the same in every run."""
    share = 1.0
    while customers * share > MOST_CUSTOMERS:
        share /= 2
    return share


def pasts(
    asked: Sequence[Asked],
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    manifest: LogManifest,
    *,
    now: datetime,
    cache: Path,
    progress: Say,
) -> dict[str, Back]:
    """The past of each champion, by model; new weeks are computed and kept.

    Args:
        asked: the champions; all of one set of features.
        parts: of the log.
        features: that the champions learned from.
        lifecycle: what churn means.
        manifest: of the log.
        now: the instant judged. Its weekday is that of all weeks.
        cache: folder of what is kept.
        progress: told what is going on.
    """
    share, base = share_of(manifest.customers), last_midnight(lifecycle, now)
    day, told_share = lifecycle.calendar.day_of(base), min(JOINT_CUSTOMERS / max(manifest.customers, 1), share)
    grid = [lifecycle.calendar.plus_days(base, -7 * back) for back in range(WEEKS, 0, -1)]
    grid = [at for at in grid if at > manifest.first_event_at]
    kept = {
        one.champion.model: read_past(place_of(cache, one.champion, day), one.champion, share=share) for one in asked
    }
    wanted = _wanted(grid, kept)
    if len(wanted) > 2:
        progress(f"the quiet past: {len(wanted)} weeks of {share:.0%} of the customers, this once")
    held = _held(grid, wanted)
    sums = summed(asked, parts, features, lifecycle, (share, told_share), wanted, held)
    found = {}
    for one in asked:
        mine = sums[one.champion.model]
        past = _joined(kept[one.champion.model], mine, grid, wanted)
        told = _told_apart(one.champion, past, {at: mine.rows(at) for at in held}, grid)
        joint = sorted([*past.joint, *told], key=lambda week: week.at)[-WEEKS:]
        past = replace(past, joint=tuple(joint), moves=past.moves or _moves(one))
        _keep(place_of(cache, one.champion, day), one.champion, past, progress)
        found[one.champion.model] = Back(past, mine.rows(grid[-1]) if grid else None, told_share)
    return found


def _keep(path: Path, champion: Champion, past: Past, progress: Say) -> None:
    """Write a past down; a folder that cannot be written costs the next run time, and this one nothing."""
    try:
        write_past(path, champion, past)
    except OSError as error:
        progress(f"the quiet past cannot be kept ({error.strerror}), the next run computes it again")


def _moves(one: Asked) -> Mapping[str, FloatArray]:
    """How features moved scores when the champion learned; nothing where nobody knows its trees."""
    if one.trees is None:
        return {}
    bundle = one.champion.bundle
    vectors = reference_rows(one.champion)[list(bundle.features)].to_numpy(dtype=np.float64)
    return moves_of(bundle, one.trees, vectors)


def _wanted(grid: Sequence[datetime], kept: Mapping[str, Past]) -> list[datetime]:
    """The weeks to compute: those that a past lacks, and the last, whose rows are needed."""
    known = [{week.at for week in one.weeks} for one in kept.values()]
    oldest = max((min(one, default=None) or grid[-1] for one in known), default=None) if grid else None
    missing = [at for at in grid if any(at not in one for one in known)]
    if oldest and all(known):
        missing = [at for at in missing if at > oldest]  # before it there were too few customers
    return sorted({*missing, *grid[-1:], *(at for at in grid[-2:-1] if missing)})


def _held(grid: Sequence[datetime], wanted: Sequence[datetime]) -> list[datetime]:
    """The weeks whose rows are kept in memory for a while: pairs to tell apart, and the last."""
    pairs = {
        week
        for back in range(0, min(JOINT_WEEKS, len(grid) - 1), JOINT_EVERY)
        for week in (grid[-1 - back], grid[-2 - back])
    }
    return sorted((pairs | set(grid[-1:])) & set(wanted))


def _joined(kept: Past, sums: Sums, grid: Sequence[datetime], wanted: Sequence[datetime]) -> Past:
    """What was kept and what is new, within the grid."""
    weeks = {week.at: week for week in kept.weeks}
    found = [sums.week(at) for at in wanted]
    weeks |= {week.at: week for week in found if week is not None and week.rows >= FEWEST}
    return replace(kept, weeks=tuple(weeks[at] for at in grid if at in weeks))


def _told_apart(
    champion: Champion, past: Past, rows: Mapping[datetime, Rows | None], grid: Sequence[datetime]
) -> Iterator[JointWeek]:
    """How well weeks were told from those before them, where rows of both are here."""
    known, names = {one.at for one in past.joint}, columns_of(champion.bundle, past)
    places = [champion.bundle.features.index(name) for name in names]
    for before, at in pairwise(grid):
        then, now = rows.get(before), rows.get(at)
        if at in known or then is None or now is None:
            continue
        customers = (then.customers, now.customers)
        told = told_apart(then.vectors[:, places], now.vectors[:, places], names, customers=customers)
        if told is not None:
            yield JointWeek(at, told[0])
