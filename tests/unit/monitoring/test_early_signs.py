"""Early signs as numbers: quiet on festivals and odd weeks, lasting where a change lasts."""

import numpy as np
import pytest

from monitoring.before.early import week_of
from monitoring.before.signs import judged, reach
from tests.unit.monitoring.early_weeks import START, quiet, weeks


@pytest.mark.parametrize("seed", range(8))
def test_sound_weeks_with_festivals_give_no_sign(seed: int) -> None:
    early = judged(weeks(quiet(seed=seed)), 7, 1 / 117)
    passed = np.abs(np.array(early.moves)) > np.array(early.limits)
    assert not passed.any()
    assert early.odd_since is None


def test_weeks_of_an_alarm_do_not_teach_it_to_be_quiet() -> None:
    signs = quiet()
    signs[-25:] -= 0.5
    early = judged(weeks(signs), 7, 1 / 117)
    assert early.odd_weeks >= 18


def test_one_odd_week_is_no_sign() -> None:
    signs = quiet()
    signs[-3] -= 0.8
    assert judged(weeks(signs), 7, 1 / 117).odd_since is None


def test_a_larger_budget_has_nearer_limits() -> None:
    known = quiet(50)
    reaches = [reach(known, chance) for chance in (0.001, 0.01, 0.1)]
    assert reaches == sorted(reaches, reverse=True)


def test_a_week_counts_what_was_expected_and_ranks_who_came() -> None:
    chance = np.array([0.9, 0.8, 0.2, 0.1])
    week = week_of(START, chance, np.array([True, False, True, False]))
    assert (week.n, week.active, week.expected) == (4, 2, pytest.approx(2.0))
    assert week.roc_auc == pytest.approx(0.75)
    both = week.plus(week)
    assert (both.n, both.active, both.roc_auc) == (8, 4, pytest.approx(0.75))
    assert week_of(START, chance, np.zeros(4, dtype=bool)).roc_auc is None
