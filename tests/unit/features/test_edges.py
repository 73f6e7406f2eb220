"""Edges: a look into a table by quarter-hour says what a search says, and where it cannot, the search is asked."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from churn.calendar import DAY_US, Calendar
from features.edges import QUARTER_US, WORTH_A_TABLE, Edges, local_days, quarters

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Europe/London",
    "Asia/Kathmandu",
    "Africa/Monrovia",
)  # the last once lay on no quarter
FIRST_DAY = 100  # in 1970: Monrovia was 44 minutes and 30 seconds behind until 1972


def many(near_us: list[int]) -> np.ndarray:
    """These instants and their neighbours, often enough for a table to be made."""
    some = np.array([at + step for at in near_us for step in (-DAY_US, -1, 0, 1, QUARTER_US, DAY_US)], dtype=np.int64)
    return np.sort(np.resize(some, WORTH_A_TABLE))


@pytest.mark.parametrize("zone", ZONES)
@given(days=st.lists(st.integers(FIRST_DAY, 30_000), min_size=1, max_size=6), afternoon=st.integers(0, DAY_US))
def test_the_table_says_what_a_search_says(zone: str, days: list[int], afternoon: int) -> None:
    calendar = Calendar(zone)
    midnights = [int(calendar.midnights_us(day, day)[0]) for day in days]
    cutoffs_us = np.unique(np.array([*midnights, midnights[0] + afternoon], dtype=np.int64))
    layout = Edges(cutoffs_us, calendar).layout((1, 7, 365))
    time_us = many([*layout.us.tolist(), *midnights])
    found = quarters(time_us)
    assert found is not None
    assert layout.after(time_us, found).tolist() == np.searchsorted(layout.us, time_us, side="right").tolist()
    assert local_days(time_us, calendar, found).tolist() == calendar.days_of(time_us).tolist()


def test_few_instants_are_searched() -> None:
    assert quarters(np.zeros(WORTH_A_TABLE - 1, dtype=np.int64)) is None


def test_neighbouring_windows_share_their_edges() -> None:
    calendar = Calendar("Asia/Shanghai")
    cutoffs_us = calendar.midnights_us(19_000, 19_009)
    layout = Edges(cutoffs_us, calendar).layout((1, 2))
    assert len(layout) == 12  # ten cutoffs and the two midnights before them
    assert (layout.us[layout.rows[0]] - layout.us[layout.rows[2]] == 2 * DAY_US).all()
