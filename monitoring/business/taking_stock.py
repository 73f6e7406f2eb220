"""How the business stands: every figure of stock, flow, value and cohorts, from one walk through the log.

    log --> edges, segmentation --> survey --> Stocktaking --> content (JSON), sections (pages), figures

No model is needed. Everything is as known now (monitoring/business/panel.py says why). Start reading at `ground`,
then `take_stock`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from churn.calendar import Int64Array
from churn.definition import Lifecycle
from churn.errors import SettingsError
from churn.settings import Settings
from features.attributes import attribute_names
from features.log import LogManifest
from features.parts import Part, log_parts
from monitoring.business.cohorts import CohortFold, Joined
from monitoring.business.counts import REFERRAL, WAS_REFERRED, YEAR_MONTHS, Counts, StockFold
from monitoring.business.edges import Edges, Period, month_edges
from monitoring.business.levels import learn
from monitoring.business.retention import Retention, retention
from monitoring.business.segments import (
    CATEGORY,
    FIRST_CHANNEL,
    FREQUENCY,
    STAGE,
    TIER,
    TOTAL,
    VALUE,
    Dimension,
    Segmentation,
)  # fmt: skip
from monitoring.business.shown import Cell, shown
from monitoring.business.survey import Fold, survey
from monitoring.business.value import Buying, Referrals, Worth, buying, referrals, worth

BUILT_IN = (FIRST_CHANNEL, CATEGORY, TIER, VALUE, FREQUENCY, STAGE)
EVERYBODY = Cell(TOTAL, (0,))


class NoSuchSegment(SettingsError):
    """`[monitoring] segments` names what is no segment."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"[monitoring] segments names {name!r}, and there is no such segment.",
            mend=f"name some of {', '.join(known)}; an attribute comes from the `attributes` of a [[source]].",
        )


