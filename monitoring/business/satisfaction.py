"""How content customers say they are at each stage, and what becomes of what they complain of.

    scores   of surveys and reviews, by the stage in which the customer stood at that instant, and by quarter
    cases    complaints and tickets: how many were answered, how many solved, within how many days

By what is known now. A fold of the walk through the log (monitoring/business/survey.py): sums and counts alone. Cases
younger than `WAIT_DAYS` are not judged yet; where the log never tells of an answer or a solution, nobody knows.
Start reading at `Satisfaction`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

import numpy as np

from churn.calendar import DAY_US, NEVER, Int64Array
from churn.definition import Lifecycle
from churn.events import BoolArray, Events, FloatArray
from churn.stated import SOLVED, solves
from monitoring.business.edges import Edges
from monitoring.business.lifetimes import quarter_name, quarters_of
from monitoring.business.moments import ORDER, moments
from monitoring.business.panel import Panel
from monitoring.business.segments import TOTAL, Codes, Dimension, Segmentation
from monitoring.business.shown import shown
from monitoring.business.survival import Share, Spells, Z, wilson

ASKED: Final = ("survey", "review")
CASES: Final = ("complaint", "support_ticket")
WAIT_DAYS, LONGEST_DAYS = 30, 365
ANSWERED: Final = ("answered", "replied")


@dataclass(frozen=True)
class Mean:
    """A mean with its 95 % interval; `n` scores of customers, who are taken as independent."""

    value: float
    low: float
    high: float
    n: int


@dataclass
class Satisfaction:
    """Sums of scores, and counts of cases.

    Args:
        edges: the last one is now. segmentation: whose levels are told apart. lifecycle: definition and stage rules.
        sums: by (kind, table), table being stage, quarter or a dimension: n, sum, sum of squares.
            Shape (levels, 3); of quarters by number since 1970.
        solved, answered: by kind of case, days until it was; running where it was not.
        tells: (kind, solved or answered) of which the log tells at all.
    """

    edges: Edges
    segmentation: Segmentation
    lifecycle: Lifecycle
    sums: dict[tuple[str, str], FloatArray] = field(default_factory=dict)
    by_quarter: dict[tuple[str, int], FloatArray] = field(default_factory=dict)
    solved: dict[str, Spells] = field(default_factory=dict)
    answered: dict[str, Spells] = field(default_factory=dict)
    tells: set[tuple[str, str]] = field(default_factory=set)

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `Fold.add`."""
        for kind in ASKED:
            rows = one.events.is_kind(kind) & ~np.isnan(one.events.score)
            if rows.any():
                self._scores(kind, one, one.events.take(rows), codes)
        for kind in CASES:
            self._cases(kind, one.events)

    def _scores(self, kind: str, one: Panel, told: Events, codes: Mapping[str, Codes]) -> None:
        stage = moments(one.told, self.lifecycle, told.customer, told.time_us).stage
        self._sum(kind, "stage", len(ORDER), stage.astype(np.int64), told.score)
        day = self.lifecycle.calendar.days_of(told.time_us)
        quarter = quarters_of(day)
        for number in np.unique(quarter):
            sums = self.by_quarter.setdefault((kind, int(number)), np.zeros(3))
            sums += _sums(np.zeros((quarter == number).sum(), dtype=np.int64), told.score[quarter == number], 1)[0]
        place = np.searchsorted(self.edges.us, told.time_us, side="right") - 1  # the level as it stood before
        recent = place >= 0
        for dimension in self.segmentation.dimensions:
            if dimension.name not in (TOTAL, "stage"):
                level = codes[dimension.name][told.customer[recent], place[recent]].astype(np.int64)
                self._sum(kind, dimension.name, len(dimension.levels), level, told.score[recent])

    def _sum(self, kind: str, table: str, levels: int, level: Int64Array, score: FloatArray) -> None:
        sums = self.sums.setdefault((kind, table), np.zeros((levels, 3)))
        sums += _sums(level, score, levels)

    def _cases(self, kind: str, events: Events) -> None:
        """Days until each case was first answered, and solved: by the first such event of the customer after it."""
        asks = events.is_kind(kind) & ~events.reason_code.is_any((*SOLVED, *ANSWERED))
        whole = events.is_kind(kind) & events.reason_code.is_any(SOLVED)
        asks |= whole if kind == "support_ticket" else np.zeros(len(events), dtype=np.bool_)
        old = asks & (events.time_us < self.edges.now_us - WAIT_DAYS * DAY_US)
        solved = solves(events, kind)
        answered = solved | events.is_kind(f"{kind}_answered")
        answered |= events.is_kind(kind) & events.reason_code.is_any(ANSWERED)
        for name, rows, into in (("solved", solved, self.solved), ("answered", answered, self.answered)):
            if rows.any():
                self.tells.add((kind, name))
            days, over = _until(events, old, rows, self.edges.now_us)
            into[kind] = into.get(kind, Spells.none(longest=LONGEST_DAYS)) + Spells.of(days, over, longest=LONGEST_DAYS)

    def by_stage(self, kind: str, *, least: int) -> dict[str, Mean]:
        """The mean score of each stage in which at least `least` answered."""
        told = self.sums.get((kind, "stage"), np.zeros((0, 3)))
        return {ORDER[code].value: mean(row) for code, row in enumerate(told) if row[0] >= max(least, 2)}

    def quarters(self, kind: str, *, least: int) -> dict[str, Mean]:
        """The mean score of each quarter in which at least `least` answered, in order of time."""
        mine = sorted((number, sums) for (asked, number), sums in self.by_quarter.items() if asked == kind)
        return {quarter_name(number): mean(sums) for number, sums in mine if sums[0] >= max(least, 2)}

    def by_segment(self, kind: str, dimension: Dimension, *, least: int) -> Iterator[tuple[str, Mean]]:
        """The mean score of each level in which at least `least` answered; small ones join `other`."""
        sums = self.sums.get((kind, dimension.name))
        if sums is None or dimension.name == "stage":
            return
        for cell in shown(dimension.levels, sums[:, 0].astype(np.int64), max(least, 2)):
            told = sums[list(cell.places)].sum(axis=0)
            if told[0] >= max(least, 2):  # nobody may be left for `other`
                yield cell.name, mean(told)

    def done_within(self, kind: str, what: str, days: int = WAIT_DAYS) -> Share | None:
        """The share of cases that were solved, or answered, within so many days; None where the log does not tell."""
        spells = (self.solved if what == "solved" else self.answered).get(kind)
        if spells is None or not spells.count or (kind, what) not in self.tells:
            return None
        return wilson(int(spells.ended[: days + 1].sum()), spells.count)


def mean(sums: FloatArray) -> Mean:
    """A mean of n, sum and sum of squares; at least two."""
    n, total, squares = (float(one) for one in sums)
    value = total / n
    half = Z * sqrt(max(squares / n - value**2, 0.0) / (n - 1))
    return Mean(value, value - half, value + half, int(n))


def _sums(level: Int64Array, score: FloatArray, levels: int) -> FloatArray:
    columns = [np.bincount(level, weights=score**power, minlength=levels) for power in (0, 1, 2)]
    return np.stack(columns, axis=1)


def _until(events: Events, asks: BoolArray, ends: BoolArray, now_us: int) -> tuple[Int64Array, BoolArray]:
    """Whole days from each case to the first ending event of its customer at or after it; to now where none came."""
    index = np.where(ends, np.arange(len(events)), len(events))
    following = np.minimum.accumulate(index[::-1])[::-1] if len(index) else index
    place = following[asks]
    safe = np.minimum(place, len(events) - 1)
    over = (place < len(events)) & (events.customer[safe] == events.customer[asks]) if len(events) else asks[asks]
    until_us = np.where(over, events.time_us[safe] if len(events) else NEVER, now_us)
    return (until_us - events.time_us[asks]) // DAY_US, over
