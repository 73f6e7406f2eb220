"""A jump stands while the column is not back: in the log too, where a fault is part of the past a week later."""

from copy import copy

import pytest

from monitoring.drift.weeks import Past
from tests.monitored_shop import Shop
from tests.unit.monitoring.drift_world import World, jumped

LATER = 118


@pytest.fixture(scope="module")
def later(template: Shop) -> World:
    """A world that goes on for more than a half-year after what its champion learned from has matured."""
    return World(template, weeks=LATER, seed=4)


def spoilt(world: World, weeks: range) -> World:
    """The same world whose log has `still` in another unit for some weeks."""
    frames = [one.assign(still=one["still"] * (100 if at in weeks else 1)) for at, one in enumerate(world.frames)]
    told = copy(world)
    told.frames = frames
    told.past = Past(tuple(told._counted(at, one) for at, one in enumerate(frames)))
    return told


def rang(world: World, weeks: range) -> list[int]:
    return [at for at in weeks if jumped(world.look(world.frames[at], at)) == ["still"]]


def test_a_jump_stands_while_the_column_is_not_back_and_no_longer(later: World) -> None:
    assert rang(spoilt(later, range(95, 110)), range(94, 116)) == list(range(95, 110)), "its mend rings for nothing"


def test_a_jump_right_after_the_model_was_trained_stands_too(later: World) -> None:
    first = next(at for at in range(LATER) if later.at(at) > later.known_until)
    told = rang(spoilt(later, range(first, first + 8)), range(first - 1, first + 12))
    assert told == list(range(first, first + 8))


def test_the_same_fault_is_seen_a_second_time(later: World) -> None:
    twice = spoilt(later, range(95, 98))
    twice.frames[112] = twice.frames[112].assign(still=later.frames[112]["still"] * 100)
    assert rang(twice, range(110, 114)) == [112]


def test_what_has_not_come_back_for_long_is_the_usual(later: World) -> None:
    stands = spoilt(later, range(88, LATER))
    assert rang(stands, range(112, LATER)) == [112, 113]
