"""The quiet past: what a sample of customers looked like to each champion at the Mondays of two years.

    log, bucket by bucket --sample by the customer's number--> features as they would have been then --> counts a week

Weeks of Mondays, but for the last four, which end on the weekday of now, so that a Thursday is held against Thursdays.
The first run computes all weeks, each later one the new week; only counts are kept. Of the week before, and once a
month, rows of the sample stay in memory for the domain classifier, and go with the run. Start reading at `pasts`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from monitoring.drift.sums import Asked, Rows, Sums, Watcher, summed
from monitoring.drift.weeks import FEWEST, JointWeek, Past, Week
from monitoring.reading.customers import Sample, UInt64Array
from monitoring.reading.windows import reference_rows

WEEKS: Final = 104
LAST: Final = 4  # weeks that end on the weekday of now: as far as a jump is looked back
SEAM: Final = timedelta(days=4)  # least time between the last Monday and these
JOINT_EVERY, JOINT_WEEKS = 4, 48  # how often, and how far back, weeks are told apart
JOINT_CUSTOMERS: Final = 10_000  # of both models, whose rows are told apart
Say = Callable[[str], None]


@dataclass(frozen=True)
class Back:
    """A champion's past, and the rows of the week before now.

    Args:
        past: counts of weeks.
        before: of the customers whose rows are told apart; None where there is no such week.
        joint_share: of the customers, whose rows these are.
        customers: numbers of all that were looked at, ascending.
    """

    past: Past
    before: Rows | None
    joint_share: float
    customers: UInt64Array


@dataclass(frozen=True)
class Grid:
    """The weeks of the past, ascending: Mondays that are a week old, and the last weeks to the day."""

    mondays: list[datetime]
    last: list[datetime]

    @classmethod
    def of(cls, lifecycle: Lifecycle, now: datetime, since: datetime) -> "Grid":
        """The weeks before an instant, as far as the log reaches back."""
        base, plus = last_midnight(lifecycle, now), lifecycle.calendar.plus_days
        to_monday = lifecycle.calendar.day_of(base).weekday()
        mondays = [plus(base, -to_monday - 7 * back) for back in range(WEEKS, 0, -1)]
        last = [plus(base, -7 * back) for back in range(LAST, 0, -1)]
        return cls([at for at in mondays if at > since], [at for at in last if at > since])

    def kept(self, weeks: Mapping[datetime, Week]) -> tuple[Week, ...]:
        """What is worth keeping: Mondays, and days of the last month, which other days will ask for."""
        recent = {at for at in weeks if self.last and at >= self.last[0]}
        return tuple(weeks[at] for at in sorted({*self.mondays, *recent} & set(weeks)))

    def judged(self, weeks: Collection[Week]) -> tuple[Week, ...]:
        """The weeks that now is held against."""
        mondays = [at for at in self.mondays if not self.last or at <= self.last[0] - SEAM]
        chosen = {*mondays, *self.last}
        return tuple(week for week in weeks if week.at in chosen)


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
    watchers: Mapping[str, Watcher] | None = None,
) -> dict[str, Back]:
    """The past of each champion, by model; new weeks are computed and kept.

    Args:
        asked: the champions; all of one set of features.
        parts: of the log.
        features: that the champions learned from.
        lifecycle: what churn means.
        manifest: of the log.
        now: the instant judged.
        cache: folder of what is kept.
        progress: told what is going on.
        watchers: of a model, who looks on where features are computed.
    """
    sample = Sample.of(len(parts), manifest.customers)
    some = min(JOINT_CUSTOMERS / max(manifest.customers * sample.among(len(parts)), 1), 1.0) * sample.share
    grid = Grid.of(lifecycle, now, manifest.first_event_at)
    kept = {one.champion.model: read_past(place_of(cache, one.champion), one.champion, sample) for one in asked}
    mine = {model: one for model, one in (watchers or {}).items() if model in kept}
    wanted = sorted({*_wanted(grid, kept), *(at for one in mine.values() for at in one.missing)})
    if len(wanted) > 2 * LAST:
        progress(f"the quiet past: {len(wanted)} weeks of {sample.among(len(parts)):.0%} of the customers, this once")
    held = _held(grid, wanted)
    sums, numbers = summed(asked, parts, features, lifecycle, (sample, some), wanted, held, mine)
    found = {}
    for one in asked:
        added = sums[one.champion.model]
        past = replace(_joined(kept[one.champion.model], added, grid, wanted), share=sample.among(len(parts)))
        judged = replace(past, weeks=grid.judged(past.weeks))
        told = _told_apart(one.champion, judged, {at: added.rows(at) for at in held}, grid.mondays)
        joint = sorted([*past.joint, *told], key=lambda week: week.at)[-WEEKS:]
        past = replace(past, joint=tuple(joint), moves=past.moves or _moves(one))
        _keep(place_of(cache, one.champion), one.champion, past, sample, progress)
        past = replace(past, weeks=judged.weeks)
        found[one.champion.model] = Back(past, added.rows(grid.last[-1]) if grid.last else None, some, numbers)
    return found


def _keep(path: Path, champion: Champion, past: Past, sample: Sample, progress: Say) -> None:
    """Write a past down; a folder that cannot be written costs the next run time, and this one nothing."""
    try:
        write_past(path, champion, past, sample)
    except OSError as error:
        progress(f"the quiet past cannot be kept ({error.strerror}), the next run computes it again")


def _moves(one: Asked) -> Mapping[str, FloatArray]:
    """How features moved scores when the champion learned; nothing where nobody knows its trees."""
    if one.trees is None:
        return {}
    bundle = one.champion.bundle
    vectors = reference_rows(one.champion)[list(bundle.features)].to_numpy(dtype=np.float64)
    return moves_of(bundle, one.trees, vectors)


def _wanted(grid: Grid, kept: Mapping[str, Past]) -> list[datetime]:
    """The weeks to compute: those that a past lacks, and the last, whose rows are needed."""
    known = [{week.at for week in one.weeks} for one in kept.values()]
    missing = {at for at in (*grid.mondays, *grid.last) if any(at not in one for one in known)}
    if known and all(known):
        oldest = max(min(one) for one in known)
        missing = {at for at in missing if at > oldest}  # before it there were too few customers
    pair = grid.mondays[-2:] if missing & set(grid.mondays) else []
    return sorted({*missing, *pair, *grid.last[-1:]})


def _held(grid: Grid, wanted: Collection[datetime]) -> list[datetime]:
    """The weeks whose rows are kept in memory for a while: pairs to tell apart, and the last."""
    mondays = grid.mondays
    pairs = {
        week
        for back in range(0, min(JOINT_WEEKS, len(mondays) - 1), JOINT_EVERY)
        for week in (mondays[-1 - back], mondays[-2 - back])
    }
    return sorted((pairs | set(grid.last[-1:])) & set(wanted))


def _joined(kept: Past, sums: Sums, grid: Grid, wanted: Collection[datetime]) -> Past:
    """What was kept and what is new, as far as it is worth keeping."""
    weeks = {week.at: week for week in kept.weeks}
    found = [sums.week(at) for at in wanted]
    weeks |= {week.at: week for week in found if week is not None and week.rows >= FEWEST}
    return replace(kept, weeks=grid.kept(weeks))


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
