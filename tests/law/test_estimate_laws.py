"""What estimates promise, whatever the scores: they are means over outcomes, and bands behave."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn.estimate import Expected, FloatArray, expected, expected_profit, realised, shifted
from churn.estimate_band import Cohort, WrongCohort, estimates, half_width, independent, shows_season, thinned
from churn.metrics_profit import Stakes
from churn.outcomes import WrongScores

STAKES = Stakes(300.0, 30.0, 2.0, 0.3)
START = datetime(2024, 1, 1, tzinfo=UTC)
DRAWS = 1_500


def scores_of(seed: int, n: int = 300) -> FloatArray:
    """Scores with ties, some of them extreme."""
    random = np.random.default_rng(seed)
    return np.clip(random.beta(0.8, 2.0, n).round(2), 0.005, 0.995)


@pytest.mark.parametrize(("seed", "level", "slope"), [(1, 0.0, 1.0), (2, 0.4, 1.0), (3, -0.2, 0.6)])
def test_estimates_are_means_and_deviations_over_drawn_outcomes(seed: int, level: float, slope: float) -> None:
    scores, random = scores_of(seed), np.random.default_rng(seed)
    chances = shifted(scores, level=level, slope=slope)
    told = expected(scores, chances=chances, stakes=STAKES)
    drawn = [
        realised((random.random(len(scores)) < chances).astype(float), scores, stakes=STAKES) for _ in range(DRAWS)
    ]
    for name, one in told.items():
        came = np.array([draw[name] for draw in drawn])
        error = came.std() / np.sqrt(DRAWS)
        assert abs(one.value - came.mean()) < 4 * error + (0.002 if name == "roc_auc" else 0.0), name
        assert one.deviation == pytest.approx(came.std(), rel=0.1), name


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=4, max_size=9))
def test_roc_auc_is_the_ratio_of_expected_pairs_counted_one_by_one(told: list[float]) -> None:
    scores = np.array(told).round(1).clip(0.1, 0.9)
    above = (scores[:, None] > scores) + 0.5 * (scores[:, None] == scores)
    pairs = scores[:, None] * (1 - scores)
    np.fill_diagonal(pairs, 0.0)
    found = expected(scores)["roc_auc"]
    if found.deviation != 0.5:
        assert found.value == pytest.approx((pairs * above).sum() / pairs.sum())


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_no_share_is_expected_to_earn_more_than_the_break_even_rule(seed: int) -> None:
    scores = scores_of(seed, 40)
    best = expected_profit(scores, scores, STAKES).value
    shares = np.arange(1, 41) / 40
    assert max(expected_profit(scores, scores, STAKES, share=one).value for one in shares) <= best + 1e-9


def test_a_share_takes_the_tied_in_part() -> None:
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    half = expected_profit(scores, scores, STAKES, share=0.5).value
    each = scores * STAKES.saved_amount - (1 - scores) * STAKES.wasted_amount
    assert half == pytest.approx((each[0] + (each[1] + each[2]) / 2) / 4)
    with pytest.raises(WrongScores, match="share"):
        expected_profit(scores, scores, STAKES, share=0.0)


def test_flatter_truth_ranks_worse_and_loses_more() -> None:
    scores = scores_of(5)
    told, flat = expected(scores), expected(scores, chances=shifted(scores, slope=0.5))
    assert flat["roc_auc"].value < told["roc_auc"].value
    assert flat["log_loss"].value > told["log_loss"].value


@pytest.mark.parametrize("bad", [[], [0.2, np.nan], [0.5, 1.2]])
def test_what_is_no_probability_is_refused(bad: list[float]) -> None:
    with pytest.raises(WrongScores):
        expected(np.array(bad))


def cohorts(off: list[float], deviation: float = 0.01, apart_days: int = 90) -> list[Cohort]:
    """Past cohorts whose rate lay so far from its estimate."""
    return [
        Cohort(START + timedelta(days=apart_days * place), 100, {"rate": Expected(0.3, deviation)}, {"rate": 0.3 + one})
        for place, one in enumerate(off)
    ]


def test_a_band_is_never_narrower_than_chance_and_grows_with_what_went_wrong() -> None:
    scores = scores_of(7)
    calm, rough = (
        estimates(scores, cohorts(off), waits_days=90)["rate"] for off in ([0.0] * 12, [0.2, -0.2, 0.15, -0.1] * 3)
    )
    assert calm.high - calm.value >= calm.chance
    assert rough.high - rough.value > 2 * (calm.high - calm.value)
    assert calm.is_learned


def test_without_a_past_the_band_rests_on_what_is_assumed_and_says_so() -> None:
    scores = scores_of(7)
    alone, calm = (estimates(scores, past, waits_days=90)["rate"] for past in ([], cohorts([0.0] * 12)))
    assert not alone.is_learned
    assert alone.high - alone.low > calm.high - calm.low
    assert 0 <= alone.low < alone.value < alone.high <= 1


def test_cohorts_that_overlap_say_less() -> None:
    scores = scores_of(7)
    far, near = (estimates(scores, cohorts([0.0] * 6, apart_days=days), waits_days=90)["rate"] for days in (90, 7))
    assert (far.independent, near.independent) == (6.0, 1.39)
    assert near.high - near.low > far.high - far.low
    assert independent([], 90) == 0


def test_what_the_model_itself_answered_widens_the_band_and_never_narrows_it() -> None:
    scores, calm = scores_of(7), cohorts([0.0] * 24)
    served = [replace(one, cutoff=one.cutoff + timedelta(days=24 * 90)) for one in cohorts([-0.05, -0.09])]
    for own, is_wider in ((served, True), (calm[-12:], False), (calm, False)):
        past = [*calm, *own]
        whole, told = (estimates(scores, past, waits_days=90, own=some)["rate"] for some in ((), own))
        assert told.high - told.low >= whole.high - whole.low
        assert (told.high - told.low > 1.3 * (whole.high - whole.low)) == is_wider
        assert told.cohorts == len(past)


@pytest.mark.parametrize("spread", [0.005, 0.02, 0.06])
def test_a_band_holds_nine_in_ten_of_cohorts_to_come(spread: float) -> None:
    random, chance, held = np.random.default_rng(11), 0.02, []
    for _ in range(250):
        off = random.normal(0, np.hypot(spread, chance), 6)
        half = half_width(off[:-1], np.full(5, chance), chance, 5.0, 0.04)
        held.append(abs(off[-1]) <= half)
    assert 0.86 <= np.mean(held) <= 1


def test_a_cohort_is_kept_and_read_again() -> None:
    (one,) = cohorts([0.05])
    assert Cohort.from_json(one.as_json()) == one
    with pytest.raises(WrongCohort, match="churn train"):
        Cohort.from_json({"cutoff": "yesterday"})


def test_a_crowd_is_estimated_by_evenly_spaced_scores_of_it() -> None:
    crowd = np.random.default_rng(3).beta(0.8, 2.0, 100_000)
    few = thinned(crowd)
    whole, some = expected(crowd), expected(few)
    assert len(few) == 20_000
    for name, one in estimates(crowd, [], waits_days=90).items():
        assert some[name].value == pytest.approx(whole[name].value, abs=1e-3)
        assert one.value == some[name].value
        assert one.chance == pytest.approx(1.645 * whole[name].deviation, rel=0.02)


@given(st.integers(1, 400), st.integers(1, 1_500))
def test_a_season_is_shown_by_outcomes_of_half_its_days_in_an_earlier_year(horizon_days: int, ago_days: int) -> None:
    (one,) = cohorts([0.0])
    now = one.cutoff + timedelta(days=ago_days)
    hours = np.arange(horizon_days * 24)
    shared = max(np.isin(hours, hours + 24 * ago_days - 8_766 * years).mean() for years in range(1, 6))
    if abs(shared - 0.5) > 1 / horizon_days:
        assert shows_season([one], now, horizon_days) == (shared > 0.5)


def test_no_log_of_fifteen_months_has_seen_its_season() -> None:
    """CDNOW: its log begins on 1997-01-01; 90 days of history and a horizon later the first pair; 1998-04-01 is now."""
    for horizon_days in (7, 30, 60, 90):
        (one,) = cohorts([0.0])
        pairs = [
            replace(one, cutoff=datetime(1997, 1, 1, tzinfo=UTC) + timedelta(days=90 + horizon_days + day))
            for day in range(365)
        ]
        assert not shows_season(pairs, datetime(1998, 4, 1, tzinfo=UTC), horizon_days)
