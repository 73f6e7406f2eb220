"""The kernel beside DuckDB: the whole catalogue over the simulated shop's log, with late arrivals and returns."""

from datetime import date, timedelta

import numpy as np
import pytest

from churn.calendar import Calendar
from churn.definition import Lifecycle
from churn.events import Events
from features.catalogue import catalogue
from features.catalogue.page import EVERYTHING
from features.compute import compute
from features.simulation import SimulationSettings, simulate
from tests.oracle_duckdb import in_sql, oracle

SHOP = Lifecycle(calendar=Calendar("Asia/Shanghai"))


@pytest.fixture(scope="module")
def events() -> Events:
    return Events.from_frame(simulate(SimulationSettings(customers=800, years=2)).events)


@pytest.mark.slow
def test_the_whole_catalogue_equals_sql_on_the_simulated_shop(events: Events) -> None:
    wanted = [f for f in catalogue(list(EVERYTHING), EVERYTHING, SHOP) if in_sql(f.formula)]
    days = [date(2024, 3, 1), date(2024, 8, 1), date(2024, 12, 1)]
    cutoffs = [SHOP.calendar.midnight(day) for day in days]
    cutoffs.append(cutoffs[-1] + timedelta(days=9, hours=14))
    fast, slow = compute(events, cutoffs, wanted, SHOP), oracle(events, cutoffs, wanted, SHOP)
    for number, feature in enumerate(wanted):
        np.testing.assert_allclose(fast[..., number], slow[..., number], rtol=1e-9, atol=1e-9, err_msg=feature.name)
    # the comparison had something to compare
    assert (events.known_us > events.time_us).any()
    assert (events.void_us < cutoffs[-1].timestamp() * 1e6).any()
    alive = {feature.name: np.nanstd(fast[..., number]) > 0 for number, feature in enumerate(wanted)}
    assert [name for name, varies in alive.items() if not varies] == []