@dataclass(frozen=True)
class Stocktaking:
    """How the business stands.

    Args:
        edges: the instants looked at. segmentation: the dimensions.
        periods: months, then quarters.
        counts: by dimension. joined, since: cohorts by dimension (monitoring/business/cohorts.py).
        lifecycle: by which a customer counts as active.
        kinds: of the log's events. currency: of money. min_cell: fewer customers of a segment are not shown.
    """

    edges: Edges
    segmentation: Segmentation
    periods: tuple[Period, ...]
    counts: Mapping[str, Counts]
    joined: Mapping[str, Joined]
    since: Mapping[str, Int64Array]
    lifecycle: Lifecycle
    kinds: frozenset[str]
    currency: str
    min_cell: int

    @property
    def has_money(self) -> bool:
        """Whether orders carry money."""
        return self.segmentation.thirds is not None

    @property
    def tells_referrals(self) -> bool:
        """Whether any event speaks of recommendations."""
        return bool(self.kinds & {REFERRAL, WAS_REFERRED})

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All but the total."""
        return self.segmentation.dimensions[1:]

    def latest(self, grain: str) -> int | None:
        """The place of the newest month or quarter that is over; None before the first one."""
        return max((nth for nth, one in enumerate(self.periods) if one.grain == grain and one.is_over), default=None)

    def of(self, grain: str) -> list[int]:
        """The places of all months, or quarters, in their order."""
        return [nth for nth, one in enumerate(self.periods) if one.grain == grain]

    def flow(self, nth: int, dimension: str = TOTAL, cell: Cell = EVERYBODY) -> Int64Array:
        """Moves of a period. Shape (STATES, STATES)."""
        return np.asarray(self.counts[dimension].flow[nth, list(cell.places)].sum(axis=0))

    def retention(self, nth: int, dimension: str = TOTAL, cell: Cell = EVERYBODY) -> Retention:
        """Retention of a period."""
        return retention(self.flow(nth, dimension, cell))

    def buying(self, nth: int, dimension: str = TOTAL, cell: Cell = EVERYBODY) -> Buying:
        """What was bought in a period."""
        return buying(self.counts[dimension].bought[nth, list(cell.places)].sum(axis=0), has_money=self.has_money)

    def growth(self, nth: int, dimension: str = TOTAL, cell: Cell = EVERYBODY) -> dict[str, float | None]:
        """Money against the period before, and against the same one a year before; None where either is not whole."""
        one = self.periods[nth]
        back = {"on_before": 1, "on_year_before": 12 if one.grain == "month" else 4}
        mine = self.buying(nth, dimension, cell).money
        told: dict[str, float | None] = {}
        for name, steps in back.items():
            is_there = nth - steps >= 0 and self.periods[nth - steps].grain == one.grain and one.is_over
            then = self.buying(nth - steps, dimension, cell).money if is_there else None
            told[name] = mine / then - 1 if mine is not None and then else None
        return told

    def worth(self, nth: int, dimension: str = TOTAL, cell: Cell = EVERYBODY) -> Worth | None:
        """Money lost and won back in a period; None where orders carry none."""
        if not self.has_money:
            return None
        counts, places = self.counts[dimension], list(cell.places)
        is_year_over = self.periods[nth].start + YEAR_MONTHS < len(self.edges)
        lost, back = float(counts.lost[nth, places].sum()), float(counts.back[nth, places].sum())
        return worth(self.retention(nth, dimension, cell), lost, back, is_year_over=is_year_over)

    def referrals(self, nth: int, dimension: str = TOTAL, cell: Cell = EVERYBODY) -> Referrals | None:
        """Recommendations of a period; None where no event tells of any."""
        if not self.tells_referrals:
            return None
        counts = self.counts[dimension].referred[nth, list(cell.places)].sum(axis=0)
        return referrals(
            self.retention(nth, dimension, cell), counts,
            tells_referrals=REFERRAL in self.kinds, tells_referred=WAS_REFERRED in self.kinds,
        )  # fmt: skip

    def tells_rate(self, n: int, dimension: str) -> bool:
        """Whether a rate of so many customers may be told: of everybody always, of a segment from `min_cell` on."""
        return dimension == TOTAL or n >= self.min_cell

    def cells(self, dimension: Dimension, sizes: Int64Array) -> list[Cell]:
        """The cells of a dimension that may be shown, by the customers on whom each level rests. Shape (l,)."""
        return shown(dimension.levels, sizes, self.min_cell)


@dataclass(frozen=True)
class Ground:
    """What a walk through the log needs.

    Args:
        parts: of the log. lifecycle: of the business. edges: the instants. segmentation: the dimensions.
    """

    parts: Sequence[Part]
    lifecycle: Lifecycle
    edges: Edges
    segmentation: Segmentation


def ground(settings: Settings, manifest: LogManifest, now: datetime) -> Ground:
    """Find the instants and the segments.

    Args:
        settings: whose.
        manifest: of the log.
        now: by the clock of the business, aware; the log is looked at as far as it is complete.

    Raises:
        NoSuchSegment: [monitoring] segments names one that is none. NoLog, BrokenLog, ReplacedLog: the log.
    """
    lifecycle = settings.lifecycle
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    until = min(now, manifest.observed_until)  # beyond it everybody would seem to leave
    edges = month_edges(manifest.first_event_at, until, lifecycle.calendar)
    chosen = settings.monitoring.segments
    attributes = attributes_of(settings, manifest.kinds, chosen)
    return Ground(parts, lifecycle, edges, learn(parts, lifecycle, edges, attributes=attributes, only=chosen))


def take_stock(settings: Settings, on: Ground, *, more: Sequence[Fold] = ()) -> Stocktaking:
    """Walk through the log once.

    Args:
        settings: whose.
        on: instants and segments.
        more: folds of others, to be filled on the same walk.

    Raises:
        BrokenLog, ReplacedLog: the log.
    """
    stock, cohorts = StockFold(on.edges, on.segmentation), CohortFold(on.edges, on.segmentation)
    survey(on.parts, on.lifecycle, on.edges, on.segmentation, [stock, cohorts, *more])
    return Stocktaking(
        on.edges, on.segmentation, stock.periods, stock.counts, cohorts.joined, cohorts.since, on.lifecycle,
        frozenset(stock.kinds), settings.business.currency, settings.monitoring.min_cell,
    )  # fmt: skip


def attributes_of(settings: Settings, kinds: Collection[str], chosen: Sequence[str]) -> list[str]:
    """The profile attributes that may be told apart: those named; else all but what is left out or sensitive."""
    known = attribute_names(kinds)
    for name in chosen:
        if name not in known and name not in BUILT_IN:
            raise NoSuchSegment(name, (*known, *BUILT_IN))
    if chosen:
        return [name for name in chosen if name in known]
    kept_back = {*settings.features.leave_out_attributes, *settings.fairness.attributes}
    return [name for name in known if name not in kept_back]
