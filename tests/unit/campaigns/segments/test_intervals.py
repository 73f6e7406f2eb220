"""Changes of shares: their error counts newcomers and pairs the rest, and chance alone seldom marks anything."""

import numpy as np
import pytest

from campaigns.segments.intervals import Step, marked, share_of


def test_a_share_has_its_interval_and_none_of_nobody() -> None:
    found = share_of(10, 100, 0.95)
    assert (found["low"], found["high"]) == pytest.approx((0.05523, 0.17437), abs=1e-4)  # Wilson, by hand
    assert share_of(0, 0, 0.95)["share"] is None


def test_of_the_same_customers_only_those_who_moved_count() -> None:
    change, error, chance = Step(1000, 1000, 1000, stayed=500, came=30, went=10, fresh=0, gone=0).change()
    assert change == pytest.approx(0.02)
    assert error == pytest.approx(np.sqrt(40 - 20**2 / 1000) / 1000)  # McNemar's, less the square of the change
    assert chance == pytest.approx(0.00145, abs=2e-4)
    assert Step(100, 100, 100, stayed=7, came=0, went=0, fresh=0, gone=0).change() == (0.0, 0.0, 1.0)
    assert Step(0, 10, 0, stayed=0, came=0, went=0, fresh=3, gone=0).change()[0] is None


def test_the_error_is_that_of_many_draws() -> None:
    draw, found = np.random.default_rng(3), []
    for _ in range(3000):
        both, fresh = 400, 100
        before = draw.random(both) < 0.3
        now = np.where(draw.random(both) < 0.15, draw.random(both) < 0.3, before)
        new = int((draw.random(fresh) < 0.4).sum())
        step = Step(both, both + fresh, both, int((before & now).sum()), int((now & ~before).sum()),
                    int((before & ~now).sum()), new, 0)  # fmt: skip
        found.append(step.change()[:2])
    changes, errors = np.array(found, dtype=float).T
    assert errors.mean() == pytest.approx(changes.std(), rel=0.06)


def test_chance_marks_hardly_ever_and_a_real_change_is_marked() -> None:
    draw, false = np.random.default_rng(5), 0
    for _ in range(400):  # 40 changes a report, nothing changes
        moves = draw.binomial(60, 0.5, 40)
        steps = [Step(2000, 2000, 2000, 400, int(one), 60 - int(one), 0, 0) for one in moves]
        false += any(marked([step.change()[2] for step in steps], 0.05))
    assert false / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert marked([1e-6, 0.04, 0.5], 0.05) == [True, False, False]
    assert marked([0.01, 0.02, 0.04], 0.05) == [True, True, True]
