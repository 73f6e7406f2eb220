"""The simulated shop: the embedded default business, whose true hazards, causes and effects are known.

Answers what a real log never does: how likely each customer truly was to stay silent, and what a contact
changed. `simulate(settings)` loops over `step` and returns the event log, the campaigns' log and, in a separate
table, the truth. The log holds about a million events for 20,000 customers and three years. What may read the
truth: this module, benchmarks and tests; no feature, no model.
Start reading at `simulate`; the dynamics are in `features/simulated_shop.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from features.simulated_beside import write_beside
from features.simulated_calendar import shop_calendar
from features.simulated_campaigns import Contacts, campaign_of_the_day
from features.simulated_causes import CAUSES, CHANCE, LEAST, Lapses, causes_of_the_day
from features.simulated_customers import ACTION_NAMES, RESPONSE_NAMES, Shop, State, open_shop
from features.simulated_day import Sighting, step
from features.simulated_export import write_sources
from features.simulated_log import customer_ids, event_frame
from features.simulated_shop import hazards
from features.simulated_truth import silence_probability

__all__ = ["Simulation", "SimulationSettings", "simulate", "step", "write_demo_log"]
_LOOK_AHEAD_DAYS = 400  # the truth needs the calendar beyond the last day


@dataclass(frozen=True)
class SimulationSettings:
    """What to simulate.

    Attributes:
        customers: how many customers become known over the years.
        years: length of the log.
        seed: the same seed gives the same log, bit by bit.
        start: first local day, ISO date.
        timezone: where the shop's days begin, IANA name.
    """

    customers: int = 20_000
    years: int = 3
    seed: int = 7
    start: str = "2023-01-01"
    timezone: str = "Asia/Shanghai"

    @property
    def first(self) -> date:
        """The first local day."""
        return date.fromisoformat(self.start)

    @property
    def days(self) -> int:
        """The length of the log in local days."""
        return (self.first.replace(year=self.first.year + self.years) - self.first).days


@dataclass(frozen=True)
class Simulation:
    """A finished run.

    Attributes:
        events: the log. Columns: those of EVENTS.
        campaigns: one row a campaign and eligible customer. Columns: campaign, customer_id, day (local date),
            action, propensity, treated (False: held out at random).
        truth: one row a customer and month. Columns: customer_id, cutoff (UTC), engaged, interest, satisfied,
            grievance, lapse_hazard, return_hazard, order_hazard (each a day), response (persuadable, sure_thing,
            lost_cause, sleeping_dog).
        shop: the customers' characters, and the calendar.
        states: the hidden state at the beginning of each local month, by first day.
        observed_until: the log is complete up to here, aware UTC.
        causes: why customers truly fell dormant. Columns: customer_id, lapsed_at (UTC, the day's beginning), cause
            (`features.simulated_causes.CAUSES`, or chance), excess (log hazard above the usual).
    """

    events: pd.DataFrame
    campaigns: pd.DataFrame
    truth: pd.DataFrame
    shop: Shop
    states: dict[date, State] = field(repr=False)
    observed_until: datetime
    causes: pd.DataFrame = field(default_factory=pd.DataFrame)

    def true_outcome_probability(
        self, cutoffs: Sequence[date], *, horizon_days: int = 90, paths: int = 4
    ) -> pd.DataFrame:
        """The true chance that each known customer places no order within the horizon.

        Args:
            cutoffs: first days of local months.
            horizon_days: how long silence must last.
            paths: drawn futures of moods and contacts to average over.

        Returns:
            Columns: customer_id, cutoff (datetime64[us, UTC]), silent_probability in [0, 1].
        """
        ids, parts = customer_ids(self.shop.customers), []
        for cutoff in cutoffs:
            silent = silence_probability(self.shop, self.states[cutoff], horizon_days, paths=paths)
            known = np.flatnonzero(~np.isnan(silent))
            instant = _instant(self.shop, self.states[cutoff].day)
            parts.append(
                pd.DataFrame({"customer_id": ids[known], "cutoff": instant, "silent_probability": silent[known]})
            )
        return pd.concat(parts, ignore_index=True)


def simulate(settings: SimulationSettings | None = None) -> Simulation:
    """Run the shop from its first day to its last under its own campaigns."""
    settings = settings or SimulationSettings()
    calendar = shop_calendar(settings.first, settings.days + _LOOK_AHEAD_DAYS, settings.timezone)
    shop, state = open_shop(calendar, settings.customers, settings.days, settings.seed)
    seen: list[tuple[int, list[Sighting]]] = []
    contacts: list[tuple[int, Contacts]] = []
    causes: list[Lapses] = []
    states: dict[date, State] = {}
    for day in range(settings.days):
        today = settings.first + timedelta(days=day)
        if today.day == 1 and day > 0:
            states[today] = state
        planned = campaign_of_the_day(shop, state)
        if planned.campaign:
            contacts.append((day, planned))
        before = state
        state, sightings = step(shop, state, planned.actions, campaign=planned.campaign)
        seen.append((day, sightings))
        causes.append(causes_of_the_day(shop, before, state))
    end = _instant(shop, settings.days)
    states[settings.first + timedelta(days=settings.days)] = state
    events = event_frame(seen, calendar, customers=settings.customers, until=end, seed=settings.seed)
    truth, why = _truth(shop, states), _causes(shop, causes)
    return Simulation(events, _campaigns(shop, contacts), truth, shop, states, end.to_pydatetime(), why)


def write_demo_log(folder: Path, settings: SimulationSettings | None = None) -> dict[str, Path]:
    """Simulate a shop and write its log as the shop would export it; the truth is not among the files.

    Returns:
        The files by name: orders (CSV, gzip), activity (Parquet), profiles (CSV, gzip); birthdays, contacts and
        products (CSV), which are no part of the simulated log.
    """
    settings = settings or SimulationSettings()
    events = simulate(settings).events
    files = write_sources(events, folder, timezone=settings.timezone)
    return files | write_beside(events, folder, seed=settings.seed, timezone=settings.timezone)


def _campaigns(shop: Shop, contacts: list[tuple[int, Contacts]]) -> pd.DataFrame:
    """Who was eligible for which campaign, with what chance, and who was contacted."""
    ids, parts = customer_ids(shop.customers), []
    for day, planned in contacts:
        who = np.flatnonzero(planned.eligible)
        parts.append(
            pd.DataFrame(
                {
                    "campaign": planned.campaign,
                    "customer_id": ids[who],
                    "day": shop.calendar.first + timedelta(days=day),
                    "action": ACTION_NAMES[int(planned.actions.max())],
                    "propensity": planned.propensity,
                    "treated": planned.actions[who] > 0,
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _truth(shop: Shop, states: dict[date, State]) -> pd.DataFrame:
    """The hidden state of each known customer at the beginning of each month."""
    ids, parts = customer_ids(shop.customers), []
    responses = np.array(RESPONSE_NAMES, dtype=object)[shop.response]
    for state in states.values():
        known = np.flatnonzero(shop.arrival < state.day)
        down, up, order, order_dormant = hazards(shop, state)
        columns = {
            "customer_id": ids,
            "engaged": state.engaged,
            "interest": state.interest,
            "satisfied": state.satisfied,
            "grievance": state.grievance,
            "lapse_hazard": down,
            "return_hazard": up,
            "order_hazard": np.where(state.engaged, order, order_dormant),
            "response": responses,
        }
        part = pd.DataFrame({name: values[known] for name, values in columns.items()})
        part.insert(1, "cutoff", _instant(shop, state.day))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _causes(shop: Shop, days: list[Lapses]) -> pd.DataFrame:
    """Why customers fell dormant, in order of time."""
    counts = [len(one.who) for one in days]
    instants = np.repeat(shop.calendar.midnight_us[: len(days)], counts).astype("datetime64[us]")
    who, cause, excess = (np.concatenate(parts) for parts in zip(*days, strict=True))
    return pd.DataFrame(
        {
            "customer_id": customer_ids(shop.customers)[who],
            "lapsed_at": pd.DatetimeIndex(instants, tz="UTC"),
            "cause": np.where(excess >= LEAST, np.array(CAUSES, dtype=object)[cause], CHANCE),
            "excess": excess,
        }
    )


def _instant(shop: Shop, day: int) -> pd.Timestamp:
    """The local midnight at which a day begins, as an aware UTC instant."""
    return pd.Timestamp(int(shop.calendar.midnight_us[day]), unit="us", tz="UTC").as_unit("us")
