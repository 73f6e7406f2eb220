"""What a forecast of the active base is made of, counted from the log and the answers of now.

    of now       active customers whom silence alone would lapse within the horizon, and what their model told of them;
                 those whom it would not; lapsed customers, and what theirs told
    of the past  at earlier months: who came within the horizon, and who of them was still active when it was over
    new          first orders of each day
    what came    the active base at the instants for which earlier forecasts spoke

A fold of the walk through the log (monitoring/business/survey.py). Start reading at `Base`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from churn.calendar import Int64Array, from_us, to_us
from churn.cohort import CHURN, REACTIVATION
from churn.events import FloatArray
from monitoring.business.edges import Edges
from monitoring.business.panel import LAPSED, Panel, places_before
from monitoring.business.segments import Codes
from monitoring.business.sight import Sight
from monitoring.reading.customers import numbers_of
from monitoring.reading.newest import Told

HORIZONS_DAYS = (30, 60, 90)
CERTAIN, ASKED, AWAY, FRESH = range(4)  # rows of `past`: safe without an order, needing one, lapsed, not yet a customer
SCORED, COME, LOW, HIGH, SPREAD, UNSCORED = range(6)  # columns of `told`


@dataclass
class Base:
    """Counts for a forecast.

    Args:
        edges: the last one is now. first_day: of the log.
        asked: by model: what it sees, and what it told of the customers of now.
        horizons_days: that can be told.
        due_us: instants at which the active base is wanted, ascending.
        active: customers who are active now. certain: of them, those who stay so through each horizon without an order.
        told: by model and horizon: scored, chances summed, their low and high ends, variance, and without a score.
            Shape (horizons, 6).
        past: at each past month and horizon, by where they stood: customers, those who came, those who were active in
            the end. Shape (edges, horizons, 4, 3).
        daily: first orders of each day. Shape (days of the log,).
        came: the active base at `due_us`. Shape (k,).
    """

    edges: Edges
    first_day: int
    asked: Mapping[str, tuple[Sight, Told]]
    horizons_days: tuple[int, ...]
    due_us: Int64Array
    active: int = 0
    certain: Int64Array = field(init=False)
    told: dict[str, FloatArray] = field(default_factory=dict)
    past: Int64Array = field(init=False)
    daily: Int64Array = field(init=False)
    came: Int64Array = field(init=False)

    def __post_init__(self) -> None:
        horizons = len(self.horizons_days)
        self.certain = np.zeros(horizons, dtype=np.int64)
        self.told = {model: np.zeros((horizons, 6)) for model in (CHURN, REACTIVATION)}
        self.past = np.zeros((len(self.edges) - 1, horizons, 4, 3), dtype=np.int64)
        self.daily = np.zeros(max(int(self.edges.day[-1]) - self.first_day, 0), dtype=np.int64)
        self.came = np.zeros(len(self.due_us), dtype=np.int64)

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """See `Fold.add`."""
        del codes
        numbers = numbers_of(pa.array(one.events.customers, type=pa.string()))
        active, lapsed = one.is_active(len(self.edges) - 1), one.stage[:, -1] == LAPSED
        self.active += int(active.sum())
        left = one.lapse_day[:, -1] - self.edges.day[-1]
        for place, days in enumerate(self.horizons_days):
            needs = active & (left <= days)
            self.certain[place] += int((active & ~needs).sum())
            self._tell(CHURN, place, days, numbers[needs])
            self._tell(REACTIVATION, place, days, numbers[lapsed])
            self._look_back(one, place, days)
        first = one.told.day[one.told.starts] - self.first_day
        self.daily += np.bincount(first[first < len(self.daily)], minlength=len(self.daily))
        self.came += _active_at(one, self.due_us, self.edges)

    def _tell(self, model: str, place: int, days: int, numbers: np.ndarray) -> None:
        row = self.told[model][place]
        if model not in self.asked or days not in self.asked[model][0].horizons_days:
            row[UNSCORED] += len(numbers)
            return
        sight, told = self.asked[model]
        probability = told.about(numbers)
        known = ~np.isnan(probability)
        come = sight.come(probability[known], days)
        row += (
            known.sum(), come.chance.sum(), come.low.sum(), come.high.sum(), (come.chance * (1 - come.chance)).sum(),
            (~known).sum(),
        )  # fmt: skip

    def _look_back(self, one: Panel, place: int, days: int) -> None:
        """Who came, and who stayed, at months whose horizon is over."""
        for edge in range(len(self.edges) - 1):
            over = self.edges.calendar.plus_days(from_us(int(self.edges.us[edge])), days)
            over_us, over_day = to_us(over), self.edges.day[edge] + days
            if over_us > self.edges.now_us:
                continue
            upto = places_before(one.told, one.offset, np.array([over_us]))[:, 0]
            came = upto > one.upto[:, edge]
            stays = (upto > one.offset) & (np.append(one.told.lapse_day, -1)[upto - 1] > over_day)
            active = one.is_active(edge)
            needs = active & (one.lapse_day[:, edge] - self.edges.day[edge] <= days)
            fresh = one.upto[:, edge] == one.offset
            rows = (active & ~needs, needs, one.stage[:, edge] == LAPSED, fresh & came)
            for row, mask in enumerate(rows):
                self.past[edge, place, row] += (mask.sum(), (mask & came).sum(), (mask & stays).sum())


def base(edges: Edges, first_day: int, asked: Mapping[str, tuple[Sight, Told]], due_us: Sequence[int] = ()) -> Base:
    """An empty fold, of the horizons that every model asked can tell."""
    sights = [sight for sight, _ in asked.values()]
    told = tuple(days for days in HORIZONS_DAYS if all(days in one.horizons_days for one in sights))
    return Base(edges, first_day, asked, told if sights else (), np.array(sorted(due_us), dtype=np.int64))


def _active_at(one: Panel, instants_us: Int64Array, edges: Edges) -> Int64Array:
    """Customers who were active at instants, as known now. Shape (k,)."""
    if not len(instants_us):
        return np.zeros(0, dtype=np.int64)
    upto = places_before(one.told, one.offset, instants_us)
    lapse_day = np.append(one.told.lapse_day, -1)[np.where(upto > one.offset[:, None], upto - 1, -1)]
    return np.asarray((lapse_day > edges.calendar.days_of(instants_us)).sum(axis=0), dtype=np.int64)
