"""Outlooks learned from customers whose law is known: chances, dates, days, money and interval come out right."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from churn.calendar import DAY_US
from churn.definition import ChurnDefinition, Lifecycle, Silence, Subscription
from churn.events import FloatArray
from churn.horizon_bands import horizon_intervals
from churn.outlook import QUANTILES, Outlook
from tests.outlooks import scored_rows
from training.outlook.band import Held, deviations
from training.outlook.learn import learn_outlook
from training.outlook.why_not import MEND, CannotTell
from training.rows import Rows

LIFECYCLE = Lifecycle(ChurnDefinition(horizon_days=90, lapse=Silence(days=90)))
PAID = Lifecycle(ChurnDefinition(horizon_days=90, lapse=Subscription()))


def learned(model: str = "churn", lifecycle: Lifecycle = LIFECYCLE, **how: object) -> Outlook:
    outlook = learn_outlook(scored_rows(model, **how)[0], lifecycle, horizons_days=(30, 60, 90, 180, 900))  # type: ignore[arg-type]
    assert outlook is not None
    return outlook


@pytest.mark.parametrize("model", ["churn", "reactivation"])
def test_the_curve_is_the_law_s_own(model: str) -> None:
    outlook = learned(model, customers=3000)
    assert outlook.horizons_days == (30, 60, 90, 180)
    assert outlook.left_out == {"900": "immature"}
    curve = outlook.curve
    assert curve is not None
    own = np.array([0.2, 0.5, 0.8])
    odds = np.log(own / (1 - own))
    silent = curve.silent(odds if model == "churn" else -odds, own)
    for day in (30.0, 180.0):
        np.testing.assert_allclose(silent[:, curve.days.index(day)], own ** (day / 90), atol=0.03)
    days = curve.days_until(silent)[:, 1]
    np.testing.assert_allclose(days[:2], np.log(0.5) / np.log(own[:2]) * 90, rtol=0.06)


def test_days_of_activity_are_those_of_customers_nobody_cut_off() -> None:
    outlook = learned(customers=3000)
    assert outlook.remaining is not None
    uncut = scored_rows(customers=40_000, cutoffs=1, seed=5)[0].rows
    long = replace(uncut, after=_followed(uncut.X[:, 0]))
    for odds in (-1.0, 0.0, 1.0):
        near = np.abs(long.column("odds") - odds) < 0.05
        wanted = np.quantile(long.after["active_days"][near], QUANTILES)
        found = outlook.remaining.days(np.array([odds]))[0]
        told = ~np.isnan(found)
        np.testing.assert_allclose(found[told], wanted[told], atol=15)
        assert (wanted[~told] > 0.9 * outlook.remaining.beyond_days).all()


def _followed(odds: np.ndarray) -> dict[str, np.ndarray]:
    from tests.outlooks import WINDOW_DAYS, _activity

    rate = np.log1p(np.exp(-odds)) / WINDOW_DAYS
    active, lapse = _activity(np.random.default_rng(6), rate, np.full(len(odds), 10_000.0))
    return {"active_days": active, "lapse_days": lapse}


def test_the_interval_holds_the_true_chance_of_cohorts_to_come() -> None:
    """The level of every cohort is drawn anew; of further cohorts nine in ten lie within, over logs and chances."""
    fresh, held = np.random.default_rng(9).normal(0.0, 0.3, 2000), []
    for seed in (1, 2, 3):
        outlook = learned(shift=0.3, cutoffs=40, seed=seed)
        assert outlook.band is not None
        assert outlook.band.cohorts == 37
        for odds in (-1.5, 0.0, 1.5):
            low, high = outlook.band.interval(np.array([1 / (1 + np.exp(-odds))]))
            true = 1 / (1 + np.exp(-odds - fresh))
            held.append(((true >= low) & (true <= high)).mean())
    assert 0.87 < np.mean(held) < 0.93


def test_months_that_are_alike_give_a_narrow_interval_and_few_a_wide_one() -> None:
    def width(outlook: Outlook) -> float:
        assert outlook.band is not None
        low, high = outlook.band.interval(np.array([0.5]))
        return float(high[0] - low[0])

    alike, unlike = width(learned(cutoffs=20)), width(learned(cutoffs=20, shift=0.4))
    assert alike < 0.07
    assert unlike > 2 * alike
    short, long = ([width(learned(cutoffs=size, customers=400, seed=one)) for one in range(4)] for size in (7, 24))
    assert np.mean(short) > 1.3 * np.mean(long)
    assert learned(cutoffs=5).missing["band"] == "short_past"


def test_nothing_is_foretold_from_what_had_not_matured() -> None:
    scored, _ = scored_rows(cutoffs=8)
    held, waits_us = Held.of(scored, scored.rows, scored.rows.outcome), 90 * DAY_US
    same, judged = deviations(held, waits_us, waits_us)
    assert judged.min() >= held.at_us.min() + waits_us
    late = held.at_us > held.at_us.max() - waits_us
    changed = held._replace(outcome=np.where(late, 1 - held.outcome, held.outcome))
    other = deviations(changed, waits_us, waits_us)[0]
    np.testing.assert_array_equal(other.at, same.at)  # what was told is the same, whatever came later


def test_a_longer_horizon_is_foretold_from_what_had_matured_by_then() -> None:
    scored, _ = scored_rows(cutoffs=12)
    days, waits_us = scored.rows.after["next_event_days"], 180 * DAY_US
    longer = np.where(scored.rows.after["followed_days"] >= 180, ~(days < 180), np.nan)
    held = Held.of(scored, scored.rows, longer)
    found, judged = deviations(held, waits_us, waits_us)
    assert judged.min() == held.at_us.min() + waits_us
    late = held.at_us > judged.max() - waits_us
    changed = deviations(held._replace(outcome=np.where(late, 1 - longer, longer)), waits_us, waits_us)[0]
    np.testing.assert_array_equal(changed.at, found.at)


@pytest.mark.parametrize("model", ["churn", "reactivation"])
def test_every_horizon_has_an_interval_of_its_own_that_holds(model: str) -> None:
    """The level of every cohort is drawn anew, as above; chances of further horizons follow from it."""
    fresh, held = np.random.default_rng(9).normal(0.0, 0.3, 2000), {30: [], 60: [], 180: []}
    for seed in (1, 2):
        outlook = learned(model, shift=0.3, cutoffs=24, customers=800, seed=seed)
        assert set(outlook.bands) == {"30", "60", "180"}
        assert outlook.unbanded == {}
        for odds in (-1.0, 0.0, 1.0):
            raw, own = np.array([odds]), 1 / (1 + np.exp(-np.array([odds])))
            assert outlook.curve is not None
            silent = outlook.curve.silent(raw if model == "churn" else -raw, own)
            asked = silent[:, [outlook.curve.days.index(day) for day in outlook.horizons_days]]
            asked = asked if model == "churn" else 1 - asked
            low, high = horizon_intervals(outlook, asked, 90, falls=model == "churn")
            for place, day in enumerate(outlook.horizons_days):
                true = (1 / (1 + np.exp(-odds - fresh))) ** (day / 90)
                true = true if model == "churn" else 1 - true
                if day != 90:
                    held[day].append(((true >= low[0, place]) & (true <= high[0, place])).mean())
    for day, shares in held.items():
        assert 0.84 < np.mean(shares) < 0.97, day


def test_a_horizon_that_saw_too_few_months_has_no_interval() -> None:
    outlook = learned(cutoffs=9)
    assert outlook.band is not None
    assert set(outlook.bands) == {"30", "60"}
    assert outlook.unbanded == {"180": "short_past"}


@pytest.mark.parametrize("score", [lambda raw: 0.0 * raw, lambda raw: -raw, np.round])
def test_scores_that_say_nothing_or_little_have_an_interval_all_the_same(
    score: Callable[[FloatArray], FloatArray],
) -> None:
    """A rule of few steps, one that tells nobody apart, one that has it the wrong way round."""
    scored = scored_rows(customers=400)[0]
    outlook = learn_outlook(replace(scored, raw=score(scored.raw)), LIFECYCLE, horizons_days=(30, 180))
    assert outlook is not None
    assert outlook.band is not None
    assert set(outlook.bands) == {"30", "180"}
    for band in (outlook.band, *outlook.bands.values()):
        assert 0 < max(band.halves) < 1


def test_value_and_its_interval_are_those_of_customers_who_came() -> None:
    outlook = learned(customers=3000)
    assert outlook.value is not None
    fresh = scored_rows(customers=3000, cutoffs=4, seed=8)[0].rows
    came = fresh.outcome == 0
    spend, told = fresh.after["spend_amount"][came], outlook.value.amounts(fresh.X[came])
    assert 0.88 < ((spend >= told.low) & (spend <= told.high)).mean() < 0.92
    for part in np.array_split(np.argsort(told.expected), 5):
        assert 0.9 < told.expected[part].mean() / spend[part].mean() < 1.1


def test_what_cannot_be_learned_is_named() -> None:
    assert learned(priced=False).missing["value"] == "no_amounts"
    assert learned(lifecycle=PAID).missing["curve"] == "subscription"
    assert learned(lifecycle=PAID).horizons_days == (90,)
    assert learned("reactivation").missing["remaining"] == "no_churn"
    few = learned(cutoffs=1, customers=150)
    assert few.missing == {"curve": "too_few", "remaining": "too_few", "band": "short_past", "value": "too_few"}
    assert few.left_out == {"30": "too_few", "60": "too_few", "180": "immature", "900": "immature"}
    assert learned(cutoffs=1).missing["remaining"] == "unwatched"


def test_every_code_has_a_mend() -> None:
    for code, mend in MEND.items():
        assert CannotTell(code).mend == mend


def test_a_snapshot_that_does_not_say_when_gives_no_outlook() -> None:
    scored, _ = scored_rows()
    silent: Rows = replace(scored.rows, after={})
    assert learn_outlook(replace(scored, rows=silent), LIFECYCLE, horizons_days=(30,)) is None


def test_learning_twice_gives_the_same_outlook() -> None:
    assert learned().model_dump_json() == learned().model_dump_json()
