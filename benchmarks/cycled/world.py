"""A simulated shop that runs quietly for two years and then under campaigns of a strength that the benchmark sets.

`World.run` lets days pass, `World.act` plans one campaign: some are chosen, chance holds some of them out, the others
are contacted on the days of the strength. `weak` is a campaign; the others are what no business would do, a stress to
see what labels that are truly bent do to learning: a coupon every day (`coupons`); a coupon or a call every other day,
whose good mood stays (`lasting`: then the true risk of the untreated falls too); a call every other day whose good mood
the benchmark takes back at the end of the window (`passing`: then the risk without contacts stays what it was).
Start reading at `World`.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle
from churn.events import Events
from features.catalogue import catalogue
from features.simulated_calendar import shop_calendar
from features.simulated_customers import COUPON, SERVICE_CALL, State, open_shop
from features.simulated_day import step
from features.simulated_log import customer_ids, event_frame
from features.snapshots import freeze
from training.rows import Columns, Rows

FIRST, QUIET_DAYS, EVERY_DAYS, HORIZON_DAYS = date(2023, 1, 1), 730, 30, 45
CUTOFFS = 8  # to learn from, a month apart, the newest a horizon old
CALENDAR = Calendar("Asia/Shanghai")
LIFECYCLE = Lifecycle(ChurnDefinition(horizon_days=HORIZON_DAYS), calendar=CALENDAR)


@dataclass(frozen=True)
class Strength:
    """How hard campaigns try.

    Args:
        share: of those asked about, at the highest told risk, who are planned for.
        days: of the campaign on which each is contacted, with what (codes of ACTION_NAMES).
        is_passing: what contacts did to moods is taken back at the end of the window.
    """

    share: float
    days: dict[int, int]
    is_passing: bool = False


STRENGTHS = {
    "weak": Strength(1 / 3, dict.fromkeys((0, 7, 14), COUPON)),
    "coupons": Strength(0.7, dict.fromkeys(range(30), COUPON)),
    "lasting": Strength(0.7, {day: COUPON if day % 4 else SERVICE_CALL for day in range(0, 30, 2)}),
    "passing": Strength(0.7, dict.fromkeys(range(0, 30, 2), SERVICE_CALL), is_passing=True),
}


class Added:
    """What calls have added to everybody's moods since a window began, by the dynamics of features/simulated_shop.py.

    Satisfaction and interest drift linearly, so that what was added drifts on its own; anger is followed as it would be
    had nobody called.
    """

    def __init__(self, state: State) -> None:
        self.satisfied, self.interest = np.zeros(len(state.lift)), np.zeros(len(state.lift))
        self.grievance = state.grievance.copy()

    def pass_day(self, is_called: np.ndarray, is_failed: np.ndarray) -> None:
        """A day passes: who was called, and whose issue was answered late."""
        self.satisfied = (self.satisfied + 0.2 * is_called) * (1 - 0.006)
        self.interest += (0.35 * self.satisfied - self.interest) * 0.012
        self.grievance = self.grievance * 0.975 + is_failed

    def take_back(self, state: State) -> None:
        """Moods as they would be without the calls. Writes the state."""
        state.satisfied[:] -= self.satisfied
        state.interest[:] -= self.interest
        state.grievance[:] = self.grievance
        state.lift[:] = 0


@dataclass
class World:
    """The shop as it runs: state, what was seen, who was planned for."""

    customers: int
    seed: int
    cycles: int
    seen: list = field(default_factory=list)
    planned: list = field(default_factory=list)

    def __post_init__(self) -> None:
        days = QUIET_DAYS + self.cycles * EVERY_DAYS
        self.calendar = shop_calendar(FIRST, days + 400, CALENDAR.timezone)
        self.shop, self.state = open_shop(self.calendar, self.customers, days, self.seed)
        self.due: dict[int, np.ndarray] = {}
        self.added: Added | None = None
        self.run(QUIET_DAYS)

    def run(self, days: int) -> None:
        """Let days pass, with whatever contacts are due."""
        for _ in range(days):
            actions = self.due.get(self.state.day, np.zeros(self.customers, dtype=np.int8))
            today = self.state.day
            self.state, sightings = step(self.shop, self.state, actions, campaign="cycle")
            self.seen.append((today, sightings))
            if self.added:
                self.added.pass_day(actions == SERVICE_CALL, self.state.complained == today)
        if self.added:
            self.added.take_back(self.state)
            self.added = None

    @property
    def now(self) -> pd.Timestamp:
        """The midnight at which the next day begins, UTC."""
        return pd.Timestamp(int(self.calendar.midnight_us[self.state.day]), unit="us", tz="UTC").as_unit("us")

    def act(self, chosen: np.ndarray, hold_out: float, strength: Strength, cycle: int) -> None:
        """Plan for some (codes), hold out by chance, contact the others on the days of the strength."""
        treated = np.random.default_rng([self.seed, cycle, 11]).random(len(chosen)) >= hold_out
        for day, action in strength.days.items():
            actions = np.zeros(self.customers, dtype=np.int8)
            actions[chosen[treated]] = action
            self.due[self.state.day + day] = actions
        self.added = Added(self.state) if strength.is_passing else None
        frame = pd.DataFrame({"customer_id": customer_ids(self.customers)[chosen], "is_treated": treated})
        ends = self.now + timedelta(days=EVERY_DAYS)
        self.planned.append(frame.assign(planned_at=self.now, window_end=ends, propensity=1 - hold_out))

    @property
    def treatments(self) -> pd.DataFrame:
        """Who was planned for, by campaign."""
        return pd.concat(self.planned, ignore_index=True) if self.planned else pd.DataFrame()


def rows_at(world: World, folder: Path) -> tuple[Rows, Rows]:
    """Rows to learn from, mature by now, and those of now, whose outcome nobody knows."""
    log = event_frame(world.seen, world.calendar, customers=world.customers, until=world.now, seed=world.seed)
    alive = {kind: set(part.columns[part.notna().any()]) for kind, part in log.groupby("event_type")}
    features = catalogue(sorted(alive), alive, LIFECYCLE)
    today = FIRST + timedelta(days=world.state.day)
    days = [today - timedelta(days=HORIZON_DAYS + EVERY_DAYS * back) for back in range(CUTOFFS)]
    cutoffs = [CALENDAR.midnight(day) for day in [*days, today]]
    snapshot = freeze(
        Events.from_frame(log), features, LIFECYCLE, cutoffs,
        observed_until=world.now.to_pydatetime(), log_hash=f"{world.seed}", folder=folder,
    )  # fmt: skip
    columns, frame = Columns.of(snapshot.manifest), snapshot.frame
    now = frame[(frame["event_timestamp"] == cutoffs[-1]) & (frame["model"] == "churn")]
    return Rows.of(frame, columns, "churn"), Rows.of(now.assign(label=0.0), columns, "churn")
