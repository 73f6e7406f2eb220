"""Who has left, and may be won back: the lapsed of now, by age, value, stated reason and how they may be reached.

    age      days since they lapsed
    value    thirds of what the lapsed spent in the year before their last order
    reason   the newest that they stated in that year or after it (churn/stated.py); complaint_open where one waits
    reach    consents, where the settings name a file that has them (features/consents.py)
    signs    of the last 90 days: opened or answered a message, came by; where the log tells of any such event

A fold of the walk through the log (monitoring/business/survey.py): each customer is in one cell of every table, so that
each table adds up to the same total. Start reading at `Lapsed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from churn.calendar import DAY_US, NEVER, Int64Array
from churn.events import FloatArray
from churn.reasons import CAUSES
from churn.stated import Words, cause_of, known_cases, open_since, stated_rows
from monitoring.business.edges import Edges
from monitoring.business.panel import LAPSED, YEAR_DAYS, Panel
from monitoring.business.segments import TOTAL, Codes, Segmentation

AGES: Final = ((0, "0-29"), (30, "30-89"), (90, "90-179"), (180, "180-364"), (365, "365+"))  # days, from so many on
NOT_STATED, COMPLAINT_OPEN, OTHER = "not_stated", "complaint_open", "other"
REASONS: Final = (*CAUSES, OTHER, NOT_STATED)
EVER_DAYS = 36_500
REACHES: Final = ("email_and_phone", "email", "phone", "none", "not_listed")
VALUES: Final = ("none", "low", "middle", "high")
STEPS = 8  # value bins a doubling
BINS = 40 * STEPS + 1  # 0, then from a hundredth upwards
AGE, REASON, REACH, OPEN, SIGN = "age", "reason", "reach", COMPLAINT_OPEN, "sign"
SIGNS: Final = ("message_and_visit", "message", "visit", "none")
SIGN_KINDS: Final = (("email_open", "email_click", "campaign_response"), ("visit", "event_attendance"))
SIGN_DAYS = 90
Reach = Mapping[str, int]  # customer id: place in `REACHES`


@dataclass
class Lapsed:
    """Counts of the lapsed of now.

    Args:
        edges: the last one is now. segmentation: whose levels are told apart.
        words: of the business, for what customers state.
        reach: how each listed customer may be reached; None where no file is configured.
        tells_solutions: whether the log ever says that a complaint was solved.
        tells_signs: whether the log has any of `SIGN_KINDS`.
        counts: by table (age, reason, reach, complaint_open, sign, or a dimension): customers by level and value bin.
            Shape (levels, BINS). money: what they spent in the year before their last order, likewise.
    """

    edges: Edges
    segmentation: Segmentation
    words: Words = ()
    reach: Reach | None = None
    tells_solutions: bool = False
    tells_signs: bool = False
    counts: dict[str, Int64Array] = field(default_factory=dict)
    money: dict[str, FloatArray] = field(default_factory=dict)

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `Fold.add`."""
        who = np.flatnonzero(one.stage[:, -1] == LAPSED)
        spent = _spent(one, who)
        value = _bins(spent)
        since = self.edges.day[-1] - one.lapse_day[who, -1]
        age = np.searchsorted([least for least, _ in AGES], since, side="right") - 1
        self._count(AGE, len(AGES), age, value, spent)
        reason, waits = _reasons(one, who, self.words)
        self._count(REASON, len(REASONS), reason, value, spent)
        if self.tells_solutions:
            self._count(OPEN, 2, waits, value, spent)
        if self.tells_signs:
            self._count(SIGN, len(SIGNS), _signs(one)[who], value, spent)
        if self.reach is not None:
            missing = len(REACHES) - 1
            reach = np.array([self.reach.get(str(name), missing) for name in one.events.customers[who]], dtype=np.int64)
            self._count(REACH, len(REACHES), reach, value, spent)
        for dimension in self.segmentation.dimensions:
            level = codes[dimension.name][who, -1].astype(np.int64)
            self._count(dimension.name, len(dimension.levels), level, value, spent)

    def _count(self, table: str, levels: int, level: Int64Array, value: Int64Array, spent: FloatArray) -> None:
        slot, size = level * BINS + value, levels * BINS
        counts = self.counts.setdefault(table, np.zeros((levels, BINS), dtype=np.int64))
        money = self.money.setdefault(table, np.zeros((levels, BINS)))
        counts += np.bincount(slot, minlength=size).reshape(levels, BINS)
        money += np.bincount(slot, weights=spent, minlength=size).reshape(levels, BINS)

    @property
    def total(self) -> int:
        """All lapsed customers of now."""
        return int(self.counts[TOTAL].sum()) if TOTAL in self.counts else 0

    def by_value(self, table: str) -> Int64Array:
        """Customers by level and third of value (`VALUES`). Shape (levels, 4)."""
        return _by_third(self.counts[table], self.thirds())

    def money_of(self, table: str) -> FloatArray:
        """What the customers of each level spent in the year before their last order. Shape (levels,)."""
        return np.asarray(self.money[table].sum(axis=1))

    def thirds(self) -> tuple[int, int]:
        """Value bins from which on value is middle, and high: a third each of the lapsed who spent any."""
        spenders = np.cumsum(self.counts[TOTAL].sum(axis=0)[1:]) if TOTAL in self.counts else np.zeros(1)
        low, high = (int(np.searchsorted(spenders, spenders[-1] * part)) + 2 for part in (1 / 3, 2 / 3))
        return low, high


