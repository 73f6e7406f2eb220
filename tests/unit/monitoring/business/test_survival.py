"""Kaplan-Meier against a published example and against counting by hand; hazards and their peaks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.business.critical_months import monthly, peaks
from monitoring.business.survival import Spells, curve, median, wilson, within

# Weeks of remission with 6-MP; Freireich et al. (1963), Blood 21, 699-716; printed with its Kaplan-Meier estimate
# and Greenwood's standard errors in Collett, Modelling Survival Data in Medical Research, and in Kleinbaum & Klein.
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
RUNNING = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PUBLISHED = {  # week: share still in remission, its standard error
    6: (0.857, 0.0764),
    7: (0.807, 0.0869),
    10: (0.753, 0.0963),
    13: (0.690, 0.1068),
    16: (0.627, 0.1141),
    22: (0.538, 0.1282),
    23: (0.448, 0.1346),
}


def spells(ended: list[int], running: list[int], longest: int = 60) -> Spells:
    days = np.array([*ended, *running], dtype=np.int64)
    return Spells.of(days, np.arange(len(days)) < len(ended), longest=longest)


def test_the_published_remissions() -> None:
    told = curve(spells(ENDED, RUNNING))
    for week, (share, error) in PUBLISHED.items():
        assert told.survival[week] == pytest.approx(share, abs=0.0006)
        assert told.survival[week] * np.sqrt(told.spread[week]) == pytest.approx(error, abs=0.0002)
        assert told.low[week] < told.survival[week] < told.high[week]
    assert median(told)[0] == 23
    assert list(told.at_risk[[6, 7, 10, 13, 16, 22, 23]]) == [21, 17, 15, 12, 11, 7, 6]
    assert told.watched_days == 35
    assert np.isnan(told.survival[36])


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40))
def test_it_is_what_counting_day_by_day_gives(drawn: list[tuple[int, bool]]) -> None:
    told = curve(Spells.of(np.array([day for day, _ in drawn]), np.array([end for _, end in drawn]), longest=15))
    share = 1.0
    for day in range(16):
        at_risk = sum(one >= day for one, _ in drawn)
        if not at_risk:
            assert np.isnan(told.survival[day])
            continue
        share *= 1 - sum(one == day and end for one, end in drawn) / at_risk
        assert told.survival[day] == pytest.approx(share)
        assert 0 <= told.low[day] <= told.survival[day] + 1e-12 <= told.high[day] + 2e-12 <= 1 + 3e-12


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.booleans()), min_size=1, max_size=40),
)
def test_parts_add_up(drawn: list[tuple[int, bool, bool]]) -> None:
    def of(rows: list[tuple[int, bool, bool]]) -> Spells:
        days = np.array([day for day, _, _ in rows], dtype=np.int64)
        return Spells.of(days, np.array([end for _, end, _ in rows], dtype=np.bool_), longest=15)

    whole, parts = of(drawn), of([row for row in drawn if row[2]]) + of([row for row in drawn if not row[2]])
    assert np.array_equal(whole.ended, parts.ended)
    assert np.array_equal(whole.running, parts.running)


def test_who_is_still_watched_never_counts_as_gone() -> None:
    told = curve(spells([], [5, 9, 30]))
    assert (told.survival[:31] == 1).all()
    assert median(told) == (None, None, None)
    assert within(told, 10, 30) is None, "nobody was watched for 40 days"


def test_the_chance_within_the_next_days() -> None:
    told = curve(spells([3] * 40 + [20] * 30, [40] * 30))
    share = within(told, 10, 15)
    assert share is not None
    assert share.value == pytest.approx(0.5)
    assert share.n == 60
    assert share.low < 0.4
    assert share.high > 0.6
    nobody = within(told, 25, 10)
    assert nobody is not None
    assert nobody.value == 0
    assert nobody.high > 0.05, "0 of 30 is not surely 0"


def test_where_nobody_was_under_watch_there_is_no_chance() -> None:
    late = Spells.of(np.array([90, 95]), np.array([False, True]), longest=100, since=np.array([40, 50]))
    assert within(curve(late), 7, 30) is None
    assert within(curve(late), 60, 30) is not None


def test_a_month_in_which_many_leave_is_marked() -> None:
    rng = np.random.default_rng(1)
    even = rng.geometric(0.002, 3_000)
    renewal = np.where((even > 365) & (rng.random(3_000) < 0.4), 370, even)
    days = np.minimum(renewal, 700)
    found = peaks(monthly(Spells.of(days, days < 700, longest=800), least=20))
    assert [(one.first, one.last) for one in found] == [(12, 12)]
    assert found[0].ratio > 3
    assert found[0].ended == int(((days >= 360) & (days < 390)).sum())


def test_an_even_hazard_has_few_peaks() -> None:
    rng = np.random.default_rng(2)
    marked = 0
    for _ in range(60):
        days = np.minimum(rng.geometric(0.003, 800), 600)
        marked += bool(peaks(monthly(Spells.of(days, days < 600, longest=700), least=20)))
    assert marked <= 6, "one in twenty by chance, at most"


def test_months_with_few_are_not_told() -> None:
    assert monthly(spells([40] * 10, [59] * 9), least=20) == []
    assert [one.number for one in monthly(spells([40] * 10, [59] * 19), least=20)] == [0, 1]


def test_wilson() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81/263 and 15/148, method 3."""
    for count, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        told = wilson(count, n)
        assert (told.low, told.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
