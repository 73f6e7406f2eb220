"""Drift against a quiet past: what rings, what does not, and what is said where there is too little to go by."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.drift.joint import bar_of, columns_of, joint_of, told_apart
from monitoring.drift.judging import Drift, look
from monitoring.drift.shift import FeatureDrift
from monitoring.drift.weeks import JointWeek, Past, distance, week_of
from tests.monitored_shop import Shop
from tests.unit.monitoring.drift_world import FIRST, NAMES, RULES, WEEKS, World, jumped, moved


@pytest.fixture(scope="module")
def world(template: Shop) -> World:
    return World(template)


def test_a_quiet_week_rings_for_nothing(world: World) -> None:
    alarms = [(jumped(seen), moved(seen)) for seen in (world.look(world.frames[at], at) for at in range(75, WEEKS, 3))]
    assert alarms == [([], [])] * len(alarms)


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("spend", lambda values: values * 1.3),
        ("spend", lambda values: values * 100),
        ("spend", lambda values: np.where(np.arange(len(values)) % 10 == 0, 0.0, values)),
        ("visits", lambda values: np.where(np.arange(len(values)) % 10 < 3, np.nan, values)),
        ("orders", lambda values: np.where(np.arange(len(values)) % 10 == 0, 0.0, values)),
        ("still", lambda values: np.roll(values, 1) * 1.3),
    ],
)
def test_a_fault_of_one_week_is_named(world: World, column: str, fault) -> None:
    frame = world.frames[-1]
    seen = world.look(frame.assign(**{column: fault(frame[column].to_numpy())}))
    assert jumped(seen) == [column]
    assert seen.features[0].feature == column, "alarms stand first"


def test_what_moves_by_itself_is_shown_and_rings_for_nothing(world: World) -> None:
    frame = world.frames[-1]
    seen = world.look(frame.assign(clicks_ever=frame["clicks_ever"] * 5))
    assert (jumped(seen), moved(seen)) == ([], [])
    (ever,) = [one for one in seen.features if one.feature == "clicks_ever"]
    assert ever.psi > ever.bar
    assert not ever.is_judged


def test_scores_that_jump_are_seen(world: World) -> None:
    frame = world.frames[-1]
    told = world.probability(frame)
    one = look(
        world.champion, world.reference, world.past, frame, told * 0.6, RULES,
        now=world.at(WEEKS - 1), learned=world.learned,
    )  # fmt: skip
    assert one.score is not None
    assert one.score.has_jumped
    assert not world.look(frame).score.has_jumped  # type: ignore[union-attr]


def test_slow_drift_passes_the_bar_of_what_was_learned_and_no_week_of_it_jumps(template: Shop) -> None:
    world = World(template, seed=3)
    last = world.frames[-1]
    drifted = [last.assign(still=last["still"] * 1.02**step) for step in range(60)]
    weeks = [
        week_of(world.champion.bundle, world.reference, one, None, world.at(WEEKS + step))
        for step, one in enumerate(drifted)
    ]
    slow = replace(world.past, weeks=(*world.past.weeks, *weeks))
    rang = {
        step: look(
            world.champion, world.reference, slow, drifted[step], None, RULES,
            now=world.at(WEEKS + step), learned=world.learned,
        )
        for step in (2, 30, 45, 59)
    }  # fmt: skip
    assert moved(rang[2]) == []
    assert moved(rang[59]) == ["still"]
    assert all(jumped(one) == [] for step, one in rang.items() if step >= 30)


def gifts(drift: Drift) -> FeatureDrift:
    return next(one for one in drift.features if one.feature == "gifts")


def test_a_season_that_was_learned_from_rings_for_nothing_and_out_of_season_it_does(world: World) -> None:
    may = [place for place in range(66, WEEKS) if world.at(place).month == 5][1]
    seen = world.look(world.frames[may], may)
    assert (jumped(seen), moved(seen)) == ([], [])
    assert gifts(seen).psi > RULES.psi_watch
    assert gifts(seen).psi_season == pytest.approx(0, abs=0.01)
    december = world.look(world.frames[may], 87)
    assert gifts(december).psi_season is not None
    assert gifts(december).psi_season > 0.1  # type: ignore[operator]


def test_a_season_excuses_what_lies_beyond_the_bar(world: World) -> None:
    may = [place for place in range(66, WEEKS) if world.at(place).month == 5][1]
    far = replace(gifts(world.look(world.frames[may], may)), bar=0.1)
    assert far.is_season
    assert not far.has_moved
    assert replace(far, psi_season=None).has_moved


def test_what_costs_nothing_does_not_ring(world: World) -> None:
    frame = world.frames[-1]
    far = frame.assign(still=frame["still"] * 3)
    costs = dict.fromkeys(NAMES, 0.0)
    assert moved(world.look(far)) == ["still"]
    assert moved(world.look(far, losses=costs)) == []
    assert moved(world.look(far, losses=costs | {"still": 0.01})) == ["still"]


def test_a_twentieth_of_the_rows_gives_no_alarm_and_says_that_it_cannot_see(world: World) -> None:
    random = np.random.default_rng(5)
    for place in range(75, WEEKS, 2):
        frame = world.frames[place]
        seen = world.look(frame[random.random(len(frame)) < 0.05].reset_index(drop=True), place)
        assert (jumped(seen), moved(seen)) == ([], [])
        assert not seen.is_resolved
    assert world.look(world.frames[-1]).is_resolved


def test_without_a_past_nothing_can_have_jumped(world: World) -> None:
    frame = world.frames[-1] * 1.3
    for past in (Past(), Past(world.past.weeks[:5]), Past(world.past.weeks[:40])):
        seen = look(world.champion, world.reference, past, frame, None, RULES, now=world.at(WEEKS - 1))
        assert jumped(seen) == []
        assert seen.limits == {}


def test_only_weeks_before_now_are_held_against_it(world: World) -> None:
    assert [one.at for one in world.past.before(world.at(10)).weeks] == [world.at(place) for place in range(10)]


def test_columns_joined_from_other_customers_are_told_by_the_trees_alone(world: World) -> None:
    random = np.random.default_rng(1)
    names = ["spend", "orders", "visits", "still"]
    frames = [frame.assign(still=frame["spend"] * random.uniform(0.9, 1.1, len(frame))) for frame in world.frames[-2:]]
    before, now = (frame[names].to_numpy() for frame in frames)
    customers = np.arange(len(now), dtype=np.uint64)
    past = replace(
        world.past, joint=tuple(JointWeek(world.at(place), 0.5 + 0.005 * (place % 3)) for place in range(12))
    )
    quiet = joint_of(before, now, names, past, 0.01, customers=(customers, customers))
    assert quiet is not None
    assert not quiet.has_moved
    shuffled = now.copy()
    shuffled[:, 3] = random.permutation(shuffled[:, 3])
    wrong = joint_of(before, shuffled, names, past, 0.01, customers=(customers, customers))
    assert wrong is not None
    assert wrong.has_moved
    assert {name for name, _ in wrong.by[:2]} == {"spend", "still"}
    apart = [distance(*(np.histogram(side, bins=10, range=(0, 9))[0] for side in (now[:, 3], shuffled[:, 3])))]
    assert apart == [0], "no single column shows it"
    assert told_apart(before[:50], now, names) is None


def test_restless_columns_do_not_take_part(world: World) -> None:
    assert "clicks_ever" not in columns_of(world.champion.bundle, world.past)
    assert "gifts" not in columns_of(world.champion.bundle, world.past), "they leap in May"
    assert "orders" in columns_of(world.champion.bundle, world.past)


def test_the_bar_of_joint_drift_grows_with_what_the_past_was() -> None:
    def bar(aucs: list[float]) -> float:
        return bar_of(Past(joint=tuple(JointWeek(FIRST, auc) for auc in aucs)), 0.01)

    assert bar([]) == pytest.approx(0.6)
    assert bar([0.5] * 12) == pytest.approx(0.55)
    assert bar([0.5, 0.6] * 8) > bar([0.5, 0.55] * 8) > 0.55
    assert bar([0.5] * 12 + [0.8]) == pytest.approx(0.55), "one week may have been anything"