def _by_third(counts: Int64Array, thirds: tuple[int, int]) -> Int64Array:
    low, high = thirds
    parts = counts[:, :1], counts[:, 1:low], counts[:, low:high], counts[:, high:]
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def _spent(one: Panel, who: Int64Array) -> FloatArray:
    """Money of the 365 days up to the last order. Shape of `who`."""
    until_us = np.full(len(one), NEVER, dtype=np.int64)
    until_us[who] = one.told.time_us[one.upto[who, -1] - 1]
    recent = one.told.time_us >= until_us[one.told.customer] - YEAR_DAYS * DAY_US
    spent = np.bincount(one.told.customer[recent], weights=one.money[recent], minlength=len(one))
    return spent[who].astype(np.float64)


def _bins(spent: FloatArray) -> Int64Array:
    """A bin of value for each sum: 0 for nothing, then eight a doubling, from a hundredth upwards."""
    cents = np.log2(np.maximum(spent, 0.01) / 0.01)
    return np.where(spent > 0, np.clip((cents * STEPS).astype(np.int64) + 1, 1, BINS - 1), 0)


def _signs(one: Panel) -> Int64Array:
    """Place in `SIGNS` of what each did in the last days. Shape (c,)."""
    since_us, gone = one.edges.calendar.window_start_us(one.edges.now_us, SIGN_DAYS), list[Int64Array]()
    for kinds in SIGN_KINDS:
        rows = one.events.is_kind(*kinds) & (one.events.time_us >= since_us)
        gone.append((np.bincount(one.events.customer[rows], minlength=len(one)) == 0).astype(np.int64))
    return np.asarray(2 * gone[0] + gone[1])


def _reasons(one: Panel, who: Int64Array, words: Words) -> tuple[Int64Array, Int64Array]:
    """Place in `REASONS` of the newest reason that each stated, and whether a complaint waits. Shape of `who` each.

    Reasons count from a year before the last order on.
    """
    known = known_cases(one.events, one.edges.now_us)
    last_us = np.zeros(len(one), dtype=np.int64)
    last_us[who] = one.told.time_us[one.upto[who, -1] - 1]
    rows = stated_rows(known, one.edges.now_us, within_days=EVER_DAYS)
    rows &= known.time_us >= last_us[known.customer] - YEAR_DAYS * DAY_US
    causes = [cause_of(word, words) or OTHER for word in known.reason_code.levels]
    place = np.array([*(REASONS.index(cause) for cause in causes), REASONS.index(NOT_STATED)], dtype=np.int64)
    newest = np.full(len(one), -1, dtype=np.int64)
    newest[known.customer[rows]] = known.reason_code.codes[rows]  # in order of time: the last assignment stays
    waiting, _ = open_since(known, one.edges.now_us, kind="complaint", within_days=EVER_DAYS)
    return place[newest[who]], (waiting[who] > 0).astype(np.int64)
